// Elements that choose from a list: selects, multi selects, radio buttons, checkboxes.

import { conversationName, here, personName } from "./directory.js";
import { el, uid } from "./dom.js";
import { plainText, textObject } from "./mrkdwn.js";

/** The data-attributes by which tests and other tools find a control. */
export function ids(at, value) {
  return { actionId: at.element.action_id, blockId: at.block.block_id, value };
}

/** What a select offers: [{key, label, hint?, group?, pick}], pick being what goes into the state. */
const CHOICES = {
  static(element) {
    const groups = element.option_groups ?? [{ options: element.options ?? [] }];
    return groups.flatMap((group) =>
      group.options.map((option) => ({
        key: option.value,
        label: plainText(option.text),
        hint: plainText(option.description),
        group: group.label && plainText(group.label),
        pick: option,
      })),
    );
  },
  users() {
    return here.workspace.users
      .filter((user) => !user.deleted)
      .map((user) => ({ key: user.id, label: personName(user.id), hint: user.is_bot ? "app" : "", pick: user.id }));
  },
  conversations() {
    return here.channels.map((channel) => ({
      key: channel.id,
      label: `${channel.kind === "im" ? "" : "#"}${conversationName(channel)}`,
      pick: channel.id,
    }));
  },
  channels() {
    return here.channels
      .filter((channel) => channel.kind === "channel")
      .map((channel) => ({ key: channel.id, label: `#${channel.name}`, pick: channel.id }));
  },
};
const SINGULAR = { static: "option", users: "user", conversations: "conversation", channels: "channel" };
const keyOf = (pick) => pick?.value ?? pick ?? "";

/** A builder for one choice from `source`: static, users, conversations or channels. */
export function select(source) {
  const field = SINGULAR[source];
  return (at) => {
    const { element } = at;
    const choices = CHOICES[source](element);
    const initial = at.earlier
      ? at.earlier[`selected_${field}`]
      : (element[`initial_${field}`] ?? (element.default_to_current_conversation && here.channel));
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
        data: ids(at),
        onchange: async () => {
          const chosen = node.value;
          if ((await at.changed()) === false) node.value = kept;
          else kept = chosen;
        },
      },
      el("option", { value: "" }, plainText(element.placeholder) || "Choose…"),
      choices.filter((choice) => !choice.group).map(option),
      named.map((label) => el("optgroup", { label }, choices.filter((choice) => choice.group === label).map(option))),
    );
    node.value = keyOf(initial);
    if (node.selectedIndex < 0) node.selectedIndex = 0;
    let kept = node.value;
    const read = () => ({ [`selected_${field}`]: choices.find((choice) => choice.key === node.value)?.pick ?? null });
    return { node, control: node, read };
  };
}

/** A builder for several choices from `source`. */
export function multiSelect(source) {
  const field = `${SINGULAR[source]}s`;
  return (at) => {
    const { element } = at;
    const choices = CHOICES[source](element);
    const initial = new Set(
      (at.earlier?.[`selected_${field}`] ?? (at.earlier ? [] : (element[`initial_${field}`] ?? []))).map(keyOf),
    );
    let sent = [...initial].join("\n");
    const boxes = choices.map((choice) => el("input", { type: "checkbox", data: ids(at, choice.key) }));
    boxes.forEach((box, index) => {
      box.checked = initial.has(choices[index].key);
    });
    const chosen = () => choices.filter((_, index) => boxes[index].checked);
    const summary = el("summary", { class: "input", data: ids(at) });
    const tell = () => {
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
        onchange: tell,
        ontoggle: () => {
          const now = chosen()
            .map((choice) => choice.key)
            .join("\n");
          if (node.open || now === sent) return;
          sent = now;
          at.changed();
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
    tell();
    return { node, control: summary, read: () => ({ [`selected_${field}`]: chosen().map((choice) => choice.pick) }) };
  };
}

/** A builder for radio buttons (kind "radio") or checkboxes (kind "checkbox"). */
export function choiceList(kind) {
  const single = kind === "radio";
  return (at) => {
    const { element } = at;
    const earlier = single ? [at.earlier?.selected_option] : at.earlier?.selected_options;
    const initial = (at.earlier ? earlier : single ? [element.initial_option] : element.initial_options) ?? [];
    const name = uid();
    const boxes = element.options.map((option) => {
      const box = el("input", {
        type: kind,
        name,
        value: option.value,
        data: ids(at, option.value),
        onchange: () => at.changed(),
      });
      box.checked = initial.some((one) => one?.value === option.value);
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
    const node = el("div", { class: "choices", role: single ? "radiogroup" : "group", data: ids(at) }, rows);
    const chosen = () => element.options.filter((_, index) => boxes[index].checked);
    return {
      node,
      control: boxes[0],
      group: node,
      read: () => (single ? { selected_option: chosen()[0] ?? null } : { selected_options: chosen() }),
    };
  };
}
