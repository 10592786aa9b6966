// The messages of the open channel, kept in step with what happens while one reads.

import { byId, el } from "./dom.js";
import { toSent, toTyped } from "./mentions.js";
import { messageNodes } from "./message.js";
import * as world from "./world.js";

/** Within this many pixels of the end one counts as reading the newest message. */
const NEAR_END = 48;

/** A button shows that it works for at most this long: Discord gives a bot three seconds. In milliseconds. */
const ANSWER = 3500;

/** How long a message that a link led to stays marked, in milliseconds. */
const POINTED = 2500;

/** The list of messages. `acts` is what a person can do with them, and `read(message)`: the newest was seen. */
export class Log {
  #list = byId("messages");
  #scroll = byId("scroll");
  #latest = byId("latest");
  #acts;
  #shown = [];
  #following = true;
  /** Interactions not answered yet: id → { message, button }. */
  #pending = new Map();
  #settled = new Set();

  constructor(acts) {
    this.#acts = { ...acts, edit: (message) => this.#edit(message) };
    this.#latest.addEventListener("click", () => this.#toEnd());
    this.#scroll.addEventListener("scroll", () => this.#scrolled());
    // Whoever reads the newest message goes on doing so when the room for it changes.
    new ResizeObserver(() => { if (this.#following) this.#toEnd(); }).observe(this.#scroll);
  }

  /** Shows a channel with its messages, at the newest. */
  draw(channel, messages) {
    this.#shown = messages;
    // A screen reader hears what is new in a channel, not a channel's whole history.
    this.#list.setAttribute("aria-live", "off");
    const nodes = messages.flatMap((message, index) => this.#nodes(message, index));
    this.#list.replaceChildren(beginning(channel), ...nodes);
    this.#toEnd();
    requestAnimationFrame(() => this.#list.setAttribute("aria-live", "polite"));
  }

  /** Shows a message that is new or changed; `messages` is the whole channel. */
  put(message, messages) {
    this.#shown = messages;
    const index = messages.findIndex(({ id }) => id === message.id);
    if (index < 0) return;
    const nodes = this.#nodes(message, index);
    const old = this.#node(message.id);
    if (old) replace(old, nodes.at(-1));
    else this.#list.append(...nodes);
    if (this.#following) this.#toEnd();
    else if (!old) this.#latest.hidden = false;
  }

  /** Lets the last message of `person` be edited in place. */
  editLast(person) {
    const last = this.#shown.findLast((message) => message.author.id === person);
    if (last) this.#edit(last);
  }

  /** Shows a message in the middle of the view, marked for a moment; false if it is not in this channel. */
  point(id) {
    const node = this.#node(id);
    if (!node) return false;
    this.#following = false;
    node.scrollIntoView({ block: "center" });
    node.classList.add("pointed");
    node.focus({ preventScroll: true });
    setTimeout(() => node.classList.remove("pointed"), POINTED);
    return true;
  }

  // --- Interactions under way

  /** Marks a button as working. */
  busy(message, customId) {
    const button = this.#node(message.id)?.querySelector(`[data-custom-id="${CSS.escape(customId)}"]`);
    button?.setAttribute("aria-busy", "true");
    setTimeout(() => this.release(button), ANSWER);
    return button;
  }

  release(button) {
    button?.removeAttribute("aria-busy");
  }

  pending(interaction, message, button) {
    if (this.#settled.delete(interaction)) this.release(button);
    else this.#pending.set(interaction, { message, button });
  }

  /** The bot has answered; sometimes before the page was told the interaction's id. */
  settle(interaction) {
    if (!this.#pending.has(interaction)) this.#settled.add(interaction);
    this.release(this.#pending.get(interaction)?.button);
    this.#pending.delete(interaction);
  }

  /** The bot has not answered in time, or wrongly: told below the message it was about, else at the end. */
  fail(interaction, reason) {
    const message = this.#pending.get(interaction)?.message;
    this.settle(interaction);
    const body = message && this.#node(message.id)?.querySelector(".body");
    body?.querySelector(".failed")?.remove();
    const failure = el(body ? "p" : "li", { class: "failed", title: reason }, "This interaction failed");
    (body ?? this.#list).append(failure);
    failure.scrollIntoView({ block: "nearest" });
  }

  // --- Drawing

  #nodes(message, index) {
    return messageNodes(message, this.#shown[index - 1], this.#acts);
  }

  #node(id) {
    return this.#list.querySelector(`[data-id="${id}"]`);
  }

  #scrolled() {
    this.#following = this.#scroll.scrollHeight - this.#scroll.scrollTop - this.#scroll.clientHeight < NEAR_END;
    if (this.#following) this.#seen();
  }

  #toEnd() {
    this.#following = true;
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
    this.#seen();
  }

  #seen() {
    this.#latest.hidden = true;
    const newest = this.#shown.at(-1);
    if (newest && newest.channel_id) this.#acts.read(newest);
  }

  /** Turns a message's text into a field: Enter saves, Escape leaves it as it was. */
  #edit(message) {
    const index = this.#shown.findIndex(({ id }) => id === message.id);
    const restore = () => this.#node(message.id)?.replaceWith(this.#nodes(message, index).at(-1));
    const problem = el("span", { role: "alert" });
    const field = el("textarea", { "aria-label": "Edit the message", rows: 2, maxlength: 2000 });
    field.value = toTyped(message.content);
    field.addEventListener("keydown", async (event) => {
      if (event.key === "Escape") restore();
      else if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        const text = toSent(field.value);
        const saving = text === message.content ? Promise.resolve() : this.#acts.save(message, text);
        await saving.then(restore, (error) => { problem.textContent = error.message; });
      }
    });
    this.#node(message.id)?.querySelector(".text")?.replaceWith(
      el("div", { class: "editing" }, field, el("p", { class: "hint" }, "Enter saves, Escape cancels ", problem)));
    field.focus();
  }
}

/**
 * Draws a message anew. The keyboard's focus stays on the same button, else on the message: a second Enter must not
 * press what has taken the button's place.
 */
function replace(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(fresh);
  if (!focused) return;
  const same = [...fresh.querySelectorAll("button:enabled, summary")]
    .find((control) => control.textContent === focused.textContent && control.tagName === focused.tagName);
  (same ?? fresh).focus();
}

function beginning(channel) {
  return el("li", { class: "beginning" },
    channel && el("h3", {}, world.titleOf(channel)),
    channel && el("p", {}, `This is where ${world.titleOf(channel)} begins. `, channel.topic));
}
