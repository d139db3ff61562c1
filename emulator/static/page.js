// Boot and routing: who acts, which conversation shows, and what to fetch when the stream says so.

import { act, get, listen } from "./api.js";
import { createComposer, invitation } from "./composer.js";
import { conversation, conversationName, here, personName, tabId } from "./directory.js";
import { el } from "./dom.js";
import { actors, createFrame } from "./frame.js";
import { createHome } from "./home.js";
import { createMessageList } from "./messages.js";
import { createModals } from "./modals.js";
import { createSidebar } from "./sidebar.js";
import { createThread } from "./thread.js";

const part = (name) => document.querySelector(`[data-part=${name}]`);
const frame = createFrame({ onPerson: (user) => become(user) });
let stopListening = () => {};

const title = el("h1", { data: { testid: "conversation-title" } });
const topic = el("span", { class: "soft topic" });
const badges = el("span", { class: "badges" });
const tab = (section, words) =>
  el(
    "button",
    {
      type: "button",
      class: "tab",
      data: { testid: `tab-${section}` },
      onclick: () => show(here.channel, { section }),
    },
    words,
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
const thread = createThread(part("thread"), { onChange: () => remember() });
const sidebar = createSidebar(part("sidebar"), { open: (channel) => show(channel) });
const home = createHome(homeRoot);
const modals = createModals({ onIdle: () => document.activeElement === document.body && composer.focus() });

// ---- what is on screen -------------------------------------------------------------------------------------

function remember() {
  const query = new URLSearchParams({ user: here.user, channel: here.channel ?? "" });
  if (here.section === "home") query.set("section", "home");
  if (here.thread) query.set("thread", here.thread);
  history.replaceState(null, "", `/?${query}`);
  frame.remember();
}

function drawHead() {
  const channel = conversation(here.channel);
  if (!channel) return;
  const isIm = channel.kind === "im";
  const isApp = isIm && (!channel.with_user || channel.with_user === here.workspace.bot.user_id);
  const { home_tab_enabled: hasHome, messages_tab_enabled: hasMessages } = here.workspace.home;
  title.textContent = isIm ? conversationName(channel) : `#${channel.name}`;
  topic.textContent = channel.topic || "";
  const notes = [
    isApp && "APP",
    channel.kind === "private" && "private",
    channel.is_archived && "archived",
    !isIm && !channel.is_member && `${personName(here.user)} is not in this channel`,
    !isIm && channel.bot_is_member === false && `${here.workspace.bot.name} is not in this channel`,
  ];
  badges.replaceChildren(...notes.filter(Boolean).map((words) => el("span", { class: "tag" }, words)));
  tabs.hidden = !(isApp && hasHome);
  for (const one of tabs.children) {
    if (one.dataset.testid === `tab-${here.section}`) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  const onHome = here.section === "home";
  homeRoot.hidden = !onHome;
  listRoot.hidden = onHome;
  composer.node.hidden = onHome;
  const closed = channel.is_archived || (isApp && hasMessages === false);
  composer.describe(
    closed ? "You cannot write here." : invitation(isIm ? conversationName(channel) : `#${channel.name}`),
    { disabled: closed },
  );
}

function emptyState() {
  const { commands, bot } = here.workspace;
  return el(
    "div",
    { class: "empty", data: { testid: "empty" } },
    el("h2", {}, "Quiet so far"),
    el(
      "p",
      {},
      commands.length ? `This is a local workspace with ${bot.name} in it. Try a command:` : "Write something below.",
    ),
    el(
      "div",
      { class: "hints" },
      commands.map((one) =>
        el(
          "button",
          {
            type: "button",
            class: "hint-card",
            data: { testid: "command-hint", command: one.command },
            onclick: () => composer.fill(`${one.command} `),
          },
          el("strong", {}, one.command),
          one.usage_hint && el("code", {}, one.usage_hint),
          el("span", {}, one.description),
        ),
      ),
    ),
  );
}

async function refreshMessages() {
  if (!here.channel || here.section !== "messages") return;
  const asked = `${here.user} ${here.channel}`;
  const { unread = 0, last_read: lastRead } = conversation(here.channel) ?? {};
  const { messages } = await get("messages", { channel: here.channel });
  if (asked === `${here.user} ${here.channel}`)
    list.show(here.channel, messages, { unread, lastRead, empty: emptyState() });
}

async function refreshChannels() {
  const who = here.user;
  const { channels } = await get("channels");
  if (who !== here.user) return;
  here.channels = channels;
  if (conversation(here.channel)?.unread > 0 && here.section === "messages" && !document.hidden)
    act("open_channel", { channel: here.channel });
  sidebar.show();
  drawHead();
}

/** Show a conversation: {section: "home" | "messages", thread: ts | null, reveal: ts}. */
async function show(channel, { section = "messages", threadTs = null, reveal = null } = {}) {
  thread.close({ focus: false });
  here.channel = channel;
  here.section = section;
  frame.setDrawer(false);
  composer.quiet();
  remember();
  drawHead();
  sidebar.show();
  if (section === "home") await home.open();
  else {
    await refreshMessages();
    await act("open_channel", { channel });
    if (conversation(channel)?.kind === "im" && here.workspace.home.home_tab_enabled)
      act("open_home", { section: "messages" });
  }
  if (threadTs) await thread.open(threadTs, { focus: false });
  if (reveal) list.reveal(reveal);
}

function firstChannel() {
  const joined = here.channels.filter((channel) => channel.is_member && channel.kind !== "im" && !channel.is_archived);
  return (joined.find((channel) => channel.bot_is_member) ?? joined[0] ?? here.channels[0])?.id ?? null;
}

/** Act as this person from now on, here or at `channel`. */
async function become(user, channel = here.channel, options = {}) {
  stopListening();
  here.user = user;
  here.thread = null;
  frame.drawPeople();
  await refreshChannels();
  await show(conversation(channel) ? channel : firstChannel(), options);
  await modals.reset();
  if (here.user !== user) return;
  stopListening();
  stopListening = listen(heard, setLive);
}

// ---- live ----------------------------------------------------------------------------------------------------

let isLive = true;
let wasLost = false;

function setLive(on) {
  frame.setLive(on);
  isLive = on;
  if (!on) wasLost = true;
  // What happened between the first fetch and the stream, or while it was away, was not announced to us.
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
      here.section === "home" && home.refresh(),
    ]);
  } catch {
    // The stream notices a lost stand-in by itself and comes back here.
  }
}

