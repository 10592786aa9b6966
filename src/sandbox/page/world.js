// Who and what there is: the server's people, roles, channels and the bot's commands, and who we speak as.

const CHAT_COMMAND = 1;
const MESSAGE_COMMAND = 3;
const SUBCOMMAND = 1;
const SUBCOMMAND_GROUP = 2;

const state = { guild: {}, bot: {}, dashboard: null, channels: [], users: [], roles: [], commands: [], me: null };

export function set(world) {
  Object.assign(state, { roles: [] }, world);
}

export const guild = () => state.guild;
export const bot = () => state.bot;
/** The address of the bot's dashboard; null: it has none. */
export const dashboard = () => state.dashboard;
export const users = () => state.users;
export const roles = () => state.roles;
export const channels = () => state.channels;
export const user = (id) => state.users.find((user) => user.id === id);
export const role = (id) => state.roles.find((role) => role.id === id);
export const channel = (id) => state.channels.find((channel) => channel.id === id);
export const channelNamed = (name) => state.channels.find((channel) => channel.name === name);

/** What a channel is called; a thread has no "#". */
export const titleOf = (channel) => channel.parent ? channel.name : `#${channel.name}`;

/** The person we speak as. */
export const me = () => user(state.me);
export const speakAs = (id) => { state.me = id; };

/** Whether a role is one of ours. */
export const isMine = (roleId) => me()?.roles.includes(role(roleId)?.name) ?? false;

/** The name to show for anybody, the bot included. */
export function nameOf(id) {
  return id === state.bot.id ? state.bot.name : user(id)?.name ?? "unknown";
}

/** The commands of a message's menu ("Escalate this"). */
export const messageCommands = () => state.commands.filter((command) => command.type === MESSAGE_COMMAND);

/**
 * The slash commands as one types them: a subcommand is an entry of its own ("oncall show"). `aliases` is what it is
 * called in other languages: people of a German desk are told of "/notiz".
 */
export function slashCommands() {
  return state.commands
    .filter((command) => (command.type ?? CHAT_COMMAND) === CHAT_COMMAND)
    .flatMap((command) => flatten([command]))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** `path` leads from a command to one of its subcommands. */
function flatten(path) {
  const { description = "", options = [] } = path.at(-1);
  const below = options.filter((option) => option.type === SUBCOMMAND || option.type === SUBCOMMAND_GROUP);
  if (below.length > 0) return below.flatMap((option) => flatten([...path, option]));
  const locales = new Set(path.flatMap((part) => Object.keys(part.name_localizations ?? {})));
  const called = (locale) => path.map((part) => part.name_localizations?.[locale] ?? part.name).join(" ");
  const name = called();
  const aliases = new Set([...locales].map(called));
  aliases.delete(name);
  return [{ name, aliases: [...aliases], description, options }];
}
