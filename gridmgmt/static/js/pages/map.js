/** The map of the street office: areas of every tier, cases, staff posts, vacancies, coverage. */

import { debounce, el, formatNumber, getJson, onThemeChange, toast, token } from "../dom.js";
import { createMap, freeView } from "../map/base.js";
import { addCases, countLights, knownLight } from "../map/cases.js";
import { addGridFeatures } from "../map/grids.js";
import { addLegend } from "../map/legend.js";
import { areaCard, postLayer } from "../map/staff.js";

const LIST_LENGTH = 40;
const SHAPES = {
  green: '<circle cx="8" cy="8" r="7"/>',
  yellow: '<path d="M8 1 16 15H0z"/>',
  red: '<path d="M1.5 1.5h13v13h-13z"/>',
  none: '<circle cx="8" cy="8" r="5.5"/>',
};

const element = document.getElementById("map");
const texts = element.dataset;
const map = createMap(element);
const legend = addLegend(map, texts.textLegend || "");
const form = document.getElementById("case-filters");
const boxes = [...document.querySelectorAll("[data-layer]")];
const on = (layer) => boxes.some((box) => box.dataset.layer === layer && box.checked);

const state = { areas: [], tiers: new Map(), posts: null, coverage: null, cases: null, features: [] };

/* The side panel */

const panel = document.getElementById("case-panel");
const panelBody = document.getElementById("case-panel-body");

function openPanel(title, ...content) {
  document.getElementById("case-panel-title").textContent = title;
  panelBody.replaceChildren(...content);
  panel.hidden = false;
  panel.classList.remove("is-closed");
}

function closePanel() {
  panel.classList.add("is-closed");
  panel.hidden = true;
}

document.getElementById("case-panel-close").addEventListener("click", closePanel);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !panel.hidden) closePanel();
});

async function fragment(url, options = {}) {
  const response = await fetch(url, { credentials: "same-origin", headers: { "X-Requested-With": "fetch" }, ...options });
  if (!response.ok && response.status !== 409 && response.status !== 400) throw new Error(`${url}: ${response.status}`);
  return response.text();
}

/** The server's own markup, forms included; a form is sent without leaving the map. */
function showFragment(title, html) {
  const holder = el("div", {});
  holder.innerHTML = html;
  for (const action of holder.querySelectorAll("form")) action.addEventListener("submit", (event) => send(event, title));
  openPanel(title, holder);
}

async function send(event, title) {
  event.preventDefault();
  const target = event.currentTarget;
  const body = new FormData(target);
  if (event.submitter && event.submitter.name) body.append(event.submitter.name, event.submitter.value);
  try {
    showFragment(title, await fragment(target.action, { method: "POST", body }));
    await loadCases();
  } catch (error) {
    toast(texts.textFailed, "error");
  }
}

async function openCase(properties) {
  try {
    showFragment(properties.title, await fragment(properties.panel_url));
  } catch (error) {
    toast(texts.textFailed, "error");
  }
}

/* Layers */

function coverageStyle(feature) {
  const undivided = feature.properties.kind === "undivided";
  return { color: undivided ? token("--text-2") : token("--red-fill"), weight: 2, dashArray: "2 6", fillColor: undivided ? token("--text-2") : token("--red-fill"), fillOpacity: undivided ? 0.18 : 0.5 };
}

function coveragePopup(properties) {
  const what = properties.kind === "undivided" ? texts.textUndivided : properties.label;
  const size = properties.area_m2 ? ` · ${formatNumber(Math.round(properties.area_m2))} ${texts.textM2}` : "";
  return el("div", {}, el("p", {}, el("strong", {}, `${what}${size}`)), el("p", { class: "code muted" }, properties.codes.join(", ")), properties.repair ? el("p", {}, properties.repair) : "");
}

async function loadAreas() {
  const data = await getJson(texts.areas);
  state.areas = data.features;
  drawAreas();
  const bounds = window.L.geoJSON(data).getBounds();
  if (!state.fitted && bounds.isValid()) {
    map.fitBounds(bounds, freeView(element));
    state.fitted = true;
  }
}

function drawAreas() {
  for (const layer of state.tiers.values()) layer.remove();
  state.tiers.clear();
  const vacancies = on("vacancies");
  const shown = state.areas
    .filter((feature) => on(`tier:${feature.properties.tier}`))
    .map((feature) => (vacancies ? feature : { ...feature, properties: { ...feature.properties, vacancies: 0 } }));
  if (shown.length) {
    const whole = new Map(state.areas.map((feature) => [feature.properties.code, feature.properties]));
    state.tiers.set("areas", addGridFeatures(map, shown, { onClick: (properties) => openPanel(properties.label, areaCard(whole.get(properties.code), texts)) }));
  }
  if (state.posts) state.posts.remove();
  state.posts = on("posts") ? postLayer(state.areas, texts, (properties) => openPanel(properties.label, areaCard(properties, texts))).addTo(map) : null;
  refreshLegend();
}

