// The page's shared state: the current user, the workspace, and lookups in it.

import { el } from "./dom.js";

const TONES = 8;

/** What this tab shows. Written by page.js and thread.js, read by all modules. */
export const session = {
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
  return session.workspace.users.find((user) => user.id === id);
}

/** The displayed name: the full name if known (clearer than a handle for new users), or a fallback. */
export function personName(id) {
  const user = person(id);
  if (id === "USLACKBOT") return "Slackbot";
  if (!user) return id === session.workspace.bot.user_id ? session.workspace.bot.name : id;
  return user.real_name || user.profile?.real_name || user.profile?.display_name || user.name || id;
}

/** The current user's time zone, used for all times on the page. */
export function zone() {
  return person(session.user)?.tz || undefined;
}

/** The conversation with this id if the current user can see it, or undefined. */
export function conversation(id) {
  return session.channels.find((channel) => channel.id === id);
}

/** The display name of a conversation. */
export function conversationName(channel) {
  if (channel.kind !== "im") return channel.name;
  return channel.with_user && channel.with_user !== session.workspace.bot.user_id
    ? personName(channel.with_user)
    : session.workspace.bot.name;
}

/** Whether a user belongs to another workspace (Slack Connect). */
function isStranger(user) {
  return Boolean(
    user.is_stranger || (user.team_id && session.workspace.team.id && user.team_id !== session.workspace.team.id),
  );
}

/** A label for special accounts: guest, deactivated or from another workspace. */
export function accountStatus(user) {
  if (user.deleted) return "deactivated";
  if (isStranger(user)) return "from another workspace";
  if (user.is_ultra_restricted) return "single-channel guest";
  if (user.is_restricted) return "guest";
  return "";
}

/** Colored initials in a square for apps or a circle for users. */
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
