// The stack of open modals of one person, drawn over that person's own column.

import { draw } from "./blocks.js";
import { announce, h, keepingFocus, patch, uid } from "./dom.js";
import { Draft, viewContext } from "./form.js";
import { plain } from "./mrkdwn.js";

export class Modals {
  /** `hands`: {context(scope), pressView, options, submit(view, values), close(view), left()}; `body` is made inert meanwhile. */
  constructor(root, body, hands) {
    this.root = root;
    this.body = body;
    this.hands = hands;
    this.drafts = new Map();
    this.open = null;
  }

  /** Show the newest of `views` (oldest first), or nothing. */
  show(views) {
    const top = views.at(-1);
    for (const id of this.drafts.keys()) if (!views.some((view) => view.id === id)) this.drafts.delete(id);
    if (!top) return this.shut();
    if (this.open?.view.id !== top.id) this.build(top, views.length);
    this.open.view = top;
    this.open.depth.textContent = views.length > 1 ? `${views.length} of 3` : "";
    this.fill();
  }

  shut() {
    if (!this.open) return;
    this.open.box.remove();
    this.open = null;
    this.body.inert = false;
    this.hands.left();
  }

  build(view) {
    this.open?.box.remove();
    const head = uid("modal");
    const parts = {
      view, title: h("h2", { id: head }), depth: h("small", { class: "quiet" }), list: h("div", { class: "blocks" }),
      trouble: h("p", { class: "error", role: "alert" }), foot: h("div", { class: "foot" }),
    };
    const card = h("div", { class: "modal", role: "dialog", "aria-modal": "true", "aria-labelledby": head, tabindex: -1 },
      h("header", {}, parts.title, parts.depth,
        h("button", { type: "button", class: "btn icon", "aria-label": "Close this window", on: { click: () => this.close() } }, "×")),
      h("div", { class: "scrolling" }, parts.trouble, parts.list), parts.foot);
    parts.box = h("div", { class: "veil" }, card);
    card.addEventListener("keydown", (event) => this.keys(event));
    this.open = parts;
    this.body.inert = true;
    this.root.append(parts.box);
  }

  fill() {
    const { view, title, list, foot, box } = this.open;
    const draft = this.draft(view.id);
    const ctx = viewContext({
      base: this.hands.context(`view:${view.id}`), view: () => this.open?.view ?? view, draft, hands: this.hands,
      submit: () => this.submit(),
      changed: (block) => this.forgive(block.block_id),
    });
    title.textContent = plain(view.title?.text ?? "");
    keepingFocus(box, () => patch(list, (view.blocks ?? []).map((block, index) => ({
      key: block.block_id ?? index, sig: JSON.stringify(block), make: () => draw(block, ctx),
    }))));
    patch(foot, [{ key: "foot", sig: `${view.close?.text}|${view.submit?.text}`, make: () => this.buttons(view) }]);
    this.showErrors();
    this.focusFirst();
  }

  /** On opening, and when a loading view gets its fields while nothing has been focused yet. */
  focusFirst() {
    const { box, list } = this.open;
    const card = box.querySelector(".modal");
    if (box.contains(document.activeElement) && document.activeElement !== card) return;
    const first = list.querySelector("[data-first]") ?? list.querySelector("input, textarea, select") ?? card;
    first.focus({ preventScroll: true });
  }

  buttons(view) {
    const send = view.submit ? h("button", { type: "button", class: "btn primary", on: { click: () => this.submit() } }, plain(view.submit.text)) : null;
    return h("div", {}, h("button", { type: "button", class: "btn", on: { click: () => this.close() } }, plain(view.close?.text ?? (send ? "Cancel" : "Close"))), send);
  }

  keys(event) {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      void this.close();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void this.submit();
    else if (event.key === "Tab") this.trap(event);
  }

  trap(event) {
    const all = [...this.open.box.querySelectorAll("a[href], button, input, select, textarea, summary")]
      .filter((node) => !node.disabled && node.offsetParent);
    const edge = event.shiftKey ? all[0] : all.at(-1);
    if (document.activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? all.at(-1) : all[0]).focus();
  }

  draft(id) {
    if (!this.drafts.has(id)) this.drafts.set(id, new Draft());
    return this.drafts.get(id);
  }

  async submit() {
    const { view, foot, trouble } = this.open ?? {};
    if (!view?.submit || foot.dataset.busy) return;
    const draft = this.draft(view.id);
    draft.errors = draft.missing(view);
    trouble.textContent = "";
    if (!Object.keys(draft.errors).length) {
      this.busy(foot, true);
      try {
        const answer = await this.hands.submit(view, draft.values(view));
        draft.errors = answer?.errors ?? {};
        if (answer?.ok === false && !Object.keys(draft.errors).length) trouble.textContent = refusal(answer);
      } catch (error) {
        trouble.textContent = error.message;
      } finally {
        this.busy(foot, false);
      }
    }
    if (this.open?.view.id === view.id) this.showErrors(true);
  }

  busy(foot, on) {
    if (on) foot.dataset.busy = "true";
    else delete foot.dataset.busy;
    for (const button of foot.querySelectorAll("button")) button.disabled = on;
    if (on) announce("Sending");
  }

  forgive(block) {
    delete this.draft(this.open.view.id).errors[block];
    this.showErrors();
  }

  showErrors(focus = false) {
    const { view, list, trouble } = this.open;
    const errors = { ...this.draft(view.id).errors };
    let first = null;
    for (const place of list.querySelectorAll("[data-error]")) {
      const sentence = errors[place.dataset.error];
      delete errors[place.dataset.error];
      if (place.textContent !== (sentence ?? "")) place.textContent = sentence ?? "";
      const field = place.parentElement.querySelector("input, textarea, select");
      if (sentence) field?.setAttribute("aria-invalid", "true");
      else field?.removeAttribute("aria-invalid");
      if (sentence) first ??= field;
    }
    const homeless = Object.values(errors);
    if (homeless.length) trouble.textContent = homeless.join(" ");
    if (focus) first?.focus();
  }

  async close() {
    const { view, trouble } = this.open;
    try {
      await this.hands.close(view);
    } catch (error) {
      trouble.textContent = error.message;
    }
  }
}

const refusal = (answer) => (answer.error ? `The app did not take this: ${answer.error}.` : "We had some trouble connecting. Try again?");