async function drawCoverage() {
  if (state.coverage) state.coverage.remove();
  state.coverage = null;
  if (on("coverage")) {
    const data = await getJson(texts.coverage);
    state.coverageKinds = new Set(data.features.map((feature) => (feature.properties.kind === "undivided" ? "undivided" : "finding")));
    state.coverage = window.L.geoJSON(data, { style: coverageStyle, onEachFeature: (feature, layer) => layer.bindPopup(() => coveragePopup(feature.properties)) }).addTo(map);
  }
  refreshLegend();
}

function caseUrl() {
  const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  return { url: `${texts.cases}?${query}`, query: query.toString() };
}

async function loadCases() {
  if (!texts.cases) return;
  const { url, query } = caseUrl();
  window.history.replaceState(null, "", query ? `?${query}` : window.location.pathname);
  if (!state.cases) {
    state.cases = addCases(map, url, { onClick: openCase, onLoad: gotCases });
    await state.cases.ready;
  } else await state.cases.load(url);
}

function gotCases(features) {
  state.features = features;
  if (!on("cases")) state.cases.layer.remove();
  listInView();
  refreshLegend();
}

function lightMark(light) {
  const mark = el("span", { class: `light light--${light}` });
  mark.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true">${SHAPES[light]}</svg>`;
  mark.append(el("span", { class: "sr-only" }, texts[`text${light[0].toUpperCase()}${light.slice(1)}`]));
  return mark;
}

/** The same cases as a list, for whoever reads faster than they look, and for keyboards. */
function listInView() {
  const list = document.getElementById("in-view");
  if (!list) return;
  const bounds = map.getBounds();
  const seen = state.features.filter(({ geometry }) => bounds.contains([geometry.coordinates[1], geometry.coordinates[0]]));
  const order = { red: 0, yellow: 1, green: 2, none: 3 };
  seen.sort((a, b) => Number(b.properties.urgent) - Number(a.properties.urgent) || order[knownLight(a.properties.light)] - order[knownLight(b.properties.light)]);
  document.getElementById("in-view-count").textContent = formatNumber(seen.length);
  list.replaceChildren(
    ...seen.slice(0, LIST_LENGTH).map(({ properties }) => el("li", {}, el("button", { type: "button", onclick: () => openCase(properties) }, lightMark(knownLight(properties.light)), el("span", { class: "map-list__title" }, properties.title), el("span", { class: "map-list__state" }, properties.state_label)))),
  );
  if (!seen.length) list.append(el("li", { class: "muted" }, texts.textNoCases));
}

function refreshLegend() {
  const items = [];
  if (on("cases") && state.features.length) {
    const counts = countLights(state.features);
    for (const light of ["red", "yellow", "green", "none"]) if (counts[light]) items.push({ kind: light, label: texts[`text${light[0].toUpperCase()}${light.slice(1)}`], n: counts[light] });
  }
  const tiers = new Map(state.areas.map(({ properties }) => [properties.tier, properties.tier_label]));
  for (const [tier, label] of [...tiers].reverse()) if (on(`tier:${tier}`)) items.push({ kind: "tier", tier, label });
  const vacant = state.areas.filter(({ properties }) => properties.vacancies > 0).length;
  if (on("vacancies") && vacant) items.push({ kind: "area", label: texts.textVacantArea, color: token("--yellow-fill"), n: vacant });
  if (on("posts")) items.push({ kind: "area", label: texts.textPost, color: token("--accent"), opacity: 1 });
  if (on("coverage") && state.coverageKinds) {
    if (state.coverageKinds.has("undivided")) items.push({ kind: "area", label: texts.textUndivided, color: token("--text-2") });
    if (state.coverageKinds.has("finding")) items.push({ kind: "area", label: texts.textFinding, color: token("--red-fill") });
  }
  legend.show(items);
}

/* Switches */

const failed = () => toast(texts.textFailed, "error");
const react = {
  cases() {
    if (!state.cases) return;
    if (on("cases")) state.cases.layer.addTo(map);
    else state.cases.layer.remove();
    refreshLegend();
  },
  coverage: () => drawCoverage().catch(failed),
};
for (const box of boxes) box.addEventListener("change", () => (react[box.dataset.layer] || drawAreas)());
if (form) form.addEventListener("change", () => loadCases().catch(failed));
map.on("moveend", debounce(listInView, 150));
onThemeChange(() => {
  drawAreas();
  if (state.coverage) state.coverage.setStyle(coverageStyle);
});
loadAreas().catch(failed);
loadCases().catch(failed);
