// The side panel with one thread: the root message, its replies, and a composer.

import { get } from "./api.js";
import { createComposer } from "./composer.js";
import { conversation, conversationName, here } from "./directory.js";
import { el, iconButton } from "./dom.js";
import { createMessageList } from "./messages.js";

/** Build the thread panel in `root`. `onChange` runs when a thread opens or closes (the URL follows). */
export function createThread(root, { onChange }) {
  let opener = null;
  const place = el("span", { class: "soft" });
  const list = el("div", { class: "messages", data: { testid: "thread-messages" }, tabindex: "-1" });
  const messages = createMessageList(list, { kind: "thread" });
  const composer = createComposer({ testid: "thread-composer", thread: () => here.thread });
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
    if (!here.thread) return;
    const asked = [here.user, here.channel, here.thread].join();
    const answer = await get("messages", { channel: here.channel, thread_ts: here.thread });
    if (asked !== [here.user, here.channel, here.thread].join()) return;
    const channel = conversation(here.channel);
    place.textContent = channel ? (channel.kind === "im" ? conversationName(channel) : `#${channel.name}`) : "";
    messages.show(here.channel, answer.messages);
    composer.describe("Reply…");
  }

  async function open(ts, { focus = true } = {}) {
    opener = document.activeElement;
    here.thread = ts;
    root.hidden = false;
    onChange();
    await refresh();
    if (focus) composer.focus();
  }

  function close({ focus = true } = {}) {
    if (root.hidden) return;
    here.thread = null;
    root.hidden = true;
    onChange();
    if (focus && opener?.isConnected) opener.focus();
  }

  return { open, close, refresh };
}
