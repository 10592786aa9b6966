// The guided tour: a day at the support desk. Every step does what a person would do with the page.

import { pause } from "./desk.js";
import { byId, el } from "./dom.js";

/** Between two steps when all are played, so that one can read what happened, in milliseconds. */
const BETWEEN = 3500;

const STEPS = [
  {
    title: "A customer loses patience",
    text: "Dana writes in #support, with a lawyer in it. Bellhop reads along.",
    async play(desk) {
      await desk.speakAs("Dana");
      await desk.open("support");
      await desk.say("Order 5182 never came and I am absolutely FURIOUS. You are useless. "
        + "You will hear from my lawyer.");
    },
    done: "Dana sees nothing unusual: customers are not told what is thought of them.",
  },
  {
    title: "The front line is told",
    text: "Be Rosa, a rep, and look into #tier-1.",
    async play(desk) {
      await desk.speakAs("Rosa");
      await desk.open("tier-1");
      await desk.reads("confidential");
    },
    done: "One message, two cases. The legal one is confidential: Rosa reads a codename and nothing else.",
  },
  {
    title: "The right people are paged",
    text: "Be Lena, the lawyer. Only her team can see #legal.",
    async play(desk) {
      await desk.speakAs("Lena");
      await desk.open("legal");
      await desk.button("Acknowledge");
    },
    done: "By when, why, in whose words. The time counts down by the clock above.",
  },
  {
    title: "Somebody takes it",
    text: "Lena presses Acknowledge.",
    async play(desk) {
      await desk.speakAs("Lena");
      await desk.open("legal");
      await desk.press("Acknowledge");
      await desk.answered();
    },
    done: "The card changed where it stands: the case is Lena’s, and nobody else is paged for it.",
  },
  {
    title: "Nobody takes the other one",
    text: "The team leads have 15 minutes for an angry customer. Be Mona, a manager, and jump to that deadline.",
    async play(desk) {
      await desk.speakAs("Mona");
      await desk.open("managers");
      await desk.toDeadline();
      await desk.button("Acknowledge");
    },
    done: "The leads stayed silent, so the managers are paged. Left alone, it goes on until somebody answers.",
  },
  {
    title: "It is settled",
    text: "Lena presses Resolve and writes down how it ended.",
    async play(desk) {
      await desk.speakAs("Lena");
      await desk.open("legal");
      await desk.press("Resolve");
      await desk.fillForm("Called Dana: a new parcel is on its way, and she drops the claim.");
      await desk.answered();
    },
    done: "The card is closed, with the note.",
  },
  {
    title: "A rep escalates by hand",
    text: "Rosa types /escalate. The form asks for what the next team starts from.",
    async play(desk) {
      await desk.speakAs("Rosa");
      await desk.open("tier-1");
      await desk.command("escalate");
      await desk.fillForm("Restarted the router, changed the cable, moved the customer to another line.");
      await desk.answered();
    },
    done: "Rosa is told where it went and by when they answer. Any message can be escalated too, from its “…” menu.",
  },
  {
    title: "The manager looks in",
    text: "Be Mona and ask for the queue. Only she sees the answer.",
    async play(desk) {
      await desk.speakAs("Mona");
      await desk.open("managers");
      await desk.command("queue");
      await desk.answered();
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
