/** A place for files: chosen, pasted or dropped; sent at once, shown while they travel. */

import * as api from "./api.js";
import { el, icon } from "./dom.js";
import { sizeText } from "./files.js";

/** `most` files; `read()` gives the ids the server gave them. */
export class Upload {
  files = []; // {id, node, error}

  constructor({ most = 1, label, describedby, accept }) {
    this.most = most;
    this.input = el("input", {
      type: "file",
      class: "unseen-input",
      multiple: most > 1,
      accept: accept ?? null,
      "aria-label": label,
      "aria-describedby": describedby,
      on: { change: () => this.take([...this.input.files]) },
    });
    this.shelf = el("ul", { class: "shelf" });
    const words = most > 1 ? `Choose up to ${most} files` : "Choose a file";
    this.door = el(
      "label",
      { class: "drop" },
      icon("picture"),
      el("span", {}, words, el("span", { class: "soft only-wide" }, " · paste or drop here")),
      this.input,
    );
    this.said = el("p", { class: "problem", role: "alert" });
    this.node = el(
      "div",
      { class: "upload", dataset: { testid: "upload" } },
      this.shelf,
      this.door,
      this.said,
    );
    this.node.addEventListener("dragover", (event) => event.preventDefault());
    this.node.addEventListener("drop", (event) => this.dropped(event));
  }

  dropped(event) {
    event.preventDefault();
    event.stopPropagation();
    this.take([...event.dataTransfer.files]);
  }

  /** Send `files`; with room for one, the newest replaces the one that is there. */
  async take(files) {
    this.input.value = "";
    this.said.textContent = "";
    if (this.most === 1) this.clear();
    const room = this.most - this.files.length;
    if (files.length > room)
      this.said.textContent = `Only ${this.most} ${this.most === 1 ? "file fits" : "files fit"} here.`;
    await Promise.all(files.slice(0, room).map((file) => this.send(file)));
  }

  async send(file) {
    const one = { id: null, file };
    one.node = this.card(file, one);
    this.files.push(one);
    this.draw();
    one.sent = api.upload(file).then(
      (answer) => (one.id = answer.id),
      (error) => this.failed(one, error),
    );
    await one.sent;
    one.node.removeAttribute("aria-busy");
  }

  failed(one, error) {
    this.drop(one);
    this.said.textContent = error.message;
  }

  card(file, one) {
    const picture = /^image\/(?!svg)/.test(file.type);
    one.preview = picture ? URL.createObjectURL(file) : null;
    const away = el(
      "button",
      {
        type: "button",
        class: "icon-button small",
        "aria-label": `Remove ${file.name}`,
        on: { click: () => this.drop(one, true) },
      },
      icon("close"),
    );
    return el(
      "li",
      { class: "shelved", "aria-busy": "true", dataset: { testid: "shelved" } },
      picture ? el("img", { src: one.preview, alt: "", width: 44, height: 44 }) : icon("file"),
      el(
        "span",
        { class: "shelved-text" },
        el("bdi", { class: "file-name" }, file.name),
        el("span", { class: "soft" }, sizeText(file.size)),
      ),
      away,
    );
  }

  drop(one, focus = false) {
    this.files = this.files.filter((other) => other !== one);
    this.forget(one);
    this.draw();
    if (focus) this.input.focus();
  }

  forget(one) {
    if (one.preview) URL.revokeObjectURL(one.preview);
  }

  draw() {
    this.shelf.replaceChildren(...this.files.map((one) => one.node));
    this.door.hidden = this.files.length >= this.most;
  }

  /** Away with all of them: → the files as they were chosen. */
  clear() {
    const all = this.files;
    this.files = [];
    all.forEach((one) => this.forget(one));
    this.draw();
    return all.map((one) => one.file);
  }

  /** → ids of the files, when all have arrived. */
  async read() {
    await Promise.all(this.files.map((one) => one.sent));
    return this.files.map((one) => one.id).filter(Boolean);
  }
}
