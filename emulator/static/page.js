// Startup and routing: the current user, the visible conversation, and updates from the change stream.

import { act, get, listen } from "./api.js";
import { createComposer, placeholderFor } from "./composer.js";
import { conversation, conversationName, session, personName, tabId } from "./directory.js";
import { el } from "./dom.js";
import { selectableUsers, createFrame } from "./frame.js";
import { createHome } from "./home.js";
import { createMessageList } from "./messages.js";
import { createModals } from "./modals.js";
import { createSidebar } from "./sidebar.js";
import { createThread } from "./thread.js";

const part = (name) => document.querySelector(`[data-part=${name}]`);
const frame = createFrame({ onUserChange: (user) => actAs(user) });
let stopListening = () => {};

const title = el("h1", { data: { testid: "conversation-title" } });
const topic = el("span", { class: "soft topic" });
const badges = el("span", { class: "badges" });
const tab = (section, label) =>
  el(
    "button",
    {
      type: "button",
      class: "tab",
      data: { testid: `tab-${section}` },
      onclick: () => show(session.channel, { section }),
    },
    label,
  );
const tabs = el(
  "div",
  { class: "tabs", role: "group", "aria-label": "App sections", hidden: true },
  tab("home", "Home"),
  tab("messages", "Messages"),
);
const listRoot = el("div", { class: "messages", data: { testid: "messages" }, tabindex: "-1" });
const homeRoot = el("div", { class: "home", data: { testid: "home" }, hidden: true });
const composer = createComposer({ testid: "composer" });
part("main").append(
  el("header", { class: "pane-head" }, title, badges, topic, tabs),
  frame.howTo,
  listRoot,
  homeRoot,
  composer.node,
);

const list = createMessageList(listRoot, { onThread: (ts) => thread.open(ts) });
const thread = createThread(part("thread"), { onChange: () => updateUrl() });
const sidebar = createSidebar(part("sidebar"), { open: (channel) => show(channel) });
const home = createHome(homeRoot);
const modals = createModals({ onIdle: () => document.activeElement === document.body && composer.focus() });

// ---- rendering ----------------------------------------------------------------------------------------------

function updateUrl() {
  const query = new URLSearchParams({ user: session.user, channel: session.channel ?? "" });
  if (session.section === "home") query.set("section", "home");
  if (session.thread) query.set("thread", session.thread);
  history.replaceState(null, "", `/?${query}`);
  frame.updateLinks();
}

function renderHeader() {
  const channel = conversation(session.channel);
  if (!channel) return;
  const isIm = channel.kind === "im";
  const isApp = isIm && (!channel.with_user || channel.with_user === session.workspace.bot.user_id);
  const { home_tab_enabled: hasHome, messages_tab_enabled: hasMessages } = session.workspace.home;
  title.textContent = isIm ? conversationName(channel) : `#${channel.name}`;
  topic.textContent = channel.topic || "";
  const notes = [
    isApp && "APP",
    channel.kind === "private" && "private",
    channel.is_archived && "archived",
    !isIm && !channel.is_member && `${personName(session.user)} is not in this channel`,
    !isIm && channel.bot_is_member === false && `${session.workspace.bot.name} is not in this channel`,
  ];
  badges.replaceChildren(...notes.filter(Boolean).map((label) => el("span", { class: "tag" }, label)));
  tabs.hidden = !(isApp && hasHome);
  for (const item of tabs.children) {
    if (item.dataset.testid === `tab-${session.section}`) item.setAttribute("aria-current", "page");
    else item.removeAttribute("aria-current");
  }
  const onHome = session.section === "home";
  homeRoot.hidden = !onHome;
  listRoot.hidden = onHome;
  composer.node.hidden = onHome;
  const closed = channel.is_archived || (isApp && hasMessages === false);
  composer.describe(
    closed ? "You cannot write here." : placeholderFor(isIm ? conversationName(channel) : `#${channel.name}`),
    { disabled: closed },
  );
}

function emptyState() {
  const { commands, bot } = session.workspace;
  return el(
    "div",
    { class: "empty", data: { testid: "empty" } },
    el("h2", {}, "No messages yet"),
    el(
      "p",
      {},
      commands.length ? `This is a local workspace with ${bot.name}. Try a command:` : "Send a message below.",
    ),
    el(
      "div",
      { class: "hints" },
      commands.map((item) =>
        el(
          "button",
          {
            type: "button",
            class: "hint-card",
            data: { testid: "command-hint", command: item.command },
            onclick: () => composer.fill(`${item.command} `),
          },
          el("strong", {}, item.command),
          item.usage_hint && el("code", {}, item.usage_hint),
          el("span", {}, item.description),
        ),
      ),
    ),
  );
}

async function refreshMessages() {
  if (!session.channel || session.section !== "messages") return;
  const requested = `${session.user} ${session.channel}`;
  const { unread = 0, last_read: lastRead } = conversation(session.channel) ?? {};
  const { messages } = await get("messages", { channel: session.channel });
  if (requested === `${session.user} ${session.channel}`)
    list.show(session.channel, messages, { unread, lastRead, empty: emptyState() });
}

