/** Moments as people read them; the relative ones move on by themselves. */

import { el } from "./dom.js";

const FORMATS = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
  s: { dateStyle: "short", timeStyle: "short" },
  S: { dateStyle: "short", timeStyle: "medium" },
};
const STEPS = [
  ["year", 31536000],
  ["month", 2592000],
  ["week", 604800],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const EVERY = 1000; // milliseconds between two looks at the clock

/** "in 20 seconds", from a moment in seconds. */
export function fromNow(seconds, now = Date.now() / 1000) {
  const distance = Math.round(seconds - now);
  const [unit, length] = STEPS.find(([, size]) => Math.abs(distance) >= size) ?? STEPS.at(-1);
  return relative.format(Math.round(distance / length), unit);
}

function say(seconds, style) {
  if (style === "R") return fromNow(seconds);
  return new Intl.DateTimeFormat(undefined, FORMATS[style]).format(new Date(seconds * 1000));
}

/** <time> for <t:seconds:style>; null for a moment no calendar has. */
export function moment(seconds, style = "f") {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return null;
  const attributes = { class: "moment", datetime: date.toISOString(), title: say(seconds, "F") };
  return el(
    "time",
    { ...attributes, dataset: style === "R" ? { relative: seconds } : {} },
    say(seconds, style),
  );
}

/** <time> beside a name: the hour today, else the day too. */
export function stamp(iso) {
  const date = new Date(iso);
  const today = date.toDateString() === new Date().toDateString();
  return el(
    "time",
    { class: "stamp", datetime: date.toISOString(), title: say(date / 1000, "F") },
    say(date / 1000, today ? "t" : "s"),
  );
}

/** Keep every "in 20 seconds" of the page true. */
export function keepTime() {
  setInterval(() => {
    for (const node of document.querySelectorAll("time[data-relative]")) {
      const text = fromNow(Number(node.dataset.relative));
      if (node.textContent !== text) node.textContent = text;
    }
  }, EVERY);
}
