// What each person has read. Remembered until the tab closes, so that a reload changes nothing.

/** Discord's first millisecond: the high bits of an id count from here. */
const EPOCH = 1_420_070_400_000;

/** Ids may run ahead of the clock, but never by this much, in milliseconds. */
const MARGIN = 60_000;

const KEY = "read";
let marks = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");

const idAt = (time) => BigInt(Math.floor(time - EPOCH)) << 22n;

/** What was said before the page was first opened counts as read by everybody. */
export function begin(now) {
  // Marks from the future are those of an earlier sandbox, whose clock had been moved ahead.
  if (Object.values(marks).some((mark) => BigInt(mark) > idAt(now + MARGIN))) marks = {};
  marks.start ??= String(idAt(now));
}

/** Marks everything up to `message` as read by `person`. */
export function mark(person, channel, message) {
  marks[`${person}/${channel}`] = message;
  sessionStorage.setItem(KEY, JSON.stringify(marks));
}

/** How many of the messages (oldest first) `person` has not read, and how many of those ping them. */
export function count(person, channel, messages) {
  const read = BigInt(marks[`${person}/${channel}`] ?? marks.start ?? 0);
  const last = messages.findLastIndex((message) => BigInt(message.id) <= read);
  const unread = messages.slice(last + 1).filter((message) => message.author.id !== person);
  return { unread: unread.length, pings: unread.filter((message) => (message.pinged ?? []).includes(person)).length };
}
