/** The map on an area's public page: its outline, its parts or neighbours, open reports where they roughly are. */

import { getJson, toast } from "../dom.js";
import { createMap } from "../map/base.js";
import { addGridFeatures, gridStyle } from "../map/grids.js";
import { addReports } from "../map/reports.js";

function open(element) {
  const texts = element.dataset;
  const map = createMap(element);
  const failed = () => toast(texts.textFailed, "error");
  const go = (properties) => {
    if (properties.code !== texts.code) window.location.href = texts.pageUrl.replace("CODE", encodeURIComponent(properties.code));
  };
  getJson(texts.outlines)
    .then((data) => {
      const group = addGridFeatures(map, data.features, { onClick: go });
      group.eachLayer((layer) => {
        if (layer.feature.properties.code !== texts.code) return;
        layer.setStyle(gridStyle(layer.feature.properties, true, true));
        layer.off("mouseover").off("mouseout");
        layer.bringToFront();
      });
    })
    .catch(failed);
  addReports(map, texts).catch(failed);
}

for (const element of document.querySelectorAll("[data-grid-page]")) if (window.L && window.protomapsL) open(element);
