// What a message, a modal and the Home tab have in common: fields that hold state, and one interaction from click to answer.

import { act, complaint } from "./api.js";
import { askConfirm } from "./confirm.js";
import { el, icon } from "./dom.js";

const PRESSED = new Set(["button", "overflow"]);

/** A visible warning triangle with its sentence. */
export function ackWarning(sentence) {
  return el(
    "p",
    { class: "ack-warning", role: "alert", data: { testid: "ack-warning" } },
    icon("warning"),
    el("span", {}, sentence),
  );
}

/** Spinner on a control while the app is asked; the control keeps its focus and a button ignores further clicks. */
export function setBusy(control, busy) {
  control.classList.toggle("busy", busy);
  if (busy) control.setAttribute("aria-busy", "true");
  else control.removeAttribute("aria-busy");
}

/**
 * A place with blocks. `address` says where an action happens ({channel, ts} or {view_id}); `typed` are earlier values
 * {block_id: {action_id: state}} which win over initial ones; `host()` is where a warning goes when the block is gone.
 */
export function createSurface(kind, address, typed, host) {
  const fields = [];
  const surface = {
    kind,
    /** Earlier state of an element, or undefined when it is new here. */
    earlier(block, element) {
      const state = typed?.[block.block_id]?.[element.action_id];
      return state && (!state.type || state.type === element.type) ? state : undefined;
    },
    /** Make an element part of this surface's state. */
    register(field) {
      fields.push(field);
    },
    /** All fields: {block, element, read, control}. */
    fields,
    /** State of everything typed and chosen, in Slack's shape. */
    values() {
      const out = {};
      for (const { block, element, read } of fields) {
        out[block.block_id] ??= {};
        out[block.block_id][element.action_id] = { type: element.type, ...read() };
      }
      return out;
    },
    /** Send one action; resolves to false when the person said no to the confirmation. */
    async dispatch(block, element, state, control) {
      // A second press waits its turn; a second choice or letter must not be lost.
      if (PRESSED.has(element.type) && control.getAttribute("aria-busy")) return false;
      if (element.confirm && !(await askConfirm(element.confirm))) return false;
      for (const old of host()?.querySelectorAll("[data-testid=ack-warning]") ?? []) old.remove();
      setBusy(control, true);
      const answer = await act("block_action", {
        ...address,
        block_id: block.block_id,
        action_id: element.action_id,
        element_state: state,
        state: surface.values(),
      });
      setBusy(control, false);
      const sentence = complaint(answer);
      if (sentence) (control.isConnected ? control.closest(".block") : host())?.append(ackWarning(sentence));
      return true;
    },
  };
  return surface;
}
