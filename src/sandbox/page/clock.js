// The sandbox's clock, and every way a time is written. Deadlines count down by this clock, not by the computer's.

import { el } from "./dom.js";

/** The page speaks English; English readers get their own order of day and month. */
const LOCALE = navigator.language.startsWith("en") ? navigator.language : "en-GB";

/** Discord's timestamp styles: `<t:UNIX:STYLE>`. */
const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
  s: { dateStyle: "short", timeStyle: "short" },
  S: { dateStyle: "short", timeStyle: "medium" },
};

const formats = new Map(
  Object.entries(STYLES).map(([style, options]) => [style, new Intl.DateTimeFormat(LOCALE, options)]),
);
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" });
const weekday = new Intl.DateTimeFormat(LOCALE, { weekday: "short", day: "numeric", month: "short" });

/** What `relative` counts in: name, seconds, and from how many seconds on. */
const UNITS = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** Two words of a running server can name the same millisecond only within this, in milliseconds. */
const MOMENT = 100;

let ahead = 0;
let seen = null;
let heard = 0;
let stopped = false;

/** The time shown, in milliseconds since 1970. */
export const now = () => (stopped ? seen : Date.now() + ahead);

/** Sets the clock to what the server says. A server whose clock has not moved since the last word stands still. */
export function sync(time) {
  const at = Date.parse(time);
  stopped = at === seen && (stopped || Date.now() - heard > MOMENT);
  seen = at;
  heard = Date.now();
  ahead = at - Date.now();
  tick();
}

/** Writes a moment in one of Discord's styles; `R` is relative to the sandbox's clock. */
export function write(milliseconds, style = "f") {
  if (style === "R") return distance(milliseconds);
  return (formats.get(style) ?? formats.get("f")).format(milliseconds);
}

function distance(milliseconds) {
  const seconds = Math.round((milliseconds - now()) / 1000);
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
  return relative.format(Math.round(seconds / length), unit);
}

/** The day as a separator between messages names it. */
export const day = (milliseconds) => new Intl.DateTimeFormat(LOCALE, { dateStyle: "full" }).format(milliseconds);

/** A `<time>` that keeps itself right while the clock moves; hovering tells the whole date. */
export function timeNode(milliseconds, style, className) {
  const datetime = new Date(milliseconds).toISOString();
  const title = write(milliseconds, "F");
  const node = el("time", { class: className, datetime, title }, write(milliseconds, style));
  if (style === "R") node.dataset.at = milliseconds;
  return node;
}

/** Brings the clock in the top bar and every relative time up to date. */
export function tick() {
  if (seen === null) return;
  const face = document.getElementById("now");
  face.textContent = `${weekday.format(now())}, ${write(now(), "T")}`;
  face.dateTime = new Date(now()).toISOString();
  for (const node of document.querySelectorAll("time[data-at]")) {
    const text = distance(Number(node.dataset.at));
    if (node.textContent !== text) node.textContent = text;
  }
}
