/** Maps of editions: what a draft changes (before and after), and the three outlines of a conflict. */

import { el, getJson, onThemeChange, toast, token } from "../dom.js";
import { createMap } from "../map/base.js";
import { addLegend } from "../map/legend.js";

const LOOKS = {
  before: () => ({ color: token("--text"), weight: 1.8, dashArray: "2 6", opacity: 0.85, fill: false }),
  added: () => ({ color: token("--green"), weight: 3, fillColor: token("--green-fill"), fillOpacity: 0.16 }),
  moved: () => ({ color: token("--accent"), weight: 3, fillColor: token("--accent"), fillOpacity: 0.12 }),
  reparented: () => ({ color: token("--map-tier-2"), weight: 2.5, dashArray: "12 4 2 4", fillColor: token("--map-tier-2"), fillOpacity: 0.08 }),
  renamed: () => ({ color: token("--text-2"), weight: 2, fillColor: token("--text-2"), fillOpacity: 0.06 }),
  removed: () => ({ color: token("--red"), weight: 2.5, dashArray: "4 6", fillColor: token("--red-fill"), fillOpacity: 0.12 }),
  base: () => ({ color: token("--text"), weight: 2, dashArray: "6 5", fill: false }),
  theirs: () => ({ color: token("--map-tier-2"), weight: 3.5, fillColor: token("--map-tier-2"), fillOpacity: 0.08 }),
  mine: () => ({ color: token("--accent"), weight: 2.5, fillColor: token("--accent"), fillOpacity: 0.12 }),
};
LOOKS.altered = LOOKS.renamed;

/** A removed grid is drawn as it was; of the others the old outline is a thin dashed line. */
function lookOf({ side, change }) {
  if (change === "removed") return "removed";
  return side === "before" ? "before" : change;
}

function popup(properties) {
  return el("div", {}, el("strong", {}, properties.label || properties.name), el("p", { class: "code muted" }, properties.code), el("p", {}, properties.change_label));
}

function legendItems(features, texts) {
  const counts = new Map();
  for (const { properties } of features) {
    const look = lookOf(properties);
    counts.set(look, (counts.get(look) || 0) + 1);
  }
  const words = { before: texts.textBefore, added: texts.textAdded, moved: texts.textMoved, removed: texts.textRemoved, reparented: texts.textReparented, renamed: texts.textRenamed, altered: texts.textAltered };
  return Object.keys(words)
    .filter((look) => counts.has(look))
    .map((look) => ({ kind: "path", style: LOOKS[look](), label: words[look], n: look === "before" ? undefined : counts.get(look) }));
}

async function drawDifference(element) {
  const texts = element.dataset;
  const map = createMap(element);
  const legend = addLegend(map, texts.textLegend || "");
  showPlaces(map, element);
  try {
    const data = await getJson(texts.outlines);
    // Old outlines lie on top: a thin dashed line is seen over a fill, not under it.
    const features = data.features.sort((a, b) => Number(lookOf(a.properties) === "before") - Number(lookOf(b.properties) === "before"));
    const layer = window.L.geoJSON({ type: "FeatureCollection", features }, {
      style: ({ properties }) => LOOKS[lookOf(properties)](),
      onEachFeature: ({ properties }, shape) => shape.bindPopup(() => popup(properties)),
    }).addTo(map);
    legend.show(legendItems(features, texts));
    onThemeChange(() => {
      layer.setStyle(({ properties }) => LOOKS[lookOf(properties)]());
      legend.show(legendItems(features, texts));
    });
    element.dataset.drawn = String(features.length);
  } catch {
    toast(texts.textFailed || "", "error");
  }
}

/** Findings of the page's tables as dots above the outlines; their buttons lead to them. */
function showPlaces(map, element) {
  map.createPane("findings").style.zIndex = "460";
  for (const row of document.querySelectorAll("[data-place]")) {
    const [lon, lat] = row.dataset.place.split(",").map(Number);
    const title = row.cells[0].textContent;
    const pin = window.L.circleMarker([lat, lon], { pane: "findings", radius: 6, color: token("--red"), weight: 2, fillColor: token("--red-fill"), fillOpacity: 0.7 }).addTo(map).bindPopup(title);
    const button = row.querySelector("[data-show-place]");
    button.addEventListener("click", () => {
      element.scrollIntoView({ block: "center" });
      map.setView([lat, lon], Math.max(map.getZoom(), 17));
      pin.openPopup();
    });
  }
}

function drawClash(element) {
  const outlines = JSON.parse(document.getElementById(element.dataset.clashMap).textContent);
  const map = createMap(element);
  const layers = [];
  for (const side of ["theirs", "mine", "base"]) {
    if (!outlines[side]) continue;
    const layer = window.L.geoJSON(outlines[side], { style: () => LOOKS[side](), interactive: false });
    layers.push(layer.addTo(map));
    onThemeChange(() => layer.setStyle(LOOKS[side]()));
  }
  const bounds = layers.reduce((all, layer) => all.extend(layer.getBounds()), window.L.latLngBounds([]));
  if (bounds.isValid()) map.fitBounds(bounds, { padding: [12, 12] });
  element.dataset.drawn = String(layers.length);
}

const ready = window.L && window.protomapsL;
for (const element of document.querySelectorAll("[data-edition-map]")) if (ready) drawDifference(element);

// A long list of conflicts draws a map when it comes into view.
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    watcher.unobserve(entry.target);
    drawClash(entry.target);
  }
}, { rootMargin: "200px" });
for (const element of document.querySelectorAll("[data-clash-map]")) if (ready) watcher.observe(element);

// Day and time are asked for a later moment only.
const form = document.getElementById("publish-form");
if (form) {
  const moment = form.querySelector("[data-moment]");
  const show = () => { moment.hidden = form.elements.when.value !== "later"; };
  form.addEventListener("change", show);
  show();
}
