/** Embeds of classic messages. */

import { el, webAddress } from "./dom.js";
import { mediaOf, pictures } from "./pictures.js";
import { prose } from "./prose.js";
import { stamp } from "./time.js";

/** One embed of `message` as a card. */
export function embedCard(embed, message) {
  const colour = Number.isInteger(embed.color) ? `#${embed.color.toString(16).padStart(6, "0")}` : null;
  const image = (one) => one && pictures([mediaOf({ media: one, description: one.description }, message)]);
  return el(
    "div",
    { class: "container embed", style: colour ? { "--edge": colour } : null, dataset: { testid: "embed" } },
    embed.author?.name && el("p", { class: "embed-author" }, el("bdi", {}, embed.author.name)),
    embed.title && el("h3", { class: "embed-title" }, titled(embed)),
    embed.description && prose(embed.description),
    embed.fields?.length && el("dl", { class: "fields" }, embed.fields.map(field)),
    image(embed.image),
    image(embed.thumbnail),
    (embed.footer || embed.timestamp) &&
      el(
        "p",
        { class: "subtext" },
        el("bdi", {}, embed.footer?.text ?? ""),
        embed.footer && embed.timestamp ? " · " : "",
        embed.timestamp ? stamp(embed.timestamp) : null,
      ),
  );
}

function titled(embed) {
  const url = embed.url && webAddress(embed.url);
  return url
    ? el(
        "a",
        { class: "link", href: url.href, target: "_blank", rel: "noopener noreferrer nofollow" },
        embed.title,
      )
    : el("bdi", {}, embed.title);
}

function field(one) {
  return el(
    "div",
    { class: one.inline ? "field-inline" : "field-wide" },
    el("dt", {}, el("bdi", {}, one.name)),
    el("dd", {}, prose(one.value)),
  );
}
