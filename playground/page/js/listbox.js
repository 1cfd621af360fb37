/** A listbox: options that are reached by arrows, by typing and by touch, one active at a time. */

import { el, freshId, icon } from "./dom.js";

const TYPING = 700; // milliseconds within which letters belong to one word

/** Options `[{value, label, description?, emoji?}]`; `pick(value)` is called on click, Enter or Space. */
export class Listbox {
  active = -1;
  typed = "";

  constructor({ label, pick, several = false, testid = "listbox" }) {
    this.pick = pick;
    this.several = several;
    this.node = el("ul", {
      class: "listbox",
      role: "listbox",
      id: freshId("listbox"),
      "aria-label": label,
      "aria-multiselectable": several ? "true" : null,
      dataset: { testid },
    });
    // A press must not take the focus from the field that the list belongs to.
    this.node.addEventListener("mousedown", (event) => event.preventDefault());
    this.node.addEventListener("click", (event) => this.clicked(event));
  }

  get activeId() {
    return this.options[this.active]?.id ?? "";
  }

  get activeValue() {
    return this.values[this.active];
  }

  show(offered, chosen = new Set()) {
    this.values = offered.map((option) => option.value);
    this.options = offered.map((option) => this.option(option, chosen.has(option.value)));
    this.node.replaceChildren(...this.options);
    this.move(this.options.length ? 0 : -1);
  }

  option({ value, label, description, emoji }, chosen) {
    return el(
      "li",
      {
        role: "option",
        id: freshId("option"),
        class: "option",
        "aria-selected": chosen ? "true" : "false",
        dataset: { value, testid: "option" },
      },
      this.several && el("span", { class: "tick" }, icon("check")),
      emoji?.name && el("span", { class: "emoji", "aria-hidden": "true" }, emoji.name),
      el(
        "span",
        { class: "option-text" },
        el("bdi", { class: "option-label" }, label),
        description && el("bdi", { class: "option-about" }, description),
      ),
    );
  }

  clicked(event) {
    const at = this.options.indexOf(event.target.closest("[role=option]"));
    if (at < 0) return;
    this.move(at);
    this.pick(this.values[at]);
  }

  move(to) {
    this.options[this.active]?.classList.remove("active");
    this.active = to;
    const node = this.options[to];
    node?.classList.add("active");
    node?.scrollIntoView({ block: "nearest" });
  }

  /** Move by a key: → whether it was one of ours. */
  key(key) {
    const last = this.options.length - 1;
    const moves = {
      ArrowDown: this.active >= last ? 0 : this.active + 1,
      ArrowUp: this.active <= 0 ? last : this.active - 1,
      PageDown: Math.min(last, this.active + 8),
      PageUp: Math.max(0, this.active - 8),
    };
    if (!(key in moves) || last < 0) return false;
    this.move(moves[key]);
    return true;
  }

  /** Home, End and letters: for a list that has the focus itself. */
  wholeKey(key) {
    if (key === "Home" || key === "End") {
      this.move(key === "Home" ? 0 : this.options.length - 1);
      return true;
    }
    return key.length === 1 && key !== " " && this.find(key);
  }

  find(letter) {
    clearTimeout(this.forget);
    this.forget = setTimeout(() => (this.typed = ""), TYPING);
    this.typed += letter.toLowerCase();
    const at = this.options.findIndex((node) =>
      node.querySelector(".option-label").textContent.toLowerCase().startsWith(this.typed),
    );
    if (at >= 0) this.move(at);
    return true;
  }

  mark(chosen) {
    this.options.forEach((node, at) =>
      node.setAttribute("aria-selected", String(chosen.has(this.values[at]))),
    );
  }
}
