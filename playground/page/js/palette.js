/** The list of commands above the message box, while what is typed begins with "/". */

import { completed, matching, typed } from "./commands.js";
import { el } from "./dom.js";
import { Listbox } from "./listbox.js";
import { store } from "./store.js";

/** Belongs to a text field; `choose(command, rest)` when one is taken. */
export class Palette {
  constructor(field, choose) {
    this.field = field;
    this.choose = choose;
    this.list = new Listbox({ label: "Commands", pick: (path) => this.take(path), testid: "commands" });
    this.empty = el("p", { class: "soft nothing" });
    this.node = el("div", { class: "palette", hidden: true }, this.empty, this.list.node);
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", this.list.node.id);
    this.close();
  }

  get open() {
    return !this.node.hidden;
  }

  /** Show what fits the text of the field, or close. */
  follow() {
    const text = this.field.value;
    if (!text.startsWith("/") || text.includes("\n")) return this.close();
    const all = typed(store.world.commands, store.me());
    const whole = completed(all, text);
    if (whole) return this.take(whole.command.path, whole.rest);
    const found = matching(all, text.slice(1));
    this.found = new Map(found.map((command) => [command.path, command]));
    this.list.show(found.map(({ path, description }) => ({ value: path, label: `/${path}`, description })));
    this.empty.textContent = all.length
      ? "No command is called that."
      : `${store.world.bot.username} has registered no commands yet.`;
    this.empty.hidden = found.length > 0;
    this.list.node.hidden = !found.length;
    this.node.hidden = false;
    this.field.setAttribute("aria-expanded", "true");
    this.tell();
  }

  tell() {
    this.field.setAttribute("aria-activedescendant", this.list.activeId);
  }

  close() {
    this.node.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }

  take(path, rest = "") {
    const command =
      this.found?.get(path) ?? typed(store.world.commands, store.me()).find((one) => one.path === path);
    this.close();
    if (command) this.choose(command, rest);
  }

  /** → whether this key was for the list. */
  key(event) {
    if (!this.open || event.isComposing) return false;
    if (event.key === "Escape") this.close();
    else if (["Enter", "Tab"].includes(event.key) && !event.shiftKey && this.list.activeValue)
      this.take(this.list.activeValue);
    else if (this.list.key(event.key)) this.tell();
    else return false;
    event.preventDefault();
    return true;
  }
}
