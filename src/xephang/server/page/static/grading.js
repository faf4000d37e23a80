// Grades of the products on the page: give, take back, undo; export and import.

import { ask, reason, say, tell, trouble } from "./ask.js";
import { show } from "./show.js";

const NAME = "xephang.by";
const done = []; // what to undo, last one last
let chain = Promise.resolve(); // grades are sent one after the other, in the order given

export function gradeOn() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-set]");
    if (button) press(button);
    else if (event.target.closest("#undo")) undo();
    else if (event.target.closest("#export")) download(event);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "import") return;
    event.preventDefault();
    load(document.getElementById("import-file").files[0]);
  });
  document.addEventListener("input", (event) => {
    if (event.target.id === "by") localStorage.setItem(NAME, event.target.value.trim());
  });
  return () => {
    const by = document.getElementById("by");
    if (by) by.value = localStorage.getItem(NAME) ?? "";
  };
}

// Grade the product that has the focus, and go on to the next one.
export function gradeFocused(grade) {
  const card = document.activeElement.closest(".hits.graded .hit");
  if (!card) return false;
  set(card, grade);
  card.closest("li").nextElementSibling?.querySelector(".hit").focus();
  return true;
}

export function undo() {
  inTurn(async () => {
    const last = done.pop();
    if (!last) tell(say("nothing_to_undo"));
    else if (!await send(last.query, last.id, last.before, last.title)) done.push(last);
  });
  return true;
}

function press(button) {
  const grade = Number(button.dataset.set);
  set(button.closest(".hit"), grade, true);
}

// With `back`, the grade that stands already is taken back; which one stands is known once it is this one's turn.
function set(card, wanted, back = false) {
  const { query } = document.getElementById("found").dataset;
  const { id } = card.dataset;
  const title = card.querySelector("h2").textContent.trim().slice(0, 80);
  inTurn(async () => {
    const { grade: shown } = (cardsOf(query, id)[0] ?? card).dataset;
    const before = shown === undefined ? null : Number(shown);
    if (before === wanted && !back) return;
    if (await send(query, id, before === wanted ? null : wanted, title)) done.push({ query, id, before, title });
  });
}

function inTurn(step) {
  chain = chain.then(step);
}

async function send(query, id, grade, title) {
  const by = (localStorage.getItem(NAME) ?? "").trim();
  const body = { query, product_id: id, grade, ...(by && { by }) };
  try {
    const answer = await post("/v1/judgments", JSON.stringify(body), "application/json");
    if (!answer.ok) throw new Error(await reason(answer));
  } catch (error) {
    trouble(say("not_graded", { why: error.message }));
    return false;
  }
  trouble("");
  paint(query, id, grade);
  const meaning = grade === null ? "" : meaningOf(grade);
  tell(grade === null ? say("taken_back", { title }) : say("graded", { grade, meaning, title }));
  return true;
}

// The cards of a product, where the page still shows that query.
function cardsOf(query, id) {
  const found = document.getElementById("found");
  if (found.dataset.query !== query) return [];
  return [...found.querySelectorAll(".hits.graded .hit")].filter((one) => one.dataset.id === id);
}

function meaningOf(grade) {
  const button = document.querySelector(`button[data-set="${grade}"]`);
  return button ? button.lastChild.textContent.trim() : "";
}

function paint(query, id, grade) {
  const found = document.getElementById("found");
  if (found.dataset.query !== query) return;
  const cards = [...found.querySelectorAll(".hits.graded .hit")];
  for (const card of cardsOf(query, id)) {
    if (grade === null) delete card.dataset.grade;
    else card.dataset.grade = grade;
    for (const button of card.querySelectorAll("button[data-set]")) {
      button.setAttribute("aria-pressed", String(button.dataset.set === String(grade)));
    }
  }
  const n = cards.filter((card) => card.dataset.grade !== undefined).length;
  document.getElementById("done").textContent = say("done", { n, of: cards.length });
}

function post(url, body, type) {
  return ask(url, { method: "POST", headers: { "Content-Type": type }, body });
}

// A link sends no key, so the file is fetched and then saved.
async function download(event) {
  event.preventDefault();
  try {
    const answer = await ask("/v1/judgments/export");
    if (!answer.ok) throw new Error(await reason(answer));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = "judgments.jsonl";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  } catch (error) {
    trouble(error.message);
  }
}

async function load(file) {
  if (!file) return;
  try {
    const answer = await post("/v1/judgments/import", file, "application/x-ndjson");
    if (!answer.ok && answer.status !== 400) throw new Error(await reason(answer));
    const said = await answer.json();
    if (!said.rows) throw new Error(said.message);
    const bad = said.rows.filter((row) => row.status === "failed");
    await show(location.href);
    const text = say("imported", { good: said.rows.length - bad.length, bad: bad.length });
    tell(text);
    trouble(bad.length ? [text, ...bad.slice(0, 5).map((row) => row.problem)].join(" ") : "");
    document.getElementById("done").textContent += ` · ${text}`;
  } catch (error) {
    trouble(say("not_imported", { why: error.message }));
  }
}
