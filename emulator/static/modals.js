// The tab's stack of modals: only the topmost modal is visible; input in the others is kept.

import { act, warningText, get } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { el, icon, iconButton, keepFocus, uid } from "./dom.js";
import { session } from "./directory.js";
import { fieldProblem } from "./fields.js";
import { plainText } from "./mrkdwn.js";
import { ackWarning, createSurface, setBusy } from "./surface.js";

function firstField(form) {
  return (
    form.querySelector(".modal-body :is(input, textarea, select, summary, button)") ??
    form.querySelector("[data-testid=modal-submit], [data-testid=modal-close]")
  );
}

function clearErrors(form) {
  for (const error of form.querySelectorAll("[data-testid=field-error], .modal-notice > *")) error.remove();
  for (const control of form.querySelectorAll("[aria-invalid]")) {
    control.removeAttribute("aria-invalid");
    const kept = (control.getAttribute("aria-describedby") ?? "")
      .split(" ")
      .filter((id) => control.ownerDocument.getElementById(id));
    if (kept.length) control.setAttribute("aria-describedby", kept.join(" "));
    else control.removeAttribute("aria-describedby");
  }
}

/** Show {block_id: message} at the fields; errors of unknown blocks appear at the top. Focuses the first error. */
function showErrors(form, surface, errors) {
  let first = null;
  let visible = null;
  for (const [blockId, text] of Object.entries(errors)) {
    const block = form.querySelector(`.block[data-block-id="${CSS.escape(blockId)}"]`);
    if (!block) {
      form.querySelector(".modal-notice").append(ackWarning(`${blockId}: ${text}`));
      continue;
    }
    const id = uid();
    const control = surface.fields.find((field) => field.block.block_id === blockId)?.control;
    block.append(
      el(
        "p",
        { class: "field-error", id, role: "alert", data: { testid: "field-error", blockId } },
        icon("warning"),
        el("span", {}, text),
      ),
    );
    control?.setAttribute("aria-invalid", "true");
    control?.setAttribute("aria-describedby", `${control.getAttribute("aria-describedby") ?? ""} ${id}`.trim());
    first ??= control;
    if (first === control) visible = block;
  }
  (first ?? form.querySelector(".modal-notice")).focus();
  visible?.scrollIntoView({ block: "nearest" });
}

