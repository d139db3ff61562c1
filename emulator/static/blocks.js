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

const LEVELS = { info: "Note", warning: "Warning", error: "Error", success: "Done" };

/** An image is never fetched (nothing external on this page): its words stand for it. */
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
  const words = [plainText(block.label), block.optional && el("span", { class: "optional" }, "(optional)")];
  return [
    group || control?.tagName === "SUMMARY"
      ? el("div", { class: "label", id: label }, words)
      : el("label", { class: "label", id: label, for: control?.id }, words),
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
  text: (one) => one.text,
  link: (one) => link(one.url, one.text || one.url),
  user: (one) => mention(one.user_id),
  usergroup: (one) => groupMention(one.usergroup_id),
  channel: (one) => channelMention(one.channel_id),
  emoji: (one) => emoji(one.name) ?? `:${one.name}:`,
  broadcast: (one) => broadcast(one.range),
  date: (one) => dateMention(one.timestamp, one.format ?? "{date_short_pretty}", one.url),
  color: (one) => el("code", {}, one.value),
};

function richInline(elements) {
  return (elements ?? []).map((one) =>
    Object.hasOwn(RICH_INLINE, one.type)
      ? styled(RICH_INLINE[one.type](one), one.style)
      : unsupported("element", one.type),
  );
}

const RICH = {
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
      Object.hasOwn(RICH, part.type) ? RICH[part.type](part) : unsupported("element", part.type),
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
    const level = Object.hasOwn(LEVELS, block.level) ? block.level : "info";
    return el(
      "div",
      { class: `alert alert-${level}`, role: "note" },
      icon("warning"),
      el("div", {}, el("strong", {}, LEVELS[level]), textObject(block.text)),
    );
  },
};

/** Render blocks onto a surface; what the page does not know becomes a loud red box. */
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

/** True for an app's message with blocks; the rich_text of what a person typed says no more than its text. */
export function isCard(message) {
  return Boolean(message.bot_id && message.blocks?.length);
}

/** A message's body: its blocks, or else its text. */
export function renderBody(message, surface) {
  const blocks = isCard(message)
    ? renderBlocks(message.blocks, surface)
    : el("div", { class: "blocks" }, mrkdwn(message.text));
  if (message.attachments?.length) blocks.append(unsupported("block", "attachments"));
  return blocks;
}
