// The guided tour: a day at the support desk. Every step does what a person would do with the page.

import { pause } from "./desk.js";
import { byId, el } from "./dom.js";

/** Between two steps when all are played, so that one can read what happened, in milliseconds. */
const BETWEEN = 3500;

const STEPS = [
  {
    title: "A customer loses patience",
    text: "Dana writes in #support: for the third time, with an amount and a lawyer in it. Bellhop reads along.",
    async play(desk) {
      await desk.speakAs("Dana");
      await desk.open("support");
      await desk.say("This is the third time I write about order 5182 and nobody helps. "
        + "I want my $700 back this week, or you will hear from my lawyer.");
      await desk.answered();
    },
    done: "The public channel sees a neutral line only: a legal matter is confidential.",
  },
  {
    title: "The right people are rung",
    text: "Be Lena, the lawyer. Only her team can see #legal; Dana and the reps cannot.",
    async play(desk) {
      await desk.speakAs("Lena");
      await desk.open("legal");
      await desk.button("Acknowledge");
    },
    done: "One card: who, why (the words that counted), and by when. The time counts down by the clock above.",
  },
  {
    title: "Somebody takes it",
    text: "Lena presses Acknowledge. The paging stops and the case has a name on it.",
    async play(desk) {
      await desk.speakAs("Lena");
      await desk.open("legal");
      await desk.press("Acknowledge");
      await desk.answered();
    },
    done: "The card now tells who has it. An acknowledgement is a promise: there is a time for the next step.",
  },
  {
    title: "Time passes",
    text: "Jump to the next deadline and see what happens when nobody keeps a promise.",
    async play(desk) {
      await desk.toDeadline();
      await desk.answered();
    },
    done: "Bellhop speaks up before the case can be forgotten. Left alone, it would ring the next tier.",
  },
  {
    title: "It is settled",
    text: "Lena presses Resolve and writes down how it ended.",
    async play(desk) {
      await desk.speakAs("Lena");
      await desk.open("legal");
      await desk.press("Resolve");
      await desk.fillForm("Called Dana and refunded $700 for order 5182. She is content and drops the claim.");
    },
    done: "The card is closed, with the note. The rep in charge is asked to confirm.",
  },
  {
    title: "The manager looks in",
    text: "Be Mona and ask for the queue. Only she sees the answer.",
    async play(desk) {
      await desk.speakAs("Mona");
      await desk.open("managers");
      await desk.command("queue");
    },
    done: "That was a day. Type / for everything else, or be another customer and try your own words.",
  },
];

let desk = null;
let busy = false;

/** Draws the tour and wires its buttons. `verbs` is what the steps do, see `desk.js`. */
export function prepareTour(verbs) {
  desk = verbs;
  begin();
  byId("play-all").addEventListener("click", playAll);
  byId("tour-toggle").addEventListener("click", () => show(byId("tour").hidden));
  byId("tour-close").addEventListener("click", () => { show(false); byId("tour-toggle").focus(); });
  const wide = matchMedia("(min-width: 1100px)").matches;
  show(wide && sessionStorage.getItem("tour") !== "closed");
}

function show(open) {
  byId("tour").hidden = !open;
  byId("tour-toggle").setAttribute("aria-expanded", open);
  sessionStorage.setItem("tour", open ? "open" : "closed");
}

/** Draws the steps, none of them done yet. */
function begin() {
  byId("steps").replaceChildren(...STEPS.map(step));
}

function step({ title, text, done }, index) {
  return el("li", { id: `step-${index}`, class: index === 0 ? "next" : null },
    el("h3", {}, title),
    el("p", {}, text),
    el("p", { class: "done", hidden: true }, done),
    el("button", {
      type: "button",
      class: "button primary",
      "aria-label": `Do it: ${title}`,
      onclick: () => play(index),
    }, "Do it"));
}

/** Plays one step; true if the bot did its part. */
async function play(index) {
  if (busy) return false;
  busy = true;
  const row = byId(`step-${index}`);
  byId("tour-status").textContent = "";
  row.classList.add("playing");
  try {
    await STEPS[index].play(desk);
    pass(row, byId(`step-${index + 1}`));
    return true;
  } catch (error) {
    byId("tour-status").textContent = error.message;
    return false;
  } finally {
    row.classList.remove("playing");
    busy = false;
  }
}

function pass(row, next) {
  row.classList.remove("next");
  row.classList.add("past");
  row.querySelector(".done").hidden = false;
  next?.classList.add("next");
  (next ?? row).scrollIntoView({ block: "nearest" });
}

async function playAll() {
  if (busy) return;
  begin();
  for (let index = 0; index < STEPS.length; index += 1) {
    if (!(await play(index))) return;
    await pause(BETWEEN);
  }
}
