// Building DOM nodes. There is no way from here to HTML text: what people write stays text.

/**
 * An element. `props` are attributes, except `on…` (listeners), `tint` (a colour for the style sheet) and those that
 * are `false`, `null` or `undefined` (left out). Children are nodes, strings, or lists of them.
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "tint") node.style.setProperty("--tint", value);
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A line icon from `path` data, drawn in a box of 24. */
export function icon(path) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const LOCK = "M7 11V8a5 5 0 0 1 10 0v3M5 11h14v9H5z";
export const EYE = "M2 12s4-7 10-7 10 7 10 7-4 7-10 7-10-7-10-7zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z";
export const THREAD = "M6 4v9a3 3 0 0 0 3 3h10M15 12l4 4-4 4";
export const DOTS = "M5 12h.01M12 12h.01M19 12h.01";

/** The element with this id, which `index.html` promises. */
export const byId = (id) => document.getElementById(id);

/** The address if it leads to the web, else `null`: no `javascript:` ever becomes a link. */
export const web = (address) => (/^https?:\/\//i.test(address ?? "") ? address : null);

/** A colour as Discord counts it (0xRRGGBB, 0 = none) for a style sheet. */
export function css(color) {
  return color ? `#${color.toString(16).padStart(6, "0")}` : null;
}
