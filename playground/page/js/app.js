/** Where it starts: the world, who one is and where, then everything that shows it. */

import * as api from "./api.js";
import { showComposer } from "./composer.js";
import { showLog, showTyping } from "./messages.js";
import { showSidebar } from "./sidebar.js";
import { listen, refresh } from "./socket.js";
import { store } from "./store.js";
import { keepTime } from "./time.js";

const AGAIN = 1500; // milliseconds until the next try when nothing answers

/** "#user/channel": a reload, a bookmark and a test come back to the same place. */
function remembered() {
  const [user, channel] = location.hash.slice(1).split("/");
  return { user, channel };
}

function remember() {
  history.replaceState(null, "", `#${store.user}/${store.channel}`);
}

function firstChannel() {
  return store.world.guilds[0]?.channels[0]?.id ?? null;
}

async function start() {
  try {
    store.setWorld(await api.world());
  } catch (error) {
    store.tell("trouble", { sentence: error.message });
    return setTimeout(start, AGAIN);
  }
  const { user, channel } = remembered();
  store.on("user", () => (remember(), listen(store.user), leaveForeignRoom()));
  store.on("channel", () => (remember(), refresh()));
  store.channel = store.place(channel) ? channel : firstChannel();
  store.setUser(store.person(user)?.id ?? store.world.users[0]?.id);
}

/** A direct conversation belongs to one person. */
function leaveForeignRoom() {
  const place = store.place(store.channel);
  if (place?.direct && place.user !== store.user) store.setChannel(firstChannel());
}

showSidebar();
showLog();
showTyping();
showComposer();
keepTime();
start();
