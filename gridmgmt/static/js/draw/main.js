/** The editor of a draft: puts map, tools and panel together, and says what the server answers. */

import { debounce, toast } from "../dom.js";
import { createMap, freeView } from "../map/base.js";
import { isTyping } from "../shortcuts.js";
import { Api } from "./api.js";
import { BorderTool } from "./border.js";
import { Hint } from "./hint.js";
import { Outlines, latLngs } from "./outlines.js";
import { AreaPanel } from "./panel-area.js";
import { DifferencePanel, FindingsPanel, StepsPanel } from "./panel-lists.js";
import { Snapper } from "./snapper.js";
import { Store } from "./store.js";
import { CutTool, DrawTool, MergeTool, SelectTool, SplitTool } from "./tools.js";
import { t } from "./words.js";

const PHONE_PX = 720;
const FRESH_MS = 20000;

const page = JSON.parse(document.getElementById("draw-page").textContent);
const element = document.getElementById("map");
const panel = document.getElementById("draw-panel");
const byId = (id) => document.getElementById(id);
if (window.innerWidth < PHONE_PX) {
  // on a phone the map comes first; the sheet is pulled up when it is wanted
  panel.classList.add("is-closed");
  panel.querySelector("[data-panel-toggle]").setAttribute("aria-expanded", "false");
}

const map = createMap(element);
const api = new Api(page.api);
const store = new Store(api, page);
const hint = new Hint(byId("draw-hint"), api);
const outlines = new Outlines(map, store);
const snapper = new Snapper(map, store, page.lines_url);
const buttons = [...document.querySelectorAll(".draw-tool[data-tool]")];
const crossing = byId("draw-cross");
const news = byId("draw-news");

/* The view */

function zoomTo(features, most = 19) {
  const bounds = window.L.latLngBounds([]);
  for (const { geometry } of features) {
    if (geometry.type === "Point") bounds.extend([geometry.coordinates[1], geometry.coordinates[0]]);
    else bounds.extend(window.L.polyline(latLngs(geometry).flat(Infinity).reduce((pairs, value, index, all) => (index % 2 ? pairs : [...pairs, [value, all[index + 1]]]), [])).getBounds());
  }
  if (bounds.isValid()) map.fitBounds(bounds, { ...freeView(element), maxZoom: most });
}

const look = () => {
  const view = map.getBounds();
  return store.look([view.getWest(), view.getSouth(), view.getEast(), view.getNorth()]).catch((refusal) => hint.error(refusal.message, [{ label: t("retry"), run: look }]));
};
map.on("moveend", debounce(look, 200));

/* Tools */

const room = { map, store, snapper, hint, outlines, mayCross: () => Boolean(crossing && crossing.checked), done: () => use("select") };
room.askToCross = () => {
  crossing.checked = true;
  crossing.dispatchEvent(new Event("change"));
  crossing.focus();
};
/** The card of what was chosen; on a phone the sheet comes up for it. */
room.opened = () => openLeaf("area", window.innerWidth < PHONE_PX);

const tools = { select: new SelectTool(room), border: new BorderTool(room), draw: new DrawTool(room), split: new SplitTool(room), merge: new MergeTool(room), cut: new CutTool(room) };
let tool = tools.select;

function use(name) {
  if (!tools[name] || (!page.draws && name !== "select")) return;
  if (tool.busy && (tool === tools.border || tool === tools[name])) return; // what is drawn stays
  tool.stop();
  snapper.hide();
  hint.clear();
  tool = tools[name];
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.tool === name));
  element.dataset.tool = name;
  if (crossing) crossing.closest("label").hidden = name !== "border";
  if (name === "select") map.doubleClickZoom.enable();
  else map.doubleClickZoom.disable();
  tool.start();
}
for (const button of buttons) button.addEventListener("click", () => use(button.dataset.tool));

map.on("click", (event) => !store.saving && tool.click(event));
map.on("mousemove", (event) => tool.move && tool.move(event));
map.on("mouseout", () => snapper.hide());

const back = async (path) => {
  if (store.saving) return;
  hint.error("");
  const answer = await store.perform(path);
  if (answer) say(path === "undo/" ? t("undone_step", { step: answer.step.verb_label }) : t("redone_step", { step: answer.step.verb_label }));
};
const undo = byId("draw-undo");
const redo = byId("draw-redo");
if (undo) {
  undo.addEventListener("click", () => (tool.sketch && tool.sketch.back()) || back("undo/"));
  redo.addEventListener("click", () => back("redo/"));
}

const snapButton = byId("draw-snap");
if (snapButton) {
  snapButton.addEventListener("click", () => {
    snapper.on = !snapper.on;
    snapButton.setAttribute("aria-pressed", String(snapper.on));
    if (!snapper.on) snapper.hide();
  });
}

