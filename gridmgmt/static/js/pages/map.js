/** The map of the street office: areas of every tier, cases, people in post, vacancies, coverage. */

import { debounce, el, formatNumber, getJson, onThemeChange, toast, token } from "../dom.js";
import { createMap, freeView } from "../map/base.js";
import { setUpPanel } from "../map/case-panel.js";
import { addCases, countLights, knownLight } from "../map/cases.js";
import { addGridFeatures } from "../map/grids.js";
import { addLegend } from "../map/legend.js";
import { areaCard, postLayer } from "../map/staff.js";
import { tidyNames } from "../map/tidy.js";

const EVERY_MS = 20000;
const LIST_LENGTH = 40;
const PHONE_PX = 720;
const LIGHTS = ["red", "yellow", "green", "none"];
const SHAPES = {
  green: '<circle cx="8" cy="8" r="7"/>',
  yellow: '<path d="M8 1 16 15H0z"/>',
  red: '<path d="M1.5 1.5h13v13h-13z"/>',
  none: '<circle cx="8" cy="8" r="5.5"/>',
};

const element = document.getElementById("map");
const filters = document.getElementById("filters");
const texts = element.dataset;
if (window.innerWidth < PHONE_PX) {
  // on a phone the map comes first; the sheet is pulled up when it is wanted
  filters.classList.add("is-closed");
  filters.querySelector("[data-panel-toggle]").setAttribute("aria-expanded", "false");
}
const map = createMap(element);
const legend = addLegend(map, texts.textLegend || "");
const form = document.getElementById("case-filters");
const boxes = [...document.querySelectorAll("[data-layer]")];
const usual = boxes.filter((box) => "tier" in box.dataset || ["cases", "vacancies"].includes(box.dataset.layer)).map((box) => box.dataset.layer);
const on = (layer) => boxes.some((box) => box.dataset.layer === layer && box.checked);
const failed = () => toast(texts.textFailed, "error");

const state = { areas: [], group: null, vacantDrawn: 0, posts: null, coverage: null, coverageKinds: null, cases: null, features: [], numbers: null, ring: null, moved: Boolean(texts.center) };
const panel = setUpPanel(document.getElementById("case-panel"), {
  texts,
  onChange: () => Promise.all([loadCases(), loadAreas()]).catch(failed),
  onToggle(open) {
    element.classList.toggle("has-right", open);
    if (!open && state.ring) state.ring.remove();
  },
});
const openArea = (properties) => {
  // the newest figures, not those of the moment of drawing
  const fresh = state.areas.find((feature) => feature.properties.code === properties.code);
  panel.openCard(properties.label, areaCard((fresh || { properties }).properties, texts));
};

/** Opens the panel and brings the case out from under it. */
function openCase(properties) {
  const feature = state.features.find((one) => one.properties.number === properties.number);
  panel.openCase(properties).then(() => {
    if (!feature) return;
    const [lon, lat] = feature.geometry.coordinates;
    if (state.ring) state.ring.remove();
    state.ring = window.L.circleMarker([lat, lon], { radius: 21, weight: 4, color: token("--focus"), fill: false, interactive: false }).addTo(map);
    const { paddingTopLeft, paddingBottomRight } = freeView(element);
    const room = (point) => window.L.point(point[0] + 40, point[1] + 40);
    map.panInside([lat, lon], { paddingTopLeft: room(paddingTopLeft), paddingBottomRight: room(paddingBottomRight) });
  });
}

/* The address tells the whole view */

function remember() {
  const query = new URLSearchParams(form ? [...new FormData(form)].filter(([, value]) => value) : []);
  const shown = boxes.filter((box) => box.checked).map((box) => box.dataset.layer);
  if (shown.join() !== usual.join()) query.set("layers", shown.join());
  if (state.moved) {
    const { lat, lng } = map.getCenter();
    query.set("at", `${lat.toFixed(5)},${lng.toFixed(5)},${map.getZoom()}`);
  }
  const words = query.toString().replace(/%2C/g, ",");
  window.history.replaceState(null, "", words ? `?${words}` : window.location.pathname);
}

/* Areas, posts, vacancies */

/** Once at once, and once more when pins that gather or part have come to rest. */
const tidy = debounce(() => {
  tidyNames(element);
  window.setTimeout(() => tidyNames(element), 400);
}, 60);

