/**
 * Grid outlines: pale fills, one border style a tier, labels where they fit. Source: GeoJSON whose features
 * carry code, name, label, tier, households, vacancies and perhaps strength.
 */

import { el, formatNumber, getJson, onThemeChange, token } from "../dom.js";

const LOOKS = {
  street: { level: 1, weight: 3.5, dash: null, fill: 0.02 },
  community: { level: 2, weight: 2.2, dash: "9 5", fill: 0.05 },
  grid: { level: 3, weight: 1.3, dash: null, fill: 0.04 },
};
const DEEPER = { level: 3, weight: 1, dash: "2 4", fill: 0.03 };

/** @param {string} tier @returns {{level: number, weight: number, dash: ?string, fill: number}} */
export function tierLook(tier) {
  return LOOKS[tier] || DEEPER;
}

/** @param {object} properties of a grid @param {boolean} strong chosen now
 * @param {boolean} filled an area above the deepest tier is a border only @returns {object} Leaflet path options */
export function gridStyle(properties, strong = false, filled = true) {
  const look = tierLook(properties.tier);
  const color = token(`--map-tier-${look.level}`);
  const vacant = Number(properties.vacancies) > 0;
  return {
    color,
    weight: strong ? look.weight + 2 : look.weight,
    dashArray: look.dash,
    opacity: look.level === 3 && !strong ? 0.6 : 0.9,
    fill: filled,
    fillColor: vacant ? token("--yellow-fill") : color,
    fillOpacity: strong ? 0.18 : vacant ? 0.16 : look.fill,
  };
}

function popup(properties, texts) {
  const lines = el("div", {}, el("p", {}, el("strong", {}, properties.label || properties.name || properties.code)));
  lines.append(el("p", { class: "code muted" }, String(properties.code)));
  const facts = [
    [properties.households, texts.textHouseholds],
    [properties.vacancies, texts.textVacancies],
    [properties.strength, texts.textStrength],
  ];
  for (const [value, word] of facts) {
    if (value === null || value === undefined || !word) continue;
    lines.append(el("p", { class: "num" }, `${formatNumber(Number(value))} ${word}`));
  }
  if (properties.url) lines.append(el("p", {}, el("a", { href: properties.url }, texts.textOpen || "→")));
  return lines;
}

function labelOf(properties) {
  const look = tierLook(properties.tier);
  return { content: el("span", {}, properties.label || properties.name || properties.code), class: `grid-label grid-label--${look.level}` };
}

/** Hides the labels that lie over an earlier one or outgrow their own outline; fires names:placed. */
export function tidyLabels(map, layers) {
  const taken = [];
  for (const layer of layers) {
    const tooltip = layer.getTooltip();
    const node = tooltip && tooltip.getElement();
    if (!node) continue;
    node.removeAttribute("role"); // a name on the map, no tooltip of anything
    node.style.display = "";
    const box = layer.getBounds();
    const room = map.latLngToLayerPoint(box.getNorthEast()).x - map.latLngToLayerPoint(box.getSouthWest()).x;
    const at = map.latLngToLayerPoint(layer.getCenter());
    const half = node.offsetWidth / 2;
    const high = node.offsetHeight / 2;
    const own = { left: at.x - half - 2, right: at.x + half + 2, top: at.y - high, bottom: at.y + high };
    const clash = taken.some((o) => own.left < o.right && own.right > o.left && own.top < o.bottom && own.bottom > o.top);
    if (clash || node.offsetWidth > room * 1.35) node.style.display = "none";
    else taken.push(own);
  }
  map.fire("names:placed");
}

/** Outlines lie under the cases, their names too. */
function makePanes(map) {
  if (map.getPane("grids")) return;
  map.createPane("grids").style.zIndex = "350";
  const names = map.createPane("gridNames");
  names.style.zIndex = "450";
  names.style.pointerEvents = "none";
}

/**
 * Loads and draws one layer of grids.
 * @param {L.Map} map
 * @param {string} url GeoJSON, WGS84
 * @param {{texts?: DOMStringMap, labels?: boolean, popups?: boolean, onClick?: (properties: object) => void}} [options]
 * @returns {Promise<L.GeoJSON>}
 */
export async function addGrids(map, url, options = {}) {
  const data = await getJson(url);
  return addGridFeatures(map, data.features, options);
}

/** As addGrids, for features that are here already; removing the layer leaves nothing behind. */
export function addGridFeatures(map, all, options = {}) {
  const texts = options.texts || map.getContainer().dataset;
  const byLevel = (feature) => tierLook(feature.properties.tier).level;
  const features = all.filter((f) => f.geometry).sort((a, b) => byLevel(b) - byLevel(a));
  makePanes(map);
  const deepest = Math.max(0, ...features.map(byLevel));
  const filled = (feature) => byLevel(feature) === deepest;
  const layers = [];
  const group = window.L.geoJSON({ type: "FeatureCollection", features }, {
    pane: "grids",
    style: (feature) => gridStyle(feature.properties, false, filled(feature)),
    onEachFeature(feature, layer) {
      const { properties } = feature;
      layers.push(layer);
      if (options.onClick) layer.on("click", () => options.onClick(properties));
      else if (options.popups !== false) layer.bindPopup(() => popup(properties, texts));
      layer.on("mouseover", () => layer.setStyle(gridStyle(properties, true, filled(feature))));
      layer.on("mouseout", () => layer.setStyle(gridStyle(properties, false, filled(feature))));
      if (options.labels !== false) {
        const label = labelOf(properties);
        layer.bindTooltip(label.content, { permanent: true, direction: "center", className: label.class, pane: "gridNames" });
      }
    },
  }).addTo(map);
  // wide areas first: their names win
  layers.reverse();
  const tidy = () => tidyLabels(map, layers);
  const later = () => window.requestAnimationFrame(tidy);
  map.on("zoomend", later);
  group.on("remove", () => map.off("zoomend", later));
  later();
  onThemeChange(() => group.setStyle((feature) => gridStyle(feature.properties, false, filled(feature))));
  return group;
}