document.addEventListener("keydown", (event) => {
  if (isTyping(event.target)) return;
  const command = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  if (command && undo && (key === "z" || key === "y")) {
    event.preventDefault();
    if (key === "y" || event.shiftKey) redo.click();
    else undo.click();
    return;
  }
  if (command || event.altKey || !["Enter", "Escape", "Backspace", "Delete"].includes(event.key)) return;
  // Enter on a button presses that button
  if (event.key === "Enter" && event.target instanceof Element && event.target.closest("button, a, summary, .node")) return;
  if (tool.key(event)) event.preventDefault();
  else if (event.key === "Escape" && tool !== tools.select) use("select");
});

window.addEventListener("beforeunload", (event) => {
  if (!tools.border.busy && !(tool.sketch && tool.busy)) return;
  event.preventDefault();
  event.returnValue = "";
});

/* Panel */

const leaves = [...document.querySelectorAll("[data-leaf]")];

function openLeaf(name, raise = false) {
  for (const button of leaves) {
    const on = button.dataset.leaf === name;
    button.setAttribute("aria-selected", String(on));
    button.tabIndex = on ? 0 : -1;
    byId(`leaf-${button.dataset.leaf}`).hidden = !on;
  }
  if (raise && panel.classList.contains("is-closed")) panel.querySelector("[data-panel-toggle]").click();
}
for (const button of leaves) {
  button.addEventListener("click", () => openLeaf(button.dataset.leaf, true));
  button.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = leaves[(leaves.indexOf(button) + step + leaves.length) % leaves.length];
    openLeaf(next.dataset.leaf);
    next.focus();
  });
}

new AreaPanel(byId("leaf-area"), {
  store,
  hint,
  zoomTo,
  pickInList(id) {
    if (tool === tools.merge) tool.toggle(id);
    else {
      store.choose(id);
      if (tool === tools.border && !tool.busy) tool.pick({ area: id });
    }
    zoomTo([store.areas.get(id)], Math.max(map.getZoom(), 16));
  },
});
new DifferencePanel(byId("leaf-difference"), {
  store,
  outlines,
  async goTo(row, shapes) {
    if (row.tier !== store.tier) setTier(row.tier);
    zoomTo(shapes);
    await look();
    if (store.areas.has(row.grid)) store.choose(row.grid);
  },
});
if (page.findings_url) new FindingsPanel(byId("leaf-findings"), { store, outlines, hint, zoomTo });
new StepsPanel(byId("leaf-steps"), { store });

/* Switches */

const tierChoice = byId("draw-tier");
function setTier(tier) {
  if (tool === tools.border && tool.busy) {
    tierChoice.value = store.tier;
    return;
  }
  tierChoice.value = tier;
  const name = Object.keys(tools).find((one) => tools[one] === tool);
  use("select");
  store.setTier(tier);
  use(name);
}
tierChoice.addEventListener("change", () => setTier(tierChoice.value));
if (crossing) crossing.addEventListener("change", () => {
  hint.error("");
  if (tool === tools.border) tool.pick(tool.spec);
});
for (const box of document.querySelectorAll("[data-show]")) box.addEventListener("change", () => outlines.show({ [box.dataset.show]: box.checked }));

/* What the server says */

function say(text) {
  news.textContent = text;
}

function buttonsNow() {
  document.body.classList.toggle("is-saving", store.saving);
  if (!undo) return;
  undo.disabled = !store.canUndo && !(tool.sketch && tool.busy);
  redo.disabled = !store.canRedo;
}
store.addEventListener("saving", buttonsNow);
store.addEventListener("steps", ({ detail }) => {
  buttonsNow();
  hint.forget();
  snapper.stale();
  const { answer } = detail;
  if (!answer || !answer.step) return;
  say(`${answer.step.verb_label}: ${answer.step.codes.join(", ")}`);
  for (const sentence of answer.hints || []) toast(sentence);
});
store.addEventListener("failed", ({ detail }) => hint.error(detail.refusal.message));

/** Who drew meanwhile, from the steps that a 409 carries. */
store.addEventListener("moved", ({ detail }) => {
  const since = detail.refusal.data.since || [];
  const who = [...new Set(since.map((step) => step.by).filter(Boolean))].join(", ");
  const what = [...new Set(since.map((step) => step.verb_label))].join(", ");
  const text = since.length ? t("somebody_drew", { who: who || "—", what, n: since.length }) : detail.refusal.message;
  hint.error(text);
  toast(text, "warning", 12000);
  detail.refusal.message = text;
});

/** What others draw appears by itself while nothing is being drawn here. */
async function freshen() {
  if (document.hidden || store.saving || (tool.busy && tool !== tools.select) || snapperBusy()) return;
  try {
    const info = await api.get(page.info_url);
    if (info.status !== page.status) window.location.reload();
    else if (info.step !== store.step && !store.saving && !tool.busy) {
      await store.reload();
      toast(t("others_drew"));
    }
  } catch (refusal) {
    console.info("The draft stays as it is for now.", refusal.status);
  }
}
const snapperBusy = () => Boolean(tools.border.handles.dragging);
if (page.status === "draft") window.setInterval(freshen, FRESH_MS);

buttonsNow();
openLeaf("area");
use("select");
look();
