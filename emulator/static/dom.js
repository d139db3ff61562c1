// DOM helpers: elements, icons and list reconciliation. Text is never parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  more: "M5 12h.01M12 12h.01M19 12h.01",
  close: "M6 6l12 12M18 6L6 18",
  back: "M15 5l-7 7 7 7",
  menu: "M4 7h16M4 12h16M4 17h16",
  bolt: "M13 3L5 14h6l-1 7 8-11h-6z",
  send: "M5 12h13M12 5l7 7-7 7",
  reply: "M4 5h16v11H10l-5 4v-4H4z",
  eye: "M2 12s4-6 10-6 10 6 10 6-4 6-10 6-10-6-10-6zM12 14a2 2 0 100-4 2 2 0 000 4z",
  lock: "M6 11h12v9H6zM9 11V8a3 3 0 016 0v3",
  warning: "M12 4l9 16H3zM12 10v4M12 17h.01",
  help: "M12 21a9 9 0 100-18 9 9 0 000 18zM9.5 9.5a2.5 2.5 0 115 0c0 1.7-2.5 1.9-2.5 3.6M12 16.5h.01",
  newtab: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
};

let lastId = 0;

/** A new DOM id for labels and ARIA attributes. Slack ids cannot be used: they repeat across messages. */
export function uid() {
  lastId += 1;
  return `n${lastId}`;
}

/**
 * Create an element. `data` sets data attributes, `on*` functions become listeners, the rest become attributes.
 * null, undefined and false are omitted. Children are nodes or strings (strings become text nodes).
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "data") {
      for (const [key, part] of Object.entries(value)) {
        if (part !== null && part !== undefined) node.dataset[key] = part;
      }
    } else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A line icon, hidden from screen readers because its button has the label. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button with only an icon; `label` is its accessible name and tooltip. */
export function iconButton(name, label, onclick, more = {}) {
  return el(
    "button",
    { type: "button", class: "button button-icon", "aria-label": label, title: label, onclick, ...more },
    icon(name),
  );
}

/** Replace root's children by `nodes`, changing only what differs, so that focus and scroll position are kept. */
export function reconcile(root, nodes) {
  const keep = new Set(nodes);
  for (const child of [...root.children]) if (!keep.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (root.children[index] !== node) root.insertBefore(node, root.children[index] ?? null);
  });
}

/** Record the focused control inside root; the returned function restores the focus after a re-render. */
export function keepFocus(root) {
  const active = document.activeElement;
  if (!root.contains(active)) return () => {};
  const { actionId, blockId, value, testid } = active.dataset;
  const ts = active.closest("[data-ts]")?.dataset.ts;
  const caret = "selectionStart" in active ? [active.selectionStart, active.selectionEnd] : null;
  const similarity = ({ dataset }) => (dataset.value === value ? 2 : 0) + (dataset.blockId === blockId ? 1 : 0);
  return () => {
    if (active.isConnected) return;
    const scope = (ts && root.querySelector(`[data-ts="${CSS.escape(ts)}"]`)) || root;
    const same = ({ dataset }) => (actionId || testid) && dataset.actionId === actionId && dataset.testid === testid;
    const candidates = [...scope.querySelectorAll("[data-action-id],[data-testid]")]
      .filter(same)
      .sort((a, b) => similarity(b) - similarity(a));
    const successor = candidates[0] ?? scope.querySelector("[data-action-id]") ?? scope;
    successor.focus({ preventScroll: true });
    if (caret && caret[0] !== null && typeof successor.setSelectionRange === "function" && successor.type !== "email")
      successor.setSelectionRange(...caret);
  };
}
