// The list of messages of a conversation or a thread, updated in place.

import { act, complaint } from "./api.js";
import { isCard, renderBody } from "./blocks.js";
import { dayOf, dayTitle, fullTime, timeOf, tsToMs } from "./clock.js";
import { askConfirm } from "./confirm.js";
import { avatar, here, personName } from "./directory.js";
import { el, icon, iconButton, keepFocus, reconcile } from "./dom.js";
import { openMenu } from "./menu.js";
import { mrkdwn } from "./mrkdwn.js";
import { ackWarning, createSurface } from "./surface.js";
import { withEmoji } from "./emoji.js";

const TOGETHER_MS = 5 * 60 * 1000;
const NEAR_BOTTOM_PX = 120;
const QUIET = new Set([
  "channel_join",
  "channel_leave",
  "group_join",
  "group_leave",
  "channel_topic",
  "channel_purpose",
  "channel_name",
  "channel_archive",
  "tombstone",
]);

// Who a message is from: {id, name, isApp}.
function author(message) {
  const { bot } = here.workspace;
  const isApp = Boolean(message.bot_id);
  const own = isApp && message.bot_id === bot.bot_id;
  const name =
    message.username || (own && bot.name) || message.bot_profile?.name || personName(message.user ?? message.bot_id);
  return { id: message.user ?? message.bot_id, name, isApp };
}

function together(message, before) {
  return (
    Boolean(before) &&
    author(before).name === author(message).name &&
    !isCard(message) &&
    !isCard(before) &&
    Boolean(message.is_ephemeral) === Boolean(before.is_ephemeral) &&
    tsToMs(message.ts) - tsToMs(before.ts) < TOGETHER_MS &&
    !QUIET.has(before.subtype)
  );
}

function failure(node, answer) {
  const sentence = complaint(answer);
  for (const old of node.querySelectorAll(":scope > .message-body > [data-testid=ack-warning]")) old.remove();
  if (sentence) node.querySelector(".message-body").append(ackWarning(sentence));
}

function messageMenu(message, channel, node, onThread) {
  const shortcuts = here.workspace.shortcuts.filter((shortcut) => shortcut.type === "message");
  const stored = !message.is_ephemeral;
  const remove = async () => {
    const confirm = {
      title: { text: "Delete this message?" },
      text: { type: "plain_text", text: "As a person would in Slack: the app is not asked." },
      confirm: { text: "Delete" },
      deny: { text: "Keep" },
      style: "danger",
    };
    if (await askConfirm(confirm)) failure(node, await act("delete_message", { channel, ts: message.ts }));
  };
  return [
    stored &&
      onThread && {
        label: "Reply in thread",
        icon: icon("reply"),
        data: { testid: "reply-in-thread" },
        run: () => onThread(message.thread_ts ?? message.ts),
      },
    {
      label: "Copy ts",
      hint: message.ts,
      icon: icon("copy"),
      run: () => navigator.clipboard?.writeText(message.ts).catch(() => {}),
    },
    stored && shortcuts.length > 0 && "Shortcuts",
    ...(stored ? shortcuts : []).map((shortcut) => ({
      label: shortcut.name,
      hint: shortcut.description,
      icon: icon("bolt"),
      data: { callbackId: shortcut.callback_id },
      run: async () =>
        failure(node, await act("message_shortcut", { callback_id: shortcut.callback_id, channel, ts: message.ts })),
    })),
    !stored && {
      label: "Dismiss",
      icon: icon("close"),
      data: { testid: "dismiss-message" },
      run: async () => failure(node, await act("delete_message", { channel, ts: message.ts })),
    },
    stored && {
      label: "Delete",
      hint: "as a person, not as the app",
      icon: icon("trash"),
      danger: true,
      data: { testid: "delete-message" },
      run: remove,
    },
  ].filter(Boolean);
}

function replies(message, onThread) {
  if (!message.reply_count || !onThread) return null;
  const words = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
  const faces = (message.reply_users ?? [])
    .slice(0, 4)
    .map((id) => avatar(id, personName(id), id === here.workspace.bot.user_id));
  return el(
    "button",
    { type: "button", class: "replies", data: { testid: "open-thread" }, onclick: () => onThread(message.ts) },
    faces,
    el("span", {}, words),
  );
}

