// A search field with suggestions from the app (external_select), by the ARIA combobox pattern.

import { h, uid } from "./dom.js";
import { plain } from "./mrkdwn.js";

const said = (option) => plain(option.text?.text ?? option.text ?? option.value);

// What a value was called when it was chosen, for redrawing after an update of the view.
const called = new Map();

export function combobox({ many, attributes, label, placeholder, least, chosen, known, search, pick }) {
  for (const option of known ?? []) called.set(option.value, said(option));
  let values = [...chosen];
  let shown = [];
  let active = -1;
  let asked = 0;
  let timer = null;
  const listId = uid("list");
  const list = h("ul", { id: listId, class: "listbox", role: "listbox", "aria-label": label, hidden: true });
  const input = h("input", {
    ...attributes, type: "text", class: "field", role: "combobox", placeholder, autocomplete: "off",
    "aria-expanded": "false", "aria-controls": listId, "aria-autocomplete": "list",
    value: !many && values.length ? called.get(values[0]) ?? values[0] : "",
  });
  const chips = h("div", { class: "chips" });

  const hide = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const take = (option) => {
    called.set(option.value, said(option));
    values = many ? [...new Set([...values, option.value])] : [option.value];
    input.value = many ? "" : said(option);
    hide();
    drawChips();
    pick(many ? values : option.value);
  };
  const draw = (message) => {
    list.replaceChildren(...(shown.length
      ? shown.map((option, index) => h("li", {
        id: `${listId}-${index}`, role: "option", "aria-selected": String(index === active), class: index === active ? "active" : "",
        on: { pointerdown: (event) => { event.preventDefault(); take(option); } },
      }, said(option)))
      : [h("li", { class: "quiet", role: "option", "aria-disabled": "true" }, message)]));
    list.hidden = false;
    list.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-expanded", "true");
    if (active >= 0) input.setAttribute("aria-activedescendant", `${listId}-${active}`);
  };
  const look = async () => {
    const turn = ++asked;
    const query = input.value;
    if (query.length < least) return hide();
    try {
      const found = await search(query);
      if (turn !== asked) return;
      shown = found ?? [];
      active = shown.length ? 0 : -1;
      draw("Nothing found");
    } catch (error) {
      shown = [];
      draw(error.message);
    }
  };
  const drawChips = () => chips.replaceChildren(...(many ? values.map((value) =>
    h("span", { class: "chip" }, called.get(value) ?? value, h("button", {
      type: "button", "aria-label": `Remove ${called.get(value) ?? value}`,
      on: { click: () => { values = values.filter((kept) => kept !== value); drawChips(); pick(values); } },
    }, "×"))) : []));

  const move = (by) => {
    if (list.hidden || !shown.length) return void look();
    active = (active + by + shown.length) % shown.length;
    draw();
  };
  const keys = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => shown[active] && !list.hidden && take(shown[active]),
    Escape: () => hide(),
  };
  input.addEventListener("keydown", (event) => {
    if (!keys[event.key] || (event.key === "Escape" && list.hidden)) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, 150);
    if (!many && values.length) {
      values = [];
      pick("");
    }
  });
  input.addEventListener("focus", () => least === 0 && void look());
  input.addEventListener("blur", hide);
  drawChips();
  return h("div", { class: "combo" }, chips, input, list);
}
