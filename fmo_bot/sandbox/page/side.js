// One workspace's column: who one is, what one can read, and what is open.

import * as api from "./api.js";
import { draw } from "./blocks.js";
import { announce, byKey, h, keepingFocus, patch, uid } from "./dom.js";
import { asSlackText, composer } from "./composer.js";
import { Draft, viewContext } from "./form.js";
import { icon } from "./icons.js";
import { avatar, drawMessage, instant, isReply } from "./message.js";
import { Modals } from "./modal.js";
import { clockTime, dayOf, fullDate, now, relativeDay } from "./time.js";

const COMPACT_MS = 5 * 60_000;

export class Side {
  constructor(workspace, world, tone) {
    this.workspace = workspace;
    this.world = world;
    this.tone = tone;
    this.expanded = new Set();
    this.seen = new Map();
    this.homeDraft = new Draft();
    this.conversations = [];
    this.messages = [];
    this.home = null;
    this.refresh = api.soon(() => this.load());
    this.lookAround = api.soon(() => this.countUnread(), 250);
    this.build();
    this.become(this.remembered("person") ?? this.everybody()[0]?.id);
  }

  // ---- what is remembered for this browser tab

  remembered(what) {
    const kept = sessionStorage.getItem(`${this.workspace.id}/${what}`);
    return what !== "person" || this.everybody().some(({ id }) => id === kept) ? kept : null;
  }

  remember(what, value) {
    sessionStorage.setItem(`${this.workspace.id}/${what}`, value);
  }

  everybody() {
    return [...this.world.members(this.workspace.id), ...this.world.guests(this.workspace.id)];
  }

  apps() {
    return this.world.appsIn(this.workspace.id);
  }

  // ---- the frame

  build() {
    const whoId = uid("who");
    const id = this.workspace.id;
    this.who = h("select", { id: whoId, class: "who", on: { change: (event) => this.become(event.target.value) } });
    this.local = h("small", { class: "local" });
    this.face = h("span", { class: "face" });
    this.rail = h("nav", { class: "rail", "aria-label": `Conversations in ${this.workspace.name}` });
    this.head = h("div", { class: "head" });
    this.list = h("ol", { class: "messages", tabindex: -1, "aria-label": "Messages" });
    this.homeBox = h("div", { class: "home" });
    this.foot = h("div", { class: "bottom" });
    this.trouble = h("p", { class: "trouble", role: "alert", hidden: true });
    const frame = h("div", { class: "frame" },
      h("header", { class: "bar" }, h("h2", {}, this.workspace.name),
        h("span", { class: "myself" }, this.face, h("label", { class: "unseen", htmlFor: whoId }, `You are, in ${this.workspace.name}`), this.who, this.local)),
      h("div", { class: "inside" }, this.rail,
        h("div", { class: "pane" }, this.head, this.trouble, h("div", { class: "scroller" }, this.homeBox, this.list), this.foot)));
    this.root = h("section", { id: `side-${id}`, class: `side ${this.tone}`, "aria-label": `Workspace ${this.workspace.name}`, data: { team: id } }, frame);
    this.scroller = frame.querySelector(".scroller");
    this.watchEnd();
    this.modals = new Modals(this.root, frame, {
      context: (scope) => this.context(scope),
      pressView: (what) => this.act(() => this.me.pressView(what)),
      options: (what) => this.me.options(what),
      submit: async (view, values) => {
        const answer = await this.me.submit({ view_id: view.id, values });
        this.refresh();
        return answer;
      },
      close: async (view) => {
        await this.me.close(view.id);
        this.refresh();
      },
      left: () => this.returnFocus(),
    });
  }

  /** The choice of people; how much is new for each is written into the options that stand, for the list may be open. */
  drawWho() {
    const groups = [["Members", this.world.members(this.workspace.id)], ["Guests", this.world.guests(this.workspace.id)]];
    const option = (person) => ({ key: person.id, sig: "", make: () => h("option", { value: person.id }) });
    patch(this.who, groups.filter(([, people]) => people.length).map(([label, people]) => (
      { key: label, sig: "", make: () => h("optgroup", { label }) })));
    groups.forEach(([, people], index) => people.length && patch(this.who.children[index], people.map(option)));
    for (const one of this.who.options) {
      const fresh = one.value === this.person.id ? 0 : this.unread?.get(one.value) ?? 0;
      const label = `${this.world.nameOf(one.value)}${fresh ? ` • ${fresh} new` : ""}`;
      if (one.textContent !== label) one.textContent = label;
    }
    this.who.value = this.person.id;
    this.face.replaceChildren(avatar(this.person.id, this.world.nameOf(this.person.id), "person"));
    this.tick();
  }

