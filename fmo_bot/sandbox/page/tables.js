// table and data_table blocks.

import { h } from "./dom.js";
import { plain } from "./mrkdwn.js";
import { richText } from "./richtext.js";

function cell(value, ctx) {
  if (value?.type === "rich_text") return richText(value, ctx);
  if (value?.type === "raw_number") return value.text ?? new Intl.NumberFormat("en").format(value.value);
  return plain(value?.text ?? "");
}

function row(cells, ctx, { head, side, aligned }) {
  return h("tr", {}, cells.map((value, index) => {
    const number = value?.type === "raw_number";
    const tag = head || index === side ? "th" : "td";
    return h(tag, {
      scope: head ? "col" : index === side ? "row" : null,
      class: [number ? "number" : "", aligned?.[index]?.align ?? ""].join(" ").trim() || null,
    }, cell(value, ctx));
  }));
}

export function table(block, ctx) {
  const [head, ...body] = block.rows ?? [];
  const aligned = block.column_settings;
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table" }, h("table", {},
    h("thead", {}, row(head ?? [], ctx, { head: true, aligned })),
    h("tbody", {}, body.map((cells) => row(cells, ctx, { aligned })))));
}

/** Rows in pages, as Slack shows them; the caption names the table for screen readers too. */
export function dataTable(block, ctx) {
  const [head, ...rows] = block.rows ?? [];
  const size = block.page_size ?? 5;
  const side = block.row_header_column_index ?? 0;
  const pages = Math.max(1, Math.ceil(rows.length / size));
  let page = 0;
  const body = h("tbody", {});
  const where = h("span", { class: "quiet", "aria-live": "polite" });
  const turn = (by, face, label) =>
    h("button", { type: "button", class: "btn small", "aria-label": label, on: { click: () => show(page + by) } }, face);
  const show = (wanted) => {
    page = Math.min(pages - 1, Math.max(0, wanted));
    const from = page * size;
    body.replaceChildren(...rows.slice(from, from + size).map((cells) => row(cells, ctx, { side })));
    where.textContent = `${from + 1}–${Math.min(from + size, rows.length)} of ${rows.length}`;
  };
  show(0);
  return h("div", { class: "datatable" },
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": plain(block.caption) }, h("table", {},
      h("caption", {}, plain(block.caption)),
      h("thead", {}, row(head ?? [], ctx, { head: true })), body)),
    pages > 1 ? h("div", { class: "pager" }, turn(-1, "‹", "Rows before"), where, turn(1, "›", "Rows after")) : null);
}
