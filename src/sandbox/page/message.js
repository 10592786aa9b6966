// One message: who, when, what, and what one can do with it.

import { css, DOTS, el, EYE, icon, THREAD, web } from "./dom.js";
import { day, timeNode, write } from "./clock.js";
import { embedNode } from "./embed.js";
import { markdown } from "./markdown.js";
import * as world from "./world.js";

/** The type of a message that answers a command of a message's menu. */
const FROM_MENU = 23;

/** Message flags. */
const EPHEMERAL = 1 << 6;
const LOADING = 1 << 7;

/** Component types, button styles. */
const ROW = 1;
const BUTTON = 2;
const SELECT = 3;
const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger" };
const LINK = 5;

/** Messages of one person within this time share one heading, in milliseconds. */
const TOGETHER = 7 * 60_000;

/** How many colours there are for people without a role's colour (`.hue-0` … in the style sheet). */
const HUES = 6;

const at = (message) => Date.parse(message.timestamp);
export const isEphemeral = (message) => Boolean((message.flags ?? 0) & EPHEMERAL) || Boolean(message.ephemeral_to);
const isLoading = (message) => Boolean((message.flags ?? 0) & LOADING);

/**
 * The list items for a message that follows `previous`: a day's separator where a day begins, and the message itself.
 * `acts` are the things a person can do: `press`, `choose`, `menu`, `edit`, `remove`.
 */
export function messageNodes(message, previous, acts) {
  const separator = !previous || day(at(previous)) !== day(at(message));
  return [separator && daySeparator(message), messageNode(message, separator ? null : previous, acts)].filter(Boolean);
}

function daySeparator(message) {
  return el("li", { class: "day" }, el("span", {}, day(at(message))));
}

function messageNode(message, previous, acts) {
  const name = world.nameOf(message.author.id);
  const headed = !follows(message, previous);
  const classes = ["message", headed && "headed", pingsMe(message) && "pings", isEphemeral(message) && "ephemeral"];
  return el("li", { class: classes.filter(Boolean).join(" "), "data-id": message.id, tabindex: "-1" },
    asked(message),
    headed ? avatar(message.author.id, name) : el("span", { class: "aside" }, timeNode(at(message), "t")),
    el("div", { class: "body" },
      headed && heading(message, name),
      content(message),
      (message.attachments ?? []).map((file) => el("p", { class: "file" }, `📎 ${file.filename}`)),
      (message.embeds ?? []).map(embedNode),
      !message.content && editedMark(message),
      (message.components ?? []).map((row) => componentRow(row, message, acts)),
      threadLink(message),
      isEphemeral(message) && onlyYou(message, acts)),
    !isEphemeral(message) && menu(message, acts));
}

/** Whether a message continues the one before it, under the same heading. */
function follows(message, previous) {
  return Boolean(previous)
    && previous.author.id === message.author.id
    && at(message) - at(previous) < TOGETHER
    && isEphemeral(previous) === isEphemeral(message)
    && !message.interaction_metadata;
}

/** Whether it called us, and an edit has not taken the call back. */
function pingsMe(message) {
  const calls = message.mention_everyone || message.mentions?.length > 0 || message.mention_roles?.length > 0;
  return calls && (message.pinged ?? []).includes(world.me()?.id);
}

/** "Rosa used /queue", above the bot's answer. */
function asked(message) {
  const { name, user } = message.interaction ?? {};
  const typed = message.type === FROM_MENU ? name : `/${name}`;
  return name && el("p", { class: "asked" }, el("b", {}, world.nameOf(user.id)), ` used ${typed}`);
}

function avatar(id, name) {
  if (id === world.bot().id) return el("span", { class: "avatar bot", "aria-hidden": "true" }, icon(BELL));
  const color = css(world.user(id)?.color);
  const hue = Number(BigInt(id) % BigInt(HUES));
  return el("span", { class: `avatar hue-${hue}`, tint: color, "aria-hidden": "true" }, [...name][0] ?? "?");
}

const BELL = "M12 4v3M5 15a7 7 0 0 1 14 0zM3 19h18";

function heading(message, name) {
  const person = world.user(message.author.id);
  return el("h3", {},
    el("span", { class: "author", tint: css(person?.color) }, name),
    message.author.bot && el("span", { class: "tag" }, "bot"),
    person?.standing && person.standing !== "customer" && el("span", { class: "tag role" }, person.roles.join(", ")),
    timeNode(at(message), "t", "sent"));
}

