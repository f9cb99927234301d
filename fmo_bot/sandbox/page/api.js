// Talking to the sandbox: JSON requests and the stream of changes.

/** A refusal with the server's own sentence. */
export class Refused extends Error {}

async function request(path, init) {
  let answer;
  try {
    answer = await fetch(path, { cache: "no-store", ...init });
  } catch {
    throw new Refused("The sandbox does not answer. Is it still running?");
  }
  const body = await answer.json().catch(() => null);
  if (answer.ok) return body;
  throw new Refused(typeof body?.error === "string" ? body.error : `The sandbox answered ${answer.status}.`);
}

export const get = (path) => request(path);
const send = (method) => (path, value) =>
  request(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });
export const post = send("POST");
const put = send("PUT");

const q = encodeURIComponent;

/** What one person can see and do. */
export const as = (user) => {
  const root = `/control/as/${q(user)}`;
  return {
    conversations: () => get(`${root}/conversations`),
    messages: (channel) => get(`${root}/messages?channel=${q(channel)}`),
    views: () => get(`${root}/views`),
    home: (app, team) => get(`${root}/home?app_id=${q(app)}&team_id=${q(team)}`),
    openHome: (app, team) => post(`${root}/open_home`, { app_id: app, team_id: team }),
    say: (what) => post(`${root}/say`, what),
    command: (what) => post(`${root}/command`, what),
    press: (what) => post(`${root}/press`, what),
    pressView: (what) => post(`${root}/press_view`, what),
    submit: (what) => post(`${root}/submit`, what),
    close: (view) => post(`${root}/close`, { view_id: view }),
    options: (what) => post(`${root}/options`, what),
    shortcut: (what) => post(`${root}/shortcut`, what),
    messageAction: (what) => post(`${root}/message_action`, what),
  };
};

export const member = (channel, who) => post(`/control/channels/${q(channel)}/members`, who);
export const channel = (id, what) => put(`/control/channels/${q(id)}`, what);
export const uninstall = (key, team) => post(`/control/apps/${q(key)}/uninstall`, { team });
export const person = (user, what) => put(`/control/people/${q(user)}`, what);
export const world = () => get("/control/world");
export const clock = () => get("/clock");
export const step = (how) => post("/clock/step", how);
export const faults = () => get("/control/faults");
export const setFaults = (what) => post("/control/faults", what);
export const board = (site, id) => get(`/control/jira/${q(site)}/boards/${q(id)}`);
export const move = (site, key, status) => post(`/control/jira/${q(site)}/issues/${q(key)}/move`, { status });
export const flag = (site, key, on) => post(`/control/jira/${q(site)}/issues/${q(key)}/flag`, { on });

/** Call `heard(change)` for every change; `link(up)` when the stream comes or goes. EventSource reconnects by itself. */
export function listen(heard, link) {
  const stream = new EventSource("/control/changes");
  stream.onmessage = (event) => heard(JSON.parse(event.data));
  stream.onopen = () => link(true);
  stream.onerror = () => link(false);
}

/** Run `work` once, a little later, however often it is asked for; one run at a time, and once more if asked meanwhile. */
export function soon(work, wait = 40) {
  let timer = null;
  let running = false;
  let again = false;
  const run = async () => {
    timer = null;
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      await work();
    } finally {
      running = false;
      if (again) {
        again = false;
        start();
      }
    }
  };
  const start = () => {
    timer ??= setTimeout(run, wait);
  };
  return start;
}
