// One message as a list item, with its files, its menu and its thread.

import { bare, drawAll, picture } from "./blocks.js";
import { h, link, menuButton, ownPicture } from "./dom.js";
import { icon } from "./icons.js";
import { plain } from "./mrkdwn.js";
import { clockTime, fullMoment } from "./time.js";

export const instant = (ts) => Number(ts) * 1000;
export const isReply = (message) => message.thread_ts && message.thread_ts !== message.ts;

/** A round picture with the initials of a name; its colour depends on the id only. */
export function avatar(id, name, kind) {
  const hue = [...String(id)].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
  const initials = name.split(/\s+/).map((word) => [...word][0] ?? "").slice(0, 2).join("").toUpperCase();
  return h("span", { class: `avatar ${kind}`, "aria-hidden": "true", style: { "--hue": String(hue) } }, initials || "?");
}

function file(one) {
  const title = one.title || one.name || "file";
  const address = one.url ?? one.url_private;
  const alt = one.alt_txt || one.alt_text || title;
  if (String(one.mimetype ?? "").startsWith("image/")) return picture({ address, alt, title });
  const here = ownPicture(address ?? "");
  return h("p", { class: "attached" }, icon("clip"), " ", here ? h("a", { href: here, download: one.name ?? "" }, title) : link(address ?? "", title));
}

function attachment(one, ctx) {
  return h("div", { class: "attachment", style: { "--edge": /^#?[0-9a-f]{6}$/i.test(one.color ?? "") ? `#${one.color.replace("#", "")}` : null } },
    one.blocks ? drawAll(one.blocks, ctx) : [
      one.pretext ? bare(one.pretext, ctx) : null,
      one.title ? h("strong", {}, one.title_link ? link(one.title_link, plain(one.title)) : plain(one.title)) : null,
      one.text ? bare(one.text, ctx) : null,
    ]);
}

const shown = new Set([undefined, "bot_message", "file_share", "thread_broadcast", "me_message"]);

function notice(message, ctx) {
  return h("li", { class: "notice", data: { ts: message.ts } }, bare(message.text, ctx));
}

/**
 * `hands`: {context(message), menu(message) -> items}. `compact`: the same author spoke just before.
 * The reply count and the thread are added by whoever lists messages.
 */
export function drawMessage(message, { hands, viewer, team, compact }) {
  const ctx = hands.context(message);
  if (!shown.has(message.subtype)) return notice(message, ctx);
  const author = ctx.world.author(message);
  const at = instant(message.ts);
  const foreign = author.team && author.team !== team;
  const stamp = h("time", { datetime: new Date(at).toISOString(), title: fullMoment(at, viewer.tz) }, clockTime(at, viewer.tz));
  return h("li", { class: ["msg", compact ? "compact" : "", message.is_ephemeral ? "ephemeral" : ""].join(" "), data: { ts: message.ts } },
    compact ? h("span", { class: "side-time" }, stamp) : avatar(author.id, author.name, author.kind),
    h("div", { class: "body" },
      message.is_ephemeral ? h("p", { class: "only" }, icon("eye"), " Only visible to you") : null,
      compact ? h("span", { class: "unseen" }, author.name) : h("p", { class: "byline" },
        h("strong", {}, author.name),
        author.kind === "app" ? h("span", { class: "badge" }, "APP") : null,
        foreign ? h("span", { class: "org" }, ctx.world.teamName(author.team)) : null, stamp),
      h("div", { class: "blocks" },
        message.blocks?.length ? drawAll(message.blocks, ctx) : message.text ? bare(message.text, ctx) : null,
        (message.attachments ?? []).map((one) => attachment(one, ctx)),
        (message.files ?? []).map(file)),
      message.edited ? h("span", { class: "edited" }, "(edited)") : null),
    h("div", { class: "hover" }, menuButton({ class: "btn icon", "aria-label": `Menu of the message by ${author.name}` }, icon("dots"), () => hands.menu(message))));
}
