// The side panel with one thread: the root message, its replies, and a composer.

import { get } from "./api.js";
import { createComposer } from "./composer.js";
import { conversation, conversationName, session } from "./directory.js";
import { el, iconButton } from "./dom.js";
import { createMessageList } from "./messages.js";

/** Create the thread panel in `root`. `onChange` is called when a thread opens or closes, to update the URL. */
export function createThread(root, { onChange }) {
  let opener = null;
  const place = el("span", { class: "soft" });
  const list = el("div", { class: "messages", data: { testid: "thread-messages" }, tabindex: "-1" });
  const messages = createMessageList(list, { kind: "thread" });
  const composer = createComposer({ testid: "thread-composer", thread: () => session.thread });
  root.append(
    el(
      "header",
      { class: "pane-head" },
      el("h2", {}, "Thread"),
      place,
      iconButton("close", "Close thread", () => close(), {
        class: "button button-icon push-right",
        data: { testid: "thread-close" },
      }),
    ),
    list,
    composer.node,
  );
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) close();
  });

  async function refresh() {
    if (!session.thread) return;
    const requested = [session.user, session.channel, session.thread].join();
    const answer = await get("messages", { channel: session.channel, thread_ts: session.thread });
    if (requested !== [session.user, session.channel, session.thread].join()) return;
    const channel = conversation(session.channel);
    place.textContent = channel ? (channel.kind === "im" ? conversationName(channel) : `#${channel.name}`) : "";
    messages.show(session.channel, answer.messages);
    composer.describe("Reply…");
  }

  async function open(ts, { focus = true } = {}) {
    opener = document.activeElement;
    session.thread = ts;
    root.hidden = false;
    onChange();
    await refresh();
    if (focus) composer.focus();
  }

  function close({ focus = true } = {}) {
    if (root.hidden) return;
    session.thread = null;
    root.hidden = true;
    onChange();
    if (focus && opener?.isConnected) opener.focus();
  }

  return { open, close, refresh };
}
