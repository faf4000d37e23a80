// Tell when a text is typed: a moment after the last letter, and never while an input method still composes one.

const PAUSE = 250;

export function typingOn(box, typed) {
  let timer = 0;
  let composing = false;
  let last = box.value.trim();

  function cancel() {
    clearTimeout(timer);
    last = box.value.trim();
  }

  function now() {
    cancel();
    typed();
  }

  function wait() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (box.value.trim() !== last) now();
    }, PAUSE);
  }

  box.addEventListener("compositionstart", () => {
    composing = true;
    clearTimeout(timer);
  });
  box.addEventListener("compositionend", () => {
    composing = false;
    wait();
  });
  box.addEventListener("input", (event) => {
    if (!composing && !event.isComposing) wait();
  });
  return { now, cancel };
}
