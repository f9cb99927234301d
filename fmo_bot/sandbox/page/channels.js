// A drawer in which channels are renamed, archived, shared with companies or not any more, and given another id.

import * as api from "./api.js";
import { h, uid } from "./dom.js";

const field = (label, control) => h("div", { class: "fault" }, h("label", { htmlFor: control.id }, label), control);

/** Boxes to tick, one for each workspace; `chosen` are ticked. */
function boxes(legend, workspaces, chosen) {
  return h("fieldset", {}, h("legend", {}, legend), workspaces.map(({ id, name }) => {
    const box = h("input", { id: uid("team"), type: "checkbox", name: legend, value: id, checked: chosen.includes(id) });
    return h("div", { class: "fault" }, h("label", { htmlFor: box.id }, name), box);
  }));
}

const ticked = (fieldset) => [...fieldset.querySelectorAll("input:checked")].map(({ value }) => value);

/** The drawer and the way to open it. */
export function channelsDrawer() {
  const told = h("p", { role: "status", class: "quiet" });
  const error = h("p", { role: "alert", class: "error" });
  const select = h("select", { id: uid("channel"), class: "field" });
  const name = h("input", { id: uid("name"), type: "text", class: "field" });
  const newId = h("input", { id: uid("id"), type: "text", class: "field", placeholder: "C0…" });
  const companies = h("div", {});
  let world = null;
  const chosen = () => world.channels.find(({ id }) => id === select.value) ?? world.channels[0];
  const others = () => {
    const { host } = chosen();
    return [...world.workspaces, ...world.outside].filter(({ id }) => id !== host);
  };
  const draw = () => {
    const { team_ids, limited } = chosen();
    name.value = chosen().name;
    newId.value = "";
    companies.replaceChildren(boxes("Shared with", others(), team_ids), boxes("May only post", others(), limited));
  };
  const load = async (kept) => {
    world = await api.world();
    select.replaceChildren(...world.channels.map((each) =>
      h("option", { value: each.id }, `#${each.name}${each.is_archived ? " (archived)" : ""}`)));
    if (world.channels.some(({ id }) => id === kept)) select.value = kept;
    draw();
  };
  const doing = (sentence, change) => async () => {
    told.textContent = error.textContent = "";
    try {
      const { id } = await api.channel(select.value, change());
      await load(id);
      told.textContent = sentence;
    } catch (refusal) {
      error.textContent = refusal.message;
    }
  };
  const button = (label, sentence, change) =>
    h("button", { type: "button", class: "btn", on: { click: doing(sentence, change) } }, label);
  select.addEventListener("change", draw);
  const box = h("dialog", { class: "ask faults", "aria-label": "Channels" },
    h("h2", {}, "Channels"), field("Channel", select), field("Name", name), field("New id", newId), companies,
    h("div", { class: "foot" },
      button("Rename", "Renamed.", () => ({ name: name.value })),
      button("Change the id", "It has another id.", () => ({ new_id: newId.value }))),
    h("div", { class: "foot" },
      button("Archive", "Archived.", () => ({ is_archived: true })),
      button("Unarchive", "Back.", () => ({ is_archived: false }))),
    h("div", { class: "foot" },
      button("Share", "Shared with those.", () => ({ shared_with: ticked(companies.children[0]) })),
      button("Limit", "They may only post.", () => ({ limited: ticked(companies.children[1]) }))),
    told, error,
    h("div", { class: "foot" }, h("button", { type: "button", class: "btn", on: { click: () => box.close() } }, "Close")));
  const open = async () => {
    told.textContent = error.textContent = "";
    try {
      await load(select.value);
    } catch (refusal) {
      error.textContent = refusal.message;
    }
    box.showModal();
  };
  return { box, open };
}
