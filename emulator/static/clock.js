// Times as the acting person reads them: in their time zone, and Slack's date formats.

import { zone } from "./directory.js";

const LOCALE = "en-GB";

function format(ms, options) {
  try {
    return new Intl.DateTimeFormat(LOCALE, { timeZone: zone(), ...options }).format(ms);
  } catch {
    return new Intl.DateTimeFormat(LOCALE, options).format(ms);
  }
}

/** Milliseconds of a Slack ts such as "1790000000.000100". */
export function tsToMs(ts) {
  return Math.floor(Number(ts) * 1000);
}

/** The calendar day in the acting person's zone, as 2026-11-21. */
export function dayOf(ms) {
  const parts = format(ms, { year: "numeric", month: "2-digit", day: "2-digit" }).split("/");
  return parts.reverse().join("-");
}

/** 14:05 */
export function timeOf(ms) {
  return format(ms, { hour: "2-digit", minute: "2-digit" });
}

/** "Today", "Yesterday", "Tomorrow" or null. */
function nearDay(ms) {
  const day = 86400000;
  const names = [
    ["Today", 0],
    ["Yesterday", -day],
    ["Tomorrow", day],
  ];
  return names.find(([, shift]) => dayOf(Date.now() + shift) === dayOf(ms))?.[0] ?? null;
}

/** A heading for one day of messages. */
export function dayTitle(ms) {
  return nearDay(ms) ?? format(ms, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}

/** Date, time and zone in full, for tooltips. */
export function fullTime(ms) {
  return format(ms, { dateStyle: "full", timeStyle: "long" });
}

function ago(ms) {
  const seconds = Math.round((ms - Date.now()) / 1000);
  const steps = [
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ];
  const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

/** Fill Slack's date placeholders ({date_short_pretty} at {time}); an unknown one stays as written. */
export function slackDate(seconds, template) {
  const ms = Number(seconds) * 1000;
  const near = nearDay(ms);
  const forms = {
    date_num: () => dayOf(ms),
    date: () => format(ms, { day: "numeric", month: "long", year: "numeric" }),
    date_short: () => format(ms, { day: "numeric", month: "short", year: "numeric" }),
    date_long: () => format(ms, { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
    time: () => timeOf(ms),
    time_secs: () => format(ms, { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
    ago: () => ago(ms),
    day_divider_pretty: () => dayTitle(ms),
  };
  return template.replace(/\{(\w+)\}/g, (whole, name) => {
    const plain = name.replace(/_pretty$/, "");
    if (forms[name]) return forms[name]();
    if (!forms[plain]) return whole;
    return near ? near.toLowerCase() : forms[plain]();
  });
}

/** What a datetime-local input shows for an instant: 2026-11-21T14:05. */
export function toWall(seconds) {
  const ms = seconds * 1000;
  return `${dayOf(ms)}T${timeOf(ms)}`;
}

/** The instant (in seconds) that a datetime-local value means in the acting person's zone. */
export function fromWall(wall) {
  const asUtc = Date.parse(`${wall}Z`);
  const offset = (ms) => Date.parse(`${toWall(ms / 1000)}Z`) - Math.floor(ms / 60000) * 60000;
  const guess = asUtc - offset(asUtc);
  return (asUtc - offset(guess)) / 1000;
}
