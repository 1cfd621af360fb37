/** Registered commands as the page uses them: flat, filtered, in the order people look for them. */

const GROUPS = new Set([1, 2]); // options that are subcommands or groups of them

/** Whether `user` may see `command`: the stand-in gives moderators what a server would. */
const mayUse = (command, user) => command.default_member_permissions == null || Boolean(user?.moderator);

/** → [{path: "adapters browse", description, options}]. */
export function typed(commands, user) {
  return commands
    .filter((command) => (command.type ?? 1) === 1 && mayUse(command, user))
    .flatMap((command) => leaves(command, ""));
}

function leaves(command, above) {
  const path = above ? `${above} ${command.name}` : command.name;
  const below = (command.options ?? []).filter((option) => GROUPS.has(option.type));
  if (below.length) return below.flatMap((one) => leaves(one, path));
  return [{ path, description: command.description ?? "", options: command.options ?? [] }];
}

/** → commands of a message's menu. */
export function menus(commands, user) {
  return commands.filter((command) => command.type === 3 && mayUse(command, user));
}

/** Those that fit what was typed after "/", the best first. */
export function matching(all, query) {
  const wanted = query.toLowerCase().trim().replace(/\s+/g, " ");
  return all
    .map((command) => ({ command, rank: rank(command.path, wanted) }))
    .filter(({ rank: found }) => found >= 0)
    .sort((one, other) => one.rank - other.rank)
    .map(({ command }) => command);
}

function rank(path, wanted) {
  if (path.startsWith(wanted)) return 0;
  if (path.split(" ").some((word) => word.startsWith(wanted))) return 1;
  return path.includes(wanted) ? 2 : -1;
}

/** "/imagine a fox" → {command, rest: "a fox"}: a whole name and a space choose it. Else null. */
export function completed(all, text) {
  const found = all
    .filter(({ path }) => text.startsWith(`/${path} `))
    .sort((one, other) => other.path.length - one.path.length)[0];
  return found ? { command: found, rest: text.slice(found.path.length + 2) } : null;
}