  /** The time where this person is; called every second. */
  tick() {
    const city = this.person.tz.split("/").at(-1).replaceAll("_", " ");
    this.local.textContent = `${clockTime(now(), this.person.tz)} in ${city}`;
  }

  // ---- choosing

  become(id) {
    if (!id) return;
    this.person = this.world.person(id);
    this.me = api.as(id);
    this.remember("person", id);
    this.expanded.clear();
    this.place = JSON.parse(this.remembered(`place/${id}`) ?? "null");
    this.modals.show([]);
    this.drawWho();
    this.empty();
    this.refresh();
    this.lookAround();
  }

  go(place) {
    this.place = place;
    this.empty();
    this.drawRail();
    this.drawHead();
    this.remember(`place/${this.person.id}`, JSON.stringify(place));
    if (place.kind === "app" && place.tab === "home") this.openHome();
    this.refresh();
  }

  /** Nothing of another person or place stays on the screen while the new one is read. */
  empty() {
    this.messages = [];
    this.home = null;
    this.homeDraft = new Draft();
    this.shownPlace = null;
    for (const box of [this.list, this.homeBox, this.foot]) patch(box, []);
    this.scroller.scrollTop = 0;
  }

  openHome() {
    void this.act(() => this.me.openHome(this.place.id, this.workspace.id));
  }

  /** The first channel that both companies share, else the first of all. */
  firstPlace() {
    const shared = this.conversations.find(({ id }) => this.world.channel(id)?.is_ext_shared);
    const first = shared ?? this.conversations.find(({ kind }) => kind === "channel");
    return first ? { kind: "channel", id: first.id } : null;
  }

  // ---- loading

  async load() {
    const person = this.person;
    const me = this.me;
    try {
      const [conversations, views] = await Promise.all([me.conversations(), me.views()]);
      if (person !== this.person) return;
      this.conversations = conversations;
      this.place ??= this.firstPlace();
      await this.loadPlace(me, person);
      if (person !== this.person) return;
      this.say("");
      this.drawAll();
      this.modals.show(views);
    } catch (error) {
      this.say(error.message);
    }
  }

  async loadPlace(me, person) {
    const place = this.place;
    const channel = this.channelOf(place);
    const home = place?.kind === "app" && place.tab === "home" ? await me.home(place.id, this.workspace.id) : null;
    const messages = channel && !(place.kind === "app" && place.tab === "home") ? await me.messages(channel) : [];
    if (person !== this.person || place !== this.place) return;
    this.home = home;
    this.messages = messages;
    if (channel) this.markSeen(person.id, channel, this.conversations.find(({ id }) => id === channel)?.last_ts);
  }

  channelOf(place) {
    return place?.kind === "app" ? this.dmWith(place.id)?.id : place?.id;
  }

  dmWith(app) {
    return this.conversations.find((one) => one.kind === "dm" && one.app_id === app && (!one.workspace || one.workspace === this.workspace.id));
  }

  // ---- what is new, for everybody in this column

  markSeen(person, channel, ts) {
    if (ts) this.seen.set(`${person}/${channel}`, ts);
  }

  isNew(person, one) {
    const key = `${person}/${one.id}`;
    if (!this.seen.has(key)) this.seen.set(key, this.unread ? "0" : one.last_ts ?? "0");
    return Number(one.last_ts ?? 0) > Number(this.seen.get(key));
  }

  async countUnread() {
    const people = this.everybody();
    const lists = await Promise.all(people.map(({ id }) => api.as(id).conversations().catch(() => [])));
    const counts = people.map(({ id }, index) => [id, lists[index].filter((one) => this.isNew(id, one)).length]);
    this.unread = new Map(counts);
    this.drawWho();
    this.drawRail();
  }

  // ---- drawing

  say(sentence) {
    this.trouble.textContent = sentence;
    this.trouble.hidden = !sentence;
  }

  drawAll() {
    this.drawRail();
    this.drawHead();
    this.drawBody();
    this.drawFoot();
  }

