// Mentions as people type and read them ("@Lena", "@Legal", "#support") and as they are sent ("<@4006>").

import * as world from "./world.js";

/** Names and what is sent for them; the longest name first, since "@Team Lead" is not "@Team". */
const pairs = () => [
  ...world.users().map(({ name, id }) => [`@${name}`, `<@${id}>`]),
  ...world.roles().map(({ name, id }) => [`@${name}`, `<@&${id}>`]),
  ...world.channels().map(({ name, id }) => [`#${name}`, `<#${id}>`]),
].sort(([a], [b]) => b.length - a.length);

export const toSent = (text) => pairs().reduce((text, [name, sent]) => text.replaceAll(name, sent), text);
export const toTyped = (text) => pairs().reduce((text, [name, sent]) => text.replaceAll(sent, name), text);
