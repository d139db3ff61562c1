// Slack's mrkdwn and rich_text inline elements, as DOM nodes.

import { slackDate } from "./clock.js";
import { conversation, conversationName, session, personName } from "./directory.js";
import { el } from "./dom.js";
import { emoji, withEmoji } from "./emoji.js";

const STYLES = { "*": "strong", _: "em", "~": "s" };
// The maximum distance of a closing mark, to avoid quadratic time on long texts with unmatched marks.
const MAX_SPAN = 3000;
const WORD = /[\p{L}\p{N}]/u;
const BARE_URL = /^https?:\/\/[^\s<>|]*[^\s<>|.,;:!?)\]'"]/;

/** Decode Slack's three HTML entities, and no others. */
function unescape(text) {
  return text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);
}

/** The URL if it is http or https, else null; other URLs must not become links. */
export function safeUrl(url) {
  try {
    const parsed = new URL(url);
    return ["http:", "https:"].includes(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

/** A link that opens in a new tab; an unsafe link is shown as text and marked as dead. */
export function link(url, label) {
  const href = safeUrl(url);
  if (!href) return el("span", { class: "dead-link", title: `not an http(s) link: ${url}` }, label);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, label);
}

/** A user mention. */
export function mention(id, label) {
  return el(
    "span",
    { class: `chip${id === session.user ? " chip-me" : ""}`, data: { mention: id } },
    `@${personName(id) === id && label ? label : personName(id)}`,
  );
}

/** A user group mention. */
export function groupMention(id, label) {
  const group = session.workspace.groups.find((item) => item.id === id);
  return el("span", { class: "chip", data: { mention: id } }, `@${group?.handle ?? (label || id).replace(/^@/, "")}`);
}

/** A channel mention. */
export function channelMention(id, label) {
  const known = conversation(id);
  return el("span", { class: "chip", data: { mention: id } }, `#${known ? conversationName(known) : label || id}`);
}

/** @here, @channel, @everyone. */
export function broadcast(range) {
  return el("span", { class: "chip chip-me" }, `@${range}`);
}

/** A date in the current user's time zone, optionally linked. */
export function dateMention(seconds, template, url) {
  const time = el("time", { datetime: new Date(Number(seconds) * 1000).toISOString() }, slackDate(seconds, template));
  return url ? link(url, time) : time;
}

function token(body) {
  const bar = body.indexOf("|");
  const target = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? "" : unescape(body.slice(bar + 1));
  if (/^@[UW]/.test(target)) return mention(target.slice(1), label);
  if (/^#[CG]/.test(target)) return channelMention(target.slice(1), label);
  if (target.startsWith("!subteam^")) return groupMention(target.slice(9), label);
  if (["!here", "!channel", "!everyone"].includes(target)) return broadcast(target.slice(1));
  if (target.startsWith("!date^")) {
    const [, seconds, template, url] = target.split("^");
    const valid = /^-?\d+$/.test(seconds) && template;
    return valid ? dateMention(seconds, unescape(template), url && unescape(url)) : el("span", {}, label || body);
  }
  if (target.startsWith("!")) return el("span", { class: "chip" }, label || target.slice(1));
  const url = unescape(target);
  if (/^mailto:/i.test(url)) return el("span", { class: "chip" }, label || url.slice(7));
  // Typed text such as "a <b> c" is not a link.
  return /^[a-z][a-z0-9+.-]*:/i.test(url) ? link(url, label ? withEmoji(label) : url) : `<${unescape(body)}>`;
}

function closing(text, start, mark) {
  if (!text[start + 1] || /\s/.test(text[start + 1]) || text[start + 1] === mark) return -1;
  if (start > 0 && WORD.test(text[start - 1])) return -1;
  const end = Math.min(text.length, start + MAX_SPAN);
  for (let at = start + 1; at < end && text[at] !== "\n"; at += 1) {
    if (text[at] === "<") at = Math.max(at, text.indexOf(">", at));
    else if (text[at] === mark && !/\s/.test(text[at - 1]) && !(text[at + 1] && WORD.test(text[at + 1]))) return at;
  }
  return -1;
}

/** Parse special syntax at index `at`: [node, index after it], or null. */
function special(text, at, verbatim) {
  const letter = text[at];
  if (letter === "`") {
    const end = text.indexOf("`", at + 1);
    const code = text.slice(at + 1, end);
    return end > at + 1 && !code.includes("\n") ? [el("code", {}, unescape(code)), end + 1] : null;
  }
  if (letter === "<") {
    const end = text.indexOf(">", at);
    return end > at + 1 ? [token(text.slice(at + 1, end)), end + 1] : null;
  }
  if (STYLES[letter]) {
    const end = closing(text, at, letter);
    return end > 0 ? [el(STYLES[letter], {}, inline(text.slice(at + 1, end), verbatim)), end + 1] : null;
  }
  if (letter === ":") {
    const name = /^:([a-z0-9_+-]+):/.exec(text.slice(at, at + 60));
    return name && emoji(name[1]) ? [emoji(name[1]), at + name[0].length] : null;
  }
  if (letter === "h" && !verbatim) {
    const url = BARE_URL.exec(text.slice(at, at + 2000));
    return url ? [link(unescape(url[0]), unescape(url[0])), at + url[0].length] : null;
  }
  return null;
}

function inline(text, verbatim) {
  const nodes = [];
  let plain = "";
  for (let at = 0; at < text.length;) {
    const found = special(text, at, verbatim);
    if (!found) plain += text[at++];
    else {
      nodes.push(unescape(plain), found[0]);
      plain = "";
      at = found[1];
    }
  }
  nodes.push(unescape(plain));
  return nodes.filter((node) => node !== "");
}

function paragraphs(text, verbatim) {
  const lines = [];
  let quote = null;
  let quoteRest = false;
  for (const line of text.replace(/^\n|\n$/g, "").split("\n")) {
    const opens = quoteRest ? null : /^(?:>|&gt;)((?:>|&gt;){2})?\s?/.exec(line);
    if (opens || quoteRest) {
      quoteRest ||= Boolean(opens?.[1]);
      if (!quote) lines.push((quote = el("blockquote")));
      quote.append(el("div", { class: "line" }, inline(opens ? line.slice(opens[0].length) : line, verbatim)));
    } else {
      quote = null;
      const item = /^\s*([•◦▪*-]|\d+[.)])\s/.test(line);
      lines.push(el("div", { class: item ? "line line-item" : "line" }, inline(line, verbatim)));
    }
  }
  return lines;
}

/** Render mrkdwn: code fences first, then quotes and lines, then inline formatting. */
export function mrkdwn(source, verbatim = false) {
  const root = el("div", { class: "mrkdwn" });
  String(source ?? "")
    .split(/```/)
    .forEach((part, index, all) => {
      const fenced = index % 2 === 1 && index < all.length - 1;
      if (fenced) root.append(el("pre", {}, unescape(part.replace(/^\n|\n$/g, ""))));
      else if (index % 2 === 1) root.append(...paragraphs("```" + part, verbatim));
      else if (part.trim() || all.length === 1) root.append(...paragraphs(part, verbatim));
    });
  return root;
}

/** Render a text object: mrkdwn is formatted, plain_text is shown as is, except for emoji. */
export function textObject(text) {
  if (!text) return el("div");
  if (text.type === "mrkdwn") return mrkdwn(text.text, text.verbatim);
  return el("div", { class: "plain" }, plainText(text));
}

/** Convert a text object to a string, for labels, options and titles. */
export function plainText(text) {
  if (!text) return "";
  return text.emoji === false ? text.text : withEmoji(text.text);
}