  drawRail() {
    const channels = this.conversations.filter(({ kind }) => kind === "channel");
    const others = this.conversations.filter((one) => one.kind === "dm" && !this.apps().some(({ id }) => this.dmWith(id)?.id === one.id));
    const groups = [
      ["Channels", channels.map((one) => this.channelItem(one))],
      ["Apps", this.apps().map((app) => this.appItem(app))],
      ["Direct messages", others.map((one) => this.item({ kind: "dm", id: one.id }, "person", one.name, one))],
    ].filter(([, items]) => items.length);
    keepingFocus(this.rail, () => patch(this.rail, groups.flatMap(([title, items]) => [
      { key: title, sig: title, make: () => h("h3", {}, title) }, ...items])));
  }

  channelItem(one) {
    const channel = this.world.channel(one.id);
    const sign = channel?.is_ext_shared ? "shared" : channel?.is_private ? "lock" : "hash";
    return this.item({ kind: "channel", id: one.id }, sign, one.name ?? channel?.name ?? one.id, one);
  }

  appItem(app) {
    const dm = this.dmWith(app.id);
    return this.item({ kind: "app", id: app.id, tab: "messages" }, "app", app.name, dm ?? { id: app.id });
  }

  item(place, sign, label, one) {
    const here = this.place?.kind === place.kind && this.place?.id === place.id;
    const fresh = !here && this.isNew(this.person.id, one);
    return {
      key: `${place.kind}:${place.id}`, sig: `${label}|${sign}|${here}|${fresh}|${this.person.id}`,
      make: () => h("button", {
        type: "button", class: ["conv", here ? "here" : "", fresh ? "fresh" : ""].join(" "), "aria-current": here ? "page" : null,
        data: { key: `conv:${place.id}` }, on: { click: () => this.go(place) },
      }, h("span", { class: "sign", "aria-hidden": "true" }, icon(sign)), h("span", { class: "label" }, label), fresh ? h("span", { class: "dot" }, h("span", { class: "unseen" }, "new messages")) : null),
    };
  }

  drawHead() {
    const place = this.place;
    const channel = this.world.channel(place?.id);
    const title = !place ? "" : place.kind === "app" ? this.world.apps.get(place.id)?.name : channel ? `#${channel.name}` : this.conversations.find(({ id }) => id === place.id)?.name;
    const partners = (channel?.is_ext_shared ? channel.team_ids : []).filter((id) => id !== this.workspace.id).map((id) => this.world.teamName(id));
    const sig = JSON.stringify([place, title, partners, channel?.members.length, channel?.is_archived]);
    patch(this.head, [{ key: "head", sig, make: () => h("div", {},
      h("h3", {}, title ?? ""),
      place?.kind === "app" ? this.appTabs() : h("p", { class: "quiet" }, [
        partners.length ? `Shared with ${partners.join(", ")}` : null,
        channel ? `${channel.members.length} members` : null,
        channel?.is_archived ? "archived" : null,
      ].filter(Boolean).join(" · "))) }]);
  }

  appTabs() {
    const tab = (name, label) => h("button", {
      type: "button", role: "tab", "aria-selected": String(this.place.tab === name), data: { key: `tab:${name}` },
      on: { click: () => { this.go({ ...this.place, tab: name }); } },
    }, label);
    return h("div", { class: "subtabs", role: "tablist", "aria-label": "App" }, tab("home", "Home"), tab("messages", "Messages"));
  }

  drawBody() {
    const isHome = this.place?.kind === "app" && this.place.tab === "home";
    this.homeBox.hidden = !isHome;
    this.list.hidden = isHome;
    if (isHome) return this.drawHome();
    const placeKey = JSON.stringify([this.person.id, this.place]);
    const fresh = this.shownPlace !== placeKey;
    this.shownPlace = placeKey;
    keepingFocus(this.list, () => patch(this.list, this.listed()));
    if (fresh) this.atEnd = true;
    this.stayAtEnd();
  }

