// The App Home tab: the view the app has published for the acting person.

import { act, complaint, get } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { here } from "./directory.js";
import { el, keepFocus } from "./dom.js";
import { ackWarning, createSurface } from "./surface.js";

/** Build the Home tab in `root`. */
export function createHome(root) {
  let look = null;
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
    const who = here.user;
    const { view } = await get("home");
    if (who !== here.user) return;
    const now = JSON.stringify([who, view?.id, view?.hash, view?.blocks]);
    if (now === look) return;
    if (!look?.startsWith(`["${who}"`)) surface = null;
    look = now;
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
            `${here.workspace.bot.name} has not published a Home for you. It is told each time you open this tab.`,
          ),
        ),
      );
    }
  }

  /** The person opens the tab: the app hears of it, and may publish. */
  async function open() {
    await refresh();
    const sentence = complaint(await act("open_home", { section: "home" }));
    if (sentence) root.prepend(ackWarning(sentence));
    await refresh();
  }

  return { open, refresh };
}
