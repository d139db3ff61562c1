// The list of messages of a conversation or a thread, updated in place.

import { act, warningText } from "./api.js";
import { isCard, renderBody } from "./blocks.js";
import { dayOf, dayTitle, fullTime, timeOf, tsToMs } from "./clock.js";
import { askConfirm } from "./confirm.js";
import { avatar, session, personName } from "./directory.js";
import { el, icon, iconButton, keepFocus, reconcile } from "./dom.js";
import { openMenu } from "./menu.js";
import { mrkdwn } from "./mrkdwn.js";
import { ackWarning, createSurface } from "./surface.js";
import { withEmoji } from "./emoji.js";

const GROUPING_MS = 5 * 60 * 1000;
const NEAR_BOTTOM_PX = 120;
const SYSTEM_SUBTYPES = new Set([
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

// The author of a message: {id, name, isApp}.
function author(message) {
  const { bot } = session.workspace;
  const isApp = Boolean(message.bot_id);
  const own = isApp && message.bot_id === bot.bot_id;
  const name =
    message.username || (own && bot.name) || message.bot_profile?.name || personName(message.user ?? message.bot_id);
  return { id: message.user ?? message.bot_id, name, isApp };
}

function isGrouped(message, before) {
  return (
    Boolean(before) &&
    author(before).name === author(message).name &&
    !isCard(message) &&
    !isCard(before) &&
    Boolean(message.is_ephemeral) === Boolean(before.is_ephemeral) &&
    tsToMs(message.ts) - tsToMs(before.ts) < GROUPING_MS &&
    !SYSTEM_SUBTYPES.has(before.subtype)
  );
}

function showFailure(node, answer) {
  const text = warningText(answer);
  for (const old of node.querySelectorAll(":scope > .message-body > [data-testid=ack-warning]")) old.remove();
  if (text) node.querySelector(".message-body").append(ackWarning(text));
}

function messageMenu(message, channel, node, onThread) {
  const shortcuts = session.workspace.shortcuts.filter((shortcut) => shortcut.type === "message");
  const stored = !message.is_ephemeral;
  const remove = async () => {
    const confirm = {
      title: { text: "Delete this message?" },
      text: { type: "plain_text", text: "This deletes the message as a user would in Slack. The app is not involved." },
      confirm: { text: "Delete" },
      deny: { text: "Keep" },
      style: "danger",
    };
    if (await askConfirm(confirm)) showFailure(node, await act("delete_message", { channel, ts: message.ts }));
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
        showFailure(
          node,
          await act("message_shortcut", { callback_id: shortcut.callback_id, channel, ts: message.ts }),
        ),
    })),
    !stored && {
      label: "Dismiss",
      icon: icon("close"),
      data: { testid: "dismiss-message" },
      run: async () => showFailure(node, await act("delete_message", { channel, ts: message.ts })),
    },
    stored && {
      label: "Delete",
      hint: "as a user, not as the app",
      icon: icon("trash"),
      danger: true,
      data: { testid: "delete-message" },
      run: remove,
    },
  ].filter(Boolean);
}

function replies(message, onThread) {
  if (!message.reply_count || !onThread) return null;
  const label = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
  const avatars = (message.reply_users ?? [])
    .slice(0, 4)
    .map((id) => avatar(id, personName(id), id === session.workspace.bot.user_id));
  return el(
    "button",
    { type: "button", class: "replies", data: { testid: "open-thread" }, onclick: () => onThread(message.ts) },
    avatars,
    el("span", {}, label),
  );
}

function renderMessage(message, before, channel, onThread) {
  const from = author(message);
  const ms = tsToMs(message.ts);
  const time = el("time", { class: "stamp", datetime: new Date(ms).toISOString(), title: fullTime(ms) }, timeOf(ms));
  const compact = isGrouped(message, before);
  const surface = createSurface("message", { channel, ts: message.ts }, null, () =>
    document.querySelector(`[data-channel="${CSS.escape(channel)}"][data-ts="${CSS.escape(message.ts)}"] .blocks`),
  );
  const openTools = () => openMenu(more, messageMenu(message, channel, node, onThread), "Message menu");
  const more = iconButton("more", "Message menu", openTools, {
    "aria-haspopup": "menu",
    data: { testid: "message-menu" },
  });
  const isSystem = SYSTEM_SUBTYPES.has(message.subtype);
  const kinds = [
    compact && "message-compact",
    message.is_ephemeral && "message-ephemeral",
    isSystem && "message-quiet",
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
      isSystem && !message.text
        ? el("div", { class: "blocks" }, "This message was deleted.")
        : renderBody(message, surface),
      message.reactions?.length > 0 &&
        el(
          "div",
          { class: "reactions" },
          message.reactions.map((reaction) =>
            el(
              "span",
              { class: "chip", title: (reaction.users ?? []).map(personName).join(", ") },
              `${withEmoji(`:${reaction.name}:`)} ${reaction.count}`,
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
 * Create a message list in `root`. Its show(channel, messages, {unread, lastRead, empty}) renders only new and changed
 * messages, so that updates by others do not interrupt a click or move the focus.
 */
export function createMessageList(root, { onThread = null, kind = "channel" } = {}) {
  let rendered = new Map();
  let shownPlace = null;
  let unreadTs = null;

  const fingerprint = (message, before) =>
    JSON.stringify([message, isGrouped(message, before), session.user, session.edition, session.channels.length]);

  function divider(key, make) {
    const known = rendered.get(key);
    return known ?? { signature: key, node: make() };
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
    const place = `${session.user} ${channel} ${session.thread ?? ""}`;
    const placeChanged = place !== shownPlace;
    const stickToBottom = placeChanged || root.scrollHeight - root.scrollTop - root.clientHeight < NEAR_BOTTOM_PX;
    const others = messages.filter((message) => message.user !== session.user);
    if (placeChanged) unreadTs = firstUnread(others, unread, lastRead);
    const fresh = placeChanged ? [] : others.filter((message) => !rendered.has(message.ts));
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
      if (message.ts === unreadTs)
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
      const previous = newDay || message.ts === unreadTs ? null : before;
      const signature = fingerprint(message, previous);
      const known = !placeChanged && rendered.get(message.ts);
      next.set(
        message.ts,
        known?.signature === signature
          ? known
          : { signature, node: renderMessage(message, previous, channel, onThread) },
      );
    });
    const restore = keepFocus(root);
    const nodes = [...next.values()].map((entry) => entry.node);
    reconcile(root, messages.length === 0 && empty ? [...nodes, empty] : nodes);
    restore();
    rendered = next;
    shownPlace = place;
    if (stickToBottom) root.scrollTop = root.scrollHeight;
    if (fresh.length) announce(fresh);
  }

  /** Scroll to a message and highlight it, as a permalink does. */
  function reveal(ts) {
    const node = rendered.get(ts)?.node;
    if (!node) return;
    node.scrollIntoView({ block: "center" });
    node.classList.add("message-found");
    node.focus({ preventScroll: true });
  }

  return { show, reveal };
}
