// A drawer in which people come and go: what administrators and people do outside of conversations.

import * as api from "./api.js";
import { h, uid } from "./dom.js";

function choice(label, id) {
  const select = h("select", { id, class: "field" });
  return { select, row: h("div", { class: "fault" }, h("label", { htmlFor: id }, label), select) };
}

function fill(select, options) {
  const before = select.value;
  select.replaceChildren(...options.map(([value, text]) => h("option", { value }, text)));
  if (options.some(([value]) => value === before)) select.value = before;
}

/** The drawer and the way to open it. */
export function peopleDrawer() {
  const told = h("p", { role: "status", class: "quiet" });
  const error = h("p", { role: "alert", class: "error" });
  const person = choice("Person", uid("person"));
  const channel = choice("Channel", uid("channel"));
  const email = h("input", { id: uid("email"), type: "email", class: "field" });
  const doing = (sentence, work) => async () => {
    told.textContent = error.textContent = "";
    try {
      await work(person.select.value);
      told.textContent = sentence;
    } catch (refusal) {
      error.textContent = refusal.message;
    }
  };
  const button = (label, sentence, work) =>
    h("button", { type: "button", class: "btn", on: { click: doing(sentence, work) } }, label);
  const box = h("dialog", { class: "ask faults", "aria-label": "People" },
    h("h2", {}, "People"), person.row, channel.row,
    h("div", { class: "foot" },
      button("Joins the channel", "In the channel.", (user) => api.member(channel.select.value, { user })),
      button("Leaves the channel", "Not in the channel.", (user) => api.member(channel.select.value, { user, leave: true }))),
    h("div", { class: "fault" }, h("label", { htmlFor: email.id }, "New e-mail"), email),
    h("div", { class: "foot" },
      button("Change the e-mail", "Changed.", (user) => api.person(user, { email: email.value })),
      button("Deactivate", "Deactivated.", (user) => api.person(user, { deleted: true })),
      button("Reactivate", "Active again.", (user) => api.person(user, { deleted: false }))),
    told, error,
    h("div", { class: "foot" }, h("button", { type: "button", class: "btn", on: { click: () => box.close() } }, "Close")));
  const open = async () => {
    told.textContent = error.textContent = "";
    try {
      const { people, channels } = await api.world();
      fill(person.select, people.map(({ id, real_name }) => [id, real_name]));
      fill(channel.select, channels.map(({ id, name }) => [id, `#${name}`]));
    } catch (refusal) {
      error.textContent = refusal.message;
    }
    box.showModal();
  };
  return { box, open };
}
