// A form the bot opens (Discord calls it a modal): text fields and choices in a dialog. Escape closes it unsent.

import { byId, el } from "./dom.js";
import { markdown } from "./markdown.js";

/** Component types a form may hold. */
const ROW = 1;
const SELECT = 3;
export const TEXT_INPUT = 4;
const TEXT = 10;
export const LABEL = 18;

/** A text input's style: one line or many. */
export const PARAGRAPH = 2;

/** Discord's limit for what is typed into one field, in characters. */
const LONGEST = 4000;

/** Shows the form; `send(values)` gets what was filled in and rejects with a sentence for the person if it fails. */
export function openForm({ title, components }, send) {
  const dialog = byId("form");
  const problem = el("p", { class: "problem", role: "alert" });
  const close = () => dialog.close();
  const submit = async (event) => {
    event.preventDefault();
    const button = event.target.querySelector("[type=submit]");
    button.disabled = true;
    try {
      await send(Object.fromEntries(new FormData(event.target)));
      close();
    } catch (error) {
      problem.textContent = error.message;
      button.disabled = false;
    }
  };
  dialog.replaceChildren(el("form", { onsubmit: submit, autocomplete: "off" },
    el("h2", { id: "form-title" }, title),
    components.map(part),
    problem,
    el("footer", {},
      el("button", { type: "button", class: "button secondary", onclick: close }, "Cancel"),
      el("button", { type: "submit", class: "button primary" }, "Send"))));
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("input, textarea, select")?.focus();
}

function part(component) {
  switch (component.type) {
    case ROW: return (component.components ?? []).map((inner) => field(inner, inner));
    case LABEL: return field(component.component, component);
    case TEXT: return el("div", { class: "text" }, markdown(component.content ?? "", true));
    default: return null;
  }
}

/** A field under its label. In the older layout the input carries its label itself. */
function field(input, { label, description }) {
  const id = `form-${input.custom_id}`;
  const required = input.required !== false;
  const hint = description && el("p", { class: "hint", id: `${id}-hint` }, description);
  return el("div", { class: "field" },
    el("label", { for: id }, label, required && el("span", { class: "required", title: "required" }, " *")),
    hint,
    control(input, { id, name: input.custom_id, required, "aria-describedby": hint && `${id}-hint` }));
}

function control(input, attributes) {
  if (input.type === SELECT) {
    const option = ({ value, label, default: selected }) => el("option", { value, selected }, label);
    return el("select", attributes, (input.options ?? []).map(option));
  }
  if (input.type !== TEXT_INPUT) return null;
  const { min_length: minlength, max_length: maxlength = LONGEST, placeholder } = input;
  const all = { ...attributes, minlength, maxlength, placeholder };
  const node = input.style === PARAGRAPH ? el("textarea", { ...all, rows: 4 }) : el("input", { ...all, type: "text" });
  node.value = input.value ?? "";
  return [node, counter(node)];
}

/** How much room is left, once it gets tight. */
function counter(node) {
  const left = el("span", { class: "counter", "aria-live": "polite" });
  const count = () => {
    const room = node.maxLength - node.value.length;
    left.textContent = room <= node.maxLength / 5 ? `${room} left` : "";
  };
  node.addEventListener("input", count);
  count();
  return left;
}
