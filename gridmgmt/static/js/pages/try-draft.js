/** Two maps that move together: grids of today and of the draft, shaded by one figure. */

import { el, onThemeChange, token } from "../dom.js";
import { createMap } from "../map/base.js";
import { tidyLabels } from "../map/grids.js";
import { addLegend } from "../map/legend.js";

const OPACITY = [0.06, 0.2, 0.36, 0.54, 0.74];
const data = JSON.parse(document.getElementById("try-data").textContent);
const texts = document.getElementById("try-maps").dataset;
const boxes = [...document.querySelectorAll("[data-layer]")];
const on = (layer) => boxes.some((box) => box.dataset.layer === layer && box.checked);

const opacityOf = (shade) => OPACITY[Math.min(shade, OPACITY.length - 1)];

function areaStyle({ properties }) {
  const known = properties.shade !== null;
  return {
    color: token("--map-tier-3"),
    weight: 1.6,
    dashArray: known ? null : "3 3",
    fillColor: token("--chart-1"),
    fillOpacity: known ? opacityOf(properties.shade) : 0,
  };
}

const nearStyle = ({ properties }) => ({ color: token("--yellow-fill"), weight: 0, fillColor: token("--yellow-fill"), fillOpacity: Math.min(0.35 + properties.count * 0.12, 0.9) });
const disputedStyle = () => ({ color: token("--red-fill"), weight: 2.5, fill: true, fillColor: token("--red-fill"), fillOpacity: 0.12 });

function card(properties) {
  const rows = properties.figures.flatMap(([label, value]) => [el("dt", {}, label), el("dd", { class: "num" }, value)]);
  return el("div", {}, el("p", {}, el("strong", {}, properties.label)), el("dl", { class: "kv" }, ...rows));
}

/** One of the two maps. */
function drawSide(id, areas, near) {
  const map = createMap(document.getElementById(id));
  const features = { type: "FeatureCollection", features: areas };
  const layers = [];
  const shaded = window.L.geoJSON(features, {
    style: areaStyle,
    onEachFeature(feature, layer) {
      layers.push(layer);
      layer.bindPopup(() => card(feature.properties));
      layer.bindTooltip(el("span", {}, feature.properties.label), { permanent: true, direction: "center", className: "try-label" });
    },
  }).addTo(map);
  const tidy = () => window.requestAnimationFrame(() => tidyLabels(map, layers));
  map.on("zoomend", tidy);
  tidy();
  const squares = {
    near: window.L.geoJSON(near, { style: nearStyle, onEachFeature: (feature, layer) => layer.bindTooltip(`${feature.properties.count} · ${texts.textNear}`) }),
    disputed: window.L.geoJSON(data.disputed, {
      style: disputedStyle,
      onEachFeature: (feature, layer) => layer.bindTooltip(`${feature.properties.count} · ${texts.textDisputed}: ${feature.properties.areas.join(" · ")}`),
    }),
  };
  const legend = addLegend(map, texts.textFigure || texts.textLegend);
  const refresh = () => {
    const items = data.legend.map((step) => ({ kind: "shade", label: step.label, color: token("--chart-1"), opacity: opacityOf(step.shade) }));
    for (const [name, layer] of Object.entries(squares)) {
      if (on(name)) layer.addTo(map);
      else layer.remove();
    }
    if (on("near") && near.length) items.push({ kind: "path", label: texts.textNear, style: nearStyle({ properties: { count: 2 } }) });
    if (on("disputed") && data.disputed.length) items.push({ kind: "path", label: texts.textDisputed, style: disputedStyle() });
    legend.show(items);
  };
  refresh();
  onThemeChange(() => {
    shaded.setStyle(areaStyle);
    squares.near.setStyle(nearStyle);
    squares.disputed.setStyle(disputedStyle);
    refresh();
  });
  return { map, refresh };
}

const before = drawSide("map-before", data.before, data.near_before);
const after = drawSide("map-after", data.after, data.near_after);
let leader = null;
for (const [one, other] of [[before.map, after.map], [after.map, before.map]]) {
  one.on("move", () => {
    if (leader && leader !== one) return;
    leader = one;
    other.setView(one.getCenter(), one.getZoom(), { animate: false });
    leader = null;
  });
}
for (const box of boxes) {
  box.addEventListener("change", () => {
    before.refresh();
    after.refresh();
  });
}
