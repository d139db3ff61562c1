// Talking to the stand-in: reads, the one write (act), and the live stream.

import { here } from "./directory.js";

const HIDDEN_GRACE_MS = 5000;

/** GET a /_page/ resource as JSON, as the acting person; throws when the stand-in does not answer with one. */
export async function get(what, params = {}) {
  const query = new URLSearchParams({ user: here.user ?? "", tab: here.tab, ...params });
  const response = await fetch(`/_page/${what}?${query}`, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`${what}: HTTP ${response.status}`);
  return response.json();
}

/** Do one thing as the acting person. Never throws: a stand-in that is gone is an answer too. */
export async function act(kind, fields = {}) {
  try {
    const response = await fetch("/_page/act", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ user: here.user, tab: here.tab, kind, ...fields }),
    });
    return await response.json();
  } catch {
    return { ok: false, error: "unreachable", message: "The stand-in does not answer. Is it still running?" };
  }
}

/** The sentence to show for an answer of act(), or "" when all is well. */
export function complaint(answer) {
  if (!answer.ok) return answer.message || `That did not work: ${answer.error}.`;
  if (answer.acked === false) return answer.warning || "The app did not respond in time.";
  return "";
}

/**
 * Listen to "fetch that again" events, reconnecting for ever. `onLive` gets true when connected, false when lost.
 * A hidden tab lets go of its connection after a moment (browsers allow six per server) and catches up when shown.
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
    source = new EventSource(`/_page/stream?${new URLSearchParams({ user: here.user, tab: here.tab })}`);
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
  const letGo = () => {
    clearTimeout(retry);
    source?.close();
    source = null;
  };
  const visibility = () => {
    clearTimeout(hide);
    if (document.hidden) hide = setTimeout(letGo, HIDDEN_GRACE_MS);
    else if (!source || source.readyState === EventSource.CLOSED) open();
  };
  document.addEventListener("visibilitychange", visibility);
  open();
  return () => {
    document.removeEventListener("visibilitychange", visibility);
    clearTimeout(hide);
    letGo();
  };
}
