/** "⋯" of a message: the commands that apps offer for it, and delete for whom it is allowed. */

import * as api from "./api.js";
import { menus } from "./commands.js";
import { showSheet } from "./dialogs.js";
import { el, icon } from "./dom.js";
import { menu } from "./interactions.js";
import { store } from "./store.js";

const EPHEMERAL = 1 << 6;

/** Open the menu of `message` at its button. */
export function openMenu(anchor, message) {
  const items = [...apps(message), ...own(message)];
  const list = el(
    "div",
    { class: "menu", role: "menu", "aria-label": "This message" },
    apps(message).length ? el("p", { class: "sheet-title", role: "presentation" }, "Apps") : null,
  );
  const buttons = items.map((item) => button(item));
  list.append(...buttons);
  if (!items.length) list.append(el("p", { class: "soft" }, "Nothing can be done with this message."));
  const sheet = showSheet(anchor, list, { label: "This message" });
  list.addEventListener("keydown", (event) => walk(event, buttons));
  list.addEventListener("click", (event) => {
    const at = buttons.indexOf(event.target.closest("button"));
    if (at < 0) return;
    sheet.close();
    items[at].run();
  });
  buttons[0]?.focus();
}

function apps(message) {
  return menus(store.world.commands, store.me()).map((command) => ({
    name: command.name,
    run: () => menu(command.name, message),
  }));
}

function own(message) {
  const mine = message.author.id === store.user;
  const allowed = (mine || store.me()?.moderator) && !(message.flags & EPHEMERAL);
  return allowed ? [{ name: "Delete message", danger: true, run: () => remove(message) }] : [];
}

async function remove(message) {
  try {
    await api.remove(store.user, message.channel_id, message.id);
  } catch (error) {
    store.setFailure(message.id, error.message);
  }
}

function button({ name, danger }) {
  return el(
    "button",
    {
      type: "button",
      role: "menuitem",
      tabindex: "-1",
      class: "menu-item",
      dataset: { danger: danger ? "true" : null, testid: "menu-item" },
    },
    danger ? icon("bin") : null,
    el("bdi", {}, name),
  );
}

function walk(event, buttons) {
  const at = buttons.indexOf(document.activeElement);
  const targets = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
  if (!(event.key in targets) || !buttons.length) return;
  event.preventDefault();
  buttons.at(targets[event.key] % buttons.length).focus();
}
