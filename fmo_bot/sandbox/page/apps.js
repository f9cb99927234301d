// A drawer in which an app is taken out of a workspace, or out of a whole organisation.

import * as api from "./api.js";
import { h, uid } from "./dom.js";

/** Every installation as [its place and app, what people call it]. */
const installations = ({ apps, workspaces }) => apps.flatMap((app) => Object.keys(app.bot_tokens).map((where) =>
  [`${app.key} ${where}`, `${app.name} (${app.key}) in ${workspaces.find(({ id }) => id === where)?.name ?? where}`]));

/** The drawer and the way to open it. */
export function appsDrawer() {
  const told = h("p", { role: "status", class: "quiet" });
  const error = h("p", { role: "alert", class: "error" });
  const select = h("select", { id: uid("installation"), class: "field" });
  const fill = async () =>
    select.replaceChildren(...installations(await api.world()).map(([value, text]) => h("option", { value }, text)));
  const doing = (work) => async () => {
    told.textContent = error.textContent = "";
    try {
      await work();
      await fill();
    } catch (refusal) {
      error.textContent = refusal.message;
    }
  };
  const uninstall = doing(async () => {
    const [key, where] = select.value.split(" ");
    await api.uninstall(key, where);
    told.textContent = "Taken out; the app has been told.";
  });
  const box = h("dialog", { class: "ask faults", "aria-label": "Apps" },
    h("h2", {}, "Apps"),
    h("div", { class: "fault" }, h("label", { htmlFor: select.id }, "Installation"), select),
    told, error,
    h("div", { class: "foot" },
      h("button", { type: "button", class: "btn", on: { click: () => box.close() } }, "Close"),
      h("button", { type: "button", class: "btn danger", on: { click: uninstall } }, "Uninstall")));
  const open = async () => {
    await doing(() => {})();
    box.showModal();
  };
  return { box, open };
}