function content(message) {
  if (isLoading(message)) return el("p", { class: "thinking" }, `${world.nameOf(message.author.id)} is thinking`);
  if (!message.content) return null;
  const edited = editedMark(message);
  const nodes = markdown(message.content, message.author.bot === true);
  if (edited && nodes.at(-1)?.tagName === "P") nodes.at(-1).append(" ", edited);
  else if (edited) nodes.push(edited);
  return el("div", { class: "text" }, nodes);
}

function editedMark(message) {
  return message.edited_timestamp
    && el("span", { class: "edited", title: write(Date.parse(message.edited_timestamp), "F") }, "(edited)");
}

// --- What one can press --------------------------------------------------------------------------

function componentRow(row, message, acts) {
  if (row.type !== ROW) return null;
  return el("div", { class: "row" }, (row.components ?? []).map((part) => component(part, message, acts)));
}

function component(part, message, acts) {
  if (part.type === SELECT) return select(part, message, acts);
  if (part.type !== BUTTON) return null;
  const label = [part.emoji?.name, part.label].filter(Boolean).join(" ");
  if (part.style === LINK) {
    const leads = { href: web(part.url), target: "_blank", rel: "noopener noreferrer" };
    return el("a", { class: "button link", ...leads }, label, " ↗");
  }
  return el("button", {
    type: "button",
    class: `button ${STYLES[part.style] ?? "secondary"}`,
    disabled: part.disabled === true,
    "data-custom-id": part.custom_id,
    onclick: () => acts.press(message, part.custom_id),
  }, label);
}

function select(part, message, acts) {
  const prompt = el("option", { value: "", disabled: true, selected: true }, part.placeholder ?? "Choose…");
  const choices = (part.options ?? []).map((option) => el("option", { value: option.value }, option.label));
  return el("select", {
    "aria-label": part.placeholder ?? "Choose",
    disabled: part.disabled === true,
    onchange: (event) => acts.choose(message, part.custom_id, [event.target.value]),
  }, prompt, choices);
}

/** The thread that hangs on a message, which has its id. */
function threadLink(message) {
  const thread = world.channel(message.id);
  return thread && el("p", { class: "below" },
    el("a", { class: "chip", href: "#", "data-channel": thread.id }, icon(THREAD), thread.name));
}

function onlyYou(message, acts) {
  return el("p", { class: "only-you" }, icon(EYE), " Only you can see this · ",
    el("button", { type: "button", class: "quiet", onclick: () => acts.remove(message) }, "Dismiss"));
}

/** The "…" of a message: what the bot offers for messages, and for one's own, to edit and to delete. */
function menu(message, acts) {
  const offers = world.messageCommands().map((command) => [command.name, () => acts.menu(message, command.name)]);
  const own = message.author.id === world.me()?.id
    ? [["Edit", () => acts.edit(message)], ["Delete", () => acts.remove(message)]]
    : [];
  const entries = [...offers, ...own];
  if (entries.length === 0) return null;
  const close = (event) => { event.currentTarget.closest("details").open = false; };
  const choose = (act) => (event) => { close(event); act(); };
  return el("details", { class: "menu", onkeydown: menuKeys, ontoggle: placeMenu },
    el("summary", { "aria-label": `More for the message by ${world.nameOf(message.author.id)}` }, icon(DOTS)),
    el("div", {}, entries.map(([label, act]) => el("button", { type: "button", onclick: choose(act) }, label))));
}

/** At the lower end of the list a menu would be cut off: there it opens upwards. */
function placeMenu({ currentTarget: details }) {
  const list = details.lastElementChild.getBoundingClientRect();
  if (list.bottom > details.closest("#scroll").getBoundingClientRect().bottom) details.classList.add("upwards");
}

function menuKeys(event) {
  const details = event.currentTarget;
  const entries = [...details.querySelectorAll("div button")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape" && details.open) {
    details.open = false;
    details.querySelector("summary").focus();
  } else if (step) {
    details.open = true;
    const next = entries.indexOf(document.activeElement) + step;
    entries[(next + entries.length) % entries.length].focus();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}
