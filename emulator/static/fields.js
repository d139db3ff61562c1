// Client-side validation, as in Slack's client: required fields, lengths, numbers, email addresses and URLs.

import { safeUrl } from "./mrkdwn.js";

const MAX_TEXT = 3000;

/** The error message for a field, as in Slack's client, or "" if it is valid. */
export function fieldProblem({ block, element, read }) {
  const [value] = Object.values(read());
  if (value === null || value.length === 0) return block.optional ? "" : "Please complete this required field.";
  if (element.type === "plain_text_input") {
    const length = [...value].length;
    const longest = element.max_length ?? MAX_TEXT;
    if (length > longest) return `Please use at most ${longest} characters (this has ${length}).`;
    if (length < (element.min_length ?? 0)) return `Please use at least ${element.min_length} characters.`;
  }
  if (element.type === "email_text_input" && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value))
    return "Please enter a valid email address.";
  if (element.type === "url_text_input" && !safeUrl(value)) return "Please enter a valid URL starting with https://.";
  if (element.type === "number_input") return numberProblem(element, value);
  return "";
}

function numberProblem(element, value) {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(value.trim())) return "Please enter a number.";
  if (!element.is_decimal_allowed && value.includes(".")) return "Please enter a whole number.";
  if (element.min_value !== undefined && Number(value) < Number(element.min_value))
    return `Please enter a number of at least ${element.min_value}.`;
  if (element.max_value !== undefined && Number(value) > Number(element.max_value))
    return `Please enter a number of at most ${element.max_value}.`;
  return "";
}
