/** Pictures of a message: a tidy grid, each cell opens the large view. */

import { el, ownAddress } from "./dom.js";
import { openLarge } from "./gallery.js";

const PICTURE = /^image\/(png|jpe?g|gif|webp|avif|bmp)$/;
const ENDING = /\.(png|jpe?g|gif|webp|avif|bmp)$/i;

/** One media item of a component or one attachment → {url, name, alt, width, height, size, spoiler, type}. */
export function mediaOf(item, message) {
  const media = item.media ?? item;
  const wanted = media.url?.startsWith("attachment://") ? media.url.slice("attachment://".length) : null;
  const same = (one) => (wanted ? one.filename === wanted : one.id === media.attachment_id || one.url === media.url);
  const file = (message.attachments ?? []).find(same) ?? {};
  const url = wanted ? (file.url ?? "") : (media.url ?? "");
  return {
    url,
    name: media.filename ?? file.filename ?? item.name ?? nameIn(url),
    alt: item.description ?? file.description ?? "",
    width: media.width ?? file.width ?? null,
    height: media.height ?? file.height ?? null,
    size: item.size ?? file.size ?? null,
    spoiler: item.spoiler ?? media.filename?.startsWith("SPOILER_") ?? false,
    type: media.content_type ?? file.content_type ?? "",
  };
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
  const node = el("ul", { class: "pictures", dataset: { count: all.length, testid: "gallery" }, "aria-label": `${all.length} ${all.length === 1 ? "picture" : "pictures"}` });
  node.style.setProperty("--shape", shape(all));
  node.append(...all.map((_, at) => el("li", {}, cell(all, at))));
  return node;
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
  if (!url) return el("p", { class: "missing" }, media.alt || "A picture from another place is not loaded here.");
  const name = media.alt || `Picture ${at + 1} of ${all.length}`;
  const image = el("img", { loading: "lazy", src: url, alt: name, width: media.width, height: media.height, decoding: "async", draggable: "false" });
  const node = el(
    "button",
    { type: "button", class: `cell ${extra}`.trim(), "aria-haspopup": "dialog", title: "Show large", dataset: { key: `p:${media.name}:${at}`, testid: "picture" } },
    image,
  );
  image.addEventListener("error", () => node.replaceChildren(el("span", { class: "missing" }, `This picture cannot be loaded. ${media.alt}`)), { once: true });
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
