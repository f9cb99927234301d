// data_visualization blocks as inline SVG, each with its numbers as a table for those who cannot see it.

import { h, s } from "./dom.js";
import { plain } from "./mrkdwn.js";

const WIDTH = 560;
const HEIGHT = 250;
const FRAME = { left: 44, right: 12, top: 12, bottom: 46 };
const tone = (index) => `tone${index % 8}`;
const number = (value) => new Intl.NumberFormat("en", { maximumFractionDigits: 2 }).format(value);

/** Round steps for an axis that has to hold `least`..`most`. */
export function steps(least, most) {
  const low = Math.min(0, least);
  const high = Math.max(0, most);
  const raw = (high - low || 1) / 4;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * size).find((n) => n >= raw);
  const from = Math.floor(low / step);
  const to = Math.max(from + 1, Math.ceil(high / step));
  return Array.from({ length: to - from + 1 }, (_, index) => (from + index) * step);
}

function plot(chart) {
  const series = (chart.series ?? []).map((one) => ({ name: plain(one.name), points: (one.data ?? []).map((p) => Number(p.value) || 0) }));
  const labels = chart.axis_config?.categories ?? (chart.series?.[0]?.data ?? []).map((p) => p.label);
  const all = series.flatMap((one) => one.points);
  const marks = steps(Math.min(...all, 0), Math.max(...all, 0));
  const [low, high] = [marks[0], marks.at(-1)];
  const wide = WIDTH - FRAME.left - FRAME.right;
  const tall = HEIGHT - FRAME.top - FRAME.bottom;
  return {
    series, marks, wide, labels: labels.map((label) => plain(label)),
    slot: wide / Math.max(1, labels.length),
    y: (value) => FRAME.top + tall * (1 - (value - low) / (high - low)),
  };
}

function axes(p, config) {
  const every = Math.ceil(p.labels.length / 10);
  return [
    p.marks.map((mark) => s("g", {},
      s("line", { class: "grid", x1: FRAME.left, x2: WIDTH - FRAME.right, y1: p.y(mark), y2: p.y(mark) }),
      s("text", { class: "axis", x: FRAME.left - 6, y: p.y(mark) + 4, "text-anchor": "end" }, number(mark)))),
    p.labels.map((label, index) => (index % every ? [] :
      s("text", { class: "axis", x: FRAME.left + p.slot * (index + 0.5), y: HEIGHT - FRAME.bottom + 16, "text-anchor": "middle" },
        label.length * 6.4 > p.slot * every ? `${label.slice(0, Math.max(2, Math.floor((p.slot * every) / 6.4) - 1))}…` : label))),
    config?.x_label ? [s("text", { class: "axis name", x: FRAME.left + p.wide / 2, y: HEIGHT - 8, "text-anchor": "middle" }, plain(config.x_label))] : [],
    config?.y_label ? [s("text", { class: "axis name", transform: `translate(11 ${(HEIGHT - FRAME.bottom + FRAME.top) / 2}) rotate(-90)`, "text-anchor": "middle" }, plain(config.y_label))] : [],
  ];
}

function bars(p) {
  const wide = (p.slot * 0.72) / Math.max(1, p.series.length);
  return p.series.map((one, which) => one.points.map((value, index) => {
    const x = FRAME.left + p.slot * (index + 0.14) + wide * which;
    const top = Math.min(p.y(value), p.y(0));
    return s("rect", { class: tone(which), x, y: top, width: Math.max(1, wide - 1), height: Math.abs(p.y(value) - p.y(0)), rx: 1.5 },
      s("title", {}, `${one.name}, ${p.labels[index]}: ${number(value)}`));
  }));
}

const path = (p, points) => points.map((value, index) => `${FRAME.left + p.slot * (index + 0.5)},${p.y(value)}`);

const lineMarks = (p) => p.series.map((one, which) => [
  s("polyline", { class: `stroke ${tone(which)}`, points: path(p, one.points).join(" ") }),
  one.points.map((value, index) => s("circle", { class: tone(which), r: 2.6, cx: FRAME.left + p.slot * (index + 0.5), cy: p.y(value) },
    s("title", {}, `${one.name}, ${p.labels[index]}: ${number(value)}`))),
]);

const areaMarks = (p) => p.series.map((one, which) => {
  const edge = path(p, one.points);
  const floor = (index) => `${FRAME.left + p.slot * (index + 0.5)},${p.y(0)}`;
  return [
    s("polygon", { class: `fill ${tone(which)}`, points: [floor(0), ...edge, floor(one.points.length - 1)].join(" ") }),
    s("polyline", { class: `stroke ${tone(which)}`, points: edge.join(" ") }),
  ];
});

const DRAW = { bar: bars, line: lineMarks, area: areaMarks };

const legend = (names) => h("ul", { class: "legend", "aria-hidden": "true" }, names.map((name, index) =>
  h("li", {}, h("span", { class: `swatch ${tone(index)}` }), name)));

const numbers = (title, head, rows) => h("details", { class: "numbers" }, h("summary", {}, "Numbers"),
  h("div", { class: "scroll" }, h("table", {}, h("caption", { class: "unseen" }, title),
    h("thead", {}, h("tr", {}, head.map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, rows.map(([name, ...rest]) => h("tr", {}, h("th", { scope: "row" }, name), rest.map((v) => h("td", { class: "number" }, number(v)))))))));

function slices(segments) {
  const whole = segments.reduce((sum, { value }) => sum + Number(value), 0) || 1;
  const at = (share) => [130 + 105 * Math.sin(2 * Math.PI * share), 120 - 105 * Math.cos(2 * Math.PI * share)];
  let from = 0;
  return segments.map(({ label, value }, index) => {
    const to = from + Number(value) / whole;
    const big = to - from > 0.5 ? 1 : 0;
    const d = to - from > 0.9999
      ? "M130,15 a105,105 0 1 1 -0.01,0 Z"
      : `M130,120 L${at(from).join(",")} A105,105 0 ${big} 1 ${at(to).join(",")} Z`;
    from = to;
    return s("path", { class: `slice ${tone(index)}`, d }, s("title", {}, `${plain(label)}: ${number(value)}`));
  });
}

function pie(title, chart) {
  const segments = chart.segments ?? [];
  return [
    s("svg", { viewBox: "0 0 260 240", class: "chart round", role: "img", "aria-label": title }, slices(segments)),
    legend(segments.map(({ label, value }) => `${plain(label)} · ${number(value)}`)),
    numbers(title, ["", "Value"], segments.map(({ label, value }) => [plain(label), value])),
  ];
}

function cartesian(title, chart) {
  const p = plot(chart);
  return [
    s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart", role: "img", "aria-label": title },
      axes(p, chart.axis_config).flat(Infinity), DRAW[chart.type](p).flat(Infinity)),
    legend(p.series.map(({ name }) => name)),
    numbers(title, ["", ...p.labels], p.series.map(({ name, points }) => [name, ...points])),
  ];
}

export function chart(block) {
  const title = plain(block.title);
  const kind = block.chart?.type;
  const body = kind === "pie" ? pie(title, block.chart) : DRAW[kind] ? cartesian(title, block.chart) : [`This page does not draw “${kind}” charts.`];
  return h("figure", { class: "figure" }, h("figcaption", {}, title), body);
}
