// In the comparison, show where the product under the pointer or the focus stands on the other side.

export function compareOn() {
  let shown = [];

  function show(event) {
    const id = event.target.closest?.(".sides [data-id]")?.dataset.id;
    shown.forEach((one) => one.classList.remove("twin"));
    shown = id === undefined ? [] : [...document.querySelectorAll(`.sides [data-id="${CSS.escape(id)}"]`)];
    shown.forEach((one) => one.classList.add("twin"));
  }

  document.addEventListener("pointerover", show);
  document.addEventListener("focusin", show);
  return () => { shown = []; };
}
