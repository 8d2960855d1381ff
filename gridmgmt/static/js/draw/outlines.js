/**
 * The draft on the map: areas of the drawn tier, borders of the others, what was, what is gone, and what is chosen.
 * Nothing here hears clicks: the tools ask the store which area lies under the pointer.
 */

import { debounce, el, onThemeChange } from "../dom.js";
import { tidyLabels, tierLook } from "../map/grids.js";
import { addLegend } from "../map/legend.js";
import { SIGNS, areaLook, baseLook, chosenLook, findingLook, frameLook, legendItems, previewLook, removedLook, targetLook } from "./looks.js";
import { nameOf, t } from "./words.js";

const MOST_NAMES = 2500; // beyond it names would only cover each other
const PANES = { drawAreas: 340, drawRemoved: 345, drawFrames: 350, drawBase: 355, drawFindings: 365, drawChosen: 370, drawNames: 450 };

/** GeoJSON's lon, lat turned round for Leaflet. */
export function latLngs(geometry) {
  const turn = (part) => (typeof part[0] === "number" ? [part[1], part[0]] : part.map(turn));
  return turn(geometry.coordinates);
}

export class Outlines {
  /** @param {L.Map} map @param {import("./store.js").Store} store */
  constructor(map, store) {
    this.map = map;
    this.store = store;
    this.layers = new Map(); // id → polygon
    this.shown = { differs: true, base: true };
    for (const [name, order] of Object.entries(PANES)) {
      const pane = map.createPane(name);
      pane.style.zIndex = String(order);
      if (name === "drawNames") pane.style.pointerEvents = "none";
    }
    const layer = (style, pane) => window.L.geoJSON(null, { style, pane, interactive: false });
    this.removed = layer(removedLook, "drawRemoved").addTo(map);
    this.base = layer(baseLook, "drawBase").addTo(map);
    this.findings = layer(findingLook, "drawFindings").addTo(map);
    this.findings.options.pointToLayer = (feature, at) => window.L.circleMarker(at, { ...findingLook(), radius: 13, pane: "drawFindings" });
    this.marks = window.L.layerGroup().addTo(map);
    this.legend = addLegend(map, t("legend"), "bottomleft");
    this.tidy = debounce(() => this.#placeNames(), 60);
    store.addEventListener("areas", ({ detail }) => (detail.all ? this.redraw() : this.update(detail.ids)));
    store.addEventListener("tier", () => this.redraw());
    store.addEventListener("chosen", () => this.#mark());
    map.on("zoomend", this.tidy);
    map.on("moveend", debounce(() => this.#legend(), 150));
    onThemeChange(() => this.redraw());
  }

  redraw() {
    for (const layer of this.layers.values()) layer.remove();
    this.layers.clear();
    this.update([...this.store.areas.keys()]);
    for (const group of [this.removed, this.base, this.findings]) group.setStyle(group.options.style);
  }

  /** Draws these areas as the store has them now. */
  update(ids) {
    for (const id of ids) {
      const old = this.layers.get(id);
      const feature = this.store.areas.get(id);
      if (old) old.remove();
      this.layers.delete(id);
      if (feature) this.layers.set(id, this.#polygon(feature));
    }
    this.#mark();
    this.tidy();
    this.#legend();
  }

  #polygon(feature) {
    const { properties } = feature;
    const drawn = properties.tier === this.store.tier;
    const style = drawn ? areaLook(properties, this.shown.differs) : frameLook(properties);
    const layer = window.L.polygon(latLngs(feature.geometry), { ...style, pane: drawn ? "drawAreas" : "drawFrames", smoothFactor: 0.5 }).addTo(this.map);
    layer.feature = feature;
    if (drawn && this.store.areas.size < MOST_NAMES) {
      const sign = this.shown.differs && SIGNS[properties.change] ? `${SIGNS[properties.change]} ` : "";
      const level = tierLook(properties.tier).level;
      layer.bindTooltip(el("span", {}, sign + nameOf(properties)), { permanent: true, direction: "center", className: `grid-label grid-label--${level} draw-name`, pane: "drawNames" });
    }
    return layer;
  }

  /** Follows the net while a border is being moved. @param {Iterable<number>} ids */
  follow(ids) {
    for (const id of ids) {
      const layer = this.layers.get(id);
      const geometry = this.store.net.geometry(id);
      if (layer && geometry) layer.setLatLngs(latLngs(geometry));
      if (id === this.store.chosen && this.mark && geometry) this.mark.setLatLngs(latLngs(geometry));
    }
  }

  #mark() {
    if (this.mark) this.mark.remove();
    const feature = this.store.areas.get(this.store.chosen);
    this.mark = feature ? window.L.polygon(latLngs(feature.geometry), { ...chosenLook(), pane: "drawChosen", smoothFactor: 0.5 }).addTo(this.map) : null;
  }

  /** Marks several areas, as those about to be merged. @param {Iterable<number>} ids */
  target(ids) {
    this.marks.clearLayers();
    for (const id of ids) {
      const feature = this.store.areas.get(id);
      if (feature) this.marks.addLayer(window.L.polygon(latLngs(feature.geometry), { ...targetLook(), pane: "drawChosen" }));
    }
  }

  /** What the draft differs in: GeoJSON of difference.geojson. */
  setDifference(collection) {
    this.removed.clearLayers();
    this.base.clearLayers();
    this.gone = 0;
    for (const feature of collection.features) {
      const { change, side, tier } = feature.properties;
      if (!feature.geometry || side !== "before" || (tier && tier !== this.store.tier)) continue;
      if (change === "removed") {
        this.gone += 1;
        if (this.shown.differs) this.removed.addData(feature);
      } else if (change === "moved" && this.shown.base) this.base.addData(feature);
    }
    this.difference = collection;
    this.#legend();
  }

  /** @param {{differs?: boolean, base?: boolean}} change what the switches say */
  show(change) {
    Object.assign(this.shown, change);
    this.redraw();
    if (this.difference) this.setDifference(this.difference);
  }

  /** @param {object[]} features GeoJSON of a finding @param {boolean} [preview] rather how it would be after a repair */
  highlight(features, preview = false) {
    this.findings.clearLayers();
    this.preview = preview;
    this.findings.options.style = preview ? previewLook : findingLook;
    features.filter((feature) => feature.geometry).forEach((feature) => this.findings.addData(feature));
    this.#legend();
  }

  #placeNames() {
    tidyLabels(this.map, [...this.layers.values()]);
  }

  #legend() {
    const view = this.map.getBounds();
    const seen = [...this.layers.values()].filter((layer) => view.intersects(layer.getBounds())).map((layer) => layer.feature.properties);
    const drawn = seen.filter((one) => one.tier === this.store.tier);
    const frames = seen.filter((one) => one.tier !== this.store.tier);
    this.legend.show(
      legendItems(drawn, frames, {
        differs: this.shown.differs,
        removed: this.shown.differs ? this.gone || 0 : 0,
        base: this.base.getLayers().length > 0,
        findings: this.findings.getLayers().length > 0,
        preview: Boolean(this.preview),
        tierNames: new Map(this.store.tiers.map((tier) => [tier.code, tier.label])),
      }),
    );
  }
}
