// Interactive Block Kit elements. Each builder returns {node, control, read, group?}; read() returns Slack's state.

import { fromLocalInput, toLocalInput } from "./clock.js";
import { choiceList, ids, multiSelect, select } from "./choices.js";
import { el, icon, iconButton } from "./dom.js";
import { openMenu } from "./menu.js";
import { plainText, safeUrl } from "./mrkdwn.js";

const TYPING_DEBOUNCE_MS = 300;

/** A red box for anything this page does not support, so that it cannot be missed. */
export function unsupported(kind, type) {
  return el(
    "div",
    { class: "unsupported", role: "alert", data: { testid: "unsupported" } },
    `unsupported ${kind}: ${type}`,
  );
}

function button(context) {
  const { element } = context;
  const href = element.url && safeUrl(element.url);
  const style = ["primary", "danger"].includes(element.style) ? ` button-${element.style}` : "";
  const props = {
    class: `button${style}`,
    "aria-label": element.accessibility_label,
    data: { ...ids(context, element.value), style: element.style },
    onclick: () => context.dispatch(element.value === undefined ? {} : { value: element.value }),
  };
  const node = href
    ? el("a", { ...props, href, target: "_blank", rel: "noopener noreferrer" }, plainText(element.text), icon("newtab"))
    : el("button", { ...props, type: "button" }, plainText(element.text));
  return { node, control: node };
}

function overflow(context) {
  const items = context.element.options.map((option) => ({
    label: plainText(option.text),
    hint: plainText(option.description),
    data: ids(context, option.value),
    run: () => {
      if (option.url && safeUrl(option.url)) window.open(safeUrl(option.url), "_blank", "noopener");
      context.dispatch({ selected_option: option });
    },
  }));
  const node = iconButton("more", "More actions", () => openMenu(node, items, "More actions"), {
    "aria-haspopup": "menu",
    data: ids(context),
  });
  return { node: el("span", { class: "anchor" }, node), control: node };
}

function textInput(context) {
  const { element } = context;
  const triggers = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const inputmode = { email_text_input: "email", url_text_input: "url", number_input: "decimal" }[element.type];
  let debounce = null;
  const node = el(element.multiline ? "textarea" : "input", {
    class: "input",
    inputmode,
    placeholder: plainText(element.placeholder),
    rows: element.multiline && 4,
    autocomplete: "off",
    data: ids(context),
    oninput: () => {
      if (!context.dispatches || !triggers.includes("on_character_entered")) return;
      clearTimeout(debounce);
      debounce = setTimeout(() => context.changed(), TYPING_DEBOUNCE_MS);
    },
    onkeydown: (event) => {
      if (
        event.key !== "Enter" ||
        event.shiftKey ||
        event.isComposing ||
        !context.dispatches ||
        !triggers.includes("on_enter_pressed")
      )
        return;
      event.preventDefault();
      context.changed();
    },
  });
  node.value = (context.previous ? context.previous.value : element.initial_value) ?? "";
  return { node, control: node, read: () => ({ value: node.value === "" ? null : node.value }) };
}

function dateInput(type, field, fromInput = (value) => value, toInput = (value) => value) {
  return (context) => {
    const initial = context.previous ? context.previous[`selected_${field}`] : context.element[`initial_${field}`];
    const node = el("input", {
      type,
      class: "input input-moment",
      data: ids(context),
      onchange: () => context.changed(),
    });
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
  datepicker: dateInput("date", "date"),
  timepicker: dateInput("time", "time"),
  datetimepicker: dateInput("datetime-local", "date_time", fromLocalInput, toLocalInput),
};

/** Render an element of `block` on `surface`. In an input block, it dispatches only with dispatch_action. */
export function renderElement(element, block, surface) {
  const build = Object.hasOwn(BUILDERS, element.type) && BUILDERS[element.type];
  if (!build) return { node: unsupported("element", element.type), control: null };
  const dispatches = block.type !== "input" || Boolean(block.dispatch_action);
  const context = {
    element,
    block,
    dispatches,
    previous: surface.previousState(block, element),
    dispatch: (state) => surface.dispatch(block, element, state, built.control),
    /** Called when the user changed the value; resolves to false if they denied the confirmation. */
    changed: () => (dispatches ? context.dispatch(built.read()) : true),
  };
  const built = build(context);
  if (built.read) surface.register({ block, element, read: built.read, control: built.control });
  return built;
}
