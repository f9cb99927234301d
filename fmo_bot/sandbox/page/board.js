// A small Jira board: cards are moved by a select and flagged by a button.

import * as api from "./api.js";
import { announce, h, keepingFocus, patch } from "./dom.js";
import { icon } from "./icons.js";

export class Board {
  constructor(root, site, board) {
    this.site = site;
    this.id = board.id;
    this.title = h("h2", {}, board.name);
    this.sprint = h("span", { class: "quiet" });
    this.columns = h("div", { class: "columns" });
    this.error = h("p", { class: "error", role: "alert" });
    this.refresh = api.soon(() => this.load(), 80);
    this.root = root;
    root.replaceChildren(h("header", { class: "bar" }, h("div", {}, this.title, this.sprint)), this.error, this.columns);
    this.refresh();
  }

  async load() {
    try {
      this.show(await api.board(this.site, this.id));
      this.error.textContent = "";
    } catch (error) {
      this.error.textContent = error.message;
    }
  }

  show(board) {
    this.title.textContent = board.name;
    this.sprint.textContent = typeof board.sprint === "string" ? board.sprint : board.sprint?.name ?? "";
    const statuses = [...new Set(board.columns.flatMap((column) => [...(column.statuses ?? []), ...column.cards.map(({ status }) => status)]))];
    keepingFocus(this.columns, () => patch(this.columns, board.columns.map((column) => ({
      key: column.name, sig: "", make: () => h("section", { class: "lane", "aria-label": column.name }, h("h3", {}), h("ul", {})),
    }))));
    board.columns.forEach((column, index) => this.fill(this.columns.children[index], column, statuses));
  }

  fill(lane, column, statuses) {
    lane.querySelector("h3").replaceChildren(column.name, h("span", { class: "count" }, ` ${column.cards.length}`));
    keepingFocus(this.columns, () => patch(lane.querySelector("ul"), column.cards.map((card) => ({
      key: card.key, sig: JSON.stringify([card, statuses]), make: () => this.card(card, statuses),
    }))));
  }

  card(card, statuses) {
    const choice = h("select", { "aria-label": `Status of ${card.key}`, data: { key: `move:${card.key}` } },
      statuses.map((status) => h("option", { value: status, selected: status === card.status }, status)));
    choice.addEventListener("change", () => this.change(choice, () => api.move(this.site, card.key, choice.value), `${card.key} is now ${choice.value}`));
    const flag = h("button", {
      type: "button", class: "btn small", "aria-pressed": String(Boolean(card.flagged)), "aria-label": `Flag ${card.key}`, data: { key: `flag:${card.key}` },
    }, icon("flag"), card.flagged ? "Flagged" : "Flag");
    flag.addEventListener("click", () => this.change(flag, () => api.flag(this.site, card.key, !card.flagged), `${card.key} ${card.flagged ? "unflagged" : "flagged"}`));
    return h("li", { class: card.flagged ? "card flagged" : "card", data: { issue: card.key } },
      h("p", {}, h("strong", {}, card.key), " ", card.summary),
      card.assignee ? h("p", { class: "quiet" }, typeof card.assignee === "string" ? card.assignee : card.assignee.displayName ?? "") : null,
      h("div", { class: "row" }, choice, flag));
  }

  async change(control, work, sentence) {
    control.disabled = true;
    try {
      await work();
      announce(sentence);
      this.error.textContent = "";
    } catch (error) {
      this.error.textContent = error.message;
    } finally {
      control.disabled = false;
    }
    await this.load();
    this.root.querySelector(`[data-key="${CSS.escape(control.dataset.key)}"]`)?.focus();
  }
}
