// The "are you sure?" dialog of a button's `confirm`, and of our own questions.

import { el, uid } from "./dom.js";
import { plainText, textObject } from "./mrkdwn.js";

/**
 * Ask, and resolve to true or false. `confirm` is Slack's confirmation object. Focus starts on the safe answer,
 * cannot leave the dialog, and goes back to where it was.
 */
export function askConfirm(confirm) {
  const title = uid();
  const text = uid();
  const danger = confirm.style === "danger";
  return new Promise((resolve) => {
    const answer = (value) => () => {
      dialog.returnValue = value;
      dialog.close(value);
    };
    const deny = el(
      "button",
      { type: "button", class: "button", data: { testid: "confirm-cancel" }, onclick: answer("") },
      plainText(confirm.deny) || "Cancel",
    );
    const agree = el(
      "button",
      {
        type: "button",
        class: `button ${danger ? "button-danger" : "button-primary"}`,
        data: { testid: "confirm-ok" },
        onclick: answer("yes"),
      },
      plainText(confirm.confirm) || "Yes",
    );
    const words = textObject(confirm.text);
    words.id = text;
    const dialog = el(
      "dialog",
      {
        class: "confirm",
        role: "alertdialog",
        "aria-labelledby": title,
        "aria-describedby": text,
        data: { testid: "confirm" },
      },
      el("h2", { id: title }, plainText(confirm.title) || "Are you sure?"),
      words,
      el("div", { class: "dialog-foot" }, deny, agree),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    deny.focus();
  });
}
