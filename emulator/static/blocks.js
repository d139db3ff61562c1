// Block Kit blocks as DOM, for messages, modals and the Home tab.

import { renderElement, unsupported } from "./elements.js";
import { el, icon, uid } from "./dom.js";
import { emoji } from "./emoji.js";
import {
  broadcast,
  channelMention,
  dateMention,
  groupMention,
  link,
  mention,
  mrkdwn,
  plainText,
  textObject,
} from "./mrkdwn.js";

const ALERT_LEVELS = { info: "Note", warning: "Warning", error: "Error", success: "Done" };

/** Render the alt text of an image; the page never fetches external content. */
function picture(image, small = false) {
  return el(
    "span",
    { class: small ? "picture picture-small" : "picture", role: "img", "aria-label": image.alt_text },
    small ? image.alt_text : `Image: ${image.alt_text || "(no alt text)"}`,
  );
}

function section(block, surface) {
  const accessory =
    block.accessory &&
    (block.accessory.type === "image" ? picture(block.accessory) : renderElement(block.accessory, block, surface).node);
  return [
    el(
      "div",
      { class: "section-text" },
      block.text && textObject(block.text),
      block.fields &&
        el(
          "div",
          { class: "fields" },
          block.fields.map((field) => el("div", { class: "field" }, textObject(field))),
        ),
    ),
    accessory && el("div", { class: "accessory" }, accessory),
  ];
}

function input(block, surface) {
  const { node, control, group } = renderElement(block.element, block, surface);
  const label = uid();
  const hint = block.hint && uid();
  if (group) group.setAttribute("aria-labelledby", label);
  else if (control) {
    control.id = uid();
    if (control.tagName === "SUMMARY") control.setAttribute("aria-labelledby", label);
  }
  if (hint) (group ?? control)?.setAttribute("aria-describedby", hint);
  if (!block.optional && control && !group && control.tagName !== "SUMMARY")
    control.setAttribute("aria-required", "true");
  const labelContent = [plainText(block.label), block.optional && el("span", { class: "optional" }, "(optional)")];
  return [
    group || control?.tagName === "SUMMARY"
      ? el("div", { class: "label", id: label }, labelContent)
      : el("label", { class: "label", id: label, for: control?.id }, labelContent),
    node,
    hint && el("p", { class: "hint", id: hint }, plainText(block.hint)),
  ];
}

function styled(node, style = {}) {
  if (style.code) node = el("code", {}, node);
  if (style.bold) node = el("strong", {}, node);
  if (style.italic) node = el("em", {}, node);
  if (style.strike) node = el("s", {}, node);
  if (style.underline) node = el("u", {}, node);
  return node;
}

const RICH_INLINE = {
  text: (element) => element.text,
  link: (element) => link(element.url, element.text || element.url),
  user: (element) => mention(element.user_id),
  usergroup: (element) => groupMention(element.usergroup_id),
  channel: (element) => channelMention(element.channel_id),
  emoji: (element) => emoji(element.name) ?? `:${element.name}:`,
  broadcast: (element) => broadcast(element.range),
  date: (element) => dateMention(element.timestamp, element.format ?? "{date_short_pretty}", element.url),
  color: (element) => el("code", {}, element.value),
};

function richInline(elements) {
  return (elements ?? []).map((element) =>
    Object.hasOwn(RICH_INLINE, element.type)
      ? styled(RICH_INLINE[element.type](element), element.style)
      : unsupported("element", element.type),
  );
}

const RICH_BLOCKS = {
  rich_text_section: (part) => el("div", { class: "line" }, richInline(part.elements)),
  rich_text_list: (part) =>
    el(
      part.style === "ordered" ? "ol" : "ul",
      { class: `rich-list indent-${Math.min(part.indent ?? 0, 4)}`, start: part.offset && part.offset + 1 },
      part.elements.map((item) => el("li", {}, richInline(item.elements))),
    ),
  rich_text_quote: (part) => el("blockquote", {}, el("div", { class: "line" }, richInline(part.elements))),
  rich_text_preformatted: (part) => el("pre", {}, richInline(part.elements)),
};

function richText(block) {
  return el(
    "div",
    { class: "mrkdwn" },
    block.elements.map((part) =>
      Object.hasOwn(RICH_BLOCKS, part.type) ? RICH_BLOCKS[part.type](part) : unsupported("element", part.type),
    ),
  );
}

function cell(content, tag, settings) {
  const align = ["center", "right"].includes(settings?.align) ? `align-${settings.align}` : "";
  const body = content?.type === "rich_text" ? richText(content) : String(content?.text ?? content?.value ?? "");
  return el(tag, { class: align || null, scope: tag === "th" ? "col" : null }, body);
}

function table(block) {
  const [head, ...rows] = block.rows;
  const row = (cells, tag) =>
    el(
      "tr",
      {},
      cells.map((content, index) => cell(content, tag, block.column_settings?.[index])),
    );
  return el(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Table" },
    el(
      "table",
      {},
      el("thead", {}, row(head, "th")),
      el(
        "tbody",
        {},
        rows.map((cells) => row(cells, "td")),
      ),
    ),
  );
}

function contextPart(part) {
  if (part.type === "image") return picture(part, true);
  if (part.type === "mrkdwn" || part.type === "plain_text") return textObject(part);
  return unsupported("element", part.type);
}

const BLOCKS = {
  header: (block) => el("h3", {}, plainText(block.text)),
  section,
  context: (block) => block.elements.map(contextPart),
  divider: () => el("hr"),
  image: (block) => [block.title && el("div", { class: "label" }, plainText(block.title)), picture(block)],
  actions: (block, surface) => block.elements.map((element) => renderElement(element, block, surface).node),
  input,
  rich_text: richText,
  markdown: (block) => el("div", { class: "markdown" }, block.text),
  table,
  alert: (block, surface) => {
    if (surface.kind !== "modal") return unsupported("block", "alert (only in modals)");
    const level = Object.hasOwn(ALERT_LEVELS, block.level) ? block.level : "info";
    return el(
      "div",
      { class: `alert alert-${level}`, role: "note" },
      icon("warning"),
      el("div", {}, el("strong", {}, ALERT_LEVELS[level]), textObject(block.text)),
    );
  },
};

/** Render blocks on a surface; unsupported blocks become a red box. */
export function renderBlocks(blocks, surface) {
  return el(
    "div",
    { class: `blocks blocks-${surface.kind}` },
    blocks.map((block) => {
      const known = Object.hasOwn(BLOCKS, block.type);
      return el(
        "div",
        {
          class: `block block-${known ? block.type : "unknown"}`,
          data: { blockId: block.block_id, blockType: block.type },
        },
        known ? BLOCKS[block.type](block, surface) : unsupported("block", block.type),
      );
    }),
  );
}

/** Whether this is an app's message with blocks. A user's rich_text has the same content as the message text. */
export function isCard(message) {
  return Boolean(message.bot_id && message.blocks?.length);
}

/** Render a message's blocks, or its text if it has none. */
export function renderBody(message, surface) {
  const blocks = isCard(message)
    ? renderBlocks(message.blocks, surface)
    : el("div", { class: "blocks" }, mrkdwn(message.text));
  if (message.attachments?.length) blocks.append(unsupported("block", "attachments"));
  return blocks;
}
