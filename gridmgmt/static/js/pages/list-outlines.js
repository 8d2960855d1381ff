/** Outlines derived from a list of buildings, dashed because nobody has confirmed them yet. */

import { el, token } from "../dom.js";
import { createMap, freeView } from "../map/base.js";
import { addLegend } from "../map/legend.js";

const element = document.getElementById("list-map");

function start() {
  const map = createMap(element);
  const data = JSON.parse(document.getElementById("list-outlines").textContent);
  const color = token("--accent");
  const layer = window.L.geoJSON(data, {
    style: () => ({ color, weight: 2.5, dashArray: "7 4", fillColor: color, fillOpacity: 0.1 }),
    onEachFeature(feature, area) {
      area.bindPopup(() => el("div", {}, el("strong", {}, feature.properties.label), el("p", { class: "code muted" }, feature.properties.code)));
    },
  }).addTo(map);
  map.fitBounds(layer.getBounds(), freeView(element));
  addLegend(map, element.dataset.textLegend || "").show([{ kind: "area", label: element.dataset.textDerived, color }]);
}

if (element && window.L && window.protomapsL) start();
