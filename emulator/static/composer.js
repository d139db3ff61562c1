// The composer: messages, slash commands with suggestions, mentions and the shortcuts menu.

import { act, warningText } from "./api.js";
import { session, person, personName } from "./directory.js";
import { el, icon, iconButton, uid } from "./dom.js";
import { openMenu } from "./menu.js";
import { ackWarning } from "./surface.js";

const MAX_SUGGESTIONS = 8;

function commandSuggestions(text) {
  const typed = /^\/\S*$/.exec(text)?.[0];
  if (!typed) return [];
  return session.workspace.commands
    .filter((item) => item.command.startsWith(typed))
    .map((item) => ({
      title: item.command,
      usage: item.usage_hint,
      hint: item.description,
      replace: [0, text.length, `${item.command} `],
      exact: item.command === typed,
    }));
}

function mentionable() {
  const people = session.workspace.users
    .filter((user) => !user.deleted)
    .map((user) => ({
      names: [personName(user.id), user.name, user.profile?.display_name].filter(Boolean),
      hint: user.profile?.title ?? "",
      markup: `<@${user.id}>`,
    }));
  const groups = session.workspace.groups.map((group) => ({
    names: [group.handle],
    hint: group.name,
    markup: `<!subteam^${group.id}>`,
  }));
  return [...people, ...groups];
}

function mentionSuggestions(text, caret) {
  const typed = /(?:^|\s)@([\p{L}\p{N}._-]*)$/u.exec(text.slice(0, caret))?.[1];
  if (typed === undefined) return [];
  const start = caret - typed.length - 1;
  return mentionable()
    .filter((item) => item.names.some((name) => name.toLowerCase().includes(typed.toLowerCase())))
    .map((item) => ({ title: `@${item.names[0]}`, hint: item.hint, replace: [start, caret, `@${item.names[0]} `] }));
}

