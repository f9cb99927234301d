// The bar with the calendar time in every zone of the world, and the buttons that move it.

import * as api from "./api.js";
import { announce, h } from "./dom.js";
import { clockTime, heard, now, weekdayDate } from "./time.js";

const STEPS = [
  ["Next event", { next: true }, "Step to the next thing that anybody has planned"],
  ["+15 min", { by: 900 }, "Step 15 minutes"],
  ["+1 h", { by: 3600 }, "Step one hour"],
  ["+1 day", { by: 86_400 }, "Step one day"],
];

const city = (zone) => zone.split("/").at(-1).replaceAll("_", " ");

/** Zones of the people, most easterly first, each once. */
function zonesOf(world) {
  return [...new Set(world.raw.people.map(({ tz }) => tz))].sort((a, b) => offset(b) - offset(a));
}

function offset(zone) {
  const at = (tz) => Date.parse(new Date(now()).toLocaleString("en-US", { timeZone: tz }));
  return at(zone) - at("UTC");
}

export class ClockBar {
  constructor(root, world) {
    this.zones = zonesOf(world).map((zone) => ({ zone, time: h("strong", {}), day: h("small", {}) }));
    this.error = h("p", { class: "error", role: "alert" });
    this.buttons = STEPS.map(([face, how, label]) =>
      h("button", { type: "button", class: "btn small", title: label, on: { click: (event) => this.step(how, event.currentTarget) } }, face));
    root.replaceChildren(
      h("ul", { class: "zones" }, this.zones.map(({ zone, time, day }) => h("li", {}, h("span", {}, city(zone)), time, day))),
      h("div", { class: "steps" }, this.buttons), this.error);
    setInterval(() => this.tick(), 1000);
    void this.read();
  }

  tick() {
    for (const { zone, time, day } of this.zones) {
      const [clock, date] = [clockTime(now(), zone), weekdayDate(now(), zone)];
      if (time.textContent !== clock) time.textContent = clock;
      if (day.textContent !== date) day.textContent = date;
    }
  }

  async read() {
    heard((await api.clock()).now);
    this.tick();
  }

  async step(how, button) {
    this.error.textContent = "";
    const face = button.textContent;
    button.textContent = "Waiting …";
    button.setAttribute("aria-busy", "true");
    for (const one of this.buttons) one.disabled = true;
    try {
      heard((await api.step(how)).now);
      this.tick();
      const { zone, time, day } = this.zones[0];
      announce(`It is now ${day.textContent}, ${time.textContent} in ${city(zone)}`);
    } catch (error) {
      this.error.textContent = error.message;
    } finally {
      for (const one of this.buttons) one.disabled = false;
      button.textContent = face;
      button.removeAttribute("aria-busy");
      button.focus();
    }
  }
}
