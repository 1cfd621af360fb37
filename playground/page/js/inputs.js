/** Inputs of a modal by their type number: {node, id?, focus(), read() → value, problem() → sentence|null}. */

import { el } from "./dom.js";
import { optionsOf } from "./resolve.js";
import { chooser } from "./select.js";
import { Upload } from "./upload.js";

const KINDS = {
  3: choice,
  4: text,
  5: choice,
  6: choice,
  7: choice,
  8: choice,
  19: files,
  21: marks,
  22: marks,
  23: tick,
};

/** `facts`: {id, label, describedby} as its label gives them. Null for a type that is not known. */
export function inputOf(component, facts) {
  return KINDS[component.type]?.(component, facts) ?? null;
}

const needed = (one) => one.required !== false;
const letters = (value) => [...value].length; // code points, as the limits are counted

function text(one, { id, describedby }) {
  const long = one.style === 2;
  const most = one.max_length ?? 4000;
  const field = el(long ? "textarea" : "input", {
    id,
    class: "field",
    value: one.value ?? "",
    placeholder: one.placeholder ?? null,
    required: needed(one),
    rows: long ? 4 : null,
    type: long ? null : "text",
    "aria-describedby": describedby,
    autocomplete: "off",
    dir: "auto",
    dataset: { customId: one.custom_id },
  });
  const count = el("span", { class: "count", "aria-hidden": "true" });
  const tell = () => {
    count.textContent = `${letters(field.value)} / ${most}`;
    count.classList.toggle("over", letters(field.value) > most);
  };
  field.addEventListener("input", tell);
  tell();
  return {
    node: el("div", { class: "counted" }, field, count),
    control: field,
    focus: () => field.focus(),
    read: () => field.value,
    problem: () => textProblem(field.value, one.min_length ?? 0, most, needed(one)),
  };
}

function textProblem(value, least, most, required) {
  const size = letters(value);
  if (!size) return required ? "Please write something here." : null;
  if (size < least) return `Please write at least ${least} characters.`;
  return size > most ? `Please write at most ${most} characters.` : null;
}

function choice(one, { label }) {
  const options = optionsOf(one);
  const least = needed(one) ? Math.max(1, one.min_values ?? 1) : 0;
  let chosen = options.filter((option) => option.default).map((option) => option.value);
  const place = el("div", { class: "choice-place" });
  const draw = () =>
    place.replaceChildren(
      chooser({
        label: one.placeholder || "Choose",
        name: label,
        options,
        chosen,
        least,
        most: one.max_values ?? 1,
        dataset: { customId: one.custom_id, testid: "select" },
        choose: (values) => {
          chosen = values;
          draw();
          place.firstChild.focus();
        },
      }),
    );
  draw();
  return {
    node: place,
    focus: () => place.firstChild.focus(),
    read: () => chosen,
    problem: () => countProblem(chosen.length, least, one.max_values ?? 1),
  };
}

function countProblem(size, least, most) {
  if (size < least) return least === 1 ? "Please choose one." : `Please choose at least ${least}.`;
  return size > most ? `Please choose at most ${most}.` : null;
}

/** Radio group (21) and checkbox group (22). */
function marks(one, { label, describedby }) {
  const several = one.type === 22;
  const least = needed(one) ? Math.max(1, one.min_values ?? 1) : 0;
  const most = several ? (one.max_values ?? one.options.length) : 1;
  const boxes = one.options.map((option) => mark(option, several, one.custom_id));
  const chosen = () =>
    boxes
      .map((box) => box.control)
      .filter((control) => control.checked)
      .map((control) => control.value);
  return {
    node: el(
      "div",
      {
        class: "marks",
        role: several ? "group" : "radiogroup",
        "aria-label": label,
        "aria-describedby": describedby,
        dataset: { customId: one.custom_id },
      },
      boxes.map((box) => box.node),
    ),
    focus: () => (boxes.find((box) => box.control.checked) ?? boxes[0]).control.focus(),
    read: chosen,
    problem: () => countProblem(chosen().length, least, most),
  };
}

function mark(option, several, group) {
  const control = el("input", { type: several ? "checkbox" : "radio", name: group, value: option.value });
  control.checked = Boolean(option.default);
  const about = option.description && el("bdi", { class: "option-about" }, option.description);
  return {
    control,
    node: el(
      "label",
      { class: "mark-line" },
      control,
      el("span", { class: "option-text" }, el("bdi", {}, option.label), about),
    ),
  };
}

function tick(one, { id, label, describedby }) {
  const control = el("input", {
    type: "checkbox",
    id,
    "aria-label": label,
    "aria-describedby": describedby,
    dataset: { customId: one.custom_id },
  });
  control.checked = Boolean(one.default);
  return {
    node: el("label", { class: "mark-line lone" }, control, el("span", {}, "Yes")),
    focus: () => control.focus(),
    read: () => control.checked,
    problem: () => null,
  };
}

function files(one, { label, describedby }) {
  const least = needed(one) ? (one.min_values ?? 1) : 0;
  const upload = new Upload({
    most: one.max_values ?? 1,
    label,
    describedby,
    accept: (one.file_types ?? []).join(",") || null,
  });
  upload.node.dataset.customId = one.custom_id;
  return {
    node: upload.node,
    focus: () => upload.input.focus(),
    read: () => upload.read(),
    give: (given) => upload.take(given),
    problem: () =>
      upload.files.length < least
        ? `Please add ${least === 1 ? "a file" : `at least ${least} files`}.`
        : null,
  };
}
