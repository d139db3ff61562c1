// Where a person types: messages, slash commands with suggestions, mentions, and the shortcuts menu.

import { act, complaint } from "./api.js";
import { here, person, personName } from "./directory.js";
import { el, icon, iconButton, uid } from "./dom.js";
import { openMenu } from "./menu.js";
import { ackWarning } from "./surface.js";

const MOST_SUGGESTIONS = 8;

function commandSuggestions(text) {
  const typed = /^\/\S*$/.exec(text)?.[0];
  if (!typed) return [];
  return here.workspace.commands
    .filter((one) => one.command.startsWith(typed))
    .map((one) => ({
      title: one.command,
      usage: one.usage_hint,
      hint: one.description,
      replace: [0, text.length, `${one.command} `],
      exact: one.command === typed,
    }));
}

function mentionable() {
  const people = here.workspace.users
    .filter((user) => !user.deleted)
    .map((user) => ({
      names: [personName(user.id), user.name, user.profile?.display_name].filter(Boolean),
      hint: user.profile?.title ?? "",
      wire: `<@${user.id}>`,
    }));
  const groups = here.workspace.groups.map((group) => ({
    names: [group.handle],
    hint: group.name,
    wire: `<!subteam^${group.id}>`,
  }));
  return [...people, ...groups];
}

function mentionSuggestions(text, caret) {
  const typed = /(?:^|\s)@([\p{L}\p{N}._-]*)$/u.exec(text.slice(0, caret))?.[1];
  if (typed === undefined) return [];
  const start = caret - typed.length - 1;
  return mentionable()
    .filter((one) => one.names.some((name) => name.toLowerCase().includes(typed.toLowerCase())))
    .map((one) => ({ title: `@${one.names[0]}`, hint: one.hint, replace: [start, caret, `@${one.names[0]} `] }));
}

/** "@Boris Lang" and "@boris" as Slack's client sends them: <@U0BORIS>. Longer names win. */
function withMentions(text) {
  const wires = new Map(mentionable().flatMap((one) => one.names.map((name) => [`@${name}`.toLowerCase(), one.wire])));
  const names = [...wires.keys()]
    .sort((a, b) => b.length - a.length)
    .map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}<])(${names.join("|")})(?![\\p{L}\\p{N}_-])`, "giu");
  return names.length ? text.replace(pattern, (name) => wires.get(name.toLowerCase())) : text;
}

/**
 * A composer. `testid` names its text box, `thread()` gives the thread to write in; without it the composer belongs to a
 * conversation and knows commands and shortcuts (Slack has neither in threads). Returns the node with
 * focus(), fill(text) and describe(placeholder, {disabled}).
 */
export function createComposer({ testid, thread = null }) {
  let offered = [];
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
    oninput: () => changed(),
    onkeydown: keyed,
    onblur: () => setTimeout(() => offer([]), 150),
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
  const sender = iconButton("send", "Send", () => send(), {
    class: "button button-icon button-primary",
    data: { testid: `${testid}-send` },
  });
  const node = el(
    "div",
    { class: "composer" },
    notice,
    list,
    el("div", { class: "composer-box" }, !thread && el("span", { class: "anchor" }, bolt), box, sender),
  );

  function shortcutItems() {
    const { shortcuts, commands } = here.workspace;
    const global = shortcuts.filter((one) => one.type === "global");
    const items = global.map((one) => ({
      label: one.name,
      hint: one.description,
      icon: icon("bolt"),
      data: { callbackId: one.callback_id },
      run: async () => tell(await act("global_shortcut", { callback_id: one.callback_id })),
    }));
    const slashes = commands.map((one) => ({
      label: `${one.command} ${one.usage_hint ?? ""}`,
      hint: one.description,
      data: { command: one.command },
      run: () => fill(`${one.command} `),
    }));
    return [global.length > 0 && "Shortcuts", ...items, slashes.length > 0 && "Commands", ...slashes].filter(Boolean);
  }

  function tell(answer) {
    const sentence = complaint(answer);
    notice.replaceChildren(...(sentence ? [ackWarning(sentence)] : []));
  }

  function offer(items) {
    offered = items.slice(0, MOST_SUGGESTIONS);
    active = offered.length ? 0 : -1;
    list.hidden = offered.length === 0;
    box.setAttribute("aria-expanded", String(offered.length > 0));
    list.replaceChildren(
      ...offered.map((item, index) =>
        el(
          "div",
          {
            class: "suggestion",
            role: "option",
            id: `${listId}-${index}`,
            "aria-selected": String(index === active),
            onpointerdown: (event) => {
              event.preventDefault();
              take(index);
            },
          },
          el("strong", {}, item.title),
          item.usage && el("code", {}, item.usage),
          el("span", { class: "soft" }, item.hint),
        ),
      ),
    );
    mark();
  }

  function mark() {
    [...list.children].forEach((row, index) => row.setAttribute("aria-selected", String(index === active)));
    if (active < 0) box.removeAttribute("aria-activedescendant");
    else box.setAttribute("aria-activedescendant", `${listId}-${active}`);
    list.children[active]?.scrollIntoView({ block: "nearest" });
  }

  function take(index) {
    const [from, to, text] = offered[index].replace;
    box.setRangeText(text, from, to, "end");
    changed();
  }

  function changed() {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 200)}px`;
    const commands = thread ? [] : commandSuggestions(box.value);
    offer(commands.length ? commands : mentionSuggestions(box.value, box.selectionStart));
  }

  function keyed(event) {
    if (event.isComposing) return;
    const open = offered.length > 0;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (open && step) active = (active + step + offered.length) % offered.length;
    else if (open && event.key === "Escape") offer([]);
    else if (open && (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && !offered[active].exact)))
      take(active);
    else if (event.key === "Enter" && !event.shiftKey) send();
    else return;
    event.preventDefault();
    mark();
  }

  async function send() {
    const typed = box.value;
    const command = here.workspace.commands.find((one) => one.command === typed.trim().split(/\s/)[0]);
    // Slack leaves a command's text as typed unless the manifest says should_escape.
    const text = typed.startsWith("/") && !command?.should_escape ? typed.trim() : withMentions(typed.trim());
    if (!text || box.disabled) return;
    box.value = "";
    changed();
    notice.replaceChildren(...(text.startsWith("/") ? [el("p", { class: "waiting" }, "Asking the app…")] : []));
    const answer = await act("message", { channel: here.channel, text, ...(thread ? { thread_ts: thread() } : {}) });
    tell(answer);
    if (!answer.ok && !box.value) fill(typed, { focus: false });
  }

  function fill(text, { focus = true } = {}) {
    box.value = text;
    changed();
    if (focus) box.focus();
  }

  function describe(placeholder, { disabled = false } = {}) {
    box.placeholder = placeholder;
    box.disabled = disabled;
    sender.disabled = disabled;
    bolt.disabled = disabled;
  }

  return { node, fill, describe, focus: () => box.focus(), quiet: () => notice.replaceChildren() };
}

/** Who is typing, for placeholders: "Message #approvals as Ana Horvat". */
export function invitation(where) {
  return `Message ${where} as ${person(here.user) ? personName(here.user) : "nobody"}`;
}
