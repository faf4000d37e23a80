// Keys of the whole page: / to the box; in grading j k ↓ ↑ through the products, 0 to 3 to grade, u to undo.

import { gradeFocused, undo } from "./grading.js";

const TYPED = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=file])";

export function keysOn(box) {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest(TYPED)) return;
    if (event.key === "/") {
      event.preventDefault();
      box.focus();
      box.select();
    } else if (document.querySelector(".hits.graded") && graded(event.key)) event.preventDefault();
  });
}

function graded(key) {
  if (key === "j" || key === "ArrowDown") return step(1);
  if (key === "k" || key === "ArrowUp") return step(-1);
  if (key === "u") return undo();
  if (/^[0-3]$/.test(key)) return gradeFocused(Number(key));
  return false;
}

export function step(by) {
  const cards = [...document.querySelectorAll(".hits.graded .hit")];
  const at = cards.indexOf(document.activeElement.closest(".hit"));
  const next = cards[at < 0 ? 0 : at + by];
  if (!next) return false;
  cards.forEach((card) => { card.tabIndex = card === next ? 0 : -1; });
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}
