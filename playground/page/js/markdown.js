/** Markdown as chats write it → a small tree of plain values. Knows nothing of the page.
 *
 * Blocks:  {kind: paragraph|heading|subtext|quote|list|code, …}
 * Inline:  string | {kind: strong|em|underline|strike|spoiler, inside} | {kind: code, text}
 *          | {kind: link, url, inside} | {kind: time|user|role|channel|command|emoji, …}
 * Every text is understood; what is not markdown is text.
 */

const DEEPEST = 8; // beyond it marks are text: a prompt of a thousand stars costs nothing
const FENCE = /```(?:([\w+#.-]{1,20})\n)?([\s\S]*?)```/g;

/** → blocks of `source`. */
export function parse(source, depth = 0) {
  const blocks = [];
  let at = 0;
  for (const found of source.matchAll(FENCE)) {
    if (!found[2].trim()) continue;
    blocks.push(...lines(source.slice(at, found.index).replace(/\n$/, ""), depth));
    blocks.push({ kind: "code", language: found[1] ?? "", text: found[2].replace(/^\n|\n$/g, "") });
    at = found.index + found[0].length;
    if (source[at] === "\n") at += 1;
  }
  return [...blocks, ...lines(source.slice(at), depth)];
}

const STARTS = [
  [/^(#{1,3}) +(\S.*)$/, (found) => ({ kind: "heading", level: found[1].length, inside: inline(found[2]) })],
  [/^-# +(\S.*)$/, (found) => ({ kind: "subtext", inside: inline(found[1]) })],
];
const ITEM = /^( *)([-*]|\d{1,9}\.) +(\S.*)$/;

function lines(text, depth) {
  const rest = text ? text.split("\n") : [];
  const blocks = [];
  while (rest.length) blocks.push(quote(rest, depth) ?? list(rest) ?? single(rest) ?? paragraph(rest, depth));
  return blocks.filter((block) => block.kind !== "nothing");
}

function quote(rest, depth) {
  if (depth >= DEEPEST) return null;
  if (rest[0].startsWith(">>> ")) {
    const all = rest.splice(0).join("\n").slice(4);
    return { kind: "quote", inside: parse(all, depth + 1) };
  }
  const quoted = [];
  while (rest.length && rest[0].startsWith("> ")) quoted.push(rest.shift().slice(2));
  return quoted.length ? { kind: "quote", inside: parse(quoted.join("\n"), depth + 1) } : null;
}

function list(rest) {
  const items = [];
  for (let found; rest.length && (found = ITEM.exec(rest[0])); rest.shift()) {
    const number = /\d/.test(found[2]) ? Number.parseInt(found[2], 10) : null;
    items.push({ level: Math.min(3, Math.floor(found[1].length / 2)), number, inside: inline(found[3]) });
  }
  return items.length ? { kind: "list", items } : null;
}

function single(rest) {
  for (const [shape, make] of STARTS) {
    const found = shape.exec(rest[0]);
    if (found) {
      rest.shift();
      return make(found);
    }
  }
  return null;
}

const isPlain = (line, depth) =>
  !ITEM.test(line) &&
  !STARTS.some(([shape]) => shape.test(line)) &&
  !(depth < DEEPEST && /^>(>>)? /.test(line));

function paragraph(rest, depth) {
  const taken = [rest.shift()];
  while (rest.length && isPlain(rest[0], depth)) taken.push(rest.shift());
  const text = taken.join("\n");
  return text.trim() ? { kind: "paragraph", inside: inline(text) } : { kind: "nothing" };
}

const URL_TEXT = String.raw`https?:\/\/(?:[^\s<>()]|\([^\s<>()]*\))+`;
const RULES = [
  [/\\([^\p{L}\p{N}\s])/uy, (found) => found[1]],
  [/`+/y, code],
  [new RegExp(String.raw`\[([^\[\]\n]+)\]\(<?(${URL_TEXT})>?(?: "[^"\n]*")?\)`, "y"), titledLink],
  [/<(https?:\/\/[^\s<>]+)>/y, (found) => ({ kind: "link", url: found[1], inside: [found[1]] })],
  [
    /<t:(-?\d{1,17})(?::([tTdDfFsSR]))?>/y,
    (found) => ({ kind: "time", seconds: Number(found[1]), style: found[2] ?? "f", raw: found[0] }),
  ],
  [/<@!?(\d{1,20})>/y, (found) => ({ kind: "user", id: found[1] })],
  [/<@&(\d{1,20})>/y, (found) => ({ kind: "role", id: found[1] })],
  [/<#(\d{1,20})>/y, (found) => ({ kind: "channel", id: found[1] })],
  [/<\/([-_ \p{L}\p{N}]{1,100}):\d{1,20}>/uy, (found) => ({ kind: "command", name: found[1] })],
  [/<a?:(\w{2,32}):\d{1,20}>/y, (found) => ({ kind: "emoji", name: found[1] })],
  [new RegExp(URL_TEXT, "y"), bareLink],
];
const MARKS = [
  ["***", "strong", "em"],
  ["**", "strong"],
  ["__", "underline"],
  ["~~", "strike"],
  ["||", "spoiler"],
  ["*", "em"],
  ["_", "em"],
];
const SPECIAL = /[\\`[<h*_~|]/g;

/** Code from one run of backticks to the next of that length; a run without one is text.
 * Not one expression: a thousand backticks would keep it busy for minutes. */
function code([run], _depth, text, at) {
  const from = at + run.length;
  for (const found of text.slice(from).matchAll(/`+/g)) {
    if (found[0].length !== run.length) continue;
    const inside = text.slice(from, from + found.index);
    return { kind: "code", text: inside.trim() || inside, length: inside.length + 2 * run.length };
  }
  return run;
}

function titledLink(found, depth) {
  return { kind: "link", url: found[2], inside: inline(found[1], depth + 1) };
}

function bareLink(found, depth, text, at) {
  if (/\w/.test(text[at - 1] ?? "")) return null;
  const url = found[0].replace(/[.,:;!?"'*_~|]+$/, "");
  return { kind: "link", url, inside: [url], length: url.length };
}

/** → inline nodes of `text`. */
export function inline(text, depth = 0) {
  const nodes = [];
  const dead = new Set(); // marks that nothing closes from here on: looked for once, not again
  let kept = 0;
  if (depth > DEEPEST) return [text];
  for (let at = next(text, 0); at < text.length; at = next(text, at)) {
    const found = rule(text, at, depth) ?? mark(text, at, depth, dead);
    if (!found) {
      at += 1;
      continue;
    }
    if (at > kept) nodes.push(text.slice(kept, at));
    nodes.push(found.node);
    at += found.length;
    kept = at;
  }
  if (kept < text.length) nodes.push(text.slice(kept));
  return merged(nodes);
}

function next(text, at) {
  SPECIAL.lastIndex = at;
  return SPECIAL.exec(text)?.index ?? text.length;
}

function rule(text, at, depth) {
  for (const [shape, make] of RULES) {
    shape.lastIndex = at;
    const found = shape.exec(text);
    const node = found && make(found, depth, text, at);
    if (node) return { node, length: node.length && node.kind ? node.length : found[0].length };
  }
  return null;
}

function mark(text, at, depth, dead) {
  for (const [sign, ...kinds] of MARKS) {
    if (!text.startsWith(sign, at) || (sign === "_" && /\w/.test(text[at - 1] ?? ""))) continue;
    if (dead.has(sign) || (sign === "*" && /\s/.test(text[at + 1] ?? " "))) continue;
    const end = closing(text, sign, at + sign.length);
    if (end < 0) {
      dead.add(sign);
      continue;
    }
    let inside = inline(text.slice(at + sign.length, end), depth + 1);
    for (const kind of kinds.toReversed()) inside = [{ kind, inside }];
    return { node: inside[0], length: end + sign.length - at };
  }
  return null;
}

/** Where `sign` closes what begins at `from`; -1 when it does not. */
function closing(text, sign, from) {
  for (let at = text.indexOf(sign, from); at >= 0; at = text.indexOf(sign, at + 1)) {
    if (at === from || text[at - 1] === "\\") continue;
    if (sign.length === 1 && !closesAlone(text, sign, at)) continue;
    return sign === "**" && text[at + 2] === "*" ? at + 1 : at; // **a *b***: the inner one closes first
  }
  return -1;
}

/** Whether the single star or underline at `at` ends something: no part of a longer mark or a word. */
function closesAlone(text, sign, at) {
  const [left, right] = [text[at - 1], text[at + 1] ?? ""];
  if (left === sign || right === sign) return false;
  return sign === "*" ? !/\s/.test(left) : !/\w/.test(right);
}

function merged(nodes) {
  const all = [];
  for (const node of nodes) {
    if (typeof node === "string" && typeof all.at(-1) === "string") all.push(all.pop() + node);
    else all.push(node);
  }
  return all;
}
