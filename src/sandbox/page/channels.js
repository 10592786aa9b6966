// The channel list of the person we speak as: what they may see, what is new, where they are called.

import { byId, el, icon, LOCK, THREAD } from "./dom.js";
import * as unread from "./unread.js";
import * as world from "./world.js";

const HASH = "M9 4L7 20M17 4l-2 16M4 9h17M3 15h17";

/** Draws the list. `messages` maps each channel in view to its messages; `open` is the channel shown. */
export function drawChannels(messages, open) {
  byId("guild").textContent = world.guild().name ?? "";
  const seen = world.channels().filter((channel) => messages.has(channel.id));
  const rows = seen.filter((channel) => !channel.parent).flatMap((channel) => [
    row(channel, messages, open),
    ...seen.filter((thread) => thread.parent === channel.id).map((thread) => row(thread, messages, open)),
  ]);
  const focused = document.activeElement.closest("#channels [data-channel]")?.dataset.channel;
  byId("channels").replaceChildren(...rows);
  if (focused) byId("channels").querySelector(`[data-channel="${focused}"]`)?.focus();
  document.title = titleFor(messages);
}

function row(channel, messages, open) {
  const { unread: fresh, pings } = unread.count(world.me().id, channel.id, [...messages.get(channel.id).values()]);
  const shown = channel.id === open;
  const glyph = channel.parent ? THREAD : channel.private ? LOCK : HASH;
  const classes = [channel.parent && "thread", !shown && fresh > 0 && "unread"].filter(Boolean).join(" ");
  const news = shown || fresh === 0 ? null : pings > 0 ? `, ${pings} for you` : ", unread";
  return el("li", { class: classes },
    el("button", { type: "button", "data-channel": channel.id, "aria-current": shown ? "page" : null },
      icon(glyph),
      el("span", {}, channel.name),
      channel.private && el("span", { class: "unseen" }, " (private)"),
      news && el("span", { class: "unseen" }, news),
      !shown && pings > 0 && el("span", { class: "badge", "aria-hidden": "true" }, String(pings))));
}

/** The tab's title, with the number of calls for the person we speak as. */
function titleFor(messages) {
  const pings = ([channel, list]) => unread.count(world.me().id, channel, [...list.values()]).pings;
  const calls = [...messages].map(pings).reduce((sum, count) => sum + count, 0);
  return calls > 0 ? `(${calls}) Bellhop sandbox` : "Bellhop sandbox";
}

/** The channel `step` places below the open one, round the end. */
export function neighbour(open, step) {
  const ids = [...byId("channels").querySelectorAll("[data-channel]")].map((node) => node.dataset.channel);
  return ids[(ids.indexOf(open) + step + ids.length) % ids.length];
}
