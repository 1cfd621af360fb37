/** The log: every message of the channel in order, kept at its end while one reads there. */

import { announce } from "./announcer.js";
import { el } from "./dom.js";
import { isEphemeral, messageNode } from "./message.js";
import { Pressed } from "./pressed.js";
import { nameOf, store } from "./store.js";

const NEAR = 80; // pixels from the end that still count as "at the end"
const log = document.querySelector("#log");
const list = document.querySelector("#messages");
const newer = document.querySelector("#newer");
const nodes = new Map(); // message id → node
const drawn = new Map(); // message id → what its node shows, as text
const held = new Pressed();
let atEnd = true;
let endTop = 0; // where the end was when we last went there

/** Draw the log, and keep drawing it. */
export function showLog() {
  store.on("messages", drawAll);
  store.on("message", ({ message, fresh }) => put(message, fresh));
  store.on("gone", ({ id }) => drop(id));
  store.on("faces", drawAll);
  for (const change of ["user", "channel"]) store.on(change, () => ((atEnd = true), drawAll()));
  log.addEventListener("scroll", scrolled, { passive: true });
  new ResizeObserver(stay).observe(list);
  new ResizeObserver(stay).observe(log);
  newer.addEventListener("click", () => toEnd());
}

function drawAll() {
  const messages = store.messages();
  const ids = new Set(messages.map((message) => message.id));
  for (const id of nodes.keys()) if (!ids.has(id)) forget(id);
  if (!messages.length) return list.replaceChildren(welcome());
  list.querySelector(".welcome")?.remove();
  messages.forEach((message) => put(message, false));
  stay();
}

function welcome() {
  const place = store.place(store.channel);
  return el(
    "li",
    { class: "welcome" },
    el("p", { class: "welcome-title" }, place ? (place.direct ? place.name : `#${place.name}`) : "Welcome"),
    el("p", {}, "Nothing was said here yet. Type ", el("kbd", {}, "/"), " to see what the bot can do."),
  );
}

function put(message, fresh) {
  const old = nodes.get(message.id);
  const shown = store.shown(message);
  if (old && drawn.get(message.id) === shown) return;
  if (old && held.is(old, () => store.again(message.id))) return;
  notice();
  const node = messageNode(message);
  nodes.set(message.id, node);
  drawn.set(message.id, shown);
  list.querySelector(".welcome")?.remove();
  if (old) renew(old, node);
  else list.insertBefore(node, following(message.id));
  if (fresh) arrived(message);
  else if (old) announceEnd(message, old);
  stay();
}

/** Put `node` where `old` was; pictures that stay are not loaded again, the focus stays. */
function renew(old, node) {
  const key = old.contains(document.activeElement)
    ? document.activeElement.closest("[data-key]")?.dataset.key
    : null;
  const loaded = new Map([...old.querySelectorAll(".cell > img")].map((image) => [image.src, image]));
  for (const image of node.querySelectorAll(".cell > img")) {
    const same = loaded.get(image.src);
    loaded.delete(image.src);
    if (same?.complete && same.naturalWidth && same.alt === image.alt) image.replaceWith(same);
  }
  old.replaceWith(node);
  if (key) node.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** The node before which a message with this id stands. */
function following(id) {
  const messages = store.messages();
  const next = messages
    .slice(messages.findIndex((message) => message.id === id) + 1)
    .find((message) => nodes.get(message.id)?.isConnected);
  return next ? nodes.get(next.id) : null;
}

function arrived(message) {
  if (!message.local) announce(message);
  // One's own words, and answers that only oneself can see, are what one waits for.
  if (message.author.id === store.user || isEphemeral(message)) atEnd = true;
  newer.hidden = atEnd;
}

/** An edit is news once: when pictures came or thinking ended. Progress is not read aloud. */
function announceEnd(message, old) {
  const hadPictures = old.querySelector(".pictures, .failure, .thinking");
  const ended = nodes.get(message.id).querySelector(".pictures, .failure");
  const thought = old.querySelector(".thinking") && !nodes.get(message.id).querySelector(".thinking");
  if (thought || (ended && !hadPictures)) announce(message);
}

function drop(id) {
  const node = nodes.get(id);
  const hadFocus = node?.contains(document.activeElement);
  forget(id);
  if (!nodes.size) list.replaceChildren(welcome());
  if (hadFocus) log.focus({ preventScroll: true });
}

function forget(id) {
  nodes.get(id)?.remove();
  nodes.delete(id);
  drawn.delete(id);
}

const left = () => log.scrollHeight - log.scrollTop - log.clientHeight;

function scrolled() {
  atEnd = left() < NEAR;
  if (atEnd) newer.hidden = true;
}

/** A scroll is told of a moment late: whoever moved up meanwhile must not be pulled down. */
function notice() {
  if (log.scrollTop < endTop - 1 && left() >= NEAR) atEnd = false;
}

function stay() {
  if (atEnd) toEnd();
}

function toEnd() {
  log.scrollTop = log.scrollHeight;
  endTop = log.scrollTop;
  newer.hidden = true;
}

/** "Stylus is typing…" for a while. */
export function showTyping() {
  const line = document.querySelector("#typing");
  let until = 0;
  store.on("typing", ({ channel, channel_id: id, user }) => {
    if ((channel ?? id) !== store.channel || (user ?? store.world.bot.id) === store.user) return;
    line.textContent = `${nameOf(store.person(user) ?? store.world.bot)} is typing…`;
    clearTimeout(until);
    until = setTimeout(() => (line.textContent = ""), 8000);
  });
  store.on("message", () => (line.textContent = ""));
}
