// HTTP client of the stand-in: reads, user actions and the live stream.

import { session } from "./directory.js";

const HIDDEN_GRACE_MS = 5000;

/** GET a /_page/ resource as JSON, as the current user; throws on an HTTP error. */
export async function get(what, params = {}) {
  const query = new URLSearchParams({ user: session.user ?? "", tab: session.tab, ...params });
  const response = await fetch(`/_page/${what}?${query}`, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`${what}: HTTP ${response.status}`);
  return response.json();
}

/** Perform an action as the current user. Never throws; an unreachable stand-in is returned as an error. */
export async function act(kind, fields = {}) {
  try {
    const response = await fetch("/_page/act", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ user: session.user, tab: session.tab, kind, ...fields }),
    });
    return await response.json();
  } catch {
    return { ok: false, error: "unreachable", message: "The stand-in does not respond. Is it still running?" };
  }
}

/** The error or warning to show for a result of act(), or "" on success. */
export function warningText(answer) {
  if (!answer.ok) return answer.message || `Something went wrong: ${answer.error}.`;
  if (answer.acked === false) return answer.warning || "The app did not respond in time.";
  return "";
}

/**
 * Listen to change events and reconnect forever. `onLive` is called with true on connect and false on disconnect.
 * A hidden tab disconnects after a short time (browsers allow six connections per server) and catches up when shown.
 * Returns a function that stops listening.
 */
export function listen(onEvent, onLive) {
  let source = null;
  let retry = null;
  let hide = null;
  let wait = 300;
  const open = () => {
    clearTimeout(retry);
    source?.close();
    source = new EventSource(`/_page/stream?${new URLSearchParams({ user: session.user, tab: session.tab })}`);
    source.onopen = () => {
      wait = 300;
      onLive(true);
    };
    source.onmessage = (message) => onEvent(JSON.parse(message.data));
    source.onerror = () => {
      onLive(false);
      source.close();
      retry = setTimeout(open, wait);
      wait = Math.min(wait * 2, 5000);
    };
  };
  const disconnect = () => {
    clearTimeout(retry);
    source?.close();
    source = null;
  };
  const visibility = () => {
    clearTimeout(hide);
    if (document.hidden) hide = setTimeout(disconnect, HIDDEN_GRACE_MS);
    else if (!source || source.readyState === EventSource.CLOSED) open();
  };
  document.addEventListener("visibilitychange", visibility);
  open();
  return () => {
    document.removeEventListener("visibilitychange", visibility);
    clearTimeout(hide);
    disconnect();
  };
}
