/** A round mark for a person (initial on their colour) or for the bot (its sign). */

import { el } from "./dom.js";
import { nameOf } from "./store.js";

/** → a decoration: the name stands beside it. */
export function avatar(user, bot = false, extra = "") {
  const name = `avatar ${extra}`.trim();
  if (bot)
    return el("img", {
      class: name,
      src: new URL("../icon.svg", import.meta.url).href,
      alt: "",
      width: 40,
      height: 40,
    });
  const initial = [...nameOf(user)][0]?.toUpperCase() ?? "?";
  return el("span", { class: name, "aria-hidden": "true", style: { "--colour": colour(user) } }, initial);
}

function colour(user) {
  const given = user?.colour ?? user?.accent_color;
  if (Number.isInteger(given)) return `#${given.toString(16).padStart(6, "0")}`;
  return typeof given === "string" && /^#[0-9a-f]{6}$/i.test(given) ? given : "#6b6459";
}