function drawAreas() {
  if (state.group) state.group.remove();
  const vacancies = on("vacancies");
  const shown = state.areas
    .filter((feature) => on(feature.properties.tier))
    .map((feature) => (vacancies ? feature : { ...feature, properties: { ...feature.properties, vacancies: 0 } }));
  state.group = shown.length ? addGridFeatures(map, shown, { onClick: openArea }) : null;
  state.vacantDrawn = 0;
  if (state.group) {
    state.group.eachLayer((layer) => {
      if (layer.options.fill && layer.feature.properties.vacancies > 0) state.vacantDrawn += 1;
    });
  }
  if (state.posts) state.posts.remove();
  state.posts = on("posts") ? postLayer(state.areas, texts, openArea).addTo(map) : null;
  refreshLegend();
  tidy();
}

/** What decides how areas are drawn; figures in their cards may change without a new drawing. */
function looks(features) {
  return features.map(({ properties: p }) => `${p.code}:${p.label}:${p.vacancies}:${p.people.length}`).join();
}

async function loadAreas() {
  const data = await getJson(texts.areas);
  const changed = looks(data.features) !== looks(state.areas);
  state.areas = data.features;
  document.getElementById("derived").hidden = !data.features.some((feature) => feature.properties.derived);
  if (!changed) return;
  drawAreas();
  if (state.fitted || texts.center) return;
  // neighbours that are outlines only would make the first view too wide
  const whole = data.features.filter((feature) => feature.properties.divided);
  const bounds = window.L.geoJSON(whole.length ? whole : data.features).getBounds();
  if (bounds.isValid()) map.fitBounds(bounds, freeView(element));
  state.fitted = true;
}

/* Coverage */

function coverageStyle(feature) {
  const undivided = feature.properties.kind === "undivided";
  const color = token(undivided ? "--text-2" : "--red-fill");
  return { color, weight: 2, dashArray: "2 6", fillColor: color, fillOpacity: undivided ? 0.18 : 0.5 };
}

function coveragePopup(properties) {
  const what = properties.kind === "undivided" ? texts.textUndivided : properties.label;
  const size = properties.area_m2 ? ` · ${formatNumber(Math.round(properties.area_m2))} ${texts.textM2}` : "";
  return el("div", {}, el("p", {}, el("strong", {}, `${what}${size}`)), el("p", { class: "code muted" }, properties.codes.join(", ")), properties.repair ? el("p", {}, properties.repair) : "");
}

async function drawCoverage() {
  if (state.coverage) state.coverage.remove();
  state.coverage = state.coverageKinds = null;
  if (on("coverage")) {
    const data = await getJson(texts.coverage);
    state.coverageKinds = new Set(data.features.map((feature) => (feature.properties.kind === "undivided" ? "undivided" : "finding")));
    state.coverage = window.L.geoJSON(data, { style: coverageStyle, onEachFeature: (feature, layer) => layer.bindPopup(() => coveragePopup(feature.properties)) }).addTo(map);
  }
  refreshLegend();
}

/* Cases */

async function loadCases() {
  if (!texts.cases) return;
  const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  const url = `${texts.cases}?${query}`;
  if (!state.cases) {
    state.cases = addCases(map, url, { onClick: openCase, onLoad: gotCases });
    state.cases.layer.on("animationend spiderfied unspiderfied", tidy);
    await state.cases.ready;
  } else await state.cases.load(url);
}

function gotCases(features, data) {
  state.features = features;
  if (!on("cases")) state.cases.layer.remove();
  const numbers = new Set(features.map((feature) => feature.properties.number));
  const added = state.numbers && !state.filtering ? [...numbers].filter((number) => !state.numbers.has(number)).length : 0;
  if (added) document.getElementById("map-news").textContent = `${texts.textNew} ${formatNumber(added)}`;
  if (data.truncated && !state.truncated) toast(texts.textTruncated);
  state.truncated = data.truncated;
  state.numbers = numbers;
  state.filtering = false;
  listInView();
  refreshLegend();
  tidy();
}

const wordOf = (light) => texts[`text${light[0].toUpperCase()}${light.slice(1)}`];

function lightMark(light) {
  const mark = el("span", { class: `light light--${light}` });
  mark.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true">${SHAPES[light]}</svg>`;
  mark.append(el("span", { class: "sr-only" }, wordOf(light)));
  return mark;
}

