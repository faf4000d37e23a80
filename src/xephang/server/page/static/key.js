// The form that asks for an API key; the key stays in this tab.

import { ask, keepKey, say, trouble } from "./ask.js";
import { show } from "./show.js";

export function unlockOn() {
  let tried = false;

  document.addEventListener("submit", async (event) => {
    if (event.target.id !== "key") return;
    event.preventDefault();
    keepKey(document.getElementById("key-text").value.trim());
    tried = true;
    await show(location.href);
  });
  return () => {
    const text = document.getElementById("key-text");
    if (text && tried) {
      trouble(say("wrong_key"));
      text.focus();
    }
    tried = false;
  };
}
