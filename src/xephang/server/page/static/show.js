// Fetch a page's results and put them in place of the present ones; keep focus, open parts and the address right.

import { ask, hasKey, say, tell, trouble } from "./ask.js";

const wide = window.matchMedia("(min-width: 56rem)");
const listeners = [];
let asking = null;
let asked = location.search; // a step to another part of the same page fetches nothing
let shown = asked; // what the results say that stand there; behind the address while others are on their way

export function onShown(listener) {
  listeners.push(listener);
}

// The address of what the form holds; what is empty or as it is by default is left out.
export function urlOf(form) {
  const said = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    const text = value.trim();
    if (text && !(name === "sort" && text === "relevance")) said.append(name, text);
  }
  const query = said.toString();
  return query ? `/?${query}` : "/";
}

export async function go(url, { replace = false, top = false, box = null } = {}) {
  const target = new URL(url, location.href);
  if (target.href !== location.href) history[replace ? "replaceState" : "pushState"](null, "", target);
  if (box) box.value = target.searchParams.get("q") ?? "";
  turn(target);
  if (await show(target.href) && top) {
    document.getElementById("main").focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
}

// Where a link of the results leads: one that was made before the box or the address changed makes the change that it
// promised, and leaves the rest as it has become.
export function leads(link, box) {
  const target = new URL(link.href);
  const before = new URLSearchParams(shown);
  const now = new URLSearchParams(location.search);
  if (box.value.trim() !== (before.get("q") ?? "")) now.set("q", box.value.trim());
  if (String(now) === String(before)) return target;
  for (const name of new Set([...before.keys(), ...now.keys()])) {
    if (String(target.searchParams.getAll(name)) !== String(before.getAll(name))) continue;
    target.searchParams.delete(name);
    now.getAll(name).filter(Boolean).forEach((value) => target.searchParams.append(name, value));
  }
  return target;
}

// Show what the address says, after a step back or forth.
export function restore(box) {
  const target = new URL(location.href);
  if (target.search === asked) return;
  box.value = target.searchParams.get("q") ?? "";
  turn(target);
  show(target.href);
}

// The other language's link leads to what is shown, even while that is still on its way.
function turn(target) {
  const link = document.getElementById("language");
  const other = new URL(target);
  if (link.hreflang === "vi") other.searchParams.delete("lang");
  else other.searchParams.set("lang", link.hreflang);
  link.href = other;
}

// The first page is there already, unless it waits for a key that this tab has.
export function start() {
  if (document.getElementById("key") && hasKey()) show(location.href);
  else listeners.forEach((listener) => listener());
}

// Fetch and show; the last call wins: answers to earlier ones are dropped. Return whether this one was shown.
export async function show(url) {
  asking?.abort();
  const mine = (asking = new AbortController());
  asked = new URL(url).search;
  const old = document.getElementById("found");
  old.setAttribute("aria-busy", "true");
  try {
    const answer = await ask(url, { headers: { "X-Xephang-Fragment": "results" }, signal: mine.signal });
    const html = await answer.text();
    if (mine !== asking) return false;
    trouble("");
    swap(html);
    shown = asked;
    return true;
  } catch (error) {
    if (error.name === "AbortError" || mine !== asking) return false;
    old.removeAttribute("aria-busy");
    trouble(say("offline"));
    return false;
  }
}

function swap(html) {
  const parsed = document.createElement("template");
  parsed.innerHTML = html;
  const fresh = parsed.content.getElementById("found");
  const old = document.getElementById("found");
  if (!fresh) throw new Error("somebody else answered");
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  for (const part of old.querySelectorAll("details[id]")) {
    const same = fresh.querySelector(`#${CSS.escape(part.id)}`);
    if (same) same.open = part.open;
  }
  old.replaceWith(fresh);
  if (focused) focusAgain(focused);
  document.title = fresh.dataset.title;
  tell(fresh.dataset.said);
  listeners.forEach((listener) => listener());
}

// A control that was used is still there, or its place is: somebody who uses the keyboard goes on from where he was,
// and who types a price goes on with it.
function focusAgain(focused) {
  const again = (focused.id && document.getElementById(focused.id)) || document.getElementById("main");
  again.focus({ preventScroll: true });
  if (again.type === "text" && focused.value !== focused.defaultValue) {
    again.value = focused.value;
    again.setSelectionRange(focused.selectionStart, focused.selectionEnd);
  }
}

// Facets stand open where there is room for them, and wait behind their title on a phone.
let drawer = false;
export function reveal() {
  const facets = document.getElementById("facets");
  if (!facets) return;
  facets.open = wide.matches || drawer;
  facets.addEventListener("toggle", () => {
    if (wide.matches) facets.open = true;
    else drawer = facets.open;
  });
}
wide.addEventListener("change", reveal);
