/** A text field whose choices the bot suggests while one types. */

import * as api from "./api.js";
import { el } from "./dom.js";
import { Listbox } from "./listbox.js";

const PAUSE = 150; // milliseconds of quiet before the bot is asked

/** `ask(text)` → {choices: [{name, value}]}. `value` is what was chosen, else what was typed. */
export class Autocomplete {
  chosen = null; // {name, value}
  asked = 0;

  constructor({ field, label, ask }) {
    this.field = field;
    this.ask = ask;
    this.list = new Listbox({
      label: `${label}: suggestions`,
      pick: (value) => this.take(value),
      testid: "suggestions",
    });
    this.said = el("p", { class: "soft nothing", role: "status" });
    this.box = el("div", { class: "suggestions", hidden: true }, this.said, this.list.node);
    this.node = el("div", { class: "completing" }, field, this.box);
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-controls": this.list.node.id,
      "aria-expanded": "false",
    })) {
      field.setAttribute(name, value);
    }
    field.addEventListener("input", () => this.changed());
    field.addEventListener("focus", () => this.changed(true));
    field.addEventListener("blur", () => this.close());
    field.addEventListener("keydown", (event) => this.key(event));
  }

  get value() {
    return this.chosen && this.chosen.name === this.field.value ? this.chosen.value : this.field.value;
  }

  changed(atOnce = false) {
    clearTimeout(this.timer);
    if (atOnce && this.chosen) return;
    this.asked += 1;
    const turn = this.asked;
    this.timer = setTimeout(() => this.look(turn), atOnce ? 0 : PAUSE);
  }

  /** Ask; an answer to an older question is thrown away. */
  async look(turn) {
    const found = await this.ask(this.field.value).catch((error) => ({
      choices: [],
      error: error instanceof api.ApiError ? "The bot did not answer with suggestions." : error.message,
    }));
    if (turn !== this.asked || document.activeElement !== this.field) return;
    this.choices = found.choices ?? [];
    this.list.show(this.choices.map((choice) => ({ value: String(choice.value), label: choice.name })));
    this.list.move(this.field.value && this.choices.length ? 0 : -1);
    this.said.textContent = found.error ?? (this.choices.length ? "" : "No suggestions for this.");
    this.said.hidden = this.choices.length > 0;
    this.open();
  }

  open() {
    this.box.hidden = false;
    this.field.setAttribute("aria-expanded", "true");
    this.node.parentElement.scrollIntoView({ block: "nearest" });
    this.tell();
  }

  close() {
    clearTimeout(this.timer);
    this.asked += 1;
    this.box.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }

  tell() {
    if (this.list.activeId) this.field.setAttribute("aria-activedescendant", this.list.activeId);
    else this.field.removeAttribute("aria-activedescendant");
  }

  take(value) {
    this.chosen = this.choices.find((choice) => String(choice.value) === value);
    this.field.value = this.chosen.name;
    this.close();
  }

  key(event) {
    if (this.box.hidden || event.isComposing) return;
    if (event.key === "Escape") this.close();
    else if (["Enter", "Tab"].includes(event.key) && this.list.activeValue !== undefined) {
      this.take(this.list.activeValue);
      if (event.key === "Tab") return; // and go on to the next field
    } else if (this.list.key(event.key)) this.tell();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
