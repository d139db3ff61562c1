// The common parts of a message, a modal and the Home tab: field state and the handling of one interaction.

import { act, warningText } from "./api.js";
import { askConfirm } from "./confirm.js";
import { el, icon } from "./dom.js";

const PRESSABLE = new Set(["button", "overflow"]);

/** A warning with an icon. */
export function ackWarning(text) {
  return el(
    "p",
    { class: "ack-warning", role: "alert", data: { testid: "ack-warning" } },
    icon("warning"),
    el("span", {}, text),
  );
}

/** Show a spinner while waiting for the app; the control keeps its focus, and a button ignores further clicks. */
export function setBusy(control, busy) {
  control.classList.toggle("busy", busy);
  if (busy) control.setAttribute("aria-busy", "true");
  else control.removeAttribute("aria-busy");
}

/**
 * Create a surface for blocks. `address` identifies it in actions ({channel, ts} or {view_id}). `typed` has previous
 * values {block_id: {action_id: state}}, which override initial values. `host()` returns the node for warnings if the
 * block is gone.
 */
export function createSurface(kind, address, typed, host) {
  const fields = [];
  const surface = {
    kind,
    /** The previous state of an element, or undefined if it is new. */
    previousState(block, element) {
      const state = typed?.[block.block_id]?.[element.action_id];
      return state && (!state.type || state.type === element.type) ? state : undefined;
    },
    /** Add an element to this surface's state. */
    register(field) {
      fields.push(field);
    },
    /** All fields: {block, element, read, control}. */
    fields,
    /** The state of all fields, in Slack's format. */
    values() {
      const result = {};
      for (const { block, element, read } of fields) {
        result[block.block_id] ??= {};
        result[block.block_id][element.action_id] = { type: element.type, ...read() };
      }
      return result;
    },
    /** Send an action; resolves to false if the user denied the confirmation. */
    async dispatch(block, element, state, control) {
      // Ignore a second press while the first is pending; a second selection or typed character must not be lost.
      if (PRESSABLE.has(element.type) && control.getAttribute("aria-busy")) return false;
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
      const text = warningText(answer);
      if (text) (control.isConnected ? control.closest(".block") : host())?.append(ackWarning(text));
      return true;
    },
  };
  return surface;
}
