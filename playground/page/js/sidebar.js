/** Channels, the two people one can be, and how the line is; a drawer on narrow screens. */

import { avatar } from "./avatar.js";
import { el, icon } from "./dom.js";
import { nameOf, store } from "./store.js";

const narrow = matchMedia("(max-width: 760px)");
const rail = document.querySelector("#rail");
const room = document.querySelector("#room");
const opener = document.querySelector("#rail-open");
const closer = document.querySelector("#rail-close");

/** Draw the rail and the room's head, and keep them true. */
export function showSidebar() {
  opener.append(icon("menu"));
  closer.append(icon("close"));
  opener.addEventListener("click", () => drawer(true));
  closer.addEventListener("click", () => drawer(false));
  document.querySelector("#scrim").addEventListener("click", () => drawer(false));
  rail.addEventListener("keydown", (event) => event.key === "Escape" && narrow.matches && drawer(false));
  narrow.addEventListener("change", () => drawer(false, { focus: false }));
  for (const change of ["world", "user", "channel", "unread"]) store.on(change, draw);
  store.on("live", drawPresence);
  drawer(false, { focus: false });
}

function drawer(open, { focus = true } = {}) {
  document.body.classList.toggle("drawer-open", open && narrow.matches);
  rail.inert = narrow.matches && !open;
  room.inert = narrow.matches && open;
  opener.setAttribute("aria-expanded", String(open));
  if (focus && narrow.matches) (open ? closer : opener).focus();
}

function draw() {
  const groups = store.world.guilds.map((guild) =>
    group(
      guild.name,
      guild.channels.map((channel) => ({ ...channel, mark: "#" })),
    ),
  );
  const direct = store.world.dms.filter((one) => one.user === store.user);
  const private_ = direct.map((one) => ({ id: one.id, name: store.world.bot.username, mark: "@" }));
  keepingFocus(document.querySelector("#channels"), () =>
    [...groups, private_.length ? group("Direct messages", private_) : null].filter(Boolean),
  );
  keepingFocus(document.querySelector("#people"), people);
  drawHead();
  drawPresence();
}

function keepingFocus(place, make) {
  const key = place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  place.replaceChildren(...make());
  if (key) place.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

function group(name, channels) {
  return el(
    "section",
    { class: "guild" },
    el("h2", { class: "guild-name" }, el("bdi", {}, name)),
    el("ul", {}, channels.map(channelLine)),
  );
}

function channelLine({ id, name, mark, nsfw }) {
  const unread = store.unread.has(id);
  return el(
    "li",
    {},
    el(
      "button",
      {
        type: "button",
        class: "channel",
        "aria-current": id === store.channel ? "page" : null,
        dataset: { channelId: id, key: id, unread: unread ? "true" : null, testid: "channel" },
        on: { click: () => choose(id) },
      },
      el("span", { class: "channel-mark", "aria-hidden": "true" }, mark),
      el("bdi", {}, name),
      nsfw ? el("span", { class: "age" }, "18+") : null,
      unread ? el("span", { class: "unread-dot" }, el("span", { class: "unseen" }, "new messages")) : null,
    ),
  );
}

function choose(id) {
  drawer(false);
  if (id !== store.channel) store.setChannel(id);
}

function people() {
  const said = el("p", { class: "guild-name", id: "you-are" }, "You are");
  const choice = el(
    "div",
    { class: "switch", role: "radiogroup", "aria-labelledby": "you-are" },
    store.world.users.map(person),
  );
  choice.addEventListener("keydown", (event) => walk(event, choice));
  return [said, choice];
}

function person(user) {
  const me = user.id === store.user;
  return el(
    "button",
    {
      type: "button",
      class: "person",
      role: "radio",
      "aria-checked": String(me),
      tabindex: me ? "0" : "-1",
      dataset: { userId: user.id, key: user.id, testid: "user" },
      on: { click: () => me || store.setUser(user.id) },
    },
    avatar(user, false, "small"),
    el(
      "span",
      { class: "person-text" },
      el("bdi", {}, nameOf(user)),
      user.moderator ? el("span", { class: "soft" }, "Moderator") : null,
    ),
  );
}

function walk(event, choice) {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = [...choice.children];
  const next = all.at((all.indexOf(document.activeElement) + step) % all.length);
  next.focus();
  next.click();
}

function drawHead() {
  const place = store.place(store.channel);
  const name = place ? `${place.direct ? "@" : "#"}${place.name}` : "…";
  document.querySelector("#room-name").replaceChildren(el("bdi", {}, name));
  document.title = `${name} · Stylus playground`;
}

function drawPresence() {
  const { bot } = store.world;
  const state = !store.live
    ? "Reconnecting…"
    : bot.online
      ? `${bot.username} is here`
      : `${bot.username} is away`;
  const place = document.querySelector("#presence");
  place.dataset.state = !store.live ? "lost" : bot.online ? "here" : "away";
  if (place.textContent !== state) place.textContent = state;
}
