// Building the page. Text always becomes a text node: no string from the server is ever parsed as HTML.

let serial = 0;
export const uid = (stem) => `${stem}-${++serial}`;

const LIVE = new Set(["value", "checked", "disabled", "selected", "hidden", "inert", "htmlFor", "indeterminate"]);

function set(node, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name === "on") for (const [kind, run] of Object.entries(value)) node.addEventListener(kind, run);
  else if (name === "data") Object.assign(node.dataset, value);
  else if (name === "style") for (const [rule, to] of Object.entries(value)) node.style.setProperty(rule, to);
  else if (LIVE.has(name)) node[name] = value;
  else node.setAttribute(name, value === true ? "" : String(value));
}

/** An element: `h("p", {class: "x", on: {click}}, "text", node, [more], null)`. */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) set(node, name, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for SVG. */
export function s(tag, props, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props ?? {})) set(node, name, value);
  node.append(...children.flat(Infinity));
  return node;
}

export function fragment(...children) {
  const box = document.createDocumentFragment();
  box.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return box;
}

const KEPT = new WeakMap();

/**
 * Bring `box` to show `items` ({key, sig, make}) in order. A node whose signature did not change stays the same node,
 * so that focus, caret and open menus survive a refresh.
 */
export function patch(box, items) {
  const before = KEPT.get(box) ?? new Map();
  const after = new Map();
  for (const { key, sig, make } of items) {
    const had = before.get(key);
    after.set(key, had && had.sig === sig ? had : { sig, node: make(had?.node) });
  }
  const wanted = [...after.values()].map(({ node }) => node);
  const keep = new Set(wanted);
  for (const node of [...box.childNodes]) if (!keep.has(node)) node.remove();
  let cursor = box.firstChild;
  for (const node of wanted) {
    if (node === cursor) cursor = cursor.nextSibling;
    else box.insertBefore(node, cursor);
  }
  KEPT.set(box, after);
}

/** Run `change`, then give focus and caret back to the control that had them, found again by its `data-key`. */
export function keepingFocus(root, change) {
  const active = document.activeElement;
  const key = root.contains(active) ? active.dataset?.key : undefined;
  const caret = key && "selectionStart" in active ? safely(() => [active.selectionStart, active.selectionEnd]) : null;
  change();
  if (!key || root.contains(document.activeElement)) return;
  const again = byKey(root, key);
  if (!again) return;
  again.focus();
  if (caret && caret[0] !== null) safely(() => again.setSelectionRange(...caret));
}

// Date, number and e-mail inputs refuse to tell or set a caret.
function safely(run) {
  try {
    return run();
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

export const byKey = (root, key) => root.querySelector(`[data-key="${CSS.escape(key)}"]`);

/** A button that opens a small menu. `items`: () => [{label, detail?, run, danger?}]; arrows, Escape and Home/End work. */
export function menuButton(props, face, items) {
  const button = h("button", { type: "button", "aria-haspopup": "menu", "aria-expanded": "false", ...props }, face);
  const box = h("span", { class: "menu-box" }, button);
  let list = null;
  const close = (refocus) => {
    list?.remove();
    list = null;
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    if (refocus) button.focus();
  };
  const outside = (event) => box.contains(event.target) || close(false);
  const pick = (item) => {
    close(true);
    item.run();
  };
  const open = () => {
    const made = items();
    list = h("div", { class: "menu", role: "menu" },
      made.length ? made.map((item) =>
        h("button", { type: "button", role: "menuitem", class: item.danger ? "danger" : "", on: { click: () => pick(item) } },
          item.label, item.detail ? h("small", {}, item.detail) : null))
        : h("p", { class: "quiet" }, "Nothing here"));
    list.addEventListener("keydown", (event) => steer(event, list, close));
    box.append(list);
    if (list.getBoundingClientRect().bottom > innerHeight) list.classList.add("up");
    button.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", outside, true);
    list.querySelector("button")?.focus();
  };
  button.addEventListener("click", () => (list ? close(true) : open()));
  return box;
}

function steer(event, list, close) {
  const all = [...list.querySelectorAll("button")];
  const at = all.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    all.at(to % all.length)?.focus();
  } else if (event.key === "Escape" || event.key === "Tab") {
    event.stopPropagation();
    close(event.key === "Escape");
  }
}

/** A yes/no question in a native dialog; resolves to true or false. */
export function ask({ title, text, yes, no, danger }) {
  return new Promise((resolve) => {
    const head = uid("ask");
    const box = h("dialog", { class: "ask", "aria-labelledby": head },
      h("h2", { id: head }, title), h("div", {}, text),
      h("div", { class: "foot" },
        h("button", { type: "button", class: "btn", on: { click: () => box.close("no") } }, no),
        h("button", { type: "button", class: danger ? "btn danger" : "btn primary", on: { click: () => box.close("yes") } }, yes)));
    box.addEventListener("close", () => {
      box.remove();
      resolve(box.returnValue === "yes");
    });
    document.body.append(box);
    box.showModal();
  });
}

/** Only web and mail addresses become links; everything else stays text. */
export function safeHref(address) {
  try {
    const url = new URL(address);
    return ["http:", "https:", "mailto:", "tel:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

export function link(address, ...face) {
  const href = safeHref(address);
  if (!href) return h("span", {}, ...face);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...face);
}

/** Only pictures of this very server are loaded: its address as a path, or null. */
export function ownPicture(address) {
  try {
    const url = new URL(address, location.origin);
    const here = url.origin === location.origin;
    const alias = ["127.0.0.1", "localhost"].includes(url.hostname) && url.port === location.port;
    return here || alias ? url.pathname + url.search : null;
  } catch {
    return null;
  }
}

export function announce(sentence) {
  document.getElementById("news").textContent = sentence;
}
