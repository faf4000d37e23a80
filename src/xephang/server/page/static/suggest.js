// Suggestions below the search box, as a listbox that the box controls (ARIA's editable combobox with a list).

import { ask } from "./ask.js";

const PAUSE = 120;
const MOST = 6;

export function suggestOn(box, chosen) {
  const list = document.getElementById("suggestions");
  let asking = null;
  let timer = 0;
  let composing = false;
  let active = -1;

  function close() {
    clearTimeout(timer);
    asking?.abort();
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
    mark(-1);
  }

  function mark(place) {
    active = place;
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === place)));
    const option = list.children[place];
    if (option) {
      box.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else box.removeAttribute("aria-activedescendant");
  }

  function fill(suggestions) {
    list.replaceChildren(...suggestions.map(({ text, count }, at) => {
      const option = document.createElement("li");
      option.id = `suggestion-${at}`;
      option.setAttribute("role", "option");
      const said = document.createElement("span");
      said.textContent = text;
      const many = document.createElement("span");
      many.className = "count";
      many.textContent = count.toLocaleString(document.documentElement.lang);
      option.dataset.text = text;
      option.append(said, " ", many);
      return option;
    }));
    mark(-1);
    list.hidden = !suggestions.length;
    box.setAttribute("aria-expanded", String(!list.hidden));
  }

  async function fetchFor(text) {
    asking?.abort();
    const mine = (asking = new AbortController());
    try {
      const answer = await ask(`/v1/suggest?q=${encodeURIComponent(text)}&limit=${MOST}`, { signal: mine.signal });
      const suggestions = answer.ok ? (await answer.json()).suggestions : [];
      const others = suggestions.filter((one) => one.text !== text);
      if (mine === asking && document.activeElement === box) fill(others);
    } catch {
      if (mine === asking) close(); // without suggestions the box still searches
    }
  }

  function wait() {
    clearTimeout(timer);
    const text = box.value.trim();
    if (!text) close();
    else timer = setTimeout(fetchFor, PAUSE, text);
  }

  box.addEventListener("compositionstart", () => { composing = true; close(); });
  box.addEventListener("compositionend", () => { composing = false; wait(); });
  box.addEventListener("input", (event) => { if (!composing && !event.isComposing) wait(); });
  box.addEventListener("blur", close);
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const many = list.hidden ? 0 : list.children.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!many) return wait();
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark(((active + 1 + step + many + 1) % (many + 1)) - 1); // from the last one back to the text itself
    } else if (event.key === "Enter" && many && active >= 0) {
      event.preventDefault();
      const text = list.children[active].dataset.text;
      close();
      chosen(text);
    } else if (event.key === "Escape" && many) {
      event.preventDefault();
      close();
    } else if (event.key === "Escape") box.select();
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (!option) return;
    close();
    chosen(option.dataset.text);
  });
  return { close };
}