async function refreshChannels() {
  const user = session.user;
  const { channels } = await get("channels");
  if (user !== session.user) return;
  session.channels = channels;
  if (conversation(session.channel)?.unread > 0 && session.section === "messages" && !document.hidden)
    act("open_channel", { channel: session.channel });
  sidebar.show();
  renderHeader();
}

/** Show a conversation: {section: "home" | "messages", threadTs: ts | null, reveal: ts}. */
async function show(channel, { section = "messages", threadTs = null, reveal = null } = {}) {
  thread.close({ focus: false });
  session.channel = channel;
  session.section = section;
  frame.setDrawer(false);
  composer.clearNotice();
  updateUrl();
  renderHeader();
  sidebar.show();
  if (section === "home") await home.open();
  else {
    await refreshMessages();
    await act("open_channel", { channel });
    if (conversation(channel)?.kind === "im" && session.workspace.home.home_tab_enabled)
      act("open_home", { section: "messages" });
  }
  if (threadTs) await thread.open(threadTs, { focus: false });
  if (reveal) list.reveal(reveal);
}

function firstChannel() {
  const joined = session.channels.filter(
    (channel) => channel.is_member && channel.kind !== "im" && !channel.is_archived,
  );
  return (joined.find((channel) => channel.bot_is_member) ?? joined[0] ?? session.channels[0])?.id ?? null;
}

/** Switch to another user, in the same conversation or in `channel`. */
async function actAs(user, channel = session.channel, options = {}) {
  stopListening();
  session.user = user;
  session.thread = null;
  frame.renderUsers();
  await refreshChannels();
  await show(conversation(channel) ? channel : firstChannel(), options);
  await modals.reset();
  if (session.user !== user) return;
  stopListening();
  stopListening = listen(handleChange, setLive);
}

// ---- live ----------------------------------------------------------------------------------------------------

let isLive = true;
let wasLost = false;

function setLive(on) {
  frame.setLive(on);
  isLive = on;
  if (!on) wasLost = true;
  // Changes before the stream connected, or while it was disconnected, were not received.
  refreshAll(wasLost && on);
  if (on) wasLost = false;
}

async function refreshAll(andWorkspace) {
  if (!isLive) return;
  try {
    if (andWorkspace) await refreshWorkspace();
    await Promise.all([
      refreshChannels(),
      refreshMessages(),
      thread.refresh(),
      modals.refresh(),
      session.section === "home" && home.refresh(),
    ]);
  } catch {
    // The stream detects a lost stand-in on its own and calls this again.
  }
}

async function refreshWorkspace() {
  session.workspace = await get("workspace");
  session.edition += 1;
  frame.renderUsers();
}

/** Run refresh at most once at a time, and again if requested while running: a burst of events costs two fetches. */
function coalesce(refresh) {
  let running = false;
  let again = false;
  return async () => {
    again = true;
    if (running) return;
    running = true;
    try {
      while (again) {
        again = false;
        await refresh();
      }
    } catch {
      // The stream detects a lost stand-in on its own.
    } finally {
      running = false;
    }
  };
}

const fetchAgain = {
  channels: coalesce(refreshChannels),
  messages: coalesce(() => Promise.all([refreshMessages(), thread.refresh()])),
  modals: coalesce(modals.refresh),
  home: coalesce(() => (session.section === "home" ? home.refresh() : null)),
  workspace: coalesce(() => refreshAll(true)),
};

function handleChange(event) {
  if (event.kind === "messages" && event.channel && event.channel !== session.channel) fetchAgain.channels();
  else fetchAgain[event.kind]?.();
}

/** Open permalinks of this stand-in's messages in this tab instead of a new tab. */
function followPermalink(event) {
  const anchor = event.target.closest?.("a[href]");
  if (!anchor || event.ctrlKey || event.metaKey) return;
  const url = new URL(anchor.href);
  const [, channel, raw] = /^\/archives\/([A-Z0-9]+)\/p(\d+)$/.exec(url.pathname) ?? [];
  const home = ["127.0.0.1", "localhost"].includes(url.hostname) && url.port === location.port;
  if (!home || !channel || !conversation(channel)) return;
  event.preventDefault();
  const ts = `${raw.slice(0, -6)}.${raw.slice(-6)}`;
  show(channel, { threadTs: url.searchParams.get("thread_ts"), reveal: ts });
}

async function boot() {
  const requested = new URLSearchParams(location.search);
  session.tab = tabId();
  session.workspace = await get("workspace");
  const people = selectableUsers().filter((user) => !user.deleted);
  const user = people.find((item) => item.id === requested.get("user")) ?? people[0];
  await actAs(user.id, requested.get("channel"), {
    section: requested.get("section") === "home" ? "home" : "messages",
    threadTs: requested.get("thread"),
    reveal: requested.get("ts"),
  });
}

document.addEventListener("click", followPermalink);
boot().catch((error) => {
  part("main").replaceChildren(
    el(
      "div",
      { class: "empty", role: "alert" },
      el("h2", {}, "The stand-in does not respond"),
      el("p", {}, `${error.message}. Start it, then reload this page.`),
    ),
  );
});
