// Where a person types: messages, slash commands, global shortcuts.

import { h, menuButton, uid } from "./dom.js";
import { icon } from "./icons.js";
import { escape } from "./mrkdwn.js";

/** Names after @ become mentions, the rest is escaped, as Slack's client does on sending; `team`'s own bot comes first. */
export function asSlackText(text, world, team) {
  const bots = [...world.bots].sort(([, a], [, b]) => (b.team === team) - (a.team === team));
  const names = [
    ...world.raw.people.map((person) => [world.nameOf(person.id), person.id]),
    ...bots.map(([bot, { app }]) => [app.name, bot]),
  ].sort(([a], [b]) => b.length - a.length);
  return names.reduce((said, [name, id]) => said.replaceAll(`@${escape(name)}`, `<@${id}>`), escape(text));
}

/**
 * `hands`: {say(text), command(command, text), commands() -> [{command, description, usage_hint, app}], shortcuts() -> menu items}.
 * All may throw with a sentence, which is shown below; the text is kept then.
 */
export function composer({ label, hands, key = label, small = false, commands = true }) {
  const errorId = uid("composer");
  const listId = uid("commands");
  const field = h("textarea", { class: "say", rows: 1, "aria-label": label, placeholder: label, "aria-describedby": errorId, data: { key: `say:${key}` } });
  const error = h("p", { id: errorId, class: "error", role: "alert" });
  const hints = h("div", { id: listId, class: "hints", hidden: true });
  const send = h("button", { type: "button", class: "btn primary small", "aria-label": "Send", on: { click: () => go() } }, "Send");

  const grow = () => {
    field.style.setProperty("height", "auto");
    field.style.setProperty("height", `${Math.min(field.scrollHeight + 2, 160)}px`);
  };
  const complete = (command) => {
    field.value = `${command} `;
    hints.hidden = true;
    field.focus();
  };
  const suggest = () => {
    const word = field.value.match(/^\/\S*$/)?.[0];
    const fits = word && commands ? hands.commands().filter(({ command }) => command.startsWith(word)) : [];
    hints.replaceChildren(...fits.map((one) => h("button", { type: "button", on: { click: () => complete(one.command) } },
      h("strong", {}, one.command), " ", one.usage_hint ?? "", h("small", {}, [one.description, one.app].filter(Boolean).join(" · ")))));
    hints.hidden = !fits.length;
  };
  const go = async () => {
    const text = field.value.trim();
    if (!text || send.disabled) return;
    send.disabled = true;
    error.textContent = "";
    hints.hidden = true;
    try {
      const slash = commands && text.match(/^(\/\S+)\s*([\s\S]*)$/);
      await (slash ? hands.command(slash[1], slash[2]) : hands.say(text));
      field.value = "";
      grow();
    } catch (refusal) {
      error.textContent = refusal.message;
    } finally {
      send.disabled = false;
    }
  };
  field.addEventListener("input", () => {
    grow();
    suggest();
    error.textContent = "";
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      void go();
    } else if (event.key === "Escape" && !hints.hidden) hints.hidden = true;
    else if (event.key === "Tab" && !hints.hidden) {
      event.preventDefault();
      complete(hints.querySelector("strong").textContent);
    }
  });
  return h("div", { class: small ? "composer small" : "composer" }, hints,
    h("div", { class: "row" },
      hands.shortcuts ? menuButton({ class: "btn icon", "aria-label": "Shortcuts" }, icon("bolt"), hands.shortcuts) : null, field, send), error);
}
