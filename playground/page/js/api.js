/** The people's API of the stand-in: one function per road, errors as one sentence. */

const ROOT = new URL("../../api/", import.meta.url);

/** What went wrong, as a sentence for people. */
export class ApiError extends Error {
  constructor(said, status) {
    super(said);
    this.status = status;
  }
}

async function call(method, path, { query = {}, json, body } = {}) {
  const url = new URL(path, ROOT);
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
  const headers = json === undefined ? {} : { "Content-Type": "application/json" };
  const options = { method, headers, body: json === undefined ? body : JSON.stringify(json) };
  const reply = await fetch(url, options).catch(() => null);
  if (!reply) throw new ApiError("The playground cannot be reached.", 0);
  const said = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new ApiError(sentence(said, reply.status), reply.status);
  return said;
}

function sentence(said, status) {
  const found = [said.error, said.message, said.error?.message].find(
    (text) => typeof text === "string" && text,
  );
  return found ?? `The playground refused this (${status}).`;
}

export const world = () => call("GET", "world");
export const messages = (channel, user) => call("GET", `channels/${channel}/messages`, { query: { user } });
export const write = (user, channel, content, attachments) =>
  call("POST", "messages", {
    json: { user, channel, content, ...(attachments.length ? { attachments } : {}) },
  });
export const slash = (user, channel, command, options) =>
  call("POST", "slash", { json: { user, channel, command, options } });
export const autocomplete = (user, channel, command, options, focused) =>
  call("POST", "autocomplete", { json: { user, channel, command, options, focused } });
export const menu = (user, channel, command, message) =>
  call("POST", "menu", { json: { user, channel, command, message } });
export const press = (user, channel, message, custom_id, values) =>
  call("POST", "press", { json: { user, channel, message, custom_id, ...(values ? { values } : {}) } });
export const submit = (user, interaction, values) =>
  call("POST", "submit", { json: { user, interaction, values } });
export const remove = (user, channel, message) =>
  call("POST", "delete", { json: { user, channel, message } });
export const upload = (file) =>
  call("POST", "attachments", {
    query: { filename: file.name || "picture.png", content_type: file.type || "application/octet-stream" },
    body: file,
  });

/** Wait until the bot answered or the stand-in gave up on it: → {state, type, modal?, error?}. */
export async function answer(interaction) {
  for (;;) {
    const found = await call("GET", `interactions/${interaction}`, { query: { wait: 5 } });
    if (found.state !== "waiting") return found;
  }
}

/** The address of the live events of `user`. */
export function eventsAddress(user) {
  const url = new URL("events", ROOT);
  url.protocol = url.protocol.replace("http", "ws");
  url.searchParams.set("user", user);
  return url;
}
