// A few line drawings, so that nothing depends on the fonts of a computer.

import { s } from "./dom.js";

const PATHS = {
  hash: "M6 2 4.5 14 M11.5 2 10 14 M2.5 5.5h11.5 M2 10.5h11.5",
  lock: "M4 7h8v6.5H4z M5.5 7V5a2.5 2.5 0 0 1 5 0v2",
  shared: "M2.5 2.5h7.5v7.5H2.5z M6 6h7.5v7.5H6z",
  app: "M8 1.8 14 8l-6 6.2L2 8z",
  person: "M8 8a2.8 2.8 0 1 0 0-5.6A2.8 2.8 0 0 0 8 8z M2.8 14c.6-3 2.6-4.3 5.2-4.3s4.6 1.3 5.2 4.3",
  eye: "M1.5 8C3 5 5.3 3.7 8 3.7S13 5 14.5 8C13 11 10.7 12.3 8 12.3S3 11 1.5 8z M8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  bolt: "M9 1.5 3.5 9h4L7 14.5 12.5 7h-4z",
  dots: "M8 3.2v.1 M8 8v.1 M8 12.8v.1",
  clip: "M12.5 7.5 8 12a3 3 0 0 1-4.3-4.3l5-5a2 2 0 0 1 2.9 2.9l-4.8 4.7a1 1 0 0 1-1.4-1.4L9.5 5",
  flag: "M4 14.5V2 M4 2.5h8l-2 3 2 3H4",
};

export const icon = (name) =>
  s("svg", { viewBox: "0 0 16 16", class: `icon ${name}`, "aria-hidden": "true" }, s("path", { d: PATHS[name] }));
