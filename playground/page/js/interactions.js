/** What a person does to the bot, and what comes of it: an answer, a modal, or "failed". */

import * as api from "./api.js";
import { openModal } from "./modal.js";
import { store } from "./store.js";

export const FAILED = "This interaction failed.";

/** A button or a select of `message`. Pressing twice while it waits is pressing once. */
export async function press(message, customId, values) {
  if (store.isBusy(message.id, customId)) return;
  store.setFailure(message.id, null);
  store.setBusy(message.id, customId, true);
  try {
    const { interaction } = await api.press(store.user, message.channel_id, message.id, customId, values);
    const answer = await settled(interaction);
    store.setFailure(message.id, answer);
  } catch (error) {
    store.setFailure(message.id, error.message);
  } finally {
    store.setBusy(message.id, customId, false);
  }
}

/** A slash command; the row that says so stands in the log until the bot answers. Throws ApiError. */
export async function slash(command, options) {
  const { channel, user } = store;
  const { interaction } = await api.slash(user, channel, command, options);
  follow(interaction, { channel, user, name: `/${command}` });
}

/** A command of a message's menu. */
export async function menu(command, message) {
  const { channel, user } = store;
  try {
    const { interaction } = await api.menu(user, channel, command, message.id);
    follow(interaction, { channel, user, name: command });
  } catch (error) {
    store.setFailure(message.id, error.message);
  }
}

async function follow(interaction, { channel, user, name }) {
  const row = {
    id: interaction,
    channel_id: channel,
    author: store.world.bot,
    local: { user, name, failure: null },
  };
  const slow = setTimeout(() => store.put(row), 150); // an answer that is at once there needs no row
  const failure = await settled(interaction).catch((error) => error.message);
  clearTimeout(slow);
  if (store.user !== user) return;
  if (failure) store.put({ ...row, local: { ...row.local, failure } });
  else store.drop(channel, interaction);
}

/** Wait for the answer, open its modal: → null, or the sentence of a failure. */
async function settled(interaction) {
  const answer = await api.answer(interaction);
  if (answer.state === "expired") return FAILED;
  if (answer.modal) openModal(interaction, answer.modal);
  return null;
}
