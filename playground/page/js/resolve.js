/** What a select offers: its own options, or the people and channels of this world. */

import { nameOf, store } from "./store.js";

const USERS = new Set([5, 7]);

/** → [{value, label, description?, emoji?, default?}] of a select component. */
export function optionsOf(one) {
  if (one.type === 3) return one.options ?? [];
  const chosen = new Set((one.default_values ?? []).map((value) => value.id));
  const offered = USERS.has(one.type) ? people() : one.type === 8 ? places() : [];
  return offered.map((option) => ({ ...option, default: chosen.has(option.value) }));
}

/** Everybody here as options. */
export function people() {
  return store.world.users.map((user) => ({
    value: user.id,
    label: nameOf(user),
    description: user.username,
  }));
}

/** Every channel of this guild as options. */
export function places() {
  const guild = store.place(store.channel)?.guild ?? store.world.guilds[0];
  return (guild?.channels ?? []).map((channel) => ({ value: channel.id, label: `#${channel.name}` }));
}
