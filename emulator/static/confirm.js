// The confirmation dialog for an element's `confirm` and for the page's own questions.

import { el, uid } from "./dom.js";
import { plainText, textObject } from "./mrkdwn.js";

/**
 * Ask for confirmation and resolve to true or false. `confirm` is Slack's confirmation object. The focus starts on the
 * safe answer, stays inside the dialog and is restored afterwards.
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
    const body = textObject(confirm.text);
    body.id = text;
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
      body,
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
