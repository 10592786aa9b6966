// Message text → DOM nodes: the part of Discord's markdown that people and the bot use.
//
// Safe by construction: text only ever becomes text nodes, and links only lead to http(s). A reader that finds no end
// of a mark leaves the mark as it stands.

import { el } from "./dom.js";
import { timeNode } from "./clock.js";
import { SIGN, signNode } from "./emoji.js";
import * as world from "./world.js";

/** Marks inside marks deeper than this stay text: a bound for hostile input. */
const DEEPEST = 12;

/** Characters that end a sentence rather than a bare link. */
const TRAILING = /[.,:;!?"'\])}]+$/;

/**
 * The nodes for `text`. Only a bot (`trusted`) may hide a link behind words: a customer's `[bank](https://…)` is shown
 * as written.
 */
export function markdown(text, trusted = false) {
  const nodes = [];
  const fence = /\\[\s\S]|```(?:([\w+-]*)\n)?([\s\S]+?)```/g;
  let from = 0;
  for (const found of text.matchAll(fence)) {
    if (found[2] === undefined) continue;
    nodes.push(...blocks(text.slice(from, found.index), trusted));
    nodes.push(el("pre", {}, el("code", {}, found[2].replace(/\n$/, ""))));
    from = found.index + found[0].length;
  }
  nodes.push(...blocks(text.slice(from), trusted));
  return nodes;
}

/** One line of markdown without blocks: titles and names of fields. */
export const inlineMarkdown = (text, trusted = false) => inline(text, trusted, 0);

// --- Blocks: what a line starts with -------------------------------------------------------------

const HEADING = /^(#{1,3}) +(\S.*)$/;
const SMALL = /^-# +(\S.*)$/;
const ITEM = /^( *)([-*]|\d{1,3}\.) +(\S.*)$/;
const QUOTE = /^> ?(.*)$/;

function blocks(text, trusted) {
  const lines = text.replace(/^\n|\n$/g, "").split("\n");
  const nodes = [];
  for (let at = 0; at < lines.length; ) {
    const [node, taken] = block(lines, at, trusted);
    if (node) nodes.push(node);
    at += taken;
  }
  return nodes;
}

/** The block that starts at line `at`, and how many lines it takes. */
function block(lines, at, trusted) {
  const line = lines[at];
  if (line.startsWith(">>> ")) {
    const rest = [line.slice(4), ...lines.slice(at + 1)];
    return [el("blockquote", {}, inline(rest.join("\n"), trusted, 0)), lines.length - at];
  }
  if (isQuote(line)) {
    const quoted = run(lines, at, (line) => QUOTE.test(line)).map((line) => line.match(QUOTE)[1]);
    return [el("blockquote", {}, inline(quoted.join("\n"), trusted, 0)), quoted.length];
  }
  if (ITEM.test(line)) {
    const numbered = isNumbered(line);
    const items = run(lines, at, (line) => ITEM.test(line) && (isNumbered(line) === numbered || /^ {2}/.test(line)))
      .map((line) => line.match(ITEM));
    return [list(items, trusted), items.length];
  }
  const heading = line.match(HEADING);
  // A message is not a document: its headings sit below the page's own two levels.
  if (heading) return [el(`h${heading[1].length + 2}`, { class: "heading" }, inline(heading[2], trusted, 0)), 1];
  const small = line.match(SMALL);
  if (small) return [el("p", { class: "small" }, inline(small[1], trusted, 0)), 1];
  const plain = [line, ...run(lines, at + 1, (line) => !startsBlock(line))];
  const written = plain.join("\n");
  return [written.trim() ? el("p", {}, inline(written, trusted, 0)) : null, plain.length];
}

const isQuote = (line) => QUOTE.test(line) && line !== ">";
const isNumbered = (line) => /^ *\d/.test(line);
const startsBlock = (line) =>
  line.startsWith(">>> ") || isQuote(line) || [ITEM, HEADING, SMALL].some((mark) => mark.test(line));

/** The lines from `at` on for as long as they pass. */
function run(lines, at, passes) {
  let end = at;
  while (end < lines.length && passes(lines[end])) end += 1;
  return lines.slice(at, end);
}

/** A list; items indented by two or more are one level down. */
function list(items, trusted) {
  const ordered = /\d/.test(items[0][2]);
  const node = el(ordered ? "ol" : "ul", ordered ? { start: parseInt(items[0][2], 10) } : {});
  for (const [, indent, , text] of items) {
    const item = el("li", {}, inline(text, trusted, 0));
    if (indent.length < 2 || !node.lastChild) {
      node.append(item);
      continue;
    }
    if (node.lastChild.lastChild?.tagName !== "UL") node.lastChild.append(el("ul"));
    node.lastChild.lastChild.append(item);
  }
  return node;
}

// --- Inline: the first rule that matches at a place wins ------------------------------------------

const chip = (text, mine) => el("span", { class: mine ? "chip mine" : "chip" }, text);
const wrap = (tag, props = {}) => (found, { trusted, deep }) => el(tag, props, inline(found[1], trusted, deep + 1));

const RULES = [
  [/\\([^\sA-Za-z0-9])/y, (found) => found[1]],
  [/(`+)([\s\S]*?[^`])\1(?!`)/y, (found) => el("code", {}, found[2].trim() || found[2])],
  [/<@!?(\d{1,20})>/y, (found) => chip(`@${world.nameOf(found[1])}`, found[1] === world.me()?.id)],
  [/<@&(\d{1,20})>/y, (found) => chip(`@${world.role(found[1])?.name ?? "unknown role"}`, world.isMine(found[1]))],
  [/<#(\d{1,20})>/y, (found) => channelChip(found[1])],
  [/<\/([^:<>\n]{1,100}):\d{1,20}>/y, (found) => chip(`/${found[1]}`, false)],
  [/<t:(-?\d{1,13})(?::([tTdDfFRsS]))?>/y, (found) => moment(found)],
  [/<a?:(\w{2,32}):\d{1,20}>/y, (found) => `:${found[1]}:`],
  [new RegExp(SIGN, "y"), (found) => signNode(found[1])],
  [/@(everyone|here)\b/y, (found) => chip(found[0], false)],
  [/<(https?:\/\/[^\s<>]+)>/y, (found) => link(found[1], found[1])],
  [/\[([^[\]\n]{1,300})\]\(<?(https?:\/\/[^\s()<>]+)>?\)/y, maskedLink],
  [/https?:\/\/[^\s<>]+/y, bareLink],
  [/\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)/y, wrap("strong")],
  [/__((?:\\[\s\S]|[^\\])+?)__(?!_)/y, wrap("u")],
  [/~~((?:\\[\s\S]|[^\\])+?)~~/y, wrap("s")],
  [/\|\|((?:\\[\s\S]|[^\\])+?)\|\|/y, spoiler],
  [/\*(?=\S)((?:\\[\s\S]|\*\*|[^\\*])+?)(?<=\S)\*(?!\*)/y, wrap("em")],
  [/(?<!\w)_(?=\S)((?:\\[\s\S]|__|[^\\_])+?)(?<=\S)_(?!\w)/y, wrap("em")],
];

/** Where a rule could start; everything before is plain text. */
const STARTS = new RegExp(`[\\\\\`<@[*_~|]|https?://|${SIGN}`, "g");

function inline(text, trusted, deep) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain) nodes.push(document.createTextNode(plain));
    plain = "";
  };
  for (let at = 0; at < text.length; ) {
    const [node, length] = ruleAt(text, at, { trusted, deep });
    if (typeof node === "string") plain += node;
    else {
      flush();
      nodes.push(node);
    }
    at += length;
  }
  flush();
  return nodes;
}

/** The node (or plain text) at `at`, and how much of the text it takes. */
function ruleAt(text, at, context) {
  STARTS.lastIndex = at;
  const start = STARTS.exec(text)?.index ?? text.length;
  if (start > at) return [text.slice(at, start), start - at];
  for (const [pattern, make] of context.deep < DEEPEST ? RULES : []) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) continue;
    const node = make(found, context);
    if (node !== null) return [node, node.taken ?? found[0].length];
  }
  return [text[at], 1];
}

