// Calendar time as the sandbox tells it, in anybody's zone.

let base = { server: Date.now(), heard: performance.now() };

/** The sandbox said it is `iso` now. */
export function heard(iso) {
  base = { server: Date.parse(iso), heard: performance.now() };
}

/** Milliseconds since 1970 by the sandbox's clock. */
export const now = () => base.server + (performance.now() - base.heard);

const made = new Map();
function formatter(zone, options) {
  const key = zone + JSON.stringify(options);
  if (!made.has(key)) {
    let safe = zone;
    try {
      new Intl.DateTimeFormat("en-GB", { timeZone: zone });
    } catch {
      safe = "UTC";
    }
    made.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: safe, ...options }));
  }
  return made.get(key);
}

const show = (options) => (ms, zone) => formatter(zone, options).format(ms);
export const clockTime = show({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
export const weekdayDate = show({ weekday: "short", day: "numeric", month: "short" });
export const fullDate = show({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
export const fullMoment = show({
  weekday: "short", day: "numeric", month: "short", year: "numeric",
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short",
});

/** YYYY-MM-DD in a zone. */
export function dayOf(ms, zone) {
  const part = Object.fromEntries(
    formatter(zone, { year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(ms).map((p) => [p.type, p.value]));
  return `${part.year}-${part.month}-${part.day}`;
}

const DAY = 86_400_000;

/** "Today", "Yesterday", "Tomorrow" or null, by the zone's own days. */
export function relativeDay(ms, zone) {
  const gap = Math.round((Date.parse(dayOf(ms, zone)) - Date.parse(dayOf(now(), zone))) / DAY);
  return { "-1": "Yesterday", 0: "Today", 1: "Tomorrow" }[gap] ?? null;
}

const ordinal = (n) => n + (n % 100 - n % 10 === 10 ? "th" : ["th", "st", "nd", "rd"][n % 10] ?? "th");

const en = (options) => (ms, zone) => {
  const key = `us${zone}${JSON.stringify(options)}`;
  if (!made.has(key)) made.set(key, new Intl.DateTimeFormat("en-US", { timeZone: zone, ...options }));
  return made.get(key).format(ms);
};
const month = en({ month: "long" });
const year = en({ year: "numeric" });
const weekday = en({ weekday: "long" });
const dayNumber = (ms, zone) => Number(dayOf(ms, zone).slice(8));
const plainDate = (ms, zone) => `${month(ms, zone)} ${ordinal(dayNumber(ms, zone))}, ${year(ms, zone)}`;
const shortDate = en({ month: "short", day: "numeric", year: "numeric" });
const longDate = (ms, zone) => `${weekday(ms, zone)}, ${plainDate(ms, zone)}`;
const pretty = (plain) => (ms, zone) => relativeDay(ms, zone)?.toLowerCase() ?? plain(ms, zone);

function ago(ms) {
  const minutes = Math.round((now() - ms) / 60_000);
  const size = Math.abs(minutes);
  const [n, unit] = size < 60 ? [minutes, "minute"] : size < 1440 ? [minutes / 60, "hour"] : [minutes / 1440, "day"];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(-Math.round(n), unit);
}

const TOKENS = {
  date_num: (ms, zone) => dayOf(ms, zone),
  date: plainDate,
  date_short: shortDate,
  date_long: longDate,
  date_pretty: pretty(plainDate),
  date_short_pretty: pretty(shortDate),
  date_long_pretty: pretty(longDate),
  day_divider_pretty: pretty((ms, zone) => `${weekday(ms, zone)}, ${month(ms, zone)} ${ordinal(dayNumber(ms, zone))}`),
  time: clockTime,
  time_secs: show({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
  ago: (ms) => ago(ms),
};

/** Slack's date formatting: `<!date^seconds^format|fallback>` in a zone; the fallback where a token is unknown. */
export function dateTokens(seconds, format, fallback, zone) {
  if (!Number.isFinite(seconds)) return fallback;
  let known = true;
  const said = format.replace(/\{(\w+)\}/g, (whole, name) => {
    known &&= name in TOKENS;
    return TOKENS[name]?.(seconds * 1000, zone) ?? whole;
  });
  return known ? said : fallback;
}
