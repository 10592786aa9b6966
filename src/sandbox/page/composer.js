// The composer: Enter sends, Shift+Enter breaks the line, "/" lists the bot's commands.

import { byId } from "./dom.js";
import { fillIn, runFilledIn } from "./command.js";
import { toSent } from "./mentions.js";
import { Suggestions } from "./suggestions.js";
import * as world from "./world.js";

/** More commands than this are not listed at once. */
const LISTED = 20;

/** The message box of the page. `acts`: `say(text)`, `run(command, options)`, `channel()`, `editLast()`. */
export class Composer {
  #text = byId("text");
  #place = byId("command");
  #suggestions = new Suggestions(byId("text"), byId("suggestions"));
  #acts;

  constructor(acts) {
    this.#acts = acts;
    this.#text.addEventListener("input", () => this.#typed());
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#place.hidden) this.#send();
      else runFilledIn(this.#place);
    });
  }

  /** For another channel or person: empty, with the channel's name as prompt. */
  reset(channel) {
    this.#cancel();
    this.#text.value = "";
    this.#text.placeholder = channel ? `Message ${world.titleOf(channel)}, or / for commands` : "";
    this.#text.setAttribute("aria-label", channel ? `Message ${world.titleOf(channel)}` : "Message");
    this.#typed();
  }

  /** A sentence under the box; empty takes it away. */
  notice(sentence) {
    byId("notice").textContent = sentence;
  }

  focus() {
    this.#text.focus();
  }

  #typed() {
    this.notice("");
    this.#text.style.setProperty("height", "auto");
    this.#text.style.setProperty("height", `${this.#text.scrollHeight}px`);
    const typed = /^\/(\S*(?: \S*)?)$/.exec(this.#text.value);
    const entries = typed ? matching(typed[1].toLowerCase()) : [];
    this.#suggestions.show(entries, ({ command }) => this.#fill(command));
  }

  #key(event) {
    if (event.isComposing || this.#suggestions.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "ArrowUp" && this.#text.value === "") {
      event.preventDefault();
      this.#acts.editLast();
    }
  }

  async #send() {
    const text = this.#text.value.trim();
    if (text === "") return;
    if (text.startsWith("/")) {
      const is = ({ name, aliases }) => [name, ...aliases].includes(text.slice(1));
      const command = world.slashCommands().find(is);
      if (command) this.#fill(command);
      else this.notice(`There is no command ${text.split(/\s/)[0]}. Type / to see them all.`);
      return;
    }
    this.#text.value = "";
    this.#typed();
    try {
      await this.#acts.say(toSent(text));
    } catch (error) {
      this.#text.value = text;
      this.notice(error.message);
    }
  }

  /** Shows the fields of a command in the place of the text. */
  #fill(command) {
    this.#text.value = "";
    this.#text.hidden = true;
    this.#place.hidden = false;
    fillIn(this.#place, command, this.#acts.channel(), {
      run: async (options) => {
        this.#cancel();
        this.focus();
        await this.#acts.run(command, options).catch((error) => this.notice(error.message));
      },
      cancel: () => { this.#cancel(); this.focus(); },
    });
  }

  #cancel() {
    this.#place.replaceChildren();
    this.#place.hidden = true;
    this.#text.hidden = false;
    this.#suggestions.close();
  }
}

/**
 * The commands for what was typed after "/": names that start with it before names that hold it, and both before what
 * they are called in other languages.
 */
function matching(typed) {
  const ranked = world.slashCommands().map((command) => ({ command, ...closest(command, typed) }));
  return ranked.filter(({ rank }) => rank < Infinity)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, LISTED)
    .map(({ command, name }) => ({ label: `/${name}`, hint: command.description, command }));
}

/** The name of a command that fits best to what was typed, and how well it does: 0 is best, Infinity not at all. */
function closest({ name, aliases }, typed) {
  const rank = (text, base) => text.startsWith(typed) ? base : text.includes(typed) ? base + 1 : Infinity;
  const names = [{ name, rank: rank(name, 0) }, ...aliases.map((alias) => ({ name: alias, rank: rank(alias, 2) }))];
  return names.reduce((best, other) => (other.rank < best.rank ? other : best));
}
