/** A file that is not shown as a picture: its name, its size, a way to fetch it. */

import { el, icon, ownAddress } from "./dom.js";

const UNITS = ["bytes", "KB", "MB", "GB"];

/** 1536 → "1.5 KB". */
export function sizeText(bytes) {
  if (!Number.isFinite(bytes)) return "";
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log(Math.max(1, bytes)) / Math.log(1024)));
  const amount = bytes / 1024 ** step;
  return `${amount < 10 && step ? amount.toFixed(1) : Math.round(amount)} ${UNITS[step]}`;
}

/** `media` as of pictures.mediaOf → a card. */
export function fileCard(media) {
  const url = ownAddress(media.url);
  const inside = [
    icon("file"),
    el("bdi", { class: "file-name" }, media.name),
    el("span", { class: "soft" }, sizeText(media.size)),
  ];
  if (!url) return el("span", { class: "file" }, inside);
  return el("a", { class: "file", href: url, download: media.name, dataset: { testid: "file" } }, inside);
}
