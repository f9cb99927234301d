// Interactive elements. One function per element type; a value is what `/control` takes: a string, a number or a list.
//
// `ctx` gives: world, person, scope (for data-key), value(block, el), put(block, el, value), press(block, el, value),
// options(block, el, query). In an input block a change is kept and sent with the form; elsewhere it is pressed at once.

import { combobox } from "./combobox.js";
import { ask, h, link, menuButton, ownPicture, safeHref, uid } from "./dom.js";
import { plain, textObject } from "./mrkdwn.js";

const values = (options) => (options ?? []).map(({ value }) => value);

const INITIAL = {
  plain_text_input: (el) => el.initial_value ?? "",
  static_select: (el) => el.initial_option?.value ?? "",
  external_select: (el) => el.initial_option?.value ?? "",
  users_select: (el) => el.initial_user ?? "",
  conversations_select: (el) => el.initial_conversation ?? "",
  channels_select: (el) => el.initial_channel ?? "",
  multi_static_select: (el) => values(el.initial_options),
  multi_external_select: (el) => values(el.initial_options),
  multi_users_select: (el) => el.initial_users ?? [],
  multi_conversations_select: (el) => el.initial_conversations ?? [],
  multi_channels_select: (el) => el.initial_channels ?? [],
  radio_buttons: (el) => el.initial_option?.value ?? "",
  checkboxes: (el) => values(el.initial_options),
  datepicker: (el) => el.initial_date ?? "",
  timepicker: (el) => el.initial_time ?? "",
  datetimepicker: (el) => el.initial_date_time ?? "",
};

/** The value an element has before anybody touches it. */
export const initial = (el) => (INITIAL[el.type] ?? ((other) => other.initial_value ?? ""))(el);

export const holdsValue = (el) => el.type !== "button" && el.type !== "overflow" && el.type !== "image";

const keyOf = (block, el, ctx, part = "") => `${ctx.scope}/${block.block_id}/${el.action_id}${part}`;

function changed(block, el, ctx, value) {
  ctx.put(block, el, value);
  if (block.type !== "input" || block.dispatch_action) void confirmed(block, el, ctx, value);
}

async function confirmed(block, el, ctx, value) {
  if (el.confirm && !(await ask(question(el.confirm, ctx)))) return;
  await ctx.press(block, el, value);
}

const question = (confirm, ctx) => ({
  title: textObject(confirm.title, ctx),
  text: textObject(confirm.text, ctx),
  yes: textObject(confirm.confirm, ctx),
  no: textObject(confirm.deny, ctx),
  danger: confirm.style === "danger",
});

const placeholder = (el, otherwise = "") => plain(el.placeholder?.text ?? otherwise);
const optionText = (option) => plain(option.text?.text ?? option.value);
const name = (block, el) => plain(block.label?.text ?? el.accessibility_label ?? el.placeholder?.text ?? el.action_id);

/** Attributes that tie a control to its label, hint and error; `id` is the block's where it has one field. */
const tied = (block, el, ctx) => ({
  id: ctx.fieldId ?? null,
  "aria-label": ctx.fieldId ? null : name(block, el),
  "aria-describedby": ctx.describedBy ?? null,
  data: { key: keyOf(block, el, ctx) },
});

function button(el, block, ctx) {
  const style = { primary: "btn primary", danger: "btn danger" }[el.style] ?? "btn";
  const face = textObject(el.text, ctx);
  const node = h(el.url ? "a" : "button", {
    class: style, data: { key: keyOf(block, el, ctx) }, "aria-label": el.accessibility_label,
    ...(el.url ? { href: safeHref(el.url), target: "_blank", rel: "noopener noreferrer" } : { type: "button" }),
  }, face);
  node.addEventListener("click", async () => {
    if (node.getAttribute("aria-busy")) return;
    if (el.confirm && !(await ask(question(el.confirm, ctx)))) return;
    node.setAttribute("aria-busy", "true");
    try {
      await ctx.press(block, el, el.value);
    } finally {
      node.removeAttribute("aria-busy");
    }
  });
  return node;
}

const INPUT_KIND = { email_text_input: "email", url_text_input: "url", number_input: "text" };

function textInput(el, block, ctx) {
  const many = el.multiline || el.type === "rich_text_input";
  const when = el.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const node = h(many ? "textarea" : "input", {
    ...tied(block, el, ctx), class: "field", placeholder: placeholder(el), value: String(ctx.value(block, el) ?? ""),
    ...(many ? { rows: 3 } : { type: INPUT_KIND[el.type] ?? "text", inputmode: el.type === "number_input" ? "decimal" : null }),
    autocomplete: "off",
  });
  if (el.focus_on_load) node.dataset.first = "true";
  const count = el.max_length ? h("small", { class: "count", "aria-hidden": "true" }) : null;
  const tell = () => count && (count.textContent = `${[...node.value].length} / ${el.max_length}`);
  tell();
  node.addEventListener("input", () => {
    ctx.put(block, el, node.value);
    tell();
    if (block.dispatch_action && when.includes("on_character_entered")) void ctx.press(block, el, node.value);
  });
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || many || event.isComposing) return;
    event.preventDefault();
    if (block.dispatch_action && when.includes("on_enter_pressed")) void ctx.press(block, el, node.value);
    else ctx.submit?.();
  });
  return count ? h("div", { class: "counted" }, node, count) : node;
}

function choose(options, groups, el, block, ctx) {
  const chosen = String(ctx.value(block, el) ?? "");
  const one = (option) => h("option", { value: option.value, selected: option.value === chosen }, optionText(option));
  const node = h("select", { ...tied(block, el, ctx), class: "field" },
    h("option", { value: "", selected: chosen === "" }, placeholder(el, "Choose an option")),
    groups ? groups.map((group) => h("optgroup", { label: plain(group.label?.text) }, group.options.map(one))) : options.map(one));
  node.addEventListener("change", () => {
    if (node.value || block.type === "input") changed(block, el, ctx, node.value);
  });
  return node;
}

