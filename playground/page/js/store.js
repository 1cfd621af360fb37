/** What the page knows. Everything else shows it or changes it; nothing keeps a copy. */

const before = (one, other) => (BigInt(one.id) < BigInt(other.id) ? -1 : 1);

class Store extends EventTarget {
  world = { bot: { username: "Stylus", online: false }, users: [], guilds: [], commands: [], dms: [] };
  user = null; // id
  channel = null; // id
  live = false; // whether events arrive
  lists = new Map(); // channel → messages, oldest first
  busy = new Set(); // `${message}/${custom_id}` that waits for an answer
  failures = new Map(); // message → sentence below it
  unread = new Set(); // channels
  dismissed = new Set(JSON.parse(sessionStorage.getItem("dismissed") ?? "[]")); // ephemeral, put away
  heard = new Map(); // message → when an event last told of it
  now = 0; // counts events
  faces = ""; // names of people, channels and commands: what messages show of the world

  tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  on(type, listener) {
    this.addEventListener(type, (event) => listener(event.detail));
  }

  setWorld(world) {
    const old = this.faces;
    this.world = { dms: [], ...world };
    this.faces = JSON.stringify([
      world.users,
      world.guilds,
      world.bot.username,
      world.commands.map(({ name }) => name),
    ]);
    if (this.faces !== old) this.tell("faces");
    this.tell("world");
  }

  /** All that the drawing of `message` depends on, as text. */
  shown(message) {
    const busy = [...this.busy].filter((key) => key.startsWith(`${message.id}/`));
    return JSON.stringify([message, this.failures.get(message.id), busy, this.faces]);
  }

  setLive(live) {
    if (this.live === live) return;
    this.live = live;
    this.tell("live");
  }

  /** Another pair of eyes: what the last one saw is forgotten. */
  setUser(user) {
    this.user = user;
    this.lists.clear();
    this.failures.clear();
    this.unread.clear();
    this.tell("user");
  }

  setChannel(channel) {
    this.channel = channel;
    this.unread.delete(channel);
    this.tell("channel");
  }

  /** A channel's messages as the server had them at `asked` (a value of `now`).
   *
   * What an event told of since is newer and wins; what only this page knows (a command
   * that failed) stays.
   */
  replace(channel, messages, asked) {
    const newer = (message) => message.local || (this.heard.get(message.id) ?? 0) > asked;
    const kept = this.messages(channel).filter(newer);
    const fetched = messages.filter((message) => !newer(message) && !this.dismissed.has(message.id));
    this.lists.set(channel, [...fetched, ...kept].sort(before));
    if (channel === this.channel) this.tell("messages");
  }

  put(message) {
    this.heard.set(message.id, ++this.now);
    if (this.dismissed.has(message.id)) return;
    const channel = message.channel_id;
    const list = this.messages(channel);
    const at = list.findIndex((one) => one.id === message.id);
    const fresh = at < 0;
    if (fresh) this.lists.set(channel, [...list, message].sort(before));
    else list[at] = message;
    if (channel === this.channel) this.tell("message", { message, fresh });
    else if (fresh) this.mark(channel);
  }

  mark(channel) {
    this.unread.add(channel);
    this.tell("unread");
  }

  drop(channel, id) {
    this.heard.set(id, ++this.now);
    this.lists.set(
      channel,
      this.messages(channel).filter((message) => message.id !== id),
    );
    if (channel === this.channel) this.tell("gone", { id });
  }

  dismiss(message) {
    // In this tab only, as in a real client: the bot may still edit what was put away.
    this.dismissed.add(message.id);
    sessionStorage.setItem("dismissed", JSON.stringify([...this.dismissed]));
    this.drop(message.channel_id, message.id);
  }

  messages(channel = this.channel) {
    return this.lists.get(channel) ?? [];
  }

  message(id) {
    return this.messages().find((message) => message.id === id) ?? null;
  }

  setBusy(message, customId, busy) {
    const key = `${message}/${customId}`;
    if (busy) this.busy.add(key);
    else this.busy.delete(key);
    this.again(message);
  }

  isBusy(message, customId) {
    return this.busy.has(`${message}/${customId}`);
  }

  setFailure(message, sentence) {
    if (sentence) this.failures.set(message, sentence);
    else if (!this.failures.delete(message)) return;
    this.again(message);
  }

  /** Have a message drawn anew. */
  again(id) {
    const message = this.message(id);
    if (message) this.tell("message", { message, fresh: false });
  }

  person(id) {
    return this.world.users.find((user) => user.id === id) ?? null;
  }

  me() {
    return this.person(this.user);
  }

  /** → {id, name, nsfw?, guild?} of any channel, or of a direct conversation. */
  place(id) {
    for (const guild of this.world.guilds) {
      const channel = guild.channels.find((one) => one.id === id);
      if (channel) return { ...channel, guild };
    }
    const direct = this.world.dms.find((one) => one.id === id);
    return direct ? { ...direct, name: this.world.bot.username, direct: true } : null;
  }
}

export const store = new Store();
export const nameOf = (user) => user?.global_name || user?.username || "Somebody";