/** Create the modal layer of this tab. `onIdle` is called when the last modal has closed, to place the focus. */
export function createModals({ onIdle }) {
  const dialog = el("dialog", { class: "modal", data: { testid: "modal" } });
  const known = new Map();
  let stack = [];
  let round = 0;
  document.body.append(dialog);
  dialog.addEventListener("cancel", (event) => {
    if (event.target !== dialog) return;
    event.preventDefault();
    closeTop();
  });
  // Browsers close a dialog on a second Escape despite preventDefault(): treat that as closed by the user.
  dialog.addEventListener("close", (event) => event.target === dialog && stack.length > 0 && closeTop(true));

  async function closeTop(all = false) {
    const view = stack.at(-1);
    if (!view || dialog.classList.contains("submitting")) return;
    const answer = await act("view_close", { view_id: view.id, is_cleared: all || Boolean(view.clear_on_close) });
    const text = answer.ok ? "" : warningText(answer);
    if (text) known.get(view.id)?.form.querySelector(".modal-notice").replaceChildren(ackWarning(text));
    await refresh();
  }

  async function submit(view, form, surface) {
    if (dialog.classList.contains("submitting")) return;
    clearErrors(form);
    const problems = Object.fromEntries(
      surface.fields
        .filter((field) => field.block.type === "input")
        .map((field) => [field.block.block_id, fieldProblem(field)])
        .filter(([, text]) => text),
    );
    if (Object.keys(problems).length) {
      showErrors(form, surface, problems);
      return;
    }
    const submitButton = form.querySelector("[data-testid=modal-submit]");
    dialog.classList.add("submitting");
    setBusy(submitButton, true);
    const answer = await act("view_submit", { view_id: view.id, state: surface.values() });
    setBusy(submitButton, false);
    dialog.classList.remove("submitting");
    if (answer.errors) showErrors(form, surface, answer.errors);
    const text = warningText(answer);
    if (text) form.querySelector(".modal-notice").replaceChildren(ackWarning(text));
    await refresh();
  }

  function build(view, typed) {
    const title = uid();
    const surface = createSurface("modal", { view_id: view.id }, typed, () =>
      known.get(view.id)?.form.querySelector(".modal-notice"),
    );
    const nested = stack.length > 1;
    const inputs = view.blocks.some((block) => block.type === "input");
    const form = el(
      "form",
      {
        class: "modal-form",
        novalidate: true,
        autocomplete: "off",
        data: { title },
        onsubmit: (event) => {
          event.preventDefault();
          if (view.submit || inputs) submit(view, form, surface);
        },
        onkeydown: (event) => {
          if (event.key === "Enter" && (event.metaKey || event.ctrlKey) && (view.submit || inputs))
            form.requestSubmit();
        },
      },
      el(
        "header",
        { class: "pane-head" },
        nested && iconButton("back", "Back", () => closeTop(), { data: { testid: "modal-back" } }),
        el("h2", { id: title }, plainText(view.title)),
        iconButton("close", nested ? "Close all" : "Close", () => closeTop(nested), {
          class: "button button-icon push-right",
          data: { testid: "modal-x" },
        }),
      ),
      el("div", { class: "modal-body" }, renderBlocks(view.blocks, surface)),
      el("div", { class: "modal-notice", tabindex: "-1" }),
      el(
        "footer",
        { class: "dialog-foot" },
        el(
          "button",
          { type: "button", class: "button", data: { testid: "modal-close" }, onclick: () => closeTop() },
          plainText(view.close) || (view.submit || inputs ? "Cancel" : "Close"),
        ),
        (view.submit || inputs) &&
          el(
            "button",
            { type: "submit", class: "button button-primary", data: { testid: "modal-submit" } },
            plainText(view.submit) || "Submit",
          ),
      ),
    );
    return { form, surface, title, signature: signature(view) };
  }

  const signature = (view) =>
    JSON.stringify([view.hash, view.title, view.submit, view.close, view.blocks, stack.length > 1]);

  function show() {
    for (const id of [...known.keys()]) if (!stack.some((view) => view.id === id)) known.delete(id);
    const view = stack.at(-1);
    if (!view) {
      if (!dialog.open) return;
      dialog.close();
      dialog.replaceChildren();
      restoreFocus();
      onIdle();
      return;
    }
    const before = known.get(view.id);
    const changed = before?.signature !== signature(view);
    // Slack keeps the values of inputs whose block_id and action_id are unchanged over views.update.
    const restore = keepFocus(dialog);
    const now = changed ? build(view, before?.surface.values() ?? view.state?.values) : before;
    known.set(view.id, now);
    const swapped = dialog.firstElementChild !== now.form;
    if (swapped) {
      const scroll = before ? (dialog.querySelector(".modal-body")?.scrollTop ?? 0) : 0;
      dialog.replaceChildren(now.form);
      now.form.querySelector(".modal-body").scrollTop = scroll;
    }
    dialog.dataset.viewId = view.id;
    dialog.dataset.callbackId = view.callback_id ?? "";
    dialog.setAttribute("aria-labelledby", now.title);
    if (!dialog.open) dialog.showModal();
    if (!before || !dialog.contains(document.activeElement)) firstField(now.form)?.focus({ preventScroll: true });
    if (before) restore();
  }

  /** Chromium restores the focus while the page is still inert and then shows no caret, so focus again. */
  function restoreFocus() {
    const back = document.activeElement;
    if (!(back instanceof HTMLElement) || back === document.body) return;
    back.blur();
    requestAnimationFrame(() => back.focus());
  }

  /** Fetch the stack and show the topmost modal. */
  async function refresh() {
    round += 1;
    const thisRound = round;
    const { views } = await get("modals");
    if (thisRound !== round) return;
    stack = views;
    show();
  }

  /** Forget all modals after a change of the current user. */
  function reset() {
    known.clear();
    stack = [];
    show();
    return session.user ? refresh() : undefined;
  }

  return { refresh, reset };
}
