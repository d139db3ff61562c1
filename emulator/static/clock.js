// Times in the current user's time zone, and Slack's date formats.

import { zone } from "./directory.js";

const LOCALE = "en-GB";

function format(ms, options) {
  try {
    return new Intl.DateTimeFormat(LOCALE, { timeZone: zone(), ...options }).format(ms);
  } catch {
    return new Intl.DateTimeFormat(LOCALE, options).format(ms);
  }
}

/** Convert a Slack ts such as "1790000000.000100" to milliseconds. */
export function tsToMs(ts) {
  return Math.floor(Number(ts) * 1000);
}

/** The calendar day in the current user's time zone, as 2026-11-21. */
export function dayOf(ms) {
  const parts = format(ms, { year: "numeric", month: "2-digit", day: "2-digit" }).split("/");
  return parts.reverse().join("-");
}

/** The time of day, as 14:05. */
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

/** The heading for a day of messages. */
export function dayTitle(ms) {
  return nearDay(ms) ?? format(ms, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}

/** The full date, time and time zone, for tooltips. */
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

/** Replace Slack's date placeholders ({date_short_pretty} at {time}); unknown placeholders are kept. */
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

/** Format an instant for a datetime-local input in the current user's time zone: 2026-11-21T14:05. */
export function toLocalInput(seconds) {
  const ms = seconds * 1000;
  return `${dayOf(ms)}T${timeOf(ms)}`;
}

/** Convert a datetime-local value in the current user's time zone to seconds since the epoch. */
export function fromLocalInput(value) {
  const asUtc = Date.parse(`${value}Z`);
  const offset = (ms) => Date.parse(`${toLocalInput(ms / 1000)}Z`) - Math.floor(ms / 60000) * 60000;
  const guess = asUtc - offset(asUtc);
  return (asUtc - offset(guess)) / 1000;
}