/** Convert "@Boris Lang" and "@boris" to <@U0BORIS>, as Slack's client does. The longest name matches first. */
function withMentions(text) {
  const markups = new Map(
    mentionable().flatMap((item) => item.names.map((name) => [`@${name}`.toLowerCase(), item.markup])),
  );
  const names = [...markups.keys()]
    .sort((a, b) => b.length - a.length)
    .map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}<])(${names.join("|")})(?![\\p{L}\\p{N}_-])`, "giu");
  return names.length ? text.replace(pattern, (name) => markups.get(name.toLowerCase())) : text;
}

/**
 * Create a composer. `testid` identifies its text box. `thread()` returns the thread to reply to; without it, the
 * composer belongs to a conversation and offers commands and shortcuts, which Slack does not support in threads.
 * Returns the node with focus(), fill(text), describe(placeholder, {disabled}) and clearNotice().
 */
export function createComposer({ testid, thread = null }) {
  let suggestions = [];
  let active = -1;
  const listId = uid();
  const notice = el("div", { class: "composer-notice", "aria-live": "polite" });
  const list = el("div", {
    class: "suggestions",
    role: "listbox",
    id: listId,
    "aria-label": "Suggestions",
    hidden: true,
    data: { testid: "suggestions" },
  });
  const box = el("textarea", {
    class: "composer-text",
    rows: 1,
    data: { testid },
    role: "combobox",
    "aria-label": "Message",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": listId,
    oninput: () => handleInput(),
    onkeydown: handleKey,
    onblur: () => setTimeout(() => showSuggestions([]), 150),
  });
  const bolt = iconButton(
    "bolt",
    "Shortcuts and commands",
    () => openMenu(bolt, shortcutItems(), "Shortcuts and commands"),
    {
      "aria-haspopup": "menu",
      data: { testid: "shortcuts-menu" },
    },
  );
  const sendButton = iconButton("send", "Send", () => send(), {
    class: "button button-icon button-primary",
    data: { testid: `${testid}-send` },
  });
  const node = el(
    "div",
    { class: "composer" },
    notice,
    list,
    el("div", { class: "composer-box" }, !thread && el("span", { class: "anchor" }, bolt), box, sendButton),
  );

  function shortcutItems() {
    const { shortcuts, commands } = session.workspace;
    const global = shortcuts.filter((item) => item.type === "global");
    const items = global.map((item) => ({
      label: item.name,
      hint: item.description,
      icon: icon("bolt"),
      data: { callbackId: item.callback_id },
      run: async () => showWarning(await act("global_shortcut", { callback_id: item.callback_id })),
    }));
    const commandItems = commands.map((item) => ({
      label: `${item.command} ${item.usage_hint ?? ""}`,
      hint: item.description,
      data: { command: item.command },
      run: () => fill(`${item.command} `),
    }));
    return [
      global.length > 0 && "Shortcuts",
      ...items,
      commandItems.length > 0 && "Commands",
      ...commandItems,
    ].filter(Boolean);
  }

  function showWarning(answer) {
    const text = warningText(answer);
    notice.replaceChildren(...(text ? [ackWarning(text)] : []));
  }

  function showSuggestions(items) {
    suggestions = items.slice(0, MAX_SUGGESTIONS);
    active = suggestions.length ? 0 : -1;
    list.hidden = suggestions.length === 0;
    box.setAttribute("aria-expanded", String(suggestions.length > 0));
    list.replaceChildren(
      ...suggestions.map((item, index) =>
        el(
          "div",
          {
            class: "suggestion",
            role: "option",
            id: `${listId}-${index}`,
            "aria-selected": String(index === active),
            onpointerdown: (event) => {
              event.preventDefault();
              accept(index);
            },
          },
          el("strong", {}, item.title),
          item.usage && el("code", {}, item.usage),
          el("span", { class: "soft" }, item.hint),
        ),
      ),
    );
    highlight();
  }

  function highlight() {
    [...list.children].forEach((row, index) => row.setAttribute("aria-selected", String(index === active)));
    if (active < 0) box.removeAttribute("aria-activedescendant");
    else box.setAttribute("aria-activedescendant", `${listId}-${active}`);
    list.children[active]?.scrollIntoView({ block: "nearest" });
  }

  function accept(index) {
    const [from, to, text] = suggestions[index].replace;
    box.setRangeText(text, from, to, "end");
    handleInput();
  }

  function handleInput() {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 200)}px`;
    const commands = thread ? [] : commandSuggestions(box.value);
    showSuggestions(commands.length ? commands : mentionSuggestions(box.value, box.selectionStart));
  }

  function handleKey(event) {
    if (event.isComposing) return;
    const open = suggestions.length > 0;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (open && step) active = (active + step + suggestions.length) % suggestions.length;
    else if (open && event.key === "Escape") showSuggestions([]);
    else if (open && (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && !suggestions[active].exact)))
      accept(active);
    else if (event.key === "Enter" && !event.shiftKey) send();
    else return;
    event.preventDefault();
    highlight();
  }

  async function send() {
    const typed = box.value;
    const command = session.workspace.commands.find((item) => item.command === typed.trim().split(/\s/)[0]);
    // Slack sends a command's text as typed unless the manifest sets should_escape.
    const text = typed.startsWith("/") && !command?.should_escape ? typed.trim() : withMentions(typed.trim());
    if (!text || box.disabled) return;
    box.value = "";
    handleInput();
    notice.replaceChildren(...(text.startsWith("/") ? [el("p", { class: "waiting" }, "Waiting for the app…")] : []));
    const answer = await act("message", { channel: session.channel, text, ...(thread ? { thread_ts: thread() } : {}) });
    showWarning(answer);
    if (!answer.ok && !box.value) fill(typed, { focus: false });
  }

  function fill(text, { focus = true } = {}) {
    box.value = text;
    handleInput();
    if (focus) box.focus();
  }

  function describe(placeholder, { disabled = false } = {}) {
    box.placeholder = placeholder;
    box.disabled = disabled;
    sendButton.disabled = disabled;
    bolt.disabled = disabled;
  }

  return { node, fill, describe, focus: () => box.focus(), clearNotice: () => notice.replaceChildren() };
}

/** The placeholder of the text box: "Message #approvals as Ana Horvat". */
export function placeholderFor(where) {
  return `Message ${where} as ${person(session.user) ? personName(session.user) : "an unknown user"}`;
}
