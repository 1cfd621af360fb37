/** Components of a message, by their type number, as nodes. */

import { el, icon, webAddress } from "./dom.js";
import { fileCard } from "./files.js";
import { press } from "./interactions.js";
import { cell, mediaOf, pictures } from "./pictures.js";
import { prose } from "./prose.js";
import { optionsOf } from "./resolve.js";
import { chooser } from "./select.js";
import { store } from "./store.js";

const KINDS = {
  1: row,
  2: button,
  3: select,
  5: select,
  6: select,
  7: select,
  8: select,
  9: section,
  10: (one) => prose(one.content),
  12: (one, message) => pictures(one.items.map((item) => mediaOf(item, message))),
  13: (one, message) => fileCard(mediaOf({ ...one, media: one.file }, message)),
  14: separator,
  17: container,
};
const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };

/** → nodes for `list` of components of `message`. */
export function components(list, message) {
  return (list ?? []).map((one) => (KINDS[one.type] ?? unknown)(one, message));
}

function unknown(one) {
  return el(
    "p",
    { class: "subtext" },
    `A part of this message cannot be shown here (type ${Number(one.type)}).`,
  );
}

function row(one, message) {
  return el("div", { class: "row" }, components(one.components, message));
}

function button(one, message) {
  if (one.style === 5) return linkButton(one);
  const busy = store.isBusy(message.id, one.custom_id);
  return el(
    "button",
    {
      type: "button",
      class: "button",
      disabled: one.disabled,
      "aria-busy": busy ? "true" : null,
      dataset: {
        style: STYLES[one.style] ?? "secondary",
        customId: one.custom_id,
        key: `c:${one.custom_id}`,
        testid: "button",
      },
      on: { click: () => press(message, one.custom_id) },
    },
    face(one),
  );
}

function linkButton(one) {
  const url = webAddress(one.url);
  if (!url || one.disabled)
    return el("span", { class: "button", dataset: { style: "link" }, "aria-disabled": "true" }, face(one));
  const attributes = {
    class: "button",
    href: url.href,
    target: "_blank",
    rel: "noopener noreferrer",
    title: url.href,
  };
  return el("a", { ...attributes, dataset: { style: "link" } }, face(one), icon("out"));
}

/** Emoji and label; the emoji speaks only when it is alone. */
function face(one) {
  const name = one.emoji?.id ? `:${one.emoji.name}:` : one.emoji?.name;
  const emoji = name && el("span", { class: "emoji", "aria-hidden": one.label ? "true" : null }, name);
  return [emoji, one.label && el("bdi", {}, one.label)];
}

function select(one, message) {
  const options = optionsOf(one);
  const chosen = options.filter((option) => option.default).map((option) => option.value);
  return chooser({
    label: one.placeholder || "Make a selection",
    options,
    chosen,
    least: one.min_values ?? 1,
    most: one.max_values ?? 1,
    disabled: one.disabled,
    busy: store.isBusy(message.id, one.custom_id),
    dataset: { customId: one.custom_id, key: `c:${one.custom_id}`, testid: "select" },
    choose: (values) => press(message, one.custom_id, values),
  });
}

function section(one, message) {
  const accessory =
    one.accessory?.type === 11
      ? thumbnail(one.accessory, message)
      : components([one.accessory].filter(Boolean), message);
  return el(
    "div",
    { class: "section" },
    el("div", { class: "section-text" }, components(one.components, message)),
    accessory,
  );
}

function thumbnail(one, message) {
  return cell([mediaOf(one, message)], 0, "thumbnail");
}

function separator(one) {
  const attributes = { class: "separator", dataset: { spacing: one.spacing === 2 ? "large" : "small" } };
  return one.divider === false ? el("div", attributes) : el("hr", attributes);
}

function container(one, message) {
  const colour = Number.isInteger(one.accent_color)
    ? `#${one.accent_color.toString(16).padStart(6, "0")}`
    : null;
  const node = el(
    "div",
    { class: "container", style: colour ? { "--edge": colour } : null, dataset: { testid: "container" } },
    components(one.components, message),
  );
  return one.spoiler ? veiled(node) : node;
}

function veiled(node) {
  const show = el(
    "button",
    { type: "button", class: "button", dataset: { style: "secondary" } },
    "Spoiler · show",
  );
  const veil = el("div", { class: "veil" }, show);
  node.inert = true;
  show.addEventListener("click", () => {
    node.inert = false;
    veil.replaceWith(node);
  });
  return veil;
}
