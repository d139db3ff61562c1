// Elements with a list of choices: selects, multi-selects, radio buttons, checkboxes.

import { conversationName, session, personName } from "./directory.js";
import { el, uid } from "./dom.js";
import { plainText, textObject } from "./mrkdwn.js";

/** The data attributes that identify a control for tests and other tools. */
export function ids(context, value) {
  return { actionId: context.element.action_id, blockId: context.block.block_id, value };
}

/** The choices of a select: [{key, label, hint?, group?, value}]; value is stored in the state. */
const CHOICES = {
  static(element) {
    const groups = element.option_groups ?? [{ options: element.options ?? [] }];
    return groups.flatMap((group) =>
      group.options.map((option) => ({
        key: option.value,
        label: plainText(option.text),
        hint: plainText(option.description),
        group: group.label && plainText(group.label),
        value: option,
      })),
    );
  },
  users() {
    return session.workspace.users
      .filter((user) => !user.deleted)
      .map((user) => ({ key: user.id, label: personName(user.id), hint: user.is_bot ? "app" : "", value: user.id }));
  },
  conversations() {
    return session.channels.map((channel) => ({
      key: channel.id,
      label: `${channel.kind === "im" ? "" : "#"}${conversationName(channel)}`,
      value: channel.id,
    }));
  },
  channels() {
    return session.channels
      .filter((channel) => channel.kind === "channel")
      .map((channel) => ({ key: channel.id, label: `#${channel.name}`, value: channel.id }));
  },
};
const SINGULAR = { static: "option", users: "user", conversations: "conversation", channels: "channel" };
const keyOf = (value) => value?.value ?? value ?? "";

/** Create a builder for a select with choices from `source`: static, users, conversations or channels. */
export function select(source) {
  const field = SINGULAR[source];
  return (context) => {
    const { element } = context;
    const choices = CHOICES[source](element);
    const initial = context.previous
      ? context.previous[`selected_${field}`]
      : (element[`initial_${field}`] ?? (element.default_to_current_conversation && session.channel));
    const option = (choice) =>
      el(
        "option",
        { value: choice.key, data: { value: choice.key } },
        choice.hint ? `${choice.label} (${choice.hint})` : choice.label,
      );
    const named = [...new Set(choices.map((choice) => choice.group).filter(Boolean))];
    const node = el(
      "select",
      {
        class: "input",
        data: ids(context),
        onchange: async () => {
          const chosen = node.value;
          if ((await context.changed()) === false) node.value = lastValue;
          else lastValue = chosen;
        },
      },
      el("option", { value: "" }, plainText(element.placeholder) || "Choose…"),
      choices.filter((choice) => !choice.group).map(option),
      named.map((label) => el("optgroup", { label }, choices.filter((choice) => choice.group === label).map(option))),
    );
    node.value = keyOf(initial);
    if (node.selectedIndex < 0) node.selectedIndex = 0;
    let lastValue = node.value;
    const read = () => ({ [`selected_${field}`]: choices.find((choice) => choice.key === node.value)?.value ?? null });
    return { node, control: node, read };
  };
}

/** Create a builder for a multi-select with choices from `source`. */
export function multiSelect(source) {
  const field = `${SINGULAR[source]}s`;
  return (context) => {
    const { element } = context;
    const choices = CHOICES[source](element);
    const initial = new Set(
      (context.previous?.[`selected_${field}`] ?? (context.previous ? [] : (element[`initial_${field}`] ?? []))).map(
        keyOf,
      ),
    );
    let sent = [...initial].join("\n");
    const boxes = choices.map((choice) => el("input", { type: "checkbox", data: ids(context, choice.key) }));
    boxes.forEach((box, index) => {
      box.checked = initial.has(choices[index].key);
    });
    const chosen = () => choices.filter((_, index) => boxes[index].checked);
    const summary = el("summary", { class: "input", data: ids(context) });
    const updateSummary = () => {
      const full = element.max_selected_items && chosen().length >= element.max_selected_items;
      for (const box of boxes) box.disabled = Boolean(full && !box.checked);
      summary.replaceChildren(
        ...(chosen().length
          ? chosen().map((choice) => el("span", { class: "chip" }, choice.label))
          : [el("span", { class: "placeholder" }, plainText(element.placeholder) || "Choose…")]),
      );
    };
    const rows = choices.map((choice, index) =>
      el(
        "label",
        { class: "choice" },
        boxes[index],
        el("span", {}, choice.label, choice.hint && el("small", {}, choice.hint)),
      ),
    );
    const filter =
      choices.length > 7 &&
      el("input", {
        type: "search",
        class: "input",
        placeholder: "Filter",
        "aria-label": "Filter the list",
        onkeydown: (event) => event.key === "Enter" && event.preventDefault(),
        oninput: () =>
          rows.forEach((row, index) => {
            row.hidden = !choices[index].label.toLowerCase().includes(filter.value.trim().toLowerCase());
          }),
      });
    const node = el(
      "details",
      {
        class: "multi",
        onchange: updateSummary,
        ontoggle: () => {
          const now = chosen()
            .map((choice) => choice.key)
            .join("\n");
          if (node.open || now === sent) return;
          sent = now;
          context.changed();
        },
        onkeydown: (event) => {
          if (event.key !== "Escape" || !node.open) return;
          event.preventDefault();
          event.stopPropagation();
          node.open = false;
          summary.focus();
        },
      },
      summary,
      el("div", { class: "multi-list" }, filter, rows),
    );
    updateSummary();
    return { node, control: summary, read: () => ({ [`selected_${field}`]: chosen().map((choice) => choice.value) }) };
  };
}

/** Create a builder for radio buttons (kind "radio") or checkboxes (kind "checkbox"). */
export function choiceList(kind) {
  const single = kind === "radio";
  return (context) => {
    const { element } = context;
    const previous = single ? [context.previous?.selected_option] : context.previous?.selected_options;
    const initial = (context.previous ? previous : single ? [element.initial_option] : element.initial_options) ?? [];
    const name = uid();
    const boxes = element.options.map((option) => {
      const box = el("input", {
        type: kind,
        name,
        value: option.value,
        data: ids(context, option.value),
        onchange: () => context.changed(),
      });
      box.checked = initial.some((selected) => selected?.value === option.value);
      return box;
    });
    const rows = element.options.map((option, index) =>
      el(
        "label",
        { class: "choice" },
        boxes[index],
        el("span", {}, textObject(option.text), option.description && el("small", {}, textObject(option.description))),
      ),
    );
    const node = el("div", { class: "choices", role: single ? "radiogroup" : "group", data: ids(context) }, rows);
    const chosen = () => element.options.filter((_, index) => boxes[index].checked);
    return {
      node,
      control: boxes[0],
      group: node,
      read: () => (single ? { selected_option: chosen()[0] ?? null } : { selected_options: chosen() }),
    };
  };
}
