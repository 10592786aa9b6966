// A list of suggestions under the keyboard's control while the focus stays in a text field.

import { el } from "./dom.js";

/** Suggestions for `input`, drawn in the list `box`. */
export class Suggestions {
  #input;
  #box;
  #entries = [];
  #chosen = 0;
  #take = () => {};

  constructor(input, box) {
    this.#input = input;
    this.#box = box;
  }

  get open() {
    return !this.#box.hidden;
  }

  /**
   * Shows `entries` ({label, hint}); `take(entry)` is called with the one chosen. No entries: the list closes.
   * With `chosen` -1 nothing is chosen yet, and Enter is not for the list.
   */
  show(entries, take, chosen = 0) {
    this.#entries = entries;
    this.#take = take;
    this.#chosen = chosen;
    this.#box.hidden = entries.length === 0;
    this.#box.replaceChildren(...entries.map((entry, index) => this.#row(entry, index)));
    this.#mark();
  }

  close() {
    this.show([], () => {});
  }

  /** Handles a key of the text field; true if it was for the list. */
  key(event) {
    if (!this.open) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      if (this.#chosen < 0 && step < 0) this.#chosen = 0;
      this.#chosen = (this.#chosen + step + this.#entries.length) % this.#entries.length;
      this.#mark();
    } else if (this.#chosen < 0 && event.key !== "Escape") return false;
    else if (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) this.#choose(this.#chosen);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    return true;
  }

  #choose(index) {
    const [entry, take] = [this.#entries[index], this.#take];
    this.close();
    take(entry);
  }

  #row(entry, index) {
    return el("li", {
      role: "option",
      id: `${this.#box.id}-${index}`,
      // Before the field loses the focus to the press.
      onpointerdown: (event) => { event.preventDefault(); this.#choose(index); },
    }, el("b", {}, entry.label), entry.hint && el("span", {}, entry.hint));
  }

  #mark() {
    [...this.#box.children].forEach((row, index) => row.setAttribute("aria-selected", index === this.#chosen));
    const row = this.#box.children[this.#chosen];
    if (row) {
      this.#input.setAttribute("aria-activedescendant", row.id);
      row.scrollIntoView({ block: "nearest" });
    } else this.#input.removeAttribute("aria-activedescendant");
  }
}
