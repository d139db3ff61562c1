// The page frame: the top bar with the current user, the getting-started hint and the channel drawer on phones.

import { avatar, session, person, personName, accountStatus } from "./directory.js";
import { el, icon, iconButton } from "./dom.js";

const HINT_KEY = "how-to-hidden";
const part = (name) => document.querySelector(`[data-part=${name}]`);

/** The users that can be selected as the current user. */
export function selectableUsers() {
  return session.workspace.users.filter((user) => !user.is_bot && user.id !== "USLACKBOT");
}

/**
 * Render the top bar. `onUserChange(id)` is called when another user is selected. Returns the hint's node and
 * renderUsers(), setLive(on), setDrawer(open), updateLinks().
 */
export function createFrame({ onUserChange }) {
  const team = el("span", { class: "team" });
  const avatarSlot = el("span", { class: "face" });
  const actingUser = el("select", {
    class: "input",
    data: { testid: "acting-user" },
    "aria-label": "Act as",
    onchange: () => onUserChange(actingUser.value),
  });
  const anotherTab = el(
    "a",
    {
      class: "button button-icon hide-narrow",
      target: "_blank",
      rel: "noopener",
      href: "/",
      "aria-label": "Open a second tab as another user",
      title: "Open a second tab as another user",
    },
    icon("newtab"),
  );
  const live = el(
    "span",
    { class: "live", role: "status", data: { testid: "connection" }, hidden: true },
    "Reconnecting…",
  );
  const drawer = iconButton("menu", "Channels", () => setDrawer(!document.body.classList.contains("drawer-open")), {
    class: "button button-icon only-narrow",
    "aria-expanded": "false",
  });
  const help = iconButton("help", "How to use this page", () => showHint(howTo.hidden), { data: { testid: "help" } });
  part("top").append(
    drawer,
    team,
    live,
    el(
      "div",
      { class: "acting push-right" },
      el("span", { class: "soft hide-narrow" }, "Acting as"),
      avatarSlot,
      actingUser,
      anotherTab,
      help,
    ),
  );

  const howTo = el(
    "section",
    { class: "how-to", "aria-label": "How to use this page", data: { testid: "how-to" } },
    el(
      "ol",
      {},
      el("li", {}, el("strong", {}, "Act as someone. "), "Select a user at the top right."),
      el("li", {}, el("strong", {}, "Type a command. "), "Enter / in the box below to list the app's commands."),
      el("li", {}, el("strong", {}, "Respond as someone else. "), "Switch the user, or open a second tab."),
    ),
    iconButton("close", "Hide this hint", () => showHint(false), { data: { testid: "how-to-close" } }),
  );

  function showHint(visible) {
    howTo.hidden = !visible;
    localStorage.setItem(HINT_KEY, visible ? "" : "yes");
  }

  function setDrawer(open) {
    document.body.classList.toggle("drawer-open", open);
    drawer.setAttribute("aria-expanded", String(open));
    if (open) part("sidebar").querySelector(".entry")?.focus();
  }

  function renderUsers() {
    const label = (user) =>
      [personName(user.id), accountStatus(user) || user.profile?.title].filter(Boolean).join(" · ");
    actingUser.replaceChildren(
      ...selectableUsers().map((user) =>
        el("option", { value: user.id, disabled: Boolean(user.deleted) }, label(user)),
      ),
    );
    actingUser.value = session.user;
    const user = person(session.user);
    avatarSlot.replaceChildren(avatar(session.user, personName(session.user)));
    actingUser.title = [user?.name && `@${user.name}`, session.user, user?.tz].filter(Boolean).join(" · ");
    team.replaceChildren(
      el("span", { class: "seal", "aria-hidden": "true" }),
      el("span", { class: "team-name" }, session.workspace.team.name),
    );
  }

  function setLive(on) {
    live.hidden = on;
  }

  /** Point the second-tab link at another user in the same conversation. */
  function updateLinks() {
    const other = selectableUsers().find((user) => !user.deleted && user.id !== session.user);
    anotherTab.href = `/?${new URLSearchParams({ user: other?.id ?? session.user, channel: session.channel ?? "" })}`;
  }

  part("scrim").addEventListener("click", () => setDrawer(false));
  document.addEventListener(
    "keydown",
    (event) => event.key === "Escape" && document.body.classList.contains("drawer-open") && setDrawer(false),
  );
  showHint(localStorage.getItem(HINT_KEY) !== "yes");
  return { howTo, renderUsers, setDrawer, setLive, updateLinks };
}
