// Start: typing, links, filters, history. Without this file the page works by its forms and links.

import { compareOn } from "./compare.js";
import { gradeOn } from "./grading.js";
import { keysOn } from "./keyboard.js";
import { unlockOn } from "./key.js";
import { go, leads, onShown, restore, reveal, start, urlOf } from "./show.js";
import { suggestOn } from "./suggest.js";
import { typingOn } from "./typing.js";

const form = document.getElementById("ask");
const box = document.getElementById("q");

document.documentElement.classList.add("scripted");

// While somebody types, the address follows without a step for each letter: one step back leads out of the word.
let typing = false;
const settle = () => { typing = false; };

const typed = typingOn(box, () => {
  go(urlOf(form), { replace: typing });
  typing = true;
});
const suggestions = suggestOn(box, (text) => {
  box.value = text;
  typed.now();
  settle();
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  suggestions.close();
  typed.now();
  settle();
});
box.addEventListener("blur", settle);

document.addEventListener("change", (event) => {
  const control = event.target;
  if (control === box || control.form !== form || control.type === "hidden") return;
  settle();
  typed.cancel();
  go(urlOf(form));
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-go]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  settle();
  go(leads(link, box), { box, top: Boolean(link.closest(".pages")) });
  typed.cancel(); // what stands in the box now is asked for already
});

window.addEventListener("popstate", () => {
  settle();
  suggestions.close();
  restore(box);
  typed.cancel(); // what stands in the box now is shown already
});

keysOn(box);
onShown(gradeOn());
onShown(compareOn());
onShown(unlockOn());
onShown(reveal);
start();
