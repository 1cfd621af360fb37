/** Dialogs and small sheets: focus stays inside, Esc closes, focus goes back where it was. */

import { el } from "./dom.js";

const FOCUSABLE =
  "a[href], button:not([disabled]), input:not([disabled]), select:not([disabled]), textarea:not([disabled]), [tabindex='0']";

/** Open a <dialog> modally; when it closes it goes away and the focus returns. */
export function showDialog(dialog) {
  const back = wayBack(document.activeElement);
  document.body.append(dialog);
  dialog.addEventListener("keydown", (event) => keepInside(event, dialog));
  dialog.addEventListener("close", () => {
    dialog.remove();
    back()?.focus({ preventScroll: true });
  });
  dialog.showModal();
  return dialog;
}

/** Finds `node` later, also when its message was drawn anew meanwhile. */
function wayBack(node) {
  const message = node?.closest("[data-message-id]")?.dataset.messageId;
  const key = node?.closest("[data-key]")?.dataset.key;
  if (!message || !key) return () => (node?.isConnected ? node : null);
  const drawn = `[data-message-id="${CSS.escape(message)}"] [data-key="${CSS.escape(key)}"]`;
  return () => (node.isConnected ? node : document.querySelector(drawn));
}

function keepInside(event, dialog) {
  if (event.key !== "Tab") return;
  const all = [...dialog.querySelectorAll(FOCUSABLE)].filter((node) => node.checkVisibility());
  const [first, last] = [all[0], all.at(-1)];
  const leaving = event.shiftKey
    ? [first, dialog].includes(document.activeElement)
    : document.activeElement === last;
  if (!all.length || !leaving) return;
  event.preventDefault();
  (event.shiftKey ? last : first).focus();
}

const GAP = 6; // pixels between a sheet and its button

/** A small sheet at `anchor` (at the bottom edge on narrow screens); a press outside closes it. */
export function showSheet(anchor, content, { label, kind = "" }) {
  const dialog = el(
    "dialog",
    { class: `sheet ${kind}`.trim(), "aria-label": label, dataset: { testid: "sheet" } },
    content,
  );
  dialog.addEventListener(
    "click",
    (event) => event.target === dialog && outside(event, dialog) && dialog.close(),
  );
  const place = anchor.getBoundingClientRect();
  anchor.focus({ preventScroll: true }); // some browsers do not focus a button that is pressed
  showDialog(dialog);
  put(dialog, place);
  return dialog;
}

function outside(event, dialog) {
  const box = dialog.getBoundingClientRect();
  return (
    event.clientX < box.left ||
    event.clientX > box.right ||
    event.clientY < box.top ||
    event.clientY > box.bottom
  );
}

function put(dialog, place) {
  const { width, height } = dialog.getBoundingClientRect();
  const below = innerHeight - place.bottom - GAP;
  const top =
    below >= height || below >= place.top
      ? Math.min(place.bottom + GAP, innerHeight - height - GAP)
      : place.top - GAP - height;
  dialog.style.setProperty("--left", `${Math.max(GAP, Math.min(place.left, innerWidth - width - GAP))}px`);
  dialog.style.setProperty("--top", `${Math.max(GAP, top)}px`);
  dialog.style.setProperty("--least", `${place.width}px`);
}
