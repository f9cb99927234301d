// The short codes that messages of a delivery team use. An unknown code stays as it was written.

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