  /** Who reads the newest message goes on reading the newest, also when a picture above it grows. */
  stayAtEnd() {
    if (this.atEnd) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  watchEnd() {
    let before = 0;
    this.scroller.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.scroller;
      if (scrollHeight - scrollTop - clientHeight < 40) this.atEnd = true;
      else if (scrollTop < before) this.atEnd = false; // only upwards: growth below is not the reader's doing
      before = scrollTop;
    });
    const watcher = new ResizeObserver(() => this.stayAtEnd());
    watcher.observe(this.list);
    watcher.observe(this.scroller);
  }

  drawHome() {
    const base = this.context(`home:${this.place.id}`);
    const ctx = this.home && viewContext({
      base, view: () => this.home, draft: this.homeDraft, hands: { pressView: (what) => this.act(() => this.me.pressView(what)), options: (what) => this.me.options(what) },
    });
    const items = this.home
      ? this.home.blocks.map((block, index) => ({ key: block.block_id ?? index, sig: JSON.stringify(block) + this.dayKey(), make: () => draw(block, ctx) }))
      : [{ key: "none", sig: this.person.id, make: () => h("p", { class: "quiet empty" }, "This app has not published a Home for this person yet.") }];
    keepingFocus(this.homeBox, () => patch(this.homeBox, items));
  }

  dayKey() {
    return `${this.person.id}${dayOf(now(), this.person.tz)}`;
  }

  /** Days, messages and open threads as items of the list. */
  listed() {
    const replies = Map.groupBy(this.messages.filter(isReply), ({ thread_ts: parent }) => parent);
    const top = this.messages.filter((message) => !isReply(message) || message.subtype === "thread_broadcast");
    if (!top.length) return [{ key: "none", sig: this.person.id, make: () => h("li", { class: "quiet empty" }, "No messages here yet.") }];
    const items = [];
    let before = null;
    for (const message of top) {
      const day = dayOf(instant(message.ts), this.person.tz);
      const newDay = !before || day !== dayOf(instant(before.ts), this.person.tz);
      if (newDay) items.push(this.dayItem(message, day));
      const compact = !newDay && follows(message, before) && !replies.has(before.ts);
      items.push(this.messageItem(message, compact, replies.get(message.ts) ?? []));
      before = message;
    }
    return items;
  }

  dayItem(message, day) {
    const label = relativeDay(instant(message.ts), this.person.tz) ?? fullDate(instant(message.ts), this.person.tz);
    return { key: `day${day}`, sig: label, make: () => h("li", { class: "day", role: "separator" }, h("span", {}, label)) };
  }

  messageItem(message, compact, replies) {
    const key = `${message.ts}${message.is_ephemeral ? "e" : ""}`;
    return {
      key, sig: JSON.stringify([message, compact, this.dayKey()]) + this.threadSig(message, replies),
      make: (had) => this.withThread(message, compact, replies, had),
    };
  }

  threadSig(message, replies) {
    return this.expanded.has(message.ts) ? JSON.stringify(replies) : `closed${replies.length}`;
  }

  /** The message is drawn anew; an open thread's own list and composer stay the same nodes, with what was typed. */
  withThread(message, compact, replies, had) {
    const node = drawMessage(message, { hands: this.messageHands(), viewer: this.person, team: this.workspace.id, compact });
    const body = node.querySelector(".body");
    if (!body) return node;
    const open = this.expanded.has(message.ts);
    if (replies.length || open) body.append(this.threadToggle(message, replies, open));
    if (open) body.append(this.thread(message, replies, had?.querySelector(".thread")));
    return node;
  }

  threadToggle(message, replies, open) {
    const last = replies.at(-1);
    const count = `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`;
    const faces = [...new Map(replies.map((reply) => { const author = this.world.author(reply); return [author.id, author]; })).values()].slice(0, 5);
    return h("button", {
      type: "button", class: "replies", "aria-expanded": String(open), data: { key: `thread:${message.ts}` },
      on: { click: () => this.toggle(message.ts) },
    }, faces.map(({ id, name, kind }) => avatar(id, name, kind)), h("span", {}, replies.length ? count : "Thread"),
    h("small", { class: "quiet" }, open ? "Hide the thread" : last ? `Last at ${clockTime(instant(last.ts), this.person.tz)}` : ""));
  }

  toggle(ts, on = !this.expanded.has(ts)) {
    if (on) this.expanded.add(ts);
    else this.expanded.delete(ts);
    this.atEnd = false;
    this.drawBody();
  }

  thread(message, replies, had) {
    const box = had ?? h("div", { class: "thread" }, h("ol", { class: "messages", "aria-label": "Thread" }),
      composer({ label: "Reply in the thread", key: message.ts, small: true, commands: false, hands: { say: (text) => this.post(text, message.ts) } }));
    patch(box.querySelector("ol"), replies.map((reply, index) => {
      const compact = index > 0 && follows(reply, replies[index - 1]);
      return {
        key: reply.ts, sig: JSON.stringify([reply, compact, this.dayKey()]),
        make: () => drawMessage(reply, { hands: this.messageHands(), viewer: this.person, team: this.workspace.id, compact }),
      };
    }));
    return box;
  }

  drawFoot() {
    const place = this.place;
    const channel = this.world.channel(place?.id);
    const name = place?.kind === "app" ? this.world.apps.get(place.id)?.name : channel ? `#${channel.name}` : "this person";
    const shut = !place || channel?.is_archived || (place.kind === "app" && place.tab === "home");
    patch(this.foot, shut ? [] : [{
      key: "composer", sig: JSON.stringify([this.person.id, place]),
      make: () => composer({ label: `Message ${name}`, hands: {
        say: (text) => this.post(text),
        command: (command, text) => this.command(command, text),
        commands: () => this.apps().flatMap((app) => (app.commands ?? []).map((one) => ({ ...(typeof one === "string" ? { command: one } : one), app: app.name }))),
        shortcuts: () => this.shortcuts("global").map(({ app, shortcut }) => ({
          label: shortcut.name, detail: app.name, run: () => void this.act(() => this.me.shortcut({ app_id: app.id, callback_id: shortcut.callback_id })),
        })),
      } }),
    }]);
  }

  // ---- acting

  shortcuts(type) {
    return this.apps().flatMap((app) => (app.shortcuts ?? []).filter((one) => one.type === type).map((shortcut) => ({ app, shortcut })));
  }

  async post(text, thread) {
    const channel = this.channelOf(this.place);
    if (!channel) throw new api.Refused("There is no direct message with this app yet; it starts when the app writes first.");
    await this.me.say({ channel, text: asSlackText(text, this.world, this.workspace.id), ...(thread ? { thread_ts: thread } : {}) });
    this.refresh();
  }

  async command(command, text) {
    const answer = await this.me.command({ channel: this.channelOf(this.place), command, text });
    if (answer?.ok === false) throw new api.Refused(commandRefusal(command, answer.error, this.workspace.name));
    this.refresh();
  }

  /** Do something that the app will answer; a refusal is said at the top of the column. */
  async act(work) {
    const key = document.activeElement?.dataset?.key;
    if (key && !key.startsWith("view:")) this.trigger = key;
    try {
      const answer = await work();
      if (answer?.ok === false) throw new api.Refused(`The app did not take this${answer.error ? `: ${answer.error}` : ""}.`);
      this.say("");
      this.refresh();
      return answer;
    } catch (error) {
      this.say(error.message);
      announce(error.message);
      return null;
    }
  }

  returnFocus() {
    const target = (this.trigger && byKey(this.root, this.trigger)) ?? this.foot.querySelector("textarea");
    target?.focus({ preventScroll: true });
  }

  context(scope, message) {
    return {
      world: this.world, person: this.person, team: this.workspace.id, scope,
      files: new Map((message?.files ?? []).map((one) => [one.id, one])),
    };
  }

  messageHands() {
    return {
      context: (message) => {
        const draft = new Draft();
        const channel = message.channel ?? this.channelOf(this.place);
        const where = (block, el) => ({ channel, ts: message.ts, block_id: block.block_id, action_id: el.action_id });
        return {
          ...this.context(message.ts, message),
          value: (block, el) => draft.value({}, block, el),
          put: (block, el, value) => draft.put.set(`${block.block_id}\n${el.action_id}`, value),
          press: (block, el, value) => this.act(() => this.me.press({ ...where(block, el), value })),
          options: (block, el, query) => this.me.options({ ...where(block, el), query }),
        };
      },
      menu: (message) => this.messageMenu(message),
    };
  }

  messageMenu(message) {
    const channel = this.channelOf(this.place);
    const parent = message.thread_ts ?? message.ts;
    const reply = message.is_ephemeral ? [] : [{ label: "Reply in thread", run: () => this.replyTo(parent) }];
    return [...reply, ...this.shortcuts("message").map(({ app, shortcut }) => ({
      label: shortcut.name, detail: app.name,
      run: () => void this.act(() => this.me.messageAction({ app_id: app.id, callback_id: shortcut.callback_id, channel, ts: message.ts })),
    }))];
  }

  replyTo(ts) {
    this.toggle(ts, true);
    this.list.querySelector(`[data-ts="${CSS.escape(ts)}"] .thread textarea`)?.focus();
  }
}

function follows(message, before) {
  return before && !message.blocks?.length && !before.subtype && !message.subtype && !message.is_ephemeral && !before.is_ephemeral &&
    message.user === before.user && message.bot_id === before.bot_id && instant(message.ts) - instant(before.ts) < COMPACT_MS;
}

const REFUSALS = {
  unknown_command: (command, name) => `${command} is not a command in ${name}: the app that has it is not installed there.`,
};
const commandRefusal = (command, error, name) => REFUSALS[error]?.(command, name) ?? `${command} failed: ${error ?? "the app did not answer"}.`;
