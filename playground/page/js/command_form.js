/** A chosen command: its options as fields, the optional ones as chips until they are wanted. */

import { el, icon } from "./dom.js";
import { field } from "./fields.js";
import { slash } from "./interactions.js";
import { store } from "./store.js";

const ATTACHMENT = 11;

/** `leave(text)` gives the composer back, with `text` in it. */
export class CommandForm {
  constructor(command, rest, leave) {
    this.command = command;
    this.leave = leave;
    this.user = store.user;
    this.channel = store.channel;
    this.fields = [];
    this.grid = el("div", { class: "option-grid" });
    this.chips = el("div", { class: "chips", role: "group", "aria-label": "More options" });
    this.problem = el("p", { class: "problem", role: "alert", dataset: { testid: "composer-error" } });
    this.send = el(
      "button",
      { type: "submit", class: "button", dataset: { style: "primary", testid: "send" } },
      "Send",
    );
    this.node = this.build();
    for (const option of command.options) if (option.required) this.add(option);
    this.drawChips();
    if (rest && this.fields[0]?.option.type === 3) this.fields[0].input.value = rest;
  }

  build() {
    const close = el(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": "Leave this command",
        on: { click: () => this.leave("") },
      },
      icon("close"),
    );
    const name = el(
      "p",
      { class: "command-name" },
      el("bdi", { class: "pill" }, `/${this.command.path}`),
      el("bdi", { class: "soft" }, this.command.description),
    );
    return el(
      "form",
      {
        class: "command",
        novalidate: true,
        "aria-label": `/${this.command.path}`,
        dataset: { testid: "command-form" },
        on: { submit: (event) => this.submit(event), keydown: (event) => this.key(event) },
      },
      el("div", { class: "command-head" }, name, close),
      el("div", { class: "command-body" }, this.grid, this.chips),
      this.problem,
      el("div", { class: "command-foot" }, this.send),
    );
  }

  get takesFiles() {
    return this.command.options.some((option) => option.type === ATTACHMENT);
  }

  focus() {
    (this.fields[0]?.input ?? this.send).focus();
  }

  add(option) {
    const made = field(option, {
      user: this.user,
      channel: this.channel,
      command: this.command,
      values: () => this.simple(),
    });
    if (!option.required) made.node.append(this.remover(made));
    this.fields.push(made);
    this.grid.append(made.node);
    return made;
  }

  remover(made) {
    const name = made.option.name.replaceAll("_", " ");
    return el(
      "button",
      {
        type: "button",
        class: "icon-button small remove",
        "aria-label": `Leave out ${name}`,
        on: { click: () => this.remove(made) },
      },
      icon("close"),
    );
  }

  remove(made) {
    this.fields = this.fields.filter((other) => other !== made);
    made.node.remove();
    this.drawChips();
    this.chips.querySelector(`[data-chip="${CSS.escape(made.option.name)}"]`)?.focus();
  }

  drawChips() {
    const there = new Set(this.fields.map((one) => one.option.name));
    const left = this.command.options.filter((option) => !there.has(option.name));
    this.chips.hidden = !left.length;
    this.chips.replaceChildren(...left.map((option) => this.chip(option)));
  }

  chip(option) {
    const open = () => {
      const made = this.add(option);
      this.drawChips();
      made.input.focus();
    };
    return el(
      "button",
      {
        type: "button",
        class: "chip-button",
        title: option.description,
        dataset: { chip: option.name, testid: "chip" },
        on: { click: open },
      },
      icon("plus"),
      el("bdi", {}, option.name.replaceAll("_", " ")),
    );
  }

  /** Files that were pasted or dropped: into the field for them, which is opened if need be. */
  give(files) {
    const empty = this.fields.find((one) => one.give) ?? this.openFiles();
    if (!empty) this.problem.textContent = "This command takes no file.";
    else empty.give(files);
  }

  openFiles() {
    const option = this.command.options.find((one) => one.type === ATTACHMENT);
    const made = option && this.add(option);
    this.drawChips();
    return made;
  }

  /** What is filled in so far and can be read at once: what suggestions may depend on. */
  simple() {
    const read = this.fields.filter((one) => !one.give).map((one) => [one.option.name, one.read()?.value]);
    return Object.fromEntries(read.filter(([, value]) => value !== undefined));
  }

  key(event) {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      this.leave(`/${this.command.path}`);
    } else if (event.key === "Enter" && event.target.matches("textarea, select, input:not([type=file])")) {
      event.preventDefault();
      this.node.requestSubmit();
    }
  }

  async submit(event) {
    event.preventDefault();
    if (this.send.getAttribute("aria-busy")) return;
    this.problem.textContent = "";
    this.send.setAttribute("aria-busy", "true");
    try {
      const options = await this.read();
      if (options) {
        await slash(this.command.path, options);
        this.leave("");
      }
    } catch (error) {
      this.problem.textContent = error.message;
    } finally {
      this.send.removeAttribute("aria-busy");
    }
  }

  /** → {name: value}, or null when a field complains; the first that does gets the focus. */
  async read() {
    const read = await Promise.all(this.fields.map(async (one) => [one, await one.read()]));
    for (const [one, found] of read) one.complain(found?.problem);
    const wrong = read.find(([, found]) => found?.problem);
    wrong?.[0].input.focus();
    if (wrong) return null;
    return Object.fromEntries(
      read.filter(([, found]) => found).map(([one, found]) => [one.option.name, found.value]),
    );
  }
}