async function refreshWorkspace() {
  here.workspace = await get("workspace");
  here.edition += 1;
  frame.drawPeople();
}

/** Run refresh at most once at a time, and once more when asked meanwhile: bursts of events cost two fetches. */
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
      // The stream notices a lost stand-in by itself.
    } finally {
      running = false;
    }
  };
}

const fetchAgain = {
  channels: coalesce(refreshChannels),
  messages: coalesce(() => Promise.all([refreshMessages(), thread.refresh()])),
  modals: coalesce(modals.refresh),
  home: coalesce(() => (here.section === "home" ? home.refresh() : null)),
  workspace: coalesce(() => refreshAll(true)),
};

function heard(event) {
  if (event.kind === "messages" && event.channel && event.channel !== here.channel) fetchAgain.channels();
  else fetchAgain[event.kind]?.();
}

/** Links to a message of this stand-in open here instead of in a new tab. */
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
  const asked = new URLSearchParams(location.search);
  here.tab = tabId();
  here.workspace = await get("workspace");
  const people = actors().filter((user) => !user.deleted);
  const user = people.find((one) => one.id === asked.get("user")) ?? people[0];
  await become(user.id, asked.get("channel"), {
    section: asked.get("section") === "home" ? "home" : "messages",
    threadTs: asked.get("thread"),
    reveal: asked.get("ts"),
  });
}

document.addEventListener("click", followPermalink);
boot().catch((error) => {
  part("main").replaceChildren(
    el(
      "div",
      { class: "empty", role: "alert" },
      el("h2", {}, "The stand-in does not answer"),
      el("p", {}, `${error.message}. Start it, then reload this page.`),
    ),
  );
});
