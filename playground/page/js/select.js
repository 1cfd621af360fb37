/** A select of a message or a modal: a button that says what is chosen, a sheet with the list. */

import { showSheet } from "./dialogs.js";
import { el, icon } from "./dom.js";
import { Listbox } from "./listbox.js";

/** → <button>. `choose(values)` is called with what was picked, in the order of the options. */
export function chooser({
  label,
  options,
  chosen,
  least,
  most,
  disabled,
  busy,
  dataset,
  choose,
  describedby,
  name,
}) {
  const labels = options.filter((option) => chosen.includes(option.value)).map((option) => option.label);
  const node = el(
    "button",
    {
      type: "button",
      class: "select",
      disabled,
      "aria-haspopup": "listbox",
      "aria-busy": busy ? "true" : null,
      "aria-label": `${name ?? label}: ${labels.length ? labels.join(", ") : "nothing chosen"}`,
      "aria-describedby": describedby,
      dataset,
    },
    el(
      "span",
      { class: "select-text" },
      labels.length && name ? null : el("bdi", { class: labels.length ? "select-caption" : "soft" }, label),
      labels.length
        ? el(
            "span",
            { class: "chosen" },
            labels.map((text) => el("bdi", { class: "chip" }, text)),
          )
        : null,
    ),
    icon("down"),
  );
  const open = () =>
    busy ||
    new Chooser({
      label: name ?? label,
      options,
      chosen,
      least,
      most: Math.min(most, options.length),
      choose,
    }).open(node);
  node.addEventListener("click", open);
  node.addEventListener("keydown", (event) => {
    if (!["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    open();
  });
  return node;
}

class Chooser {
  constructor(facts) {
    Object.assign(this, facts);
    this.chosen = new Set(facts.chosen);
    this.several = this.most > 1 || this.least === 0;
    this.list = new Listbox({ label: this.label, several: this.several, pick: (value) => this.pick(value) });
    this.list.show(this.options, this.chosen);
    const first = this.options.findIndex((option) => this.chosen.has(option.value));
    this.list.move(Math.max(0, first));
  }

  open(anchor) {
    const body = el(
      "div",
      { class: "choosing" },
      el("p", { class: "sheet-title" }, this.label),
      this.list.node,
      this.several && this.footer(),
    );
    this.sheet = showSheet(anchor, body, { label: this.label, kind: "choices" });
    this.list.node.tabIndex = 0;
    this.list.node.addEventListener("keydown", (event) => this.key(event));
    this.list.node.focus();
    this.told();
  }

  footer() {
    this.count = el("span", { class: "soft", "aria-live": "polite" });
    this.apply = el(
      "button",
      {
        type: "button",
        class: "button",
        dataset: { style: "primary", testid: "apply" },
        on: { click: () => this.done() },
      },
      "Apply",
    );
    return el("div", { class: "sheet-foot" }, this.count, this.apply);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const value = this.list.activeValue;
    if (event.key === " ") this.pick(value);
    else if (event.key === "Enter") this.several ? this.done() : this.pick(value);
    else if (!this.list.key(event.key) && !this.list.wholeKey(event.key)) return;
    event.preventDefault();
    this.told();
  }

  pick(value) {
    if (value === undefined) return;
    if (!this.several) this.chosen = new Set([value]);
    else if (this.chosen.has(value)) this.chosen.delete(value);
    else if (this.most === 1) this.chosen = new Set([value]);
    else if (this.chosen.size < this.most) this.chosen.add(value);
    if (!this.several) return this.done();
    this.told();
  }

  /** Say where the list stands. */
  told() {
    this.list.mark(this.chosen);
    this.list.node.setAttribute("aria-activedescendant", this.list.activeId);
    if (!this.several) return;
    const size = this.chosen.size;
    const few = size < this.least ? ` · at least ${this.least}` : "";
    this.count.textContent = `${size} of ${this.most} chosen${few}`;
    this.apply.disabled = size < this.least;
    for (const node of this.list.options) {
      const full = this.most > 1 && size >= this.most && !this.chosen.has(node.dataset.value);
      node.setAttribute("aria-disabled", String(full));
    }
  }

  done() {
    if (this.chosen.size < this.least) return;
    this.sheet.close();
    this.choose(this.options.map((option) => option.value).filter((value) => this.chosen.has(value)));
  }
}
