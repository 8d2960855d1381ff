/** Draws every element with data-map from its data attributes alone, for pages that need no script of their own. */

import { el, toast, token } from "../dom.js";
import { createMap, freeView } from "./base.js";
import { addCases, countLights } from "./cases.js";
import { addGrids } from "./grids.js";
import { addLegend } from "./legend.js";
import { pinIcon } from "./pin.js";

function capital(word) {
  return word[0].toUpperCase() + word.slice(1);
}

function draw(element) {
  const texts = element.dataset;
  const map = createMap(element);
  const legend = "legend" in texts ? addLegend(map, texts.textLegend || "") : null;
  const shown = { tiers: [], lights: [] };
  const refresh = () => legend && legend.show([...shown.lights, ...shown.tiers]);
  const failed = () => toast(texts.textFailed || "", "error");
  if (texts.point) {
    const [lon, lat] = texts.point.split(",").map(Number);
    window.L.marker([lat, lon], { icon: pinIcon(), keyboard: false, interactive: false }).addTo(map);
    if (!texts.bounds) map.setView([lat, lon], Number(texts.zoom) || 17);
  }
  if (texts.grids) {
    addGrids(map, texts.grids)
      .then((group) => {
        const names = new Map();
        group.eachLayer((layer) => {
          const { tier, tier_label: label } = layer.feature.properties;
          names.set(tier, label || tier);
        });
        shown.tiers = [...names].map(([tier, label]) => ({ kind: "tier", tier, label }));
        if (group.getLayers().some((layer) => layer.options.fill && Number(layer.feature.properties.vacancies) > 0)) {
          shown.tiers.push({ kind: "area", label: texts.textVacant, color: token("--yellow-fill") });
        }
        refresh();
        if (!texts.bounds && !texts.center && !texts.point && group.getBounds().isValid()) map.fitBounds(group.getBounds(), freeView(element));
      })
      .catch(failed);
  }
  if (texts.cases) {
    addCases(map, texts.cases, {
      onLoad(features) {
        const counts = countLights(features);
        shown.lights = Object.keys(counts)
          .filter((light) => counts[light] > 0)
          .map((light) => ({ kind: light, label: texts[`text${capital(light)}`] || light, n: counts[light] }));
        refresh();
      },
    }).ready.catch(failed);
  }
}

for (const element of document.querySelectorAll("[data-map]")) {
  if (window.L && window.protomapsL) draw(element);
  else element.append(el("p", { class: "notice notice--error" }, element.dataset.textFailed || ""));
}
