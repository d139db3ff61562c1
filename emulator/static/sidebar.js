// The list of conversations, with unread counts.

import { avatar, conversationName, session } from "./directory.js";
import { el, icon, reconcile } from "./dom.js";

const SECTIONS = [
  ["Channels", (channel) => channel.kind !== "im"],
  ["Direct messages", (channel) => channel.kind === "im"],
];

function mark(channel) {
  if (channel.kind === "private") return icon("lock");
  if (channel.kind === "im") return avatar(channel.with_user ?? channel.id, conversationName(channel), true);
  return el("span", { class: "hash", "aria-hidden": "true" }, "#");
}

function entry(channel, open) {
  const current = channel.id === session.channel;
  const unread = current ? 0 : channel.unread;
  const notJoined = !channel.is_member && channel.kind !== "im";
  const notes = channel.is_archived ? "archived" : notJoined && "not joined";
  return el(
    "button",
    {
      type: "button",
      class: `entry${unread ? " entry-unread" : ""}${notes ? " entry-faint" : ""}`,
      "aria-current": current ? "page" : null,
      data: { channel: channel.id, kind: channel.kind, unread: String(unread) },
      onclick: () => open(channel.id),
    },
    mark(channel),
    el("span", { class: "entry-name" }, conversationName(channel)),
    notes && el("small", {}, notes),
    unread > 0 && el("span", { class: "count", "aria-label": `${unread} unread` }, String(unread)),
  );
}

/** Create the sidebar in `root`; `open(channelId)` is called when an entry is selected. */
export function createSidebar(root, { open }) {
  const rendered = new Map();

  function show() {
    const nodes = [];
    for (const [title, belongs] of SECTIONS) {
      const channels = session.channels.filter(belongs);
      if (channels.length === 0) continue;
      const heading = rendered.get(title)?.node ?? el("h2", { class: "sidebar-title" }, title);
      rendered.set(title, { node: heading });
      nodes.push(heading);
      for (const channel of channels) {
        const signature = JSON.stringify([channel, channel.id === session.channel, session.workspace.bot.name]);
        const known = rendered.get(channel.id);
        const now = known?.signature === signature ? known : { signature, node: entry(channel, open) };
        const focused = known && known.node === document.activeElement;
        if (known && known !== now) known.node.replaceWith(now.node);
        if (focused) now.node.focus();
        rendered.set(channel.id, now);
        nodes.push(now.node);
      }
    }
    reconcile(root, nodes);
    const total = session.channels
      .filter((channel) => channel.id !== session.channel)
      .reduce((sum, channel) => sum + channel.unread, 0);
    document.title = `${total ? `(${total}) ` : ""}${session.workspace.team.name ?? "Local"} · stand-in`;
  }

  return { show };
}
