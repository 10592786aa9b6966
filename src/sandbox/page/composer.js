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
    this.#text.placeholder = channel ? `Message #${channel.name}, or / for commands` : "";
    this.#text.setAttribute("aria-label", channel ? `Message #${channel.name}` : "Message");
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
      const command = world.slashCommands().find((command) => `/${command.name}` === text);
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

/** The commands for what was typed after "/": names that start with it before names that hold it. */
function matching(typed) {
  const all = world.slashCommands();
  const starting = all.filter(({ name }) => name.startsWith(typed));
  const holding = all.filter(({ name }) => !name.startsWith(typed) && name.includes(typed));
  return [...starting, ...holding].slice(0, LISTED)
    .map((command) => ({ label: `/${command.name}`, hint: command.description, command }));
}
