// Keeps a page that is open up to date. Without it the page shows how things stood when it was loaded.

const every = 5_000;
const body = document.body;
let ahead = 0;

// The desk's clock, which may not be this machine's.
const now = () => Math.floor(Date.now() / 1000 + ahead);
const align = (shown) => { ahead = shown - Date.now() / 1000; };

// As the server writes it, too.
function span(seconds) {
  const [minutes, hours, days] = [60, 3600, 86400].map((unit) => Math.floor(seconds / unit));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${minutes} min`;
  if (seconds < 86400) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${days} d ${hours % 24} h`;
}

const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function count() {
  const at = now();
  for (const due of document.querySelectorAll("[data-due]")) {
    const left = Number(due.dataset.due) - at;
    write(due, left > 0 ? `in ${span(left)}` : `${span(-left)} late`);
  }
  for (const since of document.querySelectorAll("[data-since]")) {
    write(since, `${span(Math.max(at - Number(since.dataset.since), 0))} ago`);
  }
}

function localise(within) {
  for (const time of within.querySelectorAll("[data-at]")) {
    time.title = time.textContent;
    time.textContent = day.format(new Date(Number(time.dataset.at) * 1000));
  }
}

function say(text) {
  write(document.getElementById("status"), text);
}

// Puts what was fetched in the place of what stands there, and the focus where it was.
function replace(fetched) {
  const [old, fresh] = [document, fetched].map((page) => page.getElementById("main"));
  align(Number(fetched.body.dataset.now));
  localise(fetched.body);
  document.getElementById("as-of").replaceChildren(...fetched.getElementById("as-of").childNodes);
  document.title = fetched.title;
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  const news = fresh.dataset.news;
  if (news !== old.dataset.news && news) say(news);
  old.dataset.news = news ?? "";
  old.replaceChildren(...fresh.childNodes);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  count();
}

async function refresh() {
  const live = document.getElementById("live");
  try {
    const answer = await fetch(location.href, { cache: "no-store", redirect: "error" });
    if (answer.status === 401) {
      location.reload();
      return;
    }
    const fetched = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || !fetched.getElementById("as-of")) throw new Error(`status ${answer.status}`);
    // Who is reading a passage with the mouse keeps it.
    if (getSelection().isCollapsed) replace(fetched);
    write(live, "It keeps itself up to date.");
  } catch {
    write(live, "The desk does not answer: this may be old. Trying again.");
    say("The desk does not answer");
  }
}

align(Number(body.dataset.now));
localise(document);
count();
if ("live" in body.dataset) {
  write(document.getElementById("live"), "It keeps itself up to date.");
  setInterval(count, 1_000);
  setInterval(() => { if (!document.hidden) refresh(); }, every);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
}
