/** A modal: its parts, its problems said where they are, sent once. */

import * as api from "./api.js";
import { showDialog } from "./dialogs.js";
import { el, freshId, icon } from "./dom.js";
import { inputOf } from "./inputs.js";
import { prose } from "./prose.js";
import { store } from "./store.js";

const FAILED = "That did not work. Your words are still here: please try again.";

/** Show the modal that answered `interaction`: {custom_id, title, components}. */
export function openModal(interaction, modal) {
  return new Modal(interaction, modal).open();
}

class Modal {
  constructor(interaction, modal) {
    this.interaction = interaction;
    this.user = store.user;
    this.parts = modal.components.map((one) => part(one));
    this.inputs = this.parts.filter((one) => one.input);
    this.problem = el("p", { class: "problem", role: "alert", dataset: { testid: "modal-error" } });
    this.send = el(
      "button",
      { type: "submit", class: "button", dataset: { style: "primary", testid: "modal-submit" } },
      "Submit",
    );
    this.node = this.build(modal);
  }

  build(modal) {
    const title = el("h2", { id: freshId("modal"), class: "modal-title" }, el("bdi", {}, modal.title));
    const close = () => this.node.close();
    const form = el(
      "form",
      { novalidate: true, class: "modal-form", on: { submit: (event) => this.submit(event) } },
      el(
        "div",
        { class: "modal-head" },
        title,
        el(
          "button",
          { type: "button", class: "icon-button", "aria-label": "Close", on: { click: close } },
          icon("close"),
        ),
      ),
      el(
        "div",
        { class: "modal-body" },
        this.parts.map((one) => one.node),
        this.problem,
      ),
      el(
        "div",
        { class: "modal-foot" },
        el(
          "button",
          {
            type: "button",
            class: "button",
            dataset: { style: "secondary", testid: "modal-cancel" },
            on: { click: close },
          },
          "Cancel",
        ),
        this.send,
      ),
    );
    return el(
      "dialog",
      {
        class: "modal",
        "aria-labelledby": title.id,
        dataset: { testid: "modal", customId: modal.custom_id },
      },
      form,
    );
  }

  pasted(event) {
    const files = [...event.clipboardData.files];
    const place = files.length && this.inputs.find(({ input }) => input.give);
    if (!place) return;
    event.preventDefault();
    place.input.give(files);
  }

  open() {
    showDialog(this.node);
    this.node.addEventListener("paste", (event) => this.pasted(event));
    (this.inputs[0]?.input ?? { focus: () => this.send.focus() }).focus();
    return this.node;
  }

  async submit(event) {
    event.preventDefault();
    if (this.send.getAttribute("aria-busy") || !this.checked()) return;
    this.send.setAttribute("aria-busy", "true");
    this.problem.textContent = "";
    const trouble = await this.sent().catch((error) => error.message);
    this.send.removeAttribute("aria-busy");
    if (trouble) this.problem.textContent = trouble;
    else this.node.close();
  }

  /** → null, or what went wrong. */
  async sent() {
    const read = this.inputs.map(async ({ customId, input }) => [customId, await input.read()]);
    const { interaction } = await api.submit(
      this.user,
      this.interaction,
      Object.fromEntries(await Promise.all(read)),
    );
    const answer = await api.answer(interaction);
    return answer.state === "expired" ? FAILED : null;
  }

  checked() {
    const wrong = this.inputs.filter((one) => one.complain(one.input.problem()));
    wrong[0]?.input.focus();
    return wrong.length === 0;
  }
}

function part(one) {
  if (one.type === 10) return { node: prose(one.content) };
  if (one.type === 18) return labelled(one, one.component);
  if (one.type === 1) return labelled(one.components[0], one.components[0]); // the old shape: a row with one text input
  return {
    node: el(
      "p",
      { class: "subtext" },
      `A part of this form cannot be shown here (type ${Number(one.type)}).`,
    ),
  };
}

function labelled({ label, description }, component) {
  const [id, about, wrong] = [freshId("input"), freshId("about"), freshId("wrong")];
  const input = inputOf(component, { id, label: label ?? "", describedby: `${about} ${wrong}` });
  if (!input) return part({ type: component.type });
  const problem = el("p", { class: "problem", id: wrong });
  const star =
    component.required !== false && component.type !== 23
      ? el("span", { class: "star", title: "required", "aria-hidden": "true" }, " *")
      : null;
  const node = el(
    "div",
    { class: "labelled" },
    el(
      input.control ? "label" : "p",
      { class: "label", for: input.control ? id : null },
      el("bdi", {}, label ?? ""),
      star,
    ),
    el("p", { class: "hint", id: about }, description ?? ""),
    input.node,
    problem,
  );
  const complain = (sentence) => {
    problem.textContent = sentence ?? "";
    input.control?.setAttribute("aria-invalid", String(Boolean(sentence)));
    return Boolean(sentence);
  };
  return { node, input, customId: component.custom_id, complain };
}
