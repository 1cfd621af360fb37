/** What a screen reader hears of new messages: one line each, politely. */

import { el } from "./dom.js";
import { glimpse, isEphemeral, isThinking } from "./message.js";
import { nameOf, store } from "./store.js";

const KEPT = 20;
const place = document.querySelector("#announcer");

// What one person heard is not for the other.
store.on("user", () => place.replaceChildren());

/** Say that `message` came, or what became of it. */
export function announce(message) {
  if (message.author.id === store.user) return;
  place.append(el("p", {}, line(message)));
  while (place.children.length > KEPT) place.firstChild.remove();
}

function line(message) {
  const name = nameOf(store.person(message.author.id) ?? message.author);
  if (isThinking(message)) return `${name} is thinking`;
  return `${name}: ${glimpse(message)}${isEphemeral(message) ? ". Only you can see this." : ""}`;
}
