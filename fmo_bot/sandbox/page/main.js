// Opens the world, lays out its columns and passes changes on.

import * as api from "./api.js";
import { appsDrawer } from "./apps.js";
import { Board } from "./board.js";
import { channelsDrawer } from "./channels.js";
import { ClockBar } from "./clock.js";
import { h } from "./dom.js";
import { faultsDrawer } from "./faults.js";
import { peopleDrawer } from "./people.js";
import { Side } from "./side.js";
import { World } from "./world.js";

const at = (id) => document.getElementById(id);

function trouble(sentence) {
  at("trouble").textContent = sentence;
  at("trouble").hidden = !sentence;
}

/** Sides and boards as panels; on a narrow screen one at a time, chosen by tabs. */
function layOut(sides, boards) {
  const panels = [
    ...sides.map((side) => ({ id: side.root.id, name: side.workspace.name, root: side.root })),
    ...boards.map(({ root, name }) => ({ id: root.id, name, root })),
  ];
  at("sides").style.setProperty("--sides", String(sides.length));
  at("sides").replaceChildren(...panels.map(({ root }) => root));
  const show = (chosen) => {
    for (const { id, root } of panels) root.classList.toggle("away", id !== chosen);
    for (const tab of at("tabs").children) tab.setAttribute("aria-selected", String(tab.dataset.panel === chosen));
  };
  at("tabs").replaceChildren(...panels.map(({ id, name }) => h("button", {
    type: "button", role: "tab", "aria-controls": id, data: { panel: id }, on: { click: () => show(id) },
  }, name)));
  show(panels[0]?.id);
}

function boardPanels(world) {
  return (world.raw.jira ?? []).flatMap(({ site, boards }) => boards.map((board) => {
    const root = h("section", { id: `board-${site}-${board.id}`, class: "board", "aria-label": `Jira board ${board.name}` });
    return { root, name: "Board", board: new Board(root, site, board) };
  }));
}

function tools(boards) {
  const drawer = faultsDrawer();
  const people = peopleDrawer();
  const channels = channelsDrawer();
  const apps = appsDrawer();
  document.body.append(drawer.box, people.box, channels.box, apps.box);
  const shown = () => document.body.classList.contains("with-board");
  const toggle = h("button", { type: "button", class: "btn small wide-only", "aria-pressed": "false" }, "Jira board");
  const set = (on) => {
    document.body.classList.toggle("with-board", on);
    toggle.setAttribute("aria-pressed", String(on));
    sessionStorage.setItem("board", on ? "on" : "");
  };
  toggle.addEventListener("click", () => set(!shown()));
  set(sessionStorage.getItem("board") === "on");
  at("tools").replaceChildren(...(boards.length ? [toggle] : []),
    h("button", { type: "button", class: "btn small", on: { click: people.open } }, "People"),
    h("button", { type: "button", class: "btn small", on: { click: channels.open } }, "Channels"),
    h("button", { type: "button", class: "btn small", on: { click: apps.open } }, "Apps"),
    h("button", { type: "button", class: "btn small", on: { click: drawer.open } }, "Faults"));
}

async function open() {
  let world = new World(await api.world());
  const sides = world.sides().map((workspace, index) => new Side(workspace, world, `tone-${index % 2 ? "b" : "a"}`));
  const boards = boardPanels(world);
  layOut(sides, boards);
  tools(boards);
  const clock = new ClockBar(at("clock"), world);
  setInterval(() => sides.forEach((side) => side.tick()), 1000);

  const all = () => sides.forEach((side) => { side.refresh(); side.lookAround(); });
  const boardsAnew = () => boards.forEach(({ board }) => board.refresh());
  const worldAnew = async () => {
    world = new World(await api.world());
    for (const side of sides) side.world = world;
    all();
  };
  const heard = {
    message: all,
    view: () => sides.forEach((side) => side.refresh()),
    home: () => sides.forEach((side) => side.refresh()),
    clock: () => { void clock.read(); all(); boardsAnew(); },
    jira: boardsAnew,
    world: worldAnew,
  };
  let lost = false;
  api.listen((change) => void heard[change.kind]?.(), (up) => {
    if (up && lost) void worldAnew().then(() => { void clock.read(); boardsAnew(); });
    lost = !up;
    trouble(up ? "" : "The sandbox does not answer. Is it still running? This page goes on by itself when it is back.");
  });
}

open().catch((error) => trouble(error.message));
