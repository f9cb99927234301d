// The markdown block: the part of standard Markdown that Slack draws.

import { h, link } from "./dom.js";
import { withEmoji } from "./emoji.js";

const INLINE = new RegExp(
  [
    "\\\\(?<plain>[\\\\`*_~\\[\\](){}#+\\-.!|>])",
    "`(?<code>[^`]+)`",
    "\\[(?<label>[^\\]]+)\\]\\((?<url>[^)\\s]+)\\)",
    "(?:\\*\\*|__)(?<bold>.+?)(?:\\*\\*|__)",
    "~~(?<strike>.+?)~~",
    "(?<![\\p{L}\\p{N}])[*_](?<italic>[^\\s*_](?:[^*_]*[^\\s*_])?)[*_](?![\\p{L}\\p{N}])",
    "(?<bare>https?://[^\\s<>]*[^\\s<>.,;:!?)])",
  ].join("|"), "gu");

function inline(text) {
  const made = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > at) made.push(withEmoji(text.slice(at, match.index)));
    made.push(piece(match.groups));
    at = match.index + match[0].length;
  }
  made.push(withEmoji(text.slice(at)));
  return made;
}

function piece({ plain, code, label, url, bold, strike, italic, bare }) {
  if (plain) return plain;
  if (code) return h("code", {}, code);
  if (url) return link(url, inline(label));
  if (bold) return h("strong", {}, inline(bold));
  if (strike) return h("s", {}, inline(strike));
  if (italic) return h("em", {}, inline(italic));
  return link(bare, bare);
}

const FENCE = /^```/;
const HEADING = /^(#{1,6})\s+(.*)$/;
const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+(?:\[([ xX])\]\s+)?(.*)$/;
const RULE = /^\s*(?:-{3,}|\*{3,}|_{3,})\s*$/;
const QUOTE = /^>\s?/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => inline(cell.trim()));

function takeWhile(lines, test) {
  let end = 0;
  while (end < lines.length && test(lines[end], end)) end += 1;
  return lines.splice(0, end);
}

function fence(lines) {
  lines.shift();
  const body = takeWhile(lines, (line) => !FENCE.test(line));
  lines.shift();
  return h("pre", {}, body.join("\n"));
}

function list(lines) {
  const items = takeWhile(lines, (line) => ITEM.test(line)).map((line) => line.match(ITEM));
  return h(items[0][1] ? "ol" : "ul", { class: "rt", start: items[0][1] ?? null }, items.map(([, , tick, text]) =>
    h("li", { class: tick ? "task" : null }, tick ? (tick === " " ? "☐ " : "☑ ") : null, inline(text))));
}

function table(lines) {
  const [head] = lines.splice(0, 2);
  const body = takeWhile(lines, (line) => line.includes("|"));
  return h("div", { class: "scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, cells(head).map((cell) => h("th", { scope: "col" }, cell)))),
    h("tbody", {}, body.map((line) => h("tr", {}, cells(line).map((cell) => h("td", {}, cell)))))));
}

const starts = (line, next) =>
  FENCE.test(line) || HEADING.test(line) || ITEM.test(line) || RULE.test(line) || QUOTE.test(line) ||
  (line.includes("|") && TABLE_RULE.test(next ?? ""));

function paragraph(lines) {
  const text = takeWhile(lines, (line, at) => line.trim() && (at === 0 || !starts(line, lines[at + 1])));
  return h("p", {}, inline(text.join("\n")));
}

function next(lines) {
  const [first, second] = lines;
  if (!first.trim()) return void lines.shift();
  if (FENCE.test(first)) return fence(lines);
  if (RULE.test(first)) return lines.shift() && h("hr", {});
  const heading = first.match(HEADING);
  if (heading) return lines.shift() && h("p", { class: `md-h${Math.min(heading[1].length, 3)}` }, inline(heading[2]));
  if (ITEM.test(first)) return list(lines);
  if (QUOTE.test(first)) {
    return h("blockquote", {}, blocks(takeWhile(lines, (line) => QUOTE.test(line)).map((line) => line.replace(QUOTE, ""))));
  }
  return first.includes("|") && TABLE_RULE.test(second ?? "") ? table(lines) : paragraph(lines);
}

function blocks(lines) {
  const made = [];
  while (lines.length) made.push(next(lines));
  return made;
}

export const markdown = (block) => h("div", { class: "md" }, blocks(String(block.text ?? "").split("\n")));
