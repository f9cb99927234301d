// Slack's mrkdwn as DOM nodes. Entities are undone only when text becomes a text node, so nothing can turn into markup.

import { fragment, h, link } from "./dom.js";
import { emojiSign, pictured, withEmoji } from "./emoji.js";
import { dateTokens, fullMoment } from "./time.js";

/** `&lt;`, `&gt;`, `&amp;` back to signs, in the one order that cannot decode twice. */
export const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** What a person types, as Slack's own client sends it. */
export const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const INLINE = new RegExp(
  [
    "`(?<code>[^`\\n]+)`",
    "<(?<entity>[^<>\\n]+)>",
    ":(?<emoji>[a-z0-9_+-]+):",
    "(?<![\\p{L}\\p{N}*])\\*(?<bold>[^\\s*](?:[^*\\n]*[^\\s*])?)\\*(?![\\p{L}\\p{N}*])",
    "(?<![\\p{L}\\p{N}_])_(?<italic>[^\\s_](?:[^_\\n]*[^\\s_])?)_(?![\\p{L}\\p{N}_])",
    "(?<![\\p{L}\\p{N}~])~(?<strike>[^\\s~](?:[^~\\n]*[^\\s~])?)~(?![\\p{L}\\p{N}~])",
    "(?<url>https?://[^\\s<>|]*[^\\s<>|.,;:!?)'\"])",
  ].join("|"), "gu");

const RENDER = {
  code: (text) => h("code", {}, unescape(text.replace(/<([^<>|]+)(?:\|([^<>]+))?>/g, (_, target, label) => label ?? target))),
  entity: (text, ctx) => entity(text, ctx),
  emoji: (code) => pictured(emojiSign(code) ?? `:${code}:`),
  bold: (text, ctx, verbatim) => h("strong", {}, inline(text, ctx, verbatim)),
  italic: (text, ctx, verbatim) => h("em", {}, inline(text, ctx, verbatim)),
  strike: (text, ctx, verbatim) => h("s", {}, inline(text, ctx, verbatim)),
  url: (text, ctx, verbatim) => (verbatim ? unescape(text) : link(unescape(text), unescape(text))),
};

function inline(text, ctx, verbatim) {
  const made = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > at) made.push(...pictured(unescape(text.slice(at, match.index))));
    const [kind, value] = Object.entries(match.groups).find(([, found]) => found !== undefined);
    made.push(...[RENDER[kind](value, ctx, verbatim)].flat());
    at = match.index + match[0].length;
  }
  if (at < text.length) made.push(...pictured(unescape(text.slice(at))));
  return made;
}

export function mention(id, ctx, label) {
  const name = ctx.world.nameOf(id) ?? label ?? id;
  return h("span", { class: id === ctx.person?.id ? "mention me" : "mention" }, `@${name}`);
}

export function channelMention(id, ctx, label) {
  return h("span", { class: "mention" }, `#${ctx.world.channel(id)?.name ?? label ?? "private-channel"}`);
}

export function dated(seconds, format, fallback, ctx) {
  const zone = ctx.person?.tz ?? "UTC";
  const said = dateTokens(seconds, format, fallback, zone);
  return h("time", { class: "date", title: Number.isFinite(seconds) ? fullMoment(seconds * 1000, zone) : null }, said);
}

function entity(text, ctx) {
  const bar = text.indexOf("|");
  const target = bar < 0 ? text : text.slice(0, bar);
  const label = bar < 0 ? null : unescape(text.slice(bar + 1));
  if (target.startsWith("@")) return mention(target.slice(1), ctx, label);
  if (target.startsWith("#")) return channelMention(target.slice(1), ctx, label);
  if (target.startsWith("!")) return special(target.slice(1), label, ctx);
  return link(unescape(target), withEmoji(label ?? unescape(target)));
}

function special(target, label, ctx) {
  const [name, ...rest] = target.split("^");
  if (name === "date") return dated(Number(rest[0]), rest[1] ?? "", label ?? "", ctx);
  if (name === "subteam") return h("span", { class: "mention" }, label ?? `@${rest[0]}`);
  return h("span", { class: "mention loud" }, `@${name}`);
}

const QUOTED = /^(?:>|&gt;) ?/;

function lines(text, ctx, verbatim) {
  const made = [];
  let quote = null;
  text.split("\n").forEach((line, index, all) => {
    const quoted = QUOTED.test(line);
    if (quoted) {
      if (quote) quote.append("\n");
      else made.push((quote = h("blockquote", {})));
      quote.append(...inline(line.replace(QUOTED, ""), ctx, verbatim));
      return;
    }
    quote = null;
    made.push(...inline(line, ctx, verbatim));
    if (index < all.length - 1 && !QUOTED.test(all[index + 1])) made.push("\n");
  });
  return made;
}

/** A mrkdwn string as nodes; line breaks are kept by `white-space: pre-wrap`. */
export function mrkdwn(text, ctx, verbatim = false) {
  const made = String(text ?? "").split(/```([\s\S]+?)```/).map((piece, index) =>
    index % 2 ? h("pre", {}, unescape(piece.replace(/^\n|\n$/g, ""))) : piece && lines(piece, ctx, verbatim));
  return fragment(made.filter((piece) => piece !== ""));
}

export function plain(text, emoji = true) {
  const said = unescape(String(text ?? ""));
  return emoji ? withEmoji(said) : said;
}

/** A text object (plain_text or mrkdwn), or a bare string, as children for `h`. */
export function textObject(text, ctx) {
  if (text === null || text === undefined) return "";
  if (typeof text === "string") return pictured(plain(text));
  return text.type === "mrkdwn" ? mrkdwn(text.text, ctx, text.verbatim === true) : pictured(plain(text.text, text.emoji !== false));
}
