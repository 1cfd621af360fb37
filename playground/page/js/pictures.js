/** Pictures of a message: a tidy grid, each cell opens the large view. */

import { el, ownAddress } from "./dom.js";
import { openLarge } from "./gallery.js";

const PICTURE = /^image\/(png|jpe?g|gif|webp|avif|bmp)$/;
const ENDING = /\.(png|jpe?g|gif|webp|avif|bmp)$/i;

const HERE = "attachment://";

/** One media item of a component or one attachment → {url, name, alt, width, height, size, spoiler, type}. */
export function mediaOf(item, message) {
  const media = item.media ?? item;
  const file = fileOf(media, message.attachments ?? []);
  const url = (media.url?.startsWith(HERE) ? file.url : media.url) ?? "";
  const from = (key) => item[key] ?? media[key] ?? file[key] ?? null;
  return {
    url,
    name: from("filename") ?? from("name") ?? nameIn(url),
    alt: from("description") ?? "",
    width: from("width"),
    height: from("height"),
    size: from("size"),
    spoiler: item.spoiler ?? nameIn(url).startsWith("SPOILER_"),
    type: from("content_type") ?? "",
  };
}

/** The attachment that a media item shows; {} when it is none of the message's. */
function fileOf(media, attachments) {
  const name = media.url?.startsWith(HERE) ? media.url.slice(HERE.length) : null;
  const same = (one) => (name === null ? one.url === media.url : one.filename === name);
  return attachments.find(same) ?? {};
}

function nameIn(url) {
  const path = url.split(/[?#]/)[0];
  return path.slice(path.lastIndexOf("/") + 1) || "file";
}

/** Whether a browser shows it in <img>. SVG is left out: it can carry programs. */
export function isPicture(media) {
  return media.type ? PICTURE.test(media.type.split(";")[0].trim()) : ENDING.test(media.name);
}

/** → <ul> with 1 to 10 pictures. */
export function pictures(all) {
  const node = el("ul", {
    class: "pictures",
    dataset: { count: all.length, testid: "gallery" },
    "aria-label": `${all.length} ${all.length === 1 ? "picture" : "pictures"}`,
  });
  node.style.setProperty("--shape", shape(all));
  if (all.length === 1) keepRoom(node, all[0]);
  node.append(...all.map((_, at) => el("li", {}, cell(all, at))));
  return node;
}

/** One picture is as large as it is: its place is kept while it comes, or all below it would jump. */
function keepRoom(node, { width, height }) {
  if (!width || !height) return;
  node.classList.add("sized");
  node.style.setProperty("--wide", width);
  node.style.setProperty("--high", height);
}

/** The pictures' own shape when they share one (nothing is cut off then), else a square. */
function shape(all) {
  const shapes = new Set(all.map((one) => (one.width && one.height ? `${one.width} / ${one.height}` : "")));
  const only = shapes.size === 1 ? [...shapes][0] : "";
  return only || (all.length === 1 ? "auto" : "1 / 1");
}

/** One picture of `all` as a button. */
export function cell(all, at, extra = "") {
  const media = all[at];
  const url = ownAddress(media.url);
  if (!url)
    return el("p", { class: "missing" }, media.alt || "A picture from another place is not loaded here.");
  const name = media.alt || `Picture ${at + 1} of ${all.length}`;
  const image = el("img", {
    loading: "lazy",
    src: url,
    alt: name,
    width: media.width,
    height: media.height,
    decoding: "async",
    draggable: "false",
  });
  const node = el(
    "button",
    {
      type: "button",
      class: `cell ${extra}`.trim(),
      "aria-haspopup": "dialog",
      title: "Show large",
      dataset: { key: `p:${media.name}:${at}`, testid: "picture" },
    },
    image,
  );
  image.addEventListener(
    "error",
    () =>
      node.replaceChildren(el("span", { class: "missing" }, `This picture cannot be loaded. ${media.alt}`)),
    { once: true },
  );
  const open = () => openLarge(all, at);
  if (media.spoiler) veil(node, image, open);
  else node.addEventListener("click", open);
  return node;
}

function veil(node, image, open) {
  node.classList.add("veiled");
  const name = image.alt;
  image.alt = "";
  const say = el("span", { class: "veil-label" }, "Spoiler");
  node.append(say);
  node.addEventListener("click", () => {
    if (!node.classList.contains("veiled")) return open();
    node.classList.remove("veiled");
    image.alt = name;
    say.remove();
  });
}
