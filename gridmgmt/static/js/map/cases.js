/**
 * Cases on the map: the light as colour and shape, many together as one circle with their number.
 * Source: GeoJSON points with number, title, light, state, urgent, url.
 */

import { el, formatNumber, getJson } from "../dom.js";

const SHAPES = {
  green: '<circle class="case-pin__shape" cx="13" cy="13" r="9"/>',
  yellow: '<path class="case-pin__shape" d="M13 3 24 22H2z"/>',
  red: '<path class="case-pin__shape" d="M4 4h18v18H4z"/>',
  none: '<circle class="case-pin__shape" cx="13" cy="13" r="7"/>',
};
const WORSE = ["none", "green", "yellow", "red"];

/** A known light, whatever the data says. @param {unknown} light @returns {string} */
export function knownLight(light) {
  return WORSE.includes(light) ? light : "none";
}

/** @param {{light?: string, urgent?: boolean}} properties @returns {L.DivIcon} */
export function caseIcon(properties) {
  const light = knownLight(properties.light);
  return window.L.divIcon({
    className: `case-pin case-pin--${light}${properties.urgent ? " case-pin--urgent" : ""}`,
    html: `<svg viewBox="0 0 26 26" aria-hidden="true">${SHAPES[light]}</svg>`,
    iconSize: [26, 26],
    iconAnchor: [13, 13],
    popupAnchor: [0, -10],
  });
}

function popup(properties, texts) {
  const light = knownLight(properties.light);
  const word = texts[`text${light[0].toUpperCase()}${light.slice(1)}`] || "";
  const box = el("div", {}, el("p", {}, el("strong", {}, properties.title || properties.category || "")));
  if (properties.number) box.append(el("p", { class: "code muted" }, properties.number));
  box.append(el("p", {}, [word, properties.state_label || properties.state].filter(Boolean).join(" · ")));
  if (properties.grid) box.append(el("p", { class: "muted" }, properties.grid));
  if (properties.url) box.append(el("p", {}, el("a", { href: properties.url }, texts.textOpen || "→")));
  return box;
}

function clusterIcon(cluster) {
  const children = cluster.getAllChildMarkers();
  const worst = Math.max(...children.map((marker) => WORSE.indexOf(knownLight(marker.options.light))));
  const size = 34 + Math.min(20, Math.round(Math.log2(children.length) * 3));
  return window.L.divIcon({
    className: `case-cluster case-cluster--${WORSE[worst]}`,
    html: `<span>${formatNumber(children.length)}</span>`,
    iconSize: [size, size],
  });
}

/** @returns {L.LayerGroup} clustered where the plug-in is loaded */
function group() {
  if (!window.L.markerClusterGroup) return window.L.layerGroup();
  return window.L.markerClusterGroup({
    showCoverageOnHover: false,
    maxClusterRadius: 46,
    disableClusteringAtZoom: 19,
    spiderfyOnMaxZoom: true,
    chunkedLoading: true,
    iconCreateFunction: clusterIcon,
  });
}

/**
 * Draws cases and can draw them again after a filter has changed.
 * @param {L.Map} map
 * @param {string} url GeoJSON, WGS84
 * @param {{texts?: DOMStringMap, onClick?: (properties: object) => void, onLoad?: (features: object[], data: object) => void}} [options]
 * @returns {{load: (url: string) => Promise<object[]>, layer: L.LayerGroup, ready: Promise<object[]>}}
 */
export function addCases(map, url, options = {}) {
  const texts = options.texts || map.getContainer().dataset;
  const layer = group().addTo(map);
  let asked = 0;
  let drawn = "";

  async function load(address) {
    asked += 1;
    const mine = asked;
    const data = await getJson(address);
    if (mine !== asked) return [];
    const features = (data.features || []).filter((feature) => feature.geometry);
    // A map that asks again and again stays still while nothing has changed.
    const text = JSON.stringify(features);
    if (text === drawn) return features;
    drawn = text;
    layer.clearLayers();
    for (const feature of features) {
      const { properties } = feature;
      const [lon, lat] = feature.geometry.coordinates;
      const marker = window.L.marker([lat, lon], {
        icon: caseIcon(properties),
        light: properties.light,
        title: properties.title || properties.number || "",
        alt: properties.title || properties.number || "",
        zIndexOffset: properties.urgent ? 1000 : 0,
      });
      if (options.onClick) marker.on("click", () => options.onClick(properties));
      else marker.bindPopup(() => popup(properties, texts));
      layer.addLayer(marker);
    }
    if (options.onLoad) options.onLoad(features, data);
    return features;
  }
  return { load, layer, ready: load(url) };
}

/** How many cases there are of each light, for the legend. @param {object[]} features */
export function countLights(features) {
  const counts = { red: 0, yellow: 0, green: 0, none: 0 };
  for (const feature of features) counts[knownLight(feature.properties.light)] += 1;
  return counts;
}
