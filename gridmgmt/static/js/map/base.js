/**
 * A Leaflet map on our own vector tiles. Needs the classic scripts of components/map_assets.html
 * (globals L and protomapsL); works without any other server.
 */

import { onThemeChange, token } from "../dom.js";
import { labelRules, paintRules } from "./style.js";

const TILES = "/tiles/base/{z}/{x}/{y}.mvt";
/** Tiles exist to this zoom; beyond it the deepest is drawn larger. */
const MAX_DATA_ZOOM = 16;

/** "a,b,…" of a data attribute as numbers; null when it is not that. */
function numbers(text, count) {
  const values = String(text || "").split(",").map(Number);
  return values.length === count && values.every(Number.isFinite) ? values : null;
}

/**
 * What an element's data attributes say about its map.
 * @param {HTMLElement} element data-center "lat,lon", data-zoom, data-bounds "west,south,east,north"
 */
export function readOptions(element) {
  const { center, zoom, bounds } = element.dataset;
  const box = numbers(bounds, 4);
  return {
    center: numbers(center, 2),
    zoom: zoom ? Number(zoom) : undefined,
    bounds: box ? [[box[1], box[0]], [box[3], box[2]]] : null,
    readOnly: "readonly" in element.dataset,
  };
}

function vectorLayer(element, language) {
  const protomaps = window.protomapsL;
  return protomaps.leafletLayer({
    url: element.dataset.tiles || TILES,
    maxDataZoom: MAX_DATA_ZOOM,
    maxZoom: 20,
    minZoom: 3,
    attribution: element.dataset.textAttribution || "© OpenStreetMap contributors (ODbL)",
    backgroundColor: token("--map-land"),
    paintRules: paintRules(protomaps),
    labelRules: labelRules(protomaps, language),
    lang: language,
    tileDelay: 1,
  });
}

/** Own tiles, or the one raster layer that the deployment has set. */
function addBase(map, element) {
  const { rasterUrl, rasterAttribution } = element.dataset;
  if (rasterUrl) {
    window.L.tileLayer(rasterUrl, { attribution: rasterAttribution, maxZoom: 20, maxNativeZoom: 18 }).addTo(map);
    return;
  }
  const language = document.documentElement.lang || "zh-hans";
  let layer = vectorLayer(element, language).addTo(map);
  onThemeChange(() => {
    layer.remove();
    layer = vectorLayer(element, language).addTo(map);
  });
}

/**
 * The part of the map that no panel covers.
 * @param {HTMLElement} element
 * @returns {{paddingTopLeft: number[], paddingBottomRight: number[]}} for fitBounds, px
 */
export function freeView(element) {
  const view = { paddingTopLeft: [16, 16], paddingBottomRight: [16, 16] };
  const parent = element.parentElement;
  for (const panel of parent ? parent.querySelectorAll(":scope > .map-panel:not(.is-closed)") : []) {
    const own = panel.getBoundingClientRect();
    const whole = element.getBoundingClientRect();
    if (own.width > whole.width * 0.9) view.paddingBottomRight[1] = own.height + 8;
    else if (own.left - whole.left < whole.right - own.right) view.paddingTopLeft[0] = own.right - whole.left + 8;
    else view.paddingBottomRight[0] = whole.right - own.left + 8;
  }
  return view;
}

/**
 * Builds the map and shows its first view.
 * @param {HTMLElement} element its data attributes give what `options` leaves out (see readOptions)
 * @param {{center?: number[], zoom?: number, bounds?: number[][], readOnly?: boolean}} [options]
 *   center as [lat, lon], bounds as [[south, west], [north, east]]; WGS84
 * @returns {L.Map} also kept as element.gmMap
 */
export function createMap(element, options = {}) {
  const given = { ...readOptions(element) };
  for (const [key, value] of Object.entries(options)) if (value !== undefined) given[key] = value;
  const texts = element.dataset;
  const still = Boolean(given.readOnly);
  const map = window.L.map(element, {
    zoomControl: false,
    attributionControl: false,
    minZoom: 3,
    maxZoom: 20,
    zoomSnap: 1,
    dragging: !still,
    scrollWheelZoom: !still,
    doubleClickZoom: !still,
    touchZoom: !still,
    keyboard: !still,
    fadeAnimation: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
    zoomAnimation: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
  });
  window.L.control.attribution({ prefix: false }).addTo(map);
  if (!still) {
    window.L.control
      .zoom({ position: "bottomright", zoomInTitle: texts.textZoomIn || "+", zoomOutTitle: texts.textZoomOut || "−" })
      .addTo(map);
    window.L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
  }
  if (given.bounds) map.fitBounds(given.bounds, { ...freeView(element), maxZoom: given.zoom || 19 });
  else map.setView(given.center || [20, 0], given.center ? given.zoom || 15 : 3);
  addBase(map, element);
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(element);
  element.gmMap = map;
  element.dispatchEvent(new CustomEvent("map:ready", { bubbles: true, detail: { map } }));
  return map;
}
