/** One message as a node. Drawn anew as a whole when it changes. */

import { avatar } from "./avatar.js";
import { components } from "./components.js";
import { el, icon } from "./dom.js";
import { embedCard } from "./embeds.js";
import { fileCard } from "./files.js";
import { openMenu } from "./menu.js";
import { isPicture, mediaOf, pictures } from "./pictures.js";
import { prose } from "./prose.js";
import { nameOf, store } from "./store.js";
import { stamp } from "./time.js";

const EPHEMERAL = 1 << 6;
const LOADING = 1 << 7;
const V2 = 1 << 15;
const EPOCH = 1420070400000n; // Discord's first millisecond

export const isEphemeral = (message) => Boolean(message.flags & EPHEMERAL);
export const isThinking = (message) => Boolean(message.flags & LOADING);

/** → <li> for `message`. */
export function messageNode(message) {
  const author = store.person(message.author.id) ?? message.author;
  const bot = message.author.bot || message.author.id === store.world.bot.id;
  const when = message.timestamp ?? new Date(Number((BigInt(message.id) >> 22n) + EPOCH)).toISOString();
  return el(
    "li",
    {
      class: "message",
      dataset: {
        messageId: message.id,
        author: message.author.id,
        ephemeral: isEphemeral(message) ? "true" : null,
        testid: "message",
      },
    },
    above(message),
    avatar(author, bot),
    el(
      "article",
      {
        class: "message-main",
        "aria-label": `${nameOf(author)}, ${new Date(when).toLocaleTimeString(undefined, { timeStyle: "short" })}`,
      },
      el(
        "div",
        { class: "message-head" },
        el("h2", { class: "author" }, el("bdi", {}, nameOf(author))),
        bot && el("span", { class: "badge" }, "App"),
        stamp(when),
      ),
      el("div", { class: "body" }, message.local ? waiting(message) : body(message)),
      below(message),
    ),
    message.local ? null : more(message),
  );
}

/** Who asked for it, or what it answers. */
function above(message) {
  const asked = message.interaction_metadata ?? message.interaction;
  const name = message.local?.name ?? commandName(asked, message.interaction);
  if (name) {
    const user = nameOf(store.person(message.local?.user ?? asked.user?.id ?? asked.user_id) ?? asked?.user);
    return el(
      "p",
      { class: "above", dataset: { testid: "asked" } },
      icon("slash"),
      el("bdi", {}, user),
      " used ",
      el("bdi", { class: "pill" }, name),
    );
  }
  const replied = message.referenced_message;
  if (replied === undefined || replied === null) return null;
  const to = nameOf(store.person(replied.author.id) ?? replied.author);
  return el(
    "p",
    { class: "above", dataset: { testid: "reply" } },
    icon("reply"),
    el("bdi", {}, to),
    el("bdi", { class: "glimpse" }, glimpse(replied)),
  );
}

function commandName(asked, legacy) {
  const name = asked?.name ?? legacy?.name ?? asked?.command;
  if (!name || asked.type !== 2) return null;
  const typed = store.world.commands.some(
    (command) => (command.type ?? 1) === 1 && name.split(" ")[0] === command.name,
  );
  return typed ? `/${name}` : name;
}

/** One line of what a message says. */
export function glimpse(message) {
  const node = prose(firstText(message));
  for (const end of node.querySelectorAll("br")) end.replaceWith(" ");
  const text = [...node.children]
    .map((part) => part.textContent)
    .join(" ")
    .replace(/\s+/g, " ")
    .trim();
  return text.slice(0, 160) || "a picture";
}

function firstText(message) {
  if (message.content) return message.content;
  const texts = [];
  const walk = (list) => {
    for (const one of list ?? []) {
      if (one.type === 10) texts.push(one.content);
      walk(one.components);
    }
  };
  walk(message.components);
  return texts.join("\n") || message.embeds?.[0]?.title || message.embeds?.[0]?.description || "";
}

function body(message) {
  if (isThinking(message)) return thinking(`${nameOf(message.author)} is thinking…`);
  if (message.flags & V2) return components(message.components, message);
  const files = (message.attachments ?? []).map((file) => mediaOf(file, message));
  const images = files.filter(isPicture);
  return [
    message.content ? prose(message.content) : null,
    (message.embeds ?? []).map((embed) => embedCard(embed, message)),
    images.length ? pictures(images.slice(0, 10)) : null,
    files.filter((file) => !isPicture(file)).map(fileCard),
    components(message.components, message),
  ];
}

function thinking(text) {
  const dots = el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
  return el("p", { class: "thinking", dataset: { testid: "thinking" } }, dots, text);
}

/** A command that has no message yet. */
function waiting({ local }) {
  return local.failure ? failure(local.failure) : thinking("Sending…");
}

function failure(sentence) {
  return el("p", { class: "failure", role: "status", dataset: { testid: "failure" } }, sentence);
}

function below(message) {
  const failed = store.failures.get(message.id);
  const seenByAll = !isEphemeral(message) && !message.local?.failure;
  return [
    message.edited_timestamp && !isThinking(message)
      ? el(
          "p",
          {
            class: "edited",
            title: new Date(message.edited_timestamp).toLocaleString(),
            dataset: { testid: "edited" },
          },
          "(edited)",
        )
      : null,
    failed ? failure(failed) : null,
    seenByAll ? null : onlyYou(message),
  ];
}

function onlyYou(message) {
  const away = el(
    "button",
    {
      type: "button",
      class: "text-button",
      dataset: { key: "dismiss", testid: "dismiss" },
      on: { click: () => store.dismiss(message) },
    },
    "Dismiss",
  );
  return el(
    "p",
    { class: "only-you", dataset: { testid: "only-you" } },
    icon("eye"),
    "Only you can see this",
    el("span", { "aria-hidden": "true" }, " · "),
    away,
  );
}

function more(message) {
  return el(
    "button",
    {
      type: "button",
      class: "icon-button more",
      "aria-label": "More for this message",
      "aria-haspopup": "menu",
      dataset: { key: "more", testid: "more" },
      on: { click: (event) => openMenu(event.currentTarget, message) },
    },
    icon("dots"),
  );
}
