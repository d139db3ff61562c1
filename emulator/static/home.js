// The App Home tab: the view that the app published for the current user.

import { act, warningText, get } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { session } from "./directory.js";
import { el, keepFocus } from "./dom.js";
import { ackWarning, createSurface } from "./surface.js";

/** Create the Home tab in `root`. */
export function createHome(root) {
  let signature = null;
  let surface = null;

  function draw(view) {
    const restore = keepFocus(root);
    const typed = surface?.values();
    surface = createSurface("home", { view_id: view.id }, typed, () => root.querySelector(".blocks"));
    root.dataset.viewId = view.id;
    root.replaceChildren(renderBlocks(view.blocks, surface));
    restore();
  }

  async function refresh() {
    const user = session.user;
    const { view } = await get("home");
    if (user !== session.user) return;
    const now = JSON.stringify([user, view?.id, view?.hash, view?.blocks]);
    if (now === signature) return;
    if (!signature?.startsWith(`["${user}"`)) surface = null;
    signature = now;
    if (view) draw(view);
    else {
      delete root.dataset.viewId;
      root.replaceChildren(
        el(
          "div",
          { class: "empty" },
          el("h2", {}, "Nothing here yet"),
          el(
            "p",
            {},
            `${session.workspace.bot.name} has not published a Home tab for you. `,
            "The app receives an event each time you open this tab.",
          ),
        ),
      );
    }
  }

  /** The user opens the tab: the app receives an event and may publish a view. */
  async function open() {
    await refresh();
    const text = warningText(await act("open_home", { section: "home" }));
    if (text) root.prepend(ackWarning(text));
    await refresh();
  }

  return { open, refresh };
}
