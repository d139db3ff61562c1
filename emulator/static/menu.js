// A popup menu of a button: message menu, shortcuts, overflow.

import { el } from "./dom.js";

function place(menu, anchor) {
  const anchorRect = anchor.getBoundingClientRect();
  const menuRect = menu.getBoundingClientRect();
  const below = anchorRect.bottom + menuRect.height + 8 < window.innerHeight;
  menu.style.top = `${Math.max(8, below ? anchorRect.bottom + 4 : anchorRect.top - menuRect.height - 4)}px`;
  menu.style.left = `${Math.max(8, Math.min(anchorRect.left, window.innerWidth - menuRect.width - 8))}px`;
}

/**
 * Open a menu at `anchor`. Items: {label, hint?, icon?, danger?, data?, run}; a string is a heading.
 * It supports the arrow keys, Home, End and Escape; a second click on the anchor closes it.
 */
export function openMenu(anchor, items, label) {
  if (anchor.nextElementSibling?.matches(".menu")) return;
  const step = (by) => {
    const all = [...menu.querySelectorAll("[role=menuitem]")];
    const next = all[(all.indexOf(document.activeElement) + by + all.length) % all.length];
    next?.focus();
  };
  const keys = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    Home: () => menu.querySelector("[role=menuitem]")?.focus(),
    End: () => [...menu.querySelectorAll("[role=menuitem]")].at(-1)?.focus(),
    Tab: () => menu.hidePopover(),
  };
  const choose = (item) => () => {
    menu.hidePopover();
    item.run();
  };
  const menu = el(
    "div",
    {
      class: "menu",
      role: "menu",
      popover: "auto",
      "aria-label": label,
      onkeydown: (event) => {
        if (!keys[event.key]) return;
        event.preventDefault();
        keys[event.key]();
      },
    },
    items.map((item) =>
      typeof item === "string"
        ? el("div", { class: "menu-heading", role: "presentation" }, item)
        : el(
            "button",
            {
              type: "button",
              role: "menuitem",
              tabindex: "-1",
              class: item.danger ? "menu-item danger" : "menu-item",
              data: item.data ?? {},
              onclick: choose(item),
            },
            item.icon,
            el("span", {}, item.label, item.hint && el("small", {}, item.hint)),
          ),
    ),
  );
  menu.addEventListener("toggle", (event) => {
    if (event.newState === "open") return;
    anchor.setAttribute("aria-expanded", "false");
    const inside = menu.contains(document.activeElement) || document.activeElement === document.body;
    menu.remove();
    if (inside && anchor.isConnected) anchor.focus();
  });
  anchor.after(menu);
  anchor.setAttribute("aria-expanded", "true");
  menu.showPopover();
  place(menu, anchor);
  menu.querySelector("[role=menuitem]")?.focus();
}
