// A slash command being filled in: its name and a field for each option, in the place of the text field.

import { el } from "./dom.js";
import { Suggestions } from "./suggestions.js";
import * as api from "./api.js";
import * as world from "./world.js";

/** Option types. */
const INTEGER = 4;
const BOOLEAN = 5;
const USER = 6;
const CHANNEL = 7;
const ROLE = 8;
const NUMBER = 10;

/** How long typing has to pause before the bot is asked for completions, in milliseconds. */
const PAUSE = 150;

/**
 * Shows the fields of `command` (an entry of `world.slashCommands`) in `place`. `run(options)` is called on Enter,
 * `cancel()` on Escape. `channel` is where it would be used.
 */
export function fillIn(place, command, channel, { run, cancel }) {
  const fields = command.options.map((option) => ({ option, node: control(option) }));
  const values = () => {
    const all = fields.map(({ option, node }) => [option.name, value(option, node.value)]);
    return Object.fromEntries(all.filter(([, value]) => value !== undefined));
  };
  const keys = (event) => {
    if (event.defaultPrevented) return;
    if (event.key === "Escape") cancel();
    else if (event.key === "Enter" && fields.every(({ node }) => node.reportValidity())) run(values());
    else if (event.key !== "Enter") return;
    event.preventDefault();
  };
  place.replaceChildren(
    el("b", { class: "chip", tabindex: fields.length === 0 ? "0" : null }, `/${command.name}`),
    ...fields.map(({ option, node }) => labelled(option, node, command, channel, values)),
    el("span", { class: "hint" }, fields.length === 0 ? "Enter runs it, Escape cancels" : ""));
  place.onkeydown = keys;
  place.querySelector("input, select, [tabindex]").focus();
}

/** Runs what is filled in, as Enter does. */
export function runFilledIn(place) {
  place.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", cancelable: true }));
}

function labelled(option, node, command, channel, values) {
  const id = `choices-${option.name}`;
  const box = el("ul", { class: "suggestions", id, role: "listbox", "aria-label": option.name, hidden: true });
  if (option.autocomplete) complete(node, box, option, command, channel, values);
  return el("label", { title: option.description },
    el("span", {}, option.name, !option.required && el("small", {}, " optional")),
    node, box);
}

function control(option) {
  const required = option.required === true;
  const name = option.name;
  const choices = choicesOf(option);
  if (choices) {
    return el("select", { name, required }, el("option", { value: "" }, required ? "choose…" : "—"),
      choices.map((choice) => el("option", { value: choice.value }, choice.name)));
  }
  const limits = option.type === INTEGER || option.type === NUMBER
    ? { type: "number", step: option.type === INTEGER ? "1" : "any", min: option.min_value, max: option.max_value }
    : { type: "text", minlength: option.min_length, maxlength: option.max_length };
  return el("input", { name, required, placeholder: option.description, ...limits });
}

function choicesOf(option) {
  if (option.choices?.length > 0) return option.choices;
  const named = (list) => list.map(({ id, name }) => ({ value: id, name }));
  switch (option.type) {
    case BOOLEAN: return [{ value: "true", name: "yes" }, { value: "false", name: "no" }];
    case USER: return named(world.users());
    case CHANNEL: return named(world.channels());
    case ROLE: return named(world.roles());
    default: return null;
  }
}

/** What was typed as the option's type; `undefined` if the field was left empty. */
function value(option, typed) {
  if (typed === "") return undefined;
  if (option.type === INTEGER || option.type === NUMBER) return Number(typed);
  if (option.type === BOOLEAN) return typed === "true";
  return typed;
}

/** Asks the bot for completions while one types. An answer that comes after the next question is dropped. */
function complete(node, box, option, command, channel, values) {
  const suggestions = new Suggestions(node, box);
  let question = 0;
  const ask = async () => {
    const mine = ++question;
    // What was offered for less is not what is meant now: an Enter must not run into it.
    suggestions.close();
    await new Promise((resolve) => { setTimeout(resolve, PAUSE); });
    if (mine !== question) return;
    const answer = await api.complete(world.me().id, channel, command.name, option.name, node.value, values())
      .catch(() => ({ choices: [] }));
    if (mine !== question || document.activeElement !== node) return;
    const entries = answer.choices.map((choice) => ({ label: choice.name, value: choice.value }));
    // What may be left out is not filled in by an Enter that means "go".
    const chosen = node.value === "" && !option.required ? -1 : 0;
    suggestions.show(entries, (entry) => { node.value = entry.value; }, chosen);
  };
  node.setAttribute("aria-autocomplete", "list");
  node.setAttribute("aria-controls", box.id);
  node.addEventListener("input", ask);
  node.addEventListener("focus", ask);
  node.addEventListener("blur", () => { question += 1; suggestions.close(); });
  node.addEventListener("keydown", (event) => suggestions.key(event));
}