function listItem({ properties }) {
  const title = `${properties.urgent ? "! " : ""}${properties.title}`;
  const parts = [lightMark(knownLight(properties.light)), el("span", { class: "map-list__title" }, title), el("span", { class: "map-list__state" }, properties.state_label)];
  return el("li", {}, el("button", { type: "button", "data-number": properties.number, onclick: () => openCase(properties) }, ...parts));
}

/** The same cases as a list, for whoever reads faster than they look, and for keyboards. */
function listInView() {
  const list = document.getElementById("in-view");
  if (!list) return;
  const bounds = map.getBounds();
  const seen = state.features.filter(({ geometry }) => bounds.contains([geometry.coordinates[1], geometry.coordinates[0]]));
  const weight = ({ properties: p }) => (p.urgent ? 0 : 10) + LIGHTS.indexOf(knownLight(p.light));
  seen.sort((a, b) => weight(a) - weight(b));
  document.getElementById("in-view-count").textContent = formatNumber(seen.length);
  const held = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.number : "";
  list.replaceChildren(...seen.slice(0, LIST_LENGTH).map(listItem));
  if (!seen.length) list.append(el("li", { class: "muted" }, texts.textNoCases));
  if (seen.length > LIST_LENGTH) list.append(el("li", { class: "muted" }, `${formatNumber(seen.length - LIST_LENGTH)} ${texts.textMore}`));
  const again = held && list.querySelector(`[data-number="${held}"]`);
  if (again) again.focus({ preventScroll: true });
}

/* Legend: true to what is drawn */

function refreshLegend() {
  const items = [];
  if (on("cases") && state.features.length) {
    const counts = countLights(state.features);
    for (const light of LIGHTS) if (counts[light]) items.push({ kind: light, label: wordOf(light), n: counts[light] });
  }
  const tiers = new Map(state.areas.map(({ properties }) => [properties.tier, properties.tier_label]));
  for (const [tier, label] of [...tiers].reverse()) if (on(tier)) items.push({ kind: "tier", tier, label });
  if (on("vacancies") && state.vacantDrawn) items.push({ kind: "area", label: texts.textVacantArea, color: token("--yellow-fill"), n: state.vacantDrawn });
  if (state.posts && state.posts.getLayers().length) items.push({ kind: "area", label: texts.textPost, color: token("--accent"), opacity: 1 });
  if (state.coverageKinds) {
    if (state.coverageKinds.has("undivided")) items.push({ kind: "area", label: texts.textUndivided, color: token("--text-2") });
    if (state.coverageKinds.has("finding")) items.push({ kind: "area", label: texts.textFinding, color: token("--red-fill") });
    if (!state.coverageKinds.size) items.push({ kind: "area", label: texts.textCovered, color: token("--green-fill"), opacity: 0.1 });
  }
  legend.show(items);
}

/* Switches, and what happens by itself */

function switchCases() {
  if (!state.cases) return;
  if (on("cases")) state.cases.layer.addTo(map);
  else state.cases.layer.remove();
  refreshLegend();
  tidy();
}

const react = { cases: switchCases, coverage: () => drawCoverage().catch(failed) };
for (const box of boxes) {
  box.addEventListener("change", () => {
    (react[box.dataset.layer] || drawAreas)();
    remember();
  });
}
if (form) {
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => {
    state.filtering = true;
    remember();
    loadCases().catch(failed);
  });
}
map.on("dragend zoomend", () => {
  if (state.fitted || texts.center) state.moved = true;
  remember();
});
map.on("moveend", debounce(listInView, 150));
map.on("zoomend moveend names:placed", tidy);
onThemeChange(() => {
  refreshLegend();
  if (state.coverage) state.coverage.setStyle(coverageStyle);
});
document.addEventListener("visibilitychange", poll);
document.addEventListener("inbox:changed", poll);
window.setInterval(poll, EVERY_MS);

/** New cases appear without a reload; an office whose network is down for a moment is not scolded. */
function poll() {
  if (document.hidden) return;
  Promise.all([loadCases(), loadAreas()]).catch((error) => console.info("The map stays as it is for now.", error.name));
}

loadAreas().catch(failed);
loadCases().catch(failed);
if (on("coverage")) drawCoverage().catch(failed);
