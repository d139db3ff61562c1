// Who acts in this tab, and whom and what the workspace holds: the one shared state, and lookups in it.

import { el } from "./dom.js";

const TONES = 8;

/** What this tab shows. page.js writes it, everybody else reads. */
export const here = {
  user: null,
  tab: null,
  channel: null,
  section: "messages",
  thread: null,
  workspace: { team: {}, bot: {}, users: [], groups: [], commands: [], shortcuts: [], home: {} },
  channels: [],
  edition: 0,
};

/** The random id of this browser tab; each tab has its own stack of modals. */
export function tabId() {
  const known = sessionStorage.getItem("tab");
  if (known) return known;
  const fresh = [...crypto.getRandomValues(new Uint8Array(8))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  sessionStorage.setItem("tab", fresh);
  return fresh;
}

/** The Slack user object for an id, or undefined. */
export function person(id) {
  return here.workspace.users.find((user) => user.id === id);
}

/** The name people read: the full name (kinder to a newcomer than a handle), else what there is. */
export function personName(id) {
  const user = person(id);
  if (id === "USLACKBOT") return "Slackbot";
  if (!user) return id === here.workspace.bot.user_id ? here.workspace.bot.name : id;
  return user.real_name || user.profile?.real_name || user.profile?.display_name || user.name || id;
}

/** The acting person's time zone, as all times on the page are shown in it. */
export function zone() {
  return person(here.user)?.tz || undefined;
}

/** The conversation with this id among those the acting person sees, or undefined. */
export function conversation(id) {
  return here.channels.find((channel) => channel.id === id);
}

/** How a conversation is called in running text. */
export function conversationName(channel) {
  if (channel.kind !== "im") return channel.name;
  return channel.with_user && channel.with_user !== here.workspace.bot.user_id
    ? personName(channel.with_user)
    : here.workspace.bot.name;
}

/** True for a person of another workspace (Slack Connect). */
function isStranger(user) {
  return Boolean(
    user.is_stranger || (user.team_id && here.workspace.team.id && user.team_id !== here.workspace.team.id),
  );
}

/** What is special about a person, in words: guest, deactivated, another workspace. */
export function standing(user) {
  if (user.deleted) return "deactivated";
  if (isStranger(user)) return "from another workspace";
  if (user.is_ultra_restricted) return "single-channel guest";
  if (user.is_restricted) return "guest";
  return "";
}

/** Coloured initials; apps get a square, people a circle. */
export function avatar(id, name, isApp = false) {
  const letters =
    name
      .split(/[\s._-]+/)
      .filter(Boolean)
      .slice(0, 2)
      .map((word) => [...word][0])
      .join("")
      .toUpperCase() || "?";
  const tone = isApp
    ? "app"
    : [...String(id)].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7) % TONES;
  return el("span", { class: `avatar tone-${tone}`, "aria-hidden": "true" }, letters);
}
