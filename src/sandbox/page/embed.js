// An embed: the card the bot puts under its words.

import { css, el, web } from "./dom.js";
import { timeNode } from "./clock.js";
import { inlineMarkdown, markdown } from "./markdown.js";

/** Embeds are written by the bot, so links behind words are allowed in them. */
const TRUSTED = true;

export function embedNode(embed) {
  return el("article", { class: "embed", tint: css(embed.color) },
    embed.author?.name && el("p", { class: "embed-author" }, embed.author.name),
    embed.title && title(embed),
    embed.description && el("div", { class: "text" }, markdown(embed.description, TRUSTED)),
    embed.fields?.length > 0 && el("dl", {}, embed.fields.map(field)),
    picture(embed.image),
    foot(embed));
}

function title({ title, url }) {
  const words = inlineMarkdown(title, TRUSTED);
  return el("p", { class: "embed-title" },
    web(url) ? el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, words) : words);
}

function field({ name, value, inline }) {
  return el("div", { class: inline ? "inline" : null },
    el("dt", {}, inlineMarkdown(name, TRUSTED)),
    el("dd", { class: "text" }, markdown(value, TRUSTED)));
}

/** Pictures are shown only if the sandbox serves them; the page asks no other host for anything. */
function picture(image) {
  if (!image?.url) return null;
  const url = new URL(image.url, location.href);
  return url.origin === location.origin && el("img", { src: url.href, alt: image.description ?? "" });
}

function foot({ footer, timestamp }) {
  if (!footer?.text && !timestamp) return null;
  return el("p", { class: "embed-foot" },
    footer?.text,
    footer?.text && timestamp && " · ",
    timestamp && timeNode(Date.parse(timestamp), "f"));
}
