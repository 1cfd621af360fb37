/** One option of a command as a field: {node, input, read() → {value}|{problem}|null, give?(files)}. */

import * as api from "./api.js";
import { Autocomplete } from "./autocomplete.js";
import { el, freshId } from "./dom.js";
import { people, places } from "./resolve.js";
import { Upload } from "./upload.js";

const INTEGER = 4;
const BOOLEAN = 5;
const USER = 6;
const CHANNEL = 7;
const MENTIONABLE = 9;
const NUMBER = 10;
const ATTACHMENT = 11;
const NUMBERS = new Set([INTEGER, NUMBER]);
const title = (option) => option.name.replaceAll("_", " ");
const Title = (option) => title(option).replace(/^./u, (letter) => letter.toUpperCase());

/** `form` gives {user, channel, command, values()} for suggestions. */
export function field(option, form) {
  const ids = { input: freshId("option"), hint: freshId("hint"), problem: freshId("problem") };
  const facts = { id: ids.input, describedby: `${ids.hint} ${ids.problem}` };
  const part = kind(option)(option, facts, form);
  const problem = el("p", { class: "problem", id: ids.problem });
  const about = option.description === "…" ? "" : option.description; // what libraries write for nothing
  const node = el(
    "div",
    { class: `option-field${part.wide ? " wide" : ""}`, dataset: { option: option.name, testid: "field" } },
    el(
      "label",
      { class: "label", for: ids.input },
      el("bdi", {}, title(option)),
      option.required ? el("span", { class: "star", "aria-hidden": "true" }, " *") : null,
    ),
    el("p", { class: "hint", id: ids.hint }, about ?? ""),
    part.node,
    problem,
  );
  return { ...part, option, node, complain: (sentence) => complain(part.input, problem, sentence) };
}

function complain(input, problem, sentence) {
  problem.textContent = sentence ?? "";
  input.setAttribute("aria-invalid", String(Boolean(sentence)));
}

function kind(option) {
  if (option.autocomplete) return completing;
  if (option.choices?.length) return choosing;
  const kinds = {
    [BOOLEAN]: choosing,
    [USER]: choosing,
    [CHANNEL]: choosing,
    [MENTIONABLE]: choosing,
    [ATTACHMENT]: attaching,
  };
  return kinds[option.type] ?? (NUMBERS.has(option.type) ? counting : writing);
}

function offered(option) {
  if (option.choices?.length) return option.choices.map(({ name, value }) => ({ label: name, value }));
  if (option.type === BOOLEAN)
    return [
      { label: "Yes", value: true },
      { label: "No", value: false },
    ];
  return option.type === CHANNEL ? places() : people();
}

function choosing(option, { id, describedby }) {
  const all = offered(option);
  const input = el(
    "select",
    { id, class: "field", required: option.required, "aria-describedby": describedby },
    el("option", { value: "" }, "Choose…"),
    all.map(({ label }, at) => el("option", { value: String(at) }, label)),
  );
  const read = () =>
    input.value === "" ? missing(option, "choose") : { value: all[Number(input.value)].value };
  return { node: input, input, read };
}

function missing(option, verb) {
  return option.required ? { problem: `Please ${verb} ${title(option)}.` } : null;
}

function writing(option, { id, describedby }) {
  const input = el("textarea", {
    id,
    class: "field",
    rows: 1,
    required: option.required,
    "aria-describedby": describedby,
    autocomplete: "off",
    dir: "auto",
    maxlength: option.max_length ?? 6000,
  });
  // As in a chat: one line, whatever is pasted.
  input.addEventListener(
    "input",
    () => input.value.includes("\n") && (input.value = input.value.replace(/\s*\n\s*/g, " ")),
  );
  return { node: input, input, wide: true, read: () => readText(input.value, option) };
}

function readText(text, option) {
  if (!text.trim()) return missing(option, "fill in");
  const least = option.min_length ?? 0;
  return [...text].length < least
    ? { problem: `${Title(option)} needs at least ${least} characters.` }
    : { value: text };
}

function counting(option, { id, describedby }) {
  const input = el("input", {
    id,
    class: "field",
    type: "text",
    inputmode: option.type === INTEGER && !(option.min_value < 0) ? "numeric" : "text",
    required: option.required,
    "aria-describedby": describedby,
    autocomplete: "off",
    placeholder: range(option),
  });
  return { node: input, input, read: () => readNumber(input.value.trim(), option) };
}

function range({ min_value: least, max_value: most }) {
  if (least !== undefined && most !== undefined) return most - least < 10000 ? `${least} to ${most}` : null;
  return null;
}

function readNumber(text, option) {
  if (!text) return missing(option, "fill in");
  const value = Number(text);
  const whole = option.type === INTEGER;
  if (Number.isNaN(value) || (whole && !Number.isSafeInteger(value)))
    return { problem: `${Title(option)} must be a ${whole ? "whole " : ""}number.` };
  if (value < (option.min_value ?? -Infinity))
    return { problem: `${Title(option)} must be at least ${option.min_value}.` };
  if (value > (option.max_value ?? Infinity))
    return { problem: `${Title(option)} must be at most ${option.max_value}.` };
  return { value };
}

function completing(option, { id, describedby }, form) {
  const input = el("input", {
    id,
    class: "field",
    type: "text",
    required: option.required,
    "aria-describedby": describedby,
    autocomplete: "off",
    spellcheck: "false",
    dir: "auto",
  });
  const ask = (text) =>
    api.autocomplete(
      form.user,
      form.channel,
      form.command.path,
      { ...form.values(), [option.name]: text },
      option.name,
    );
  const list = new Autocomplete({ field: input, label: title(option), ask });
  const read = () =>
    NUMBERS.has(option.type)
      ? readNumber(String(list.value).trim(), option)
      : readText(String(list.value), option);
  return { node: list.node, input, read };
}

function attaching(option, { describedby }) {
  const upload = new Upload({ label: title(option), describedby });
  const read = async () => {
    const [id] = await upload.read();
    return id ? { value: id } : missing(option, "add");
  };
  return { node: upload.node, input: upload.input, wide: true, read, give: (files) => upload.take(files) };
}
