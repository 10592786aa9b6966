// The page: who speaks, which channel is open, and what the sandbox tells about them.

import { byId, el } from "./dom.js";
import * as api from "./api.js";
import * as clock from "./clock.js";
import * as unread from "./unread.js";
import * as world from "./world.js";
import { drawChannels, neighbour } from "./channels.js";
import { Composer } from "./composer.js";
import { LABEL, openForm, PARAGRAPH, TEXT_INPUT } from "./form.js";
import { Log } from "./log.js";
import { prepareTour } from "./tour.js";
import { deskFor } from "./desk.js";

/** How often the clock is compared with the sandbox's, in milliseconds. */
const COMPARE = 5000;

/** What belongs to whom in "Speak as". */
const STANDINGS = [["customer", "Customers"], ["rep", "Reps"], ["specialist", "Specialists"], ["manager", "Managers"]];

/** Messages by channel, as the person we speak as sees them: channel id → message id → message. */
const messages = new Map();
let open = sessionStorage.getItem("channel");
/** Whom and which channel the composer is for. */
let composing = null;
let hangUp = () => {};
/** Events that came while everything was being read anew; they are newer than what is being read. */
let waiting = null;
let reading = 0;
/** How often the bot has said or changed something. */
let heard = 0;
/** Those who wait for something to appear: [predicate, resolve]. */
let watchers = [];

const log = new Log({
  press: (message, customId) => press(message, customId),
  choose: (message, customId, values) => press(message, customId, values),
  menu: (message, name) => interact(api.command(me(), message.channel_id, name, {}, message.id), message),
  save: (message, text) => api.edit(me(), message.channel_id, message.id, text),
  remove: (message) => api.remove(me(), message.channel_id, message.id).catch(tell),
  read: (message) => markRead(message),
});

const composer = new Composer({
  say: (text) => api.say(me(), open, text),
  run: (command, options) => interact(api.command(me(), open, command.name, options)),
  channel: () => open,
  editLast: () => log.editLast(me()),
});

const isCustomer = (user) => user.standing === "customer";
const me = () => world.me().id;
const tell = (error) => composer.notice(error.message);

/** A link, where the bot has one. */
function showDashboard() {
  const link = byId("dashboard");
  link.hidden = !world.dashboard();
  if (!link.hidden) link.href = world.dashboard();
}

// --- Who speaks, and where ------------------------------------------------------------------------

/** Everything from now on is seen and done by `person`. */
async function speakAs(person) {
  world.speakAs(person);
  sessionStorage.setItem("me", person);
  composing = null;
  composer.reset(null);
  log.draw(null, []);
  hangUp();
  // Set again once the view is complete and kept up to date.
  delete document.body.dataset.speaker;
  hangUp = api.listen(person, (name, data) => hear(name, data));
  await when(() => document.body.dataset.speaker === person);
}

function openChannel(id) {
  if (!messages.has(id)) return;
  open = id;
  sessionStorage.setItem("channel", id);
  const channel = world.channel(id);
  byId("channel-name").textContent = world.titleOf(channel);
  byId("topic").textContent = channel.topic ?? "";
  byId("new-thread").hidden = Boolean(channel.parent);
  showSidebar(false);
  // What is being typed stays when everything is only read anew.
  if (composing !== `${me()}/${id}`) composer.reset(channel);
  composing = `${me()}/${id}`;
  draw();
}

/** Goes where a link leads: to a channel, or to a message in it. */
function follow({ channel, message }) {
  openChannel(channel);
  if (open !== channel) composer.notice(`${world.me().name} cannot see that channel.`);
  else if (!message) composer.focus();
  else if (!log.point(message)) composer.notice("That message is no longer there.");
}

/** Reads everything the person may see. Of several readings under way only the last counts. */
async function read() {
  const mine = ++reading;
  waiting = [];
  const [description, time] = await Promise.all([api.world(me()), api.clock()]);
  const lists = await Promise.all(description.channels.map(history));
  if (mine !== reading) return;
  world.set(description);
  showDashboard();
  fillSpeakAs();
  showClock(time);
  messages.clear();
  description.channels.forEach(({ id }, index) => lists[index] && messages.set(id, byMessageId(lists[index])));
  const missed = waiting;
  waiting = null;
  missed.forEach(([name, data]) => apply(name, data));
  document.body.dataset.speaker = me();
  openChannel(messages.has(open) ? open : messages.keys().next().value);
}

const byMessageId = (list) => new Map(list.map((message) => [message.id, message]));

const refresh = () => read().catch((error) => {
  waiting = null;
  tell(error);
});

/** A channel's messages, or `null` if the person may not see it. */
async function history(channel) {
  try {
    return await api.messages(channel.id, me());
  } catch (error) {
    // It was closed to the person, or deleted, a moment ago.
    if (error.status === 403 || error.status === 404) return null;
    throw error;
  }
}

function draw() {
  log.draw(world.channel(open), visible(open));
  drawChannels(messages, open);
  check();
}

const visible = (channel) => [...(messages.get(channel)?.values() ?? [])];

function markRead(message) {
  unread.mark(me(), message.channel_id, message.id);
  drawChannels(messages, open);
}

// --- What the sandbox tells ------------------------------------------------------------------------

function hear(name, data) {
  if (name === "open" || name === "lost") {
    byId("connection").hidden = name === "open";
    // What was said while nobody listened is only in the history.
    if (name === "open") refresh();
  } else if (waiting) waiting.push([name, data]);
  else apply(name, data);
}