function renderMessage(message, before, channel, onThread) {
  const from = author(message);
  const ms = tsToMs(message.ts);
  const time = el("time", { class: "stamp", datetime: new Date(ms).toISOString(), title: fullTime(ms) }, timeOf(ms));
  const compact = together(message, before);
  const surface = createSurface("message", { channel, ts: message.ts }, null, () =>
    document.querySelector(`[data-channel="${CSS.escape(channel)}"][data-ts="${CSS.escape(message.ts)}"] .blocks`),
  );
  const openTools = () => openMenu(more, messageMenu(message, channel, node, onThread), "Message menu");
  const more = iconButton("more", "Message menu", openTools, {
    "aria-haspopup": "menu",
    data: { testid: "message-menu" },
  });
  const quiet = QUIET.has(message.subtype);
  const kinds = [
    compact && "message-compact",
    message.is_ephemeral && "message-ephemeral",
    quiet && "message-quiet",
    isCard(message) && "message-card",
  ].filter(Boolean);
  const node = el(
    "article",
    {
      class: ["message", ...kinds].join(" "),
      tabindex: "-1",
      "aria-label": `${from.name}, ${timeOf(ms)}`,
      data: {
        channel,
        ts: message.ts,
        user: from.id,
        threadTs: message.thread_ts,
        ephemeral: message.is_ephemeral ? "true" : null,
      },
    },
    compact ? el("span", { class: "gutter" }, time) : avatar(from.id, from.name, from.isApp),
    el(
      "div",
      { class: "message-body" },
      message.is_ephemeral && el("p", { class: "only-you" }, icon("eye"), "Only visible to you"),
      !compact &&
        el(
          "p",
          { class: "byline" },
          el("strong", {}, from.name),
          from.isApp && el("span", { class: "tag" }, "APP"),
          time,
          message.edited && el("span", { class: "soft edited" }, "(edited)"),
          message.subtype === "thread_broadcast" && el("span", { class: "soft" }, "replied to a thread"),
        ),
      quiet && !message.text
        ? el("div", { class: "blocks" }, "This message was deleted.")
        : renderBody(message, surface),
      message.reactions?.length > 0 &&
        el(
          "div",
          { class: "reactions" },
          message.reactions.map((one) =>
            el(
              "span",
              { class: "chip", title: (one.users ?? []).map(personName).join(", ") },
              `${withEmoji(`:${one.name}:`)} ${one.count}`,
            ),
          ),
        ),
      replies(message, onThread),
    ),
    el("div", { class: "message-tools" }, more),
  );
  return node;
}

function announce(fresh) {
  const last = fresh.at(-1);
  const text = last.text || last.blocks?.map((block) => block.text?.text).find(Boolean) || "a message";
  document.querySelector("[data-part=announcer]").textContent =
    `${last.is_ephemeral ? "Only visible to you. " : ""}${author(last).name}: ${mrkdwn(text).textContent}`;
}

/**
 * A list in `root`. Its show(channel, messages, {unread, lastRead, empty}) draws what is new or changed and leaves every other
 * message's DOM alone, so that a half-made click or a focused button survives other people's news.
 */
export function createMessageList(root, { onThread = null, kind = "channel" } = {}) {
  let drawn = new Map();
  let where = null;
  let line = null;

  const lookOf = (message, before) =>
    JSON.stringify([message, together(message, before), here.user, here.edition, here.channels.length]);

  function divider(key, make) {
    const known = drawn.get(key);
    return known ?? { look: key, node: make() };
  }

  function firstUnread(others, unread, lastRead) {
    if (kind !== "channel" || !unread) return null;
    const stored = others.filter((message) => !message.is_ephemeral);
    const first = lastRead
      ? stored.find((message) => Number(message.ts) > Number(lastRead))
      : stored.at(-Math.min(unread, stored.length));
    return first?.ts ?? null;
  }

  function show(channel, messages, { unread = 0, lastRead = null, empty = null } = {}) {
    const place = `${here.user} ${channel} ${here.thread ?? ""}`;
    const arrived = place !== where;
    const stick = arrived || root.scrollHeight - root.scrollTop - root.clientHeight < NEAR_BOTTOM_PX;
    const others = messages.filter((message) => message.user !== here.user);
    if (arrived) line = firstUnread(others, unread, lastRead);
    const fresh = arrived ? [] : others.filter((message) => !drawn.has(message.ts));
    const next = new Map();
    messages.forEach((message, index) => {
      const before = messages[index - 1];
      const day = dayOf(tsToMs(message.ts));
      const newDay = kind === "channel" && (!before || dayOf(tsToMs(before.ts)) !== day);
      if (newDay)
        next.set(
          `day ${day}`,
          divider(`day ${day}`, () =>
            el("div", { class: "day", role: "separator" }, el("span", {}, dayTitle(tsToMs(message.ts)))),
          ),
        );
      if (message.ts === line)
        next.set(
          "unread",
          divider("unread", () =>
            el(
              "div",
              { class: "day day-new", role: "separator", data: { testid: "unread-line" } },
              el("span", {}, "New"),
            ),
          ),
        );
      const previous = newDay || message.ts === line ? null : before;
      const look = lookOf(message, previous);
      const known = !arrived && drawn.get(message.ts);
      next.set(
        message.ts,
        known?.look === look ? known : { look, node: renderMessage(message, previous, channel, onThread) },
      );
    });
    const restore = keepFocus(root);
    const nodes = [...next.values()].map((entry) => entry.node);
    reconcile(root, messages.length === 0 && empty ? [...nodes, empty] : nodes);
    restore();
    drawn = next;
    where = place;
    if (stick) root.scrollTop = root.scrollHeight;
    if (fresh.length) announce(fresh);
  }

  /** Scroll to one message and mark it, as a permalink does. */
  function reveal(ts) {
    const node = drawn.get(ts)?.node;
    if (!node) return;
    node.scrollIntoView({ block: "center" });
    node.classList.add("message-found");
    node.focus({ preventScroll: true });
  }

  return { show, reveal };
}
