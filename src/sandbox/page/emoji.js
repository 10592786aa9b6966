// The signs the bot's words use, drawn: they look the same whether or not the computer has a font with emoji.

import { el, icon, LOCK } from "./dom.js";

/** Sign → the class that colours it, and its lines in a box of 24. */
const SIGNS = {
  "🔔": ["brass", "M12 3a6 6 0 0 0-6 6v4l-2 4h16l-2-4V9a6 6 0 0 0-6-6zM9.5 20.5h5"],
  "🔒": ["brass", LOCK],
  "🟢": ["green solid", "M12 5a7 7 0 1 0 0 14 7 7 0 0 0 0-14z"],
  "✅": ["green", "M4 4h16v16H4zM8 12l3 3 5-6"],
  "⬆": ["red", "M12 20V5M5 12l7-7 7 7"],
  "⚠": ["red", "M12 4l9 16H3zM12 10v4M12 17h.01"],
  "🌤": ["brass", "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1 1M18 18l1 1M5 19l1-1M18 6l1-1"],
};

/** Matches a sign, with or without the selector that asks for a picture. */
export const SIGN = `(${Object.keys(SIGNS).join("|")})\\uFE0F?`;

/** The drawing; the sign itself stays in the text, for copying and for screen readers. */
export function signNode(sign) {
  const [classes, path] = SIGNS[sign];
  return el("span", { class: `sign ${classes}` }, icon(path), el("span", { class: "unseen" }, sign));
}