/** A set of boxes or radios: `many` gives a list, otherwise one value. */
function ticks(options, many, el, block, ctx) {
  const had = [ctx.value(block, el) ?? []].flat().map(String);
  const group = uid("ticks");
  const box = h("div", {
    class: "ticks", role: many ? "group" : "radiogroup", "aria-labelledby": ctx.labelId ?? null,
    "aria-label": ctx.labelId ? null : name(block, el), "aria-describedby": ctx.describedBy ?? null,
  }, options.map((option, index) =>
    h("label", { class: "tick" },
      h("input", {
        type: many ? "checkbox" : "radio", name: group, value: option.value, checked: had.includes(String(option.value)),
        data: { key: keyOf(block, el, ctx, `/${index}`) },
      }),
      h("span", {}, textObject(option.text, ctx), option.description ? h("small", {}, textObject(option.description, ctx)) : null))));
  box.addEventListener("change", () => {
    const on = [...box.querySelectorAll("input:checked")].map((input) => input.value);
    changed(block, el, ctx, many ? on : on[0] ?? "");
  });
  return box;
}

const flat = (el) => el.options ?? (el.option_groups ?? []).flatMap((group) => group.options);

const person = (member, ctx) => ({
  value: member.id,
  text: { text: `${ctx.world.nameOf(member.id)}${member.team_id === ctx.team ? "" : ` · ${ctx.world.teamName(member.team_id)}`}` },
});
const people = (ctx) => ctx.world.raw.people.map((member) => person(member, ctx));
const channels = (ctx) => ctx.world.raw.channels
  .filter((channel) => channel.members.includes(ctx.person.id) && !channel.is_archived)
  .map((channel) => ({ value: channel.id, text: { text: `#${channel.name}` } }));

function picker(type) {
  return (el, block, ctx) => {
    const node = h("input", { ...tied(block, el, ctx), type, class: "field short", value: String(ctx.value(block, el) ?? "") });
    node.addEventListener("change", () => changed(block, el, ctx, node.value));
    return node;
  };
}

/** Seconds since 1970, shown and taken as local time of this computer, as Slack's client does with its device. */
function dateTime(el, block, ctx) {
  const seconds = Number(ctx.value(block, el)) || null;
  const local = seconds ? new Date((seconds - new Date(seconds * 1000).getTimezoneOffset() * 60) * 1000).toISOString().slice(0, 16) : "";
  const node = h("input", { ...tied(block, el, ctx), type: "datetime-local", class: "field short", value: local });
  node.addEventListener("change", () => changed(block, el, ctx, node.value ? Date.parse(node.value) / 1000 : ""));
  return node;
}

function overflow(el, block, ctx) {
  return menuButton({ class: "btn icon", "aria-label": plain(el.accessibility_label ?? "More"), data: { key: keyOf(block, el, ctx) } }, "⋯", () =>
    (el.options ?? []).map((option) => ({
      label: optionText(option),
      run: () => void confirmed(block, el, ctx, option.value),
    })));
}

function image(el) {
  const src = ownPicture(el.slack_file?.url ?? el.image_url ?? "");
  if (src) return h("img", { src, alt: plain(el.alt_text), class: "thumb" });
  return el.image_url ? link(el.image_url, plain(el.alt_text) || "picture") : null;
}

const external = (many) => (el, block, ctx) => combobox({
  many,
  attributes: tied(block, el, ctx),
  label: name(block, el),
  placeholder: placeholder(el, "Type to search"),
  least: el.min_query_length ?? 3,
  chosen: [ctx.value(block, el) ?? []].flat().filter(Boolean),
  known: many ? el.initial_options : [el.initial_option].filter(Boolean),
  search: (query) => ctx.options(block, el, query),
  pick: (value) => changed(block, el, ctx, value),
});

const one = (list) => (el, block, ctx) => choose(list(ctx, el), null, el, block, ctx);
const some = (list) => (el, block, ctx) => ticks(list(ctx, el), true, el, block, ctx);

const ELEMENTS = {
  button,
  workflow_button: button,
  image,
  overflow,
  plain_text_input: textInput,
  email_text_input: textInput,
  url_text_input: textInput,
  number_input: textInput,
  rich_text_input: textInput,
  static_select: (el, block, ctx) => choose(el.options ?? [], el.option_groups, el, block, ctx),
  multi_static_select: (el, block, ctx) => ticks(flat(el), true, el, block, ctx),
  external_select: external(false),
  multi_external_select: external(true),
  users_select: one(people),
  multi_users_select: some(people),
  conversations_select: one(channels),
  channels_select: one(channels),
  multi_conversations_select: some(channels),
  multi_channels_select: some(channels),
  radio_buttons: (el, block, ctx) => ticks(el.options ?? [], false, el, block, ctx),
  checkboxes: (el, block, ctx) => ticks(el.options ?? [], true, el, block, ctx),
  datepicker: picker("date"),
  timepicker: picker("time"),
  datetimepicker: dateTime,
};

const GROUPS = new Set(["radio_buttons", "checkboxes", "multi_static_select", "multi_users_select",
  "multi_conversations_select", "multi_channels_select"]);

/** Whether a label can point at one control, or has to name a group. */
export const isGroup = (el) => GROUPS.has(el.type);

export function element(el, block, ctx) {
  const make = ELEMENTS[el.type];
  return make ? make(el, block, ctx) : h("span", { class: "quiet" }, `This page does not draw “${el.type}”.`);
}
