// What the tour's steps are made of: the verbs of a person at the page, each with its patience.

import { byId } from "./dom.js";
import * as api from "./api.js";
import * as world from "./world.js";

/** How long the bot may take before a step says that nothing came, in milliseconds. */
const PATIENCE = 8000;

/** How long a form stays filled in before it is sent, so that one can read it, in milliseconds. */
const READING = 1500;

/** A jump for when there is no deadline to jump to, in seconds. */
const AN_HOUR = 3600;

export const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

/**
 * The verbs, done with what the page offers: `speakAs(id)`, `openChannel(id)`, `open()` (the open channel's id),
 * `visible(channel)` (its messages), `say(text)`, `press(message, customId)`, `run(command)`, `heard()` (how often the
 * bot has said or changed something), `when(predicate)`, `clock()` (shows the time anew).
 */
export function deskFor(page) {
  let heardBefore = 0;
  const act = (doing) => {
    heardBefore = page.heard();
    return doing();
  };
  const until = async (predicate, otherwise) => {
    const late = pause(PATIENCE).then(() => { throw new Error(otherwise); });
    await Promise.race([page.when(predicate), late]);
  };
  const answered = () => until(() => page.heard() > heardBefore, "Bellhop has not answered. Is it running?");
  const withButton = (label) => page.visible(page.open()).findLast((message) => buttonOf(message, label));
  const missing = (label) => `There is no message with “${label}” here. Do the steps before this one first.`;
  const button = (label) => until(() => withButton(label), missing(label));

  return {
    answered,
    button,
    reads: (words) => until(
      () => page.visible(page.open()).some((message) => message.content.includes(words)),
      `Nobody here has said “${words}”. Do the steps before this one first.`,
    ),
    async speakAs(name) {
      const person = world.users().find((user) => user.name === name);
      if (!person) throw new Error(`Nobody here is called ${name}.`);
      if (person.id !== world.me().id) await page.speakAs(person.id);
    },
    async open(name) {
      const channel = world.channelNamed(name);
      if (!channel) throw new Error(`There is no #${name} here.`);
      page.openChannel(channel.id);
    },
    say: (text) => act(() => page.say(text)),
    async press(label) {
      await button(label);
      const message = withButton(label);
      await act(() => page.press(message, buttonOf(message, label).custom_id));
    },
    async fillForm(text) {
      await until(() => byId("form").open, "Bellhop has not opened its form.");
      for (const field of byId("form").querySelectorAll(":is(textarea, input):required")) {
        field.value ||= text.slice(0, field.maxLength);
      }
      await pause(READING);
      await act(() => byId("form").querySelector("form")?.requestSubmit());
    },
    async command(name) {
      const command = world.slashCommands().find((command) => command.name === name);
      if (!command) throw new Error(`Bellhop has no /${name} here.`);
      await act(() => page.run(command));
    },
    async toDeadline() {
      const { next_deadline: next } = await api.clock();
      await act(() => (next ? api.toDeadline() : api.advance(AN_HOUR)));
      await page.clock();
    },
  };
}

/** The enabled button of a message whose label starts so. */
function buttonOf(message, label) {
  return (message.components ?? [])
    .flatMap((row) => row.components ?? [])
    .find((part) => part.custom_id && !part.disabled && part.label?.startsWith(label));
}
