/** Building nodes. Text from elsewhere only ever becomes a text node or an attribute. */

const SVG = "http://www.w3.org/2000/svg";

/** `el("p", {class: "note", dataset: {key: 1}, on: {click}}, "text", child)` → Element. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(node, name, value);
  node.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return node;
}

function set(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "on")
    for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
  else if (name === "dataset") Object.assign(node.dataset, withoutNothing(value));
  else if (name === "style")
    for (const [key, rule] of Object.entries(value)) node.style.setProperty(key, rule);
  else if (name === "value") node.value = value;
  else node.setAttribute(name, value === true ? "" : String(value));
}

function withoutNothing(values) {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== null && value !== undefined),
  );
}

let last = 0;

/** An id that no other node of this page has. */
export function freshId(stem) {
  last += 1;
  return `${stem}-${last}`;
}

const PATHS = {
  close: "M6 6l12 12M18 6L6 18",
  menu: "M4 7h16M4 12h16M4 17h16",
  dots: "M5 12h.01M12 12h.01M19 12h.01",
  send: "M5 12h13M12 5l7 7-7 7",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  down: "M6 9l6 6 6-6",
  check: "M5 12.500l4.500 4.500L19 7.500",
  plus: "M12 5v14M5 12h14",
  out: "M9 6h9v9M18 6L7 17",
  eye: "M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zM12 14.800a2.800 2.800 0 100-5.600 2.800 2.800 0 000 5.600z",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M9.500 9.500h.01",
  reply: "M10 8L5 13l5 5M5 13h9a5 5 0 015 5",
  bin: "M5 7h14M10 7V4.500h4V7M7 7l1 13h8l1-13",
  slash: "M15 4L9 20",
  clip: "M19 11.500l-7.500 7.500a4.600 4.600 0 01-6.500-6.500l8-8a3.100 3.100 0 014.400 4.400l-8 8a1.500 1.500 0 01-2.200-2.200l7-7",
};

/** A line drawing of 24 × 24, hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" })) {
    svg.setAttribute(key, value);
  }
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** An address that may become a link: only http and https, else null. */
export function webAddress(text) {
  try {
    const url = new URL(text, location.href);
    return ["http:", "https:"].includes(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

/** An address that may become a picture: only from this very server, else null. */
export function ownAddress(text) {
  const url = webAddress(text);
  return url && url.origin === location.origin ? url.href : null;
}
