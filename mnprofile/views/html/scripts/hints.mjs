/* A card with the full figures of the mark or bar under the pointer, or in focus, and a
   way from a bar to its row: a click opens the layer table there. */
import { make } from "./dom.mjs";

const card = make("div", null, { class: "hint", "aria-hidden": "true" });
card.hidden = true;
document.body.append(card);

const titleOf = (node) => {
  for (let one = node; one instanceof SVGElement; one = one.parentNode) {
    const title = [...one.children].find((child) => child.tagName === "title");
    if (title) return [one, title];
  }
  return null;
};

/* The browser's own tip would cover the card, so the title is empty while it is shown. */
let held = null;
const release = () => {
  if (held) held[0].textContent = held[1];
  held = null;
  card.hidden = true;
};

const show = (node, x, y) => {
  const found = titleOf(node);
  if (!found) { release(); return; }
  const [, title] = found;
  if (!held || held[0] !== title) {
    release();
    if (!title.textContent) return;
    held = [title, title.textContent];
    title.textContent = "";
    card.textContent = held[1] + (node.closest("[data-row]") ? " (click: its row)" : "");
  }
  card.hidden = false;
  const { width, height } = card.getBoundingClientRect();
  card.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 8))}px`;
  card.style.top = `${y + 18 + height > innerHeight ? y - height - 12 : y + 18}px`;
};

document.addEventListener("pointermove", (event) => show(event.target, event.clientX, event.clientY));
document.addEventListener("pointerleave", release);
document.addEventListener("scroll", release, { passive: true });
document.addEventListener("focusin", (event) => {
  if (!(event.target instanceof SVGElement)) { release(); return; }
  const { left, bottom } = event.target.getBoundingClientRect();
  show(event.target, left, bottom);
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") release(); });

/* Opens everything around a row, and marks the row for a moment. */
export const goTo = (id) => {
  const row = document.getElementById(id);
  if (!row) return;
  for (let one = row.closest("details"); one; one = one.parentElement.closest("details")) one.open = true;
  for (const other of document.querySelectorAll("tr.found")) other.classList.remove("found");
  row.hidden = false;
  row.classList.add("found");
  row.scrollIntoView({ block: "center" });
};
document.addEventListener("click", (event) => {
  const part = event.target.closest?.("[data-row]");
  if (part) goTo(part.dataset.row);
});