function apply(name, data) {
  switch (name) {
    case "message":
    case "edit": keep(data, name); break;
    case "delete": forget(data); break;
    case "modal": showForm(data); break;
    case "channel":
    case "commands": refresh(); break;
    case "clock": showClock(data); break;
    case "answered": log.settle(data.interaction); break;
    case "refused": log.fail(data.interaction, data.reason); break;
  }
  check();
}

function keep(message, name) {
  const list = messages.get(message.channel_id);
  if (!list) {
    // A thread just opened: its channel is news too.
    refresh();
    return;
  }
  list.set(message.id, { ...list.get(message.id), ...message });
  if (message.author.id === world.bot().id) heard += 1;
  if (message.channel_id === open) log.put(list.get(message.id), visible(open));
  if (name === "message") drawChannels(messages, open);
}

function forget({ id, channel_id: channel }) {
  if (messages.get(channel)?.delete(id) && channel === open) draw();
}

function showForm(modal) {
  log.settle(modal.interaction);
  const channel = modal.channel_id ?? open;
  openForm(modal, async (values) => {
    await interact(api.submit(me(), channel, modal.custom_id, values, modal.interaction));
  });
  check();
}

// --- What a person does ---------------------------------------------------------------------------

function press(message, customId, values) {
  const button = log.busy(message, customId);
  return interact(api.press(me(), message.channel_id, message.id, customId, values), message, button).catch(tell);
}

/** Waits for the sandbox to take an interaction, and remembers which message it belongs to. */
async function interact(request, message, button) {
  try {
    const { interaction } = await request;
    log.pending(interaction, message, button);
  } catch (error) {
    log.release(button);
    throw error;
  }
}

/** A thread below the open channel; for many teams a thread is the ticket. */
function openThread() {
  const name = { type: TEXT_INPUT, custom_id: "name", max_length: 100 };
  const text = { type: TEXT_INPUT, custom_id: "text", style: PARAGRAPH, max_length: 2000 };
  const components = [
    { type: LABEL, label: "What it is about", component: name },
    { type: LABEL, label: "First message", component: text },
  ];
  openForm({ title: "New thread", components }, async (values) => {
    const { channel } = await api.thread(me(), open, values.name, values.text);
    when(() => messages.has(channel)).then(() => openChannel(channel));
  });
}

// --- The frame ------------------------------------------------------------------------------------

function showClock(time) {
  clock.sync(time.now);
  const button = byId("to-deadline");
  if (!("next_deadline" in time)) return;
  const next = time.next_deadline && Date.parse(time.next_deadline);
  button.disabled = !next;
  byId("deadline").textContent = next ? `, ${clock.write(next, "t")}` : "";
}

const compareClocks = () => api.clock().then(showClock);

function showSidebar(visible) {
  byId("sidebar").classList.toggle("shown", visible);
  byId("menu").setAttribute("aria-expanded", visible);
}

function fillSpeakAs() {
  const groups = STANDINGS.map(([standing, label]) => {
    const people = world.users().filter((user) => user.standing === standing);
    const roles = (user) => (user.roles.length > 0 && standing !== "customer" ? ` · ${user.roles.join(", ")}` : "");
    return el("optgroup", { label }, people.map((user) => el("option", { value: user.id }, user.name + roles(user))));
  });
  byId("speak-as").replaceChildren(...groups.filter((group) => group.children.length > 0));
  byId("speak-as").value = me();
}

function wire() {
  byId("speak-as").addEventListener("change", (event) => speakAs(event.target.value).catch(tell));
  byId("new-thread").addEventListener("click", openThread);
  byId("menu").addEventListener("click", () => showSidebar(!byId("sidebar").classList.contains("shown")));
  byId("to-deadline").addEventListener("click", () => api.toDeadline().then(compareClocks).catch(tell));
  for (const button of document.querySelectorAll("[data-seconds]")) {
    button.addEventListener("click", () => api.advance(Number(button.dataset.seconds)).then(compareClocks).catch(tell));
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-channel]");
    if (link) {
      event.preventDefault();
      follow(link.dataset);
    }
    if (!event.target.closest("#sidebar, #menu")) showSidebar(false);
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    const step = event.altKey && { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) openChannel(neighbour(open, step));
    if (event.key === "Escape") showSidebar(false);
  });
}

/** Resolves when `predicate` holds, looked at after every change. */
function when(predicate) {
  return new Promise((resolve) => {
    watchers.push([predicate, resolve]);
    check();
  });
}

function check() {
  watchers = watchers.filter(([predicate, resolve]) => {
    const met = predicate();
    if (met) resolve();
    return !met;
  });
}

async function start() {
  wire();
  const [description, time] = await Promise.all([api.everything(), api.clock()]);
  world.set(description);
  showDashboard();
  showClock(time);
  unread.begin(clock.now());
  const somebody = world.user(sessionStorage.getItem("me")) ?? world.users().find(isCustomer) ?? world.users()[0];
  await speakAs(somebody.id);
  setInterval(clock.tick, 1000);
  setInterval(() => compareClocks().catch(() => {}), COMPARE);
  prepareTour(deskFor({
    speakAs, openChannel, when, visible, press,
    open: () => open,
    heard: () => heard,
    say: (text) => api.say(me(), open, text),
    run: (command) => interact(api.command(me(), open, command.name, {})),
    clock: compareClocks,
  }));
}

start().catch((error) => {
  byId("connection").hidden = false;
  byId("connection").textContent = `The sandbox cannot be reached: ${error.message}`;
});
