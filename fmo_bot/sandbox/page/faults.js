// A drawer that makes the pretend services misbehave.

import * as api from "./api.js";
import { h, uid } from "./dom.js";

const FAULTS = [
  ["drop_after_accept", "Slack takes a request, the answer is lost", "share"],
  ["drop_before", "Slack hangs up before it takes a request", "share"],
  ["timeout", "Slack takes a request and never answers", "share"],
  ["server_error", "Slack answers 500", "share"],
  ["rate_limited", "Slack answers 429", "share"],
  ["history_lag_s", "Slack's history lags behind, seconds", "seconds"],
  ["jira_429", "Jira answers 429", "share"],
  ["jira_503", "Jira answers 503", "share"],
  ["jira_drop_before", "Jira hangs up before it takes a request", "share"],
  ["jira_drop_after", "Jira takes a request, the answer is lost", "share"],
  ["jira_short_pages", "Jira gives shorter pages than asked for", "share"],
  ["index_lag_s", "Jira's search lags behind, seconds", "seconds"],
];

function field([name, label, kind]) {
  const id = uid("fault");
  return h("div", { class: "fault" }, h("label", { htmlFor: id }, label),
    h("input", { id, name, type: "number", min: 0, step: kind === "share" ? 0.1 : 1, max: kind === "share" ? 1 : null, value: "0", class: "field short" }));
}

/** The drawer and the way to open it: it shows what is in force. */
export function faultsDrawer() {
  const told = h("p", { role: "status", class: "quiet" });
  const error = h("p", { role: "alert", class: "error" });
  const form = h("form", {}, FAULTS.map(field),
    h("div", { class: "foot" },
      h("button", { type: "button", class: "btn", on: { click: () => box.close() } }, "Close"),
      h("button", { type: "button", class: "btn", on: { click: () => fill({}) } }, "All to 0"),
      h("button", { type: "submit", class: "btn primary" }, "Apply")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    told.textContent = error.textContent = "";
    try {
      await api.setFaults(Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, Number(value)])));
      told.textContent = "In force from now on.";
    } catch (refusal) {
      error.textContent = refusal.message;
    }
  });
  const box = h("dialog", { class: "ask faults", "aria-label": "Faults" },
    h("h2", {}, "Faults"), h("p", { class: "quiet" }, "Shares go from 0 (never) to 1 (always)."), form, told, error);
  const fill = (values) => {
    for (const input of form.querySelectorAll("input")) input.value = String(values[input.name] ?? 0);
  };
  const open = async () => {
    told.textContent = error.textContent = "";
    try {
      fill(await api.faults()); // before anybody can type: a late answer would undo it
    } catch (refusal) {
      error.textContent = refusal.message;
    }
    box.showModal();
  };
  return { box, open };
}
