// The sandbox's control API: one function per call. Ids are strings, as everywhere in Discord's JSON.

const ROOT = "/sandbox/api";

/** The events of the live stream. `open` is ours: the stream (again) delivers, so read everything anew. */
const EVENTS = ["message", "edit", "delete", "modal", "channel", "commands", "clock", "refused", "answered"];

/** How long to wait before a stream that the server refused is tried again, in milliseconds. */
const RETRY = 2000;

async function call(method, path, body) {
  const answer = await fetch(ROOT + path, {
    method,
    headers: body ? { "content-type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  const json = text ? JSON.parse(text) : null;
  if (answer.ok) return json;
  const error = new Error(json?.error ?? `The sandbox answered ${answer.status}`);
  throw Object.assign(error, { status: answer.status });
}

export const everything = () => call("GET", "/world");
export const world = (as) => call("GET", `/world?as=${as}`);
export const clock = () => call("GET", "/clock");
export const advance = (seconds) => call("POST", "/clock", { advance_seconds: seconds });
export const toDeadline = () => call("POST", "/clock", { to: "next deadline" });
export const messages = (channel, as) => call("GET", `/channels/${channel}/messages?as=${as}`);
export const say = (as, channel, text) => call("POST", "/messages", { as, channel, text });
export const edit = (as, channel, message, text) => call("PATCH", "/messages", { as, channel, message, text });
export const remove = (as, channel, message) => call("DELETE", "/messages", { as, channel, message });
export const thread = (as, channel, name, text) => call("POST", "/threads", { as, channel, name, text });
export const press = (as, channel, message, custom_id, values) =>
  call("POST", "/press", { as, channel, message, custom_id, ...(values && { values }) });
export const command = (as, channel, name, options, message) =>
  call("POST", "/command", { as, channel, name, options, ...(message && { message }) });
export const submit = (as, channel, custom_id, values, interaction) =>
  call("POST", "/submit", { as, channel, custom_id, values, interaction });
export const complete = (as, channel, command, option, typed, options) =>
  call("POST", "/complete", { as, channel, command, option, typed, options });

/**
 * What happens as `as` sees it, until the returned function is called.
 * `on(name, data)` gets each event; `on("open")` and `on("lost")` tell of the connection.
 */
export function listen(as, on) {
  let source = null;
  let retry = null;
  const connect = () => {
    source = new EventSource(`${ROOT}/events?as=${as}`);
    source.onopen = () => on("open");
    source.onerror = () => {
      on("lost");
      // The browser reconnects by itself, except when the answer was not a stream.
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(connect, RETRY);
    };
    for (const name of EVENTS) source.addEventListener(name, (event) => on(name, JSON.parse(event.data || "{}")));
  };
  connect();
  return () => {
    clearTimeout(retry);
    source.close();
  };
}
