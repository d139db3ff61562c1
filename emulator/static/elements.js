// Interactive Block Kit elements. Each builder returns {node, control, read, group?}; read() gives Slack's element state.

import { fromWall, toWall } from "./clock.js";
import { choiceList, ids, multiSelect, select } from "./choices.js";
import { el, icon, iconButton } from "./dom.js";
import { openMenu } from "./menu.js";
import { plainText, safeUrl } from "./mrkdwn.js";

const TYPING_PAUSE_MS = 300;

/** A loud red box: our views must never need something this page does not know. */
export function unsupported(kind, type) {
  return el(
    "div",
    { class: "unsupported", role: "alert", data: { testid: "unsupported" } },
    `unsupported ${kind}: ${type}`,
  );
}

function button(at) {
  const { element } = at;
  const href = element.url && safeUrl(element.url);
  const style = ["primary", "danger"].includes(element.style) ? ` button-${element.style}` : "";
  const props = {
    class: `button${style}`,
    "aria-label": element.accessibility_label,
    data: { ...ids(at, element.value), style: element.style },
    onclick: () => at.dispatch(element.value === undefined ? {} : { value: element.value }),
  };
  const node = href
    ? el("a", { ...props, href, target: "_blank", rel: "noopener noreferrer" }, plainText(element.text), icon("newtab"))
    : el("button", { ...props, type: "button" }, plainText(element.text));
  return { node, control: node };
}

function overflow(at) {
  const items = at.element.options.map((option) => ({
    label: plainText(option.text),
    hint: plainText(option.description),
    data: ids(at, option.value),
    run: () => {
      if (option.url && safeUrl(option.url)) window.open(safeUrl(option.url), "_blank", "noopener");
      at.dispatch({ selected_option: option });
    },
  }));
  const node = iconButton("more", "More actions", () => openMenu(node, items, "More actions"), {
    "aria-haspopup": "menu",
    data: ids(at),
  });
  return { node: el("span", { class: "anchor" }, node), control: node };
}

function textInput(at) {
  const { element } = at;
  const on = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const inputmode = { email_text_input: "email", url_text_input: "url", number_input: "decimal" }[element.type];
  let pause = null;
  const node = el(element.multiline ? "textarea" : "input", {
    class: "input",
    inputmode,
    placeholder: plainText(element.placeholder),
    rows: element.multiline && 4,
    autocomplete: "off",
    data: ids(at),
    oninput: () => {
      if (!at.dispatches || !on.includes("on_character_entered")) return;
      clearTimeout(pause);
      pause = setTimeout(() => at.changed(), TYPING_PAUSE_MS);
    },
    onkeydown: (event) => {
      if (
        event.key !== "Enter" ||
        event.shiftKey ||
        event.isComposing ||
        !at.dispatches ||
        !on.includes("on_enter_pressed")
      )
        return;
      event.preventDefault();
      at.changed();
    },
  });
  node.value = (at.earlier ? at.earlier.value : element.initial_value) ?? "";
  return { node, control: node, read: () => ({ value: node.value === "" ? null : node.value }) };
}

function moment(type, field, fromInput = (value) => value, toInput = (value) => value) {
  return (at) => {
    const initial = at.earlier ? at.earlier[`selected_${field}`] : at.element[`initial_${field}`];
    const node = el("input", { type, class: "input input-moment", data: ids(at), onchange: () => at.changed() });
    if (initial !== null && initial !== undefined) node.value = toInput(initial);
    return { node, control: node, read: () => ({ [`selected_${field}`]: node.value ? fromInput(node.value) : null }) };
  };
}

const BUILDERS = {
  button,
  overflow,
  static_select: select("static"),
  users_select: select("users"),
  conversations_select: select("conversations"),
  channels_select: select("channels"),
  multi_static_select: multiSelect("static"),
  multi_users_select: multiSelect("users"),
  multi_conversations_select: multiSelect("conversations"),
  multi_channels_select: multiSelect("channels"),
  radio_buttons: choiceList("radio"),
  checkboxes: choiceList("checkbox"),
  plain_text_input: textInput,
  email_text_input: textInput,
  url_text_input: textInput,
  number_input: textInput,
  datepicker: moment("date", "date"),
  timepicker: moment("time", "time"),
  datetimepicker: moment("datetime-local", "date_time", fromWall, toWall),
};

/** Build an element of `block` on `surface`. In an input block it only acts by itself when the block has dispatch_action. */
export function renderElement(element, block, surface) {
  const build = Object.hasOwn(BUILDERS, element.type) && BUILDERS[element.type];
  if (!build) return { node: unsupported("element", element.type), control: null };
  const dispatches = block.type !== "input" || Boolean(block.dispatch_action);
  const at = {
    element,
    block,
    dispatches,
    earlier: surface.earlier(block, element),
    dispatch: (state) => surface.dispatch(block, element, state, built.control),
    /** The person changed it; resolves to false when they then said no to the confirmation. */
    changed: () => (dispatches ? at.dispatch(built.read()) : true),
  };
  const built = build(at);
  if (built.read) surface.register({ block, element, read: built.read, control: built.control });
  return built;
}