function channelChip(id) {
  const channel = world.channel(id);
  if (!channel) return chip("#no-access", false);
  return el("a", { class: "chip", href: "#", "data-channel": id }, world.titleOf(channel));
}

function moment(found) {
  const milliseconds = Number(found[1]) * 1000;
  // ECMAScript's dates end at ±8.64e15 ms; beyond, the mark stays as written.
  return Math.abs(milliseconds) > 8.64e15 ? null : timeNode(milliseconds, found[2] ?? "f", "moment");
}

/** The address of a message on Discord: server, channel, message. */
const MESSAGE = /^https:\/\/discord\.com\/channels\/\d+\/(\d+)\/(\d+)$/;

/** A link; to a message of this server it leads there within the page. */
function link(href, text) {
  const [, channel, message] = MESSAGE.exec(href) ?? [];
  if (world.channel(channel)) return el("a", { href: "#", "data-channel": channel, "data-message": message }, text);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, text);
}

function maskedLink(found, { trusted, deep }) {
  return trusted ? link(found[2], inline(found[1], false, deep + 1)) : null;
}

function bareLink(found) {
  const href = found[0].replace(TRAILING, "");
  const node = link(href, href);
  node.taken = href.length;
  return node;
}

function spoiler(found, { trusted, deep }) {
  const show = ({ currentTarget: button }) => {
    button.classList.add("shown");
    button.removeAttribute("aria-label");
  };
  return el("button", { class: "spoiler", type: "button", "aria-label": "Spoiler, press to show", onclick: show },
    el("span", {}, inline(found[1], trusted, deep + 1)));
}
