// The frame around the conversation: top bar with the acting person, the newcomer's hint, the drawer of a phone.

import { avatar, here, person, personName, standing } from "./directory.js";
import { el, icon, iconButton } from "./dom.js";

const HINT_KEY = "how-to-hidden";
const part = (name) => document.querySelector(`[data-part=${name}]`);

/** The people somebody at the keyboard can be. */
export function actors() {
  return here.workspace.users.filter((user) => !user.is_bot && user.id !== "USLACKBOT");
}

/**
 * Fill the top bar. `onPerson(id)` runs when another person is chosen. Returns the hint's node and
 * drawPeople(), setLive(on), setDrawer(open), remember().
 */
export function createFrame({ onPerson }) {
  const team = el("span", { class: "team" });
  const face = el("span", { class: "face" });
  const actingUser = el("select", {
    class: "input",
    data: { testid: "acting-user" },
    "aria-label": "Act as",
    onchange: () => onPerson(actingUser.value),
  });
  const anotherTab = el(
    "a",
    {
      class: "button button-icon hide-narrow",
      target: "_blank",
      rel: "noopener",
      href: "/",
      "aria-label": "Open a second tab as somebody else",
      title: "Open a second tab as somebody else",
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
      face,
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
      el("li", {}, el("strong", {}, "Act as someone. "), "Choose who you are at the top right."),
      el("li", {}, el("strong", {}, "Type a command. "), "A / in the box below lists what the app can do."),
      el("li", {}, el("strong", {}, "Answer as someone else. "), "Switch the person, or open a second tab."),
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

  function drawPeople() {
    const label = (user) => [personName(user.id), standing(user) || user.profile?.title].filter(Boolean).join(" · ");
    actingUser.replaceChildren(
      ...actors().map((user) => el("option", { value: user.id, disabled: Boolean(user.deleted) }, label(user))),
    );
    actingUser.value = here.user;
    const user = person(here.user);
    face.replaceChildren(avatar(here.user, personName(here.user)));
    actingUser.title = [user?.name && `@${user.name}`, here.user, user?.tz].filter(Boolean).join(" · ");
    team.replaceChildren(
      el("span", { class: "seal", "aria-hidden": "true" }),
      el("span", { class: "team-name" }, here.workspace.team.name),
    );
  }

  function setLive(on) {
    live.hidden = on;
  }

  /** Keep the address of the second tab on somebody else, in the same place. */
  function remember() {
    const other = actors().find((user) => !user.deleted && user.id !== here.user);
    anotherTab.href = `/?${new URLSearchParams({ user: other?.id ?? here.user, channel: here.channel ?? "" })}`;
  }

  part("scrim").addEventListener("click", () => setDrawer(false));
  document.addEventListener(
    "keydown",
    (event) => event.key === "Escape" && document.body.classList.contains("drawer-open") && setDrawer(false),
  );
  showHint(localStorage.getItem(HINT_KEY) !== "yes");
  return { howTo, drawPeople, setDrawer, setLive, remember };
}
