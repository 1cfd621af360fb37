/** Markdown's tree → nodes of the page. Links say where they lead; nothing foreign is markup. */

import { el, webAddress } from "./dom.js";
import { parse } from "./markdown.js";
import { nameOf, store } from "./store.js";
import { moment } from "./time.js";

/** Markdown text → <div class="prose">. */
export function prose(text, extra = "") {
  return el("div", { class: `prose ${extra}`.trim(), dir: "auto" }, parse(text ?? "").map(block));
}

const BLOCKS = {
  paragraph: (one) => el("p", { dir: "auto" }, one.inside.map(span)),
  // The page has an h1 and every message an h2: what people write begins below.
  heading: (one) =>
    el(`h${one.level + 2}`, { class: `size-${one.level}`, dir: "auto" }, one.inside.map(span)),
  subtext: (one) => el("p", { class: "subtext", dir: "auto" }, one.inside.map(span)),
  quote: (one) => el("blockquote", {}, one.inside.map(block)),
  code: (one) => el("pre", { class: "code", tabindex: "0", dir: "ltr" }, el("code", {}, one.text)),
  list: (one) => el("ul", { class: "points" }, one.items.map(item)),
};

function block(one) {
  return BLOCKS[one.kind](one);
}

function item(one) {
  const sign = one.number === null ? "•" : `${one.number}.`;
  return el("li", { class: `level-${one.level}`, dataset: { sign } }, one.inside.map(span));
}

const wrap = (tag) => (one) => el(tag, {}, one.inside.map(span));
const pill = (text, kind) => el("bdi", { class: "pill", dataset: { kind } }, text);
const SPANS = {
  strong: wrap("strong"),
  em: wrap("em"),
  underline: wrap("u"),
  strike: wrap("s"),
  spoiler,
  link,
  code: (one) => el("code", {}, one.text),
  time: (one) => moment(one.seconds, one.style) ?? one.raw,
  user: (one) => pill(`@${userName(one.id)}`, "user"),
  role: () => pill("@role", "role"),
  channel: (one) => pill(`#${store.place(one.id)?.name ?? "unknown"}`, "channel"),
  command: (one) => pill(`/${one.name}`, "command"),
  emoji: (one) => `:${one.name}:`,
};

function span(one) {
  return typeof one === "string" ? broken(one) : SPANS[one.kind](one);
}

/** A text with its line ends as <br>: text nodes keep no line ends in a paragraph. */
function broken(text) {
  return text.split("\n").flatMap((line, at) => (at ? [el("br"), line] : [line]));
}

function userName(id) {
  if (id === store.world.bot.id) return store.world.bot.username;
  const found = store.person(id);
  return found ? nameOf(found) : "unknown";
}

function link(one) {
  const url = webAddress(one.url);
  if (!url) return el("span", {}, one.inside.map(span));
  const attributes = {
    class: "link",
    href: url.href,
    target: "_blank",
    rel: "noopener noreferrer nofollow",
    title: url.href,
  };
  const anchor = el("a", attributes, one.inside.map(span));
  const bare = one.inside.length === 1 && one.inside[0] === one.url;
  return bare
    ? anchor
    : el("span", { class: "linked" }, anchor, el("span", { class: "target" }, ` (${url.host})`));
}

function spoiler(one) {
  const node = el(
    "span",
    { class: "spoiler", role: "button", tabindex: "0", "aria-label": "Spoiler: press to show" },
    one.inside.map(span),
  );
  const show = (event) => {
    if (event.type === "keydown" && ![" ", "Enter"].includes(event.key)) return;
    event.preventDefault();
    node.classList.add("shown");
    for (const name of ["role", "tabindex", "aria-label"]) node.removeAttribute(name);
  };
  node.addEventListener("click", show, { once: true });
  node.addEventListener("keydown", show);
  return node;
}
