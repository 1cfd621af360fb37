/** The message box: plain words and files, or "/" and then a command with its options. */

import * as api from "./api.js";
import { avatar } from "./avatar.js";
import { CommandForm } from "./command_form.js";
import { el, icon } from "./dom.js";
import { Palette } from "./palette.js";
import { nameOf, store } from "./store.js";
import { Upload } from "./upload.js";

const MOST = 2000; // characters of a message
const MOST_FILES = 10;
const place = document.querySelector("#composer");
const narrow = matchMedia("(max-width: 760px)");
const drafts = new Map(); // channel → text

/** Draw the composer, and keep it where the person is. */
export function showComposer() {
  const composer = new Composer();
  place.append(composer.node);
  for (const change of ["user", "channel"]) store.on(change, () => composer.moved());
  store.on("world", () => composer.renamed());
  store.on("trouble", ({ sentence }) => composer.say(sentence));
  store.on("live", () => store.live && composer.say(""));
  for (const type of ["dragover", "drop"]) place.addEventListener(type, (event) => composer.dropped(event));
  place.addEventListener("paste", (event) => composer.pasted(event));
}

class Composer {
  form = null; // the chosen command
  channel = null;

  constructor() {
    this.field = el("textarea", {
      id: "compose",
      class: "compose-field",
      rows: 1,
      maxlength: MOST,
      autocomplete: "off",
      dir: "auto",
      dataset: { testid: "compose" },
    });
    this.palette = new Palette(this.field, (command, rest) => this.start(command, rest));
    this.problem = el("p", { class: "problem", role: "alert", dataset: { testid: "composer-error" } });
    this.you = el("span", { class: "compose-you" });
    this.tray = new Upload({ most: MOST_FILES, label: "Files for this message" });
    this.tray.node.classList.add("tray");
    this.plain = this.buildPlain();
    this.node = el("div", { class: "composing" }, this.palette.node, this.problem, this.plain);
    this.field.addEventListener("input", () => (this.say(""), this.palette.follow()));
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.field.addEventListener("blur", () => this.palette.close());
  }

  buildPlain() {
    const send = { type: "submit", class: "icon-button send", dataset: { testid: "send-text" } };
    return el(
      "form",
      { class: "plain", "aria-label": "Write a message", on: { submit: (event) => this.send(event) } },
      this.tray.node,
      el(
        "div",
        { class: "plain-line" },
        this.button("Commands", "slash", "commands-button", () => this.slash()),
        this.you,
        this.field,
        this.button("Add files", "clip", "add-files", () => this.tray.input.click()),
        el("button", { ...send, "aria-label": "Send message" }, icon("send")),
      ),
    );
  }

  button(name, drawing, testid, click) {
    const attributes = {
      type: "button",
      class: "icon-button",
      "aria-label": name,
      dataset: { testid },
      on: { click },
    };
    return el("button", attributes, icon(drawing));
  }

  /** Another person or another channel: a command in the making stays behind, words are kept. */
  moved() {
    if (this.channel) drafts.set(this.channel, this.field.value);
    this.channel = store.channel;
    if (this.form) this.end("", false);
    this.tray.clear();
    this.field.value = drafts.get(this.channel) ?? "";
    this.say("");
    this.renamed();
  }

  renamed() {
    const name = store.place(store.channel);
    const words = name ? `Message ${name.direct ? "@" : "#"}${name.name}` : "Message";
    this.field.placeholder = narrow.matches ? words : `${words}, or / for commands`;
    this.field.setAttribute("aria-label", `${words} as ${nameOf(store.me())}`);
    this.you.replaceChildren(store.me() ? avatar(store.me(), false, "small") : "");
  }

  say(sentence) {
    this.problem.textContent = sentence;
  }

  slash() {
    this.field.value = "/";
    this.field.focus();
    this.palette.follow();
  }

  key(event) {
    if (this.palette.key(event) || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.plain.requestSubmit();
  }

  async send(event) {
    event.preventDefault();
    const content = this.field.value.trim();
    if (!content && !this.tray.files.length) return;
    if (content.startsWith("/") && !content.includes("\n"))
      return this.say("There is no such command. Choose one from the list.");
    const { user, channel } = store;
    this.field.value = "";
    try {
      await api.write(user, channel, content, await this.tray.read());
      this.tray.clear();
    } catch (error) {
      this.field.value ||= content;
      this.say(error.message);
    }
  }

  /** A command begins; files that wait already go with it when it takes some. */
  start(command, rest) {
    this.say("");
    this.form = new CommandForm(command, rest, (text) => this.end(text));
    this.plain.hidden = true;
    this.node.append(this.form.node);
    if (this.form.takesFiles && this.tray.files.length) this.form.give(this.tray.clear());
    this.form.focus();
  }

  end(text, focus = true) {
    this.form.node.remove();
    this.form = null;
    this.plain.hidden = false;
    this.field.value = text;
    if (focus) this.field.focus();
    if (text) this.palette.follow();
  }

  pasted(event) {
    this.took([...(event.clipboardData?.files ?? [])], event);
  }

  dropped(event) {
    if (event.type === "dragover") event.preventDefault();
    else this.took([...event.dataTransfer.files], event);
  }

  took(files, event) {
    if (!files.length) return;
    event.preventDefault();
    if (this.form) this.form.give(files);
    else this.tray.take(files);
  }
}
