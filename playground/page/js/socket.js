/** Live events, with reconnect: whenever a line opens, everything is asked for again. */

import * as api from "./api.js";
import { store } from "./store.js";

const FIRST_WAIT = 300; // milliseconds
const LONGEST_WAIT = 5000;
let line = null;

const HANDLERS = {
  "message.create": ({ message }) => store.put(message),
  "message.update": ({ message }) => store.put(message),
  "message.delete": (event) => store.drop(event.channel ?? event.channel_id, event.id ?? event.message),
  world: () => refreshWorld(),
  typing: (event) => store.tell("typing", event),
};

/** Listen as `user`; a line of somebody else is closed first. */
export function listen(user) {
  line?.end();
  line = new Line(user);
  line.open();
}

class Line {
  ended = false;
  wait = FIRST_WAIT;

  constructor(user) {
    this.user = user;
  }

  open() {
    this.socket = new WebSocket(api.eventsAddress(this.user));
    this.socket.addEventListener("open", () => this.opened());
    this.socket.addEventListener("message", (event) => this.ended || hear(event.data));
    this.socket.addEventListener("close", () => this.closed());
  }

  opened() {
    this.wait = FIRST_WAIT;
    if (this.ended) return;
    store.setLive(true);
    refresh();
  }

  closed() {
    if (this.ended) return;
    store.setLive(false);
    setTimeout(() => this.ended || this.open(), this.wait);
    this.wait = Math.min(LONGEST_WAIT, this.wait * 2);
  }

  end() {
    this.ended = true;
    this.socket.close();
  }
}

function hear(data) {
  const event = JSON.parse(data);
  HANDLERS[event.type]?.(event);
}

async function refreshWorld() {
  store.setWorld(await api.world());
}

/** The world and this channel's messages as they are now. */
export async function refresh() {
  const { user, channel, now } = store;
  try {
    await refreshWorld();
    if (!channel) return;
    const messages = await api.messages(channel, user);
    if (store.user === user) store.replace(channel, messages, now);
  } catch (error) {
    store.tell("trouble", { sentence: error.message });
  }
}
