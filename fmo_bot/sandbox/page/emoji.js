// The short codes that messages of a delivery team use. An unknown code stays as it was written.

import { h, s } from "./dom.js";

const SIGNS = {
  "+1": "👍", "-1": "👎", thumbsup: "👍", thumbsdown: "👎", wave: "👋", tada: "🎉", eyes: "👀", pray: "🙏", clap: "👏", rocket: "🚀",
  white_check_mark: "✅", heavy_check_mark: "✔️", ballot_box_with_check: "☑️", x: "❌", heavy_multiplication_x: "✖️",
  warning: "⚠️", no_entry: "⛔", no_entry_sign: "🚫", octagonal_sign: "🛑", rotating_light: "🚨", exclamation: "❗", question: "❓",
  red_circle: "🔴", large_blue_circle: "🔵", blue_circle: "🔵", large_green_circle: "🟢", green_circle: "🟢",
  large_yellow_circle: "🟡", yellow_circle: "🟡", large_orange_circle: "🟠", white_circle: "⚪", black_circle: "⚫",
  large_red_square: "🟥", large_green_square: "🟩", large_yellow_square: "🟨", white_large_square: "⬜",
  calendar: "📅", date: "📅", spiral_calendar_pad: "🗓️", clock9: "🕘", alarm_clock: "⏰", hourglass: "⌛", hourglass_flowing_sand: "⏳",
  stopwatch: "⏱️", bar_chart: "📊", chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", clipboard: "📋", memo: "📝",
  pushpin: "📌", link: "🔗", speech_balloon: "💬", bulb: "💡", bell: "🔔", mag: "🔍", construction: "🚧", lock: "🔒", key: "🔑",
  arrow_right: "➡️", arrow_left: "⬅️", arrow_up: "⬆️", arrow_down: "⬇️", arrows_counterclockwise: "🔄", repeat: "🔁",
  information_source: "ℹ️", triangular_flag_on_post: "🚩", checkered_flag: "🏁", package: "📦", gear: "⚙️", wrench: "🔧", bug: "🐛",
  smile: "😄", slightly_smiling_face: "🙂", thinking_face: "🤔", palm_tree: "🌴", sunrise: "🌅", coffee: "☕", zzz: "💤", star: "⭐",
  sparkles: "✨", fire: "🔥", heart: "❤️", point_right: "👉", raised_hands: "🙌", robot_face: "🤖", globe_with_meridians: "🌐",
  handshake: "🤝", seedling: "🌱", turtle: "🐢", inbox_tray: "📥", outbox_tray: "📤", envelope: "✉️", house: "🏠", pencil2: "✏️",
};

export const emojiSign = (code) => (Object.hasOwn(SIGNS, code) ? SIGNS[code] : null);

/** Text with its `:codes:` as signs. */
export const withEmoji = (text) => text.replace(/:([a-z0-9_+-]+):/g, (whole, code) => emojiSign(code) ?? whole);

// Signs that stand-ups are full of, as drawings: many a server or minimal desktop has no font that holds them.
const DRAWN = {
  "✅": [["rect", { x: 1, y: 1, width: 14, height: 14, rx: 3, fill: "#2e9e5b" }], ["path", { d: "M4 8.3 7 11.2 12.2 5", stroke: "#fff" }]],
  "⛔": [["circle", { cx: 8, cy: 8, r: 7, fill: "#d0273f" }], ["path", { d: "M4.2 8h7.6", stroke: "#fff" }]],
  "⏳": [["path", { d: "M4 1.8h8 M4 14.2h8 M5 2c0 3.6 6 8.4 6 12 M11 2c0 3.6-6 8.4-6 12", stroke: "#b0722a" }]],
  "⚠": [["path", { d: "M8 1.6 15 14.2H1z", fill: "#e0a11b" }], ["path", { d: "M8 6v4 M8 12.1v.1", stroke: "#3d2b00" }]],
};
const PIECES = new RegExp(`(${Object.keys(DRAWN).join("|")})\\ufe0f?`, "u");

const drawing = (sign) => h("span", { class: "emoji", role: "img", "aria-label": sign },
  s("svg", { viewBox: "0 0 16 16" }, DRAWN[sign].map(([tag, shape]) => s(tag, shape))));

/** A text as a list of strings and drawings. */
export const pictured = (text) => text.split(PIECES).filter(Boolean).map((piece) => (Object.hasOwn(DRAWN, piece) ? drawing(piece) : piece));
