// Block Kit layout blocks as DOM. One function per block type.

import { chart } from "./charts.js";
import { h, link, ownPicture, uid } from "./dom.js";
import { element, isGroup } from "./elements.js";
import { markdown } from "./markdown.js";
import { mrkdwn, plain, textObject } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { dataTable, table } from "./tables.js";

function section(block, ctx) {
  return h("div", { class: "b section" },
    h("div", { class: "grow" },
      block.text ? h("div", { class: "text" }, textObject(block.text, ctx)) : null,
      block.fields ? h("div", { class: "fields" }, block.fields.map((field) => h("div", { class: "text" }, textObject(field, ctx)))) : null),
    block.accessory ? h("div", { class: "accessory" }, element(block.accessory, block, ctx)) : null);
}

const context = (block, ctx) => h("div", { class: "b context" }, (block.elements ?? []).map((el) =>
  el.type === "image" ? element(el, block, ctx) : h("span", { class: "text" }, textObject(el, ctx))));

const actions = (block, ctx) =>
  h("div", { class: "b actions" }, (block.elements ?? []).map((el) => element(el, block, ctx)));

/** A picture block: an own file, or an address of this server; pictures from elsewhere stay links. */
function image(block, ctx) {
  const file = block.slack_file && ctx.files?.get(block.slack_file.id);
  return picture({
    address: file?.url ?? block.slack_file?.url ?? block.image_url, alt: plain(block.alt_text), title: plain(block.title?.text ?? ""),
  });
}

export function picture({ address, alt, title }) {
  const src = ownPicture(address ?? "");
  return h("figure", { class: "b picture" }, title ? h("figcaption", {}, title) : null,
    src ? h("a", { href: src, target: "_blank", rel: "noopener noreferrer" }, h("img", { src, alt }))
      : link(address ?? "", alt || address || "picture"));
}

function input(block, ctx) {
  const el = block.element;
  const fieldId = isGroup(el) ? null : uid("field");
  const labelId = uid("label");
  const hintId = uid("hint");
  const errorId = uid("error");
  const label = [plain(block.label?.text), block.optional ? h("span", { class: "quiet" }, " (optional)") : null];
  const own = { ...ctx, fieldId, labelId, describedBy: `${hintId} ${errorId}` };
  return h("div", { class: "b input", data: { block: block.block_id } },
    fieldId ? h("label", { id: labelId, htmlFor: fieldId }, label) : h("span", { id: labelId, class: "label" }, label),
    element(el, block, own),
    h("p", { id: errorId, class: "error", "aria-live": "assertive", data: { error: block.block_id } }),
    h("p", { id: hintId, class: "hint" }, block.hint ? plain(block.hint.text) : ""));
}

const children = (block, ctx) => (block.child_blocks ?? block.elements ?? block.blocks ?? []).map((child) => draw(child, ctx));

function card(block, ctx) {
  return h("div", { class: "b card" },
    block.title ? h("strong", {}, textObject(block.title, ctx)) : null,
    block.subtitle ? h("div", { class: "quiet" }, textObject(block.subtitle, ctx)) : null,
    block.body ? h("div", { class: "text" }, textObject(block.body, ctx)) : null,
    block.actions ? h("div", { class: "actions" }, block.actions.map((el) => element(el, block, ctx))) : null);
}

const BLOCKS = {
  section,
  context,
  actions,
  image,
  input,
  card,
  table,
  context_actions: actions,
  header: (block, ctx) => h("h3", { class: "b header" }, textObject(block.text, ctx)),
  divider: () => h("hr", { class: "b" }),
  rich_text: richText,
  markdown,
  data_table: dataTable,
  data_visualization: chart,
  alert: (block, ctx) => h("div", { class: `b alert ${block.level ?? "default"}`, role: "note" }, textObject(block.text, ctx)),
  container: (block, ctx) => h("div", { class: "b card" }, block.title ? h("strong", {}, textObject(block.title, ctx)) : null, children(block, ctx)),
  carousel: (block, ctx) => h("div", { class: "b carousel" }, children(block, ctx)),
};

export function draw(block, ctx) {
  const make = BLOCKS[block?.type];
  return make ? make(block, ctx) : h("p", { class: "quiet" }, `This page does not draw the block “${block?.type}”.`);
}

export const drawAll = (blocks, ctx) => (blocks ?? []).map((block) => draw(block, ctx));

/** The text of a message without blocks. */
export const bare = (text, ctx) => h("div", { class: "text" }, mrkdwn(text, ctx));
