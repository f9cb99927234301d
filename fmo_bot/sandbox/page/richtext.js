// rich_text blocks: sections, lists, quotes, preformatted.

import { h, link } from "./dom.js";
import { emojiSign, pictured } from "./emoji.js";
import { channelMention, dated, mention } from "./mrkdwn.js";

const STYLES = { code: "code", strike: "s", italic: "em", bold: "strong", underline: "u" };

function styled(node, style) {
  return Object.keys(STYLES).filter((name) => style?.[name]).reduce((inner, name) => h(STYLES[name], {}, inner), node);
}

function sign(code, points) {
  const known = emojiSign(code);
  if (known) return known;
  const numbers = String(points ?? "").split("-").map((hex) => parseInt(hex, 16));
  return numbers.every((n) => n > 0 && n <= 0x10ffff) ? String.fromCodePoint(...numbers) : `:${code}:`;
}

const INLINE = {
  text: (el) => pictured(String(el.text ?? "")),
  link: (el) => link(el.url, el.text ?? el.url),
  user: (el, ctx) => mention(el.user_id, ctx),
  channel: (el, ctx) => channelMention(el.channel_id, ctx),
  usergroup: (el) => h("span", { class: "mention" }, `@${el.usergroup_id}`),
  broadcast: (el) => h("span", { class: "mention loud" }, `@${el.range}`),
  emoji: (el) => pictured(sign(el.name, el.unicode)),
  date: (el, ctx) => dated(Number(el.timestamp), el.format ?? "{date}", el.fallback ?? "", ctx),
  color: (el) => h("code", {}, String(el.value ?? "")),
};

const inline = (elements, ctx) => (elements ?? []).map((el) => styled(INLINE[el.type]?.(el, ctx) ?? "", el.style));

const PARTS = {
  rich_text_section: (el, ctx) => h("div", { class: "rt" }, inline(el.elements, ctx)),
  rich_text_quote: (el, ctx) => h("blockquote", {}, inline(el.elements, ctx)),
  rich_text_preformatted: (el, ctx) => h("pre", {}, inline(el.elements, ctx)),
  rich_text_list: (el, ctx) =>
    h(el.style === "ordered" ? "ol" : "ul",
      { class: "rt", start: el.offset ? Number(el.offset) + 1 : null, style: { "margin-inline-start": `${Number(el.indent ?? 0) * 1.6}em` } },
      (el.elements ?? []).map((item) => h("li", {}, inline(item.elements, ctx)))),
};

export const richText = (block, ctx) =>
  h("div", { class: "rich" }, (block.elements ?? []).map((el) => PARTS[el.type]?.(el, ctx)));
