/**
 * A line or ring being drawn: click sets a point, the pointer drags a rubber band, Backspace takes the last point
 * back, Enter or a double click ends it, Escape gives it up.
 */

import { token } from "../dom.js";
import { t } from "./words.js";

const SAME_PX = 6; // a second click this near to the last point is the end, not a point
const TOUCH = window.matchMedia("(pointer: coarse)").matches;

export class Sketch {
  /**
   * @param {L.Map} map @param {import("./snapper.js").Snapper} snapper
   * @param {{ring: boolean, onChange: () => void, onEnd: (points: number[][]) => void}} options
   */
  constructor(map, snapper, options) {
    this.map = map;
    this.snapper = snapper;
    this.options = options;
    this.points = [];
    const style = { color: token("--focus"), weight: 3, interactive: false };
    this.line = options.ring
      ? window.L.polygon([], { ...style, fillColor: token("--focus"), fillOpacity: 0.12, dashArray: null })
      : window.L.polyline([], style);
    this.band = window.L.polyline([], { ...style, weight: 2, dashArray: "4 6" });
    this.dots = window.L.layerGroup();
    this.group = window.L.layerGroup([this.line, this.band, this.dots]).addTo(map);
  }

  get least() {
    return this.options.ring ? 3 : 2;
  }

  get ready() {
    return this.points.length >= this.least;
  }

  #latLngs() {
    return this.points.map(([lon, lat]) => [lat, lon]);
  }

  #draw() {
    this.line.setLatLngs(this.#latLngs());
    this.dots.clearLayers();
    for (const at of this.#latLngs()) this.dots.addLayer(window.L.circleMarker(at, { radius: 4.5, weight: 2, color: token("--focus"), fillColor: token("--surface"), fillOpacity: 1, interactive: false }));
    this.band.setLatLngs([]);
    this.options.onChange();
  }

  click(event) {
    if (this.ended) return;
    const last = this.points[this.points.length - 1];
    const near = (point) => point && this.map.latLngToContainerPoint([point[1], point[0]]).distanceTo(event.containerPoint) < SAME_PX;
    if (near(last)) {
      if (this.ready && event.originalEvent && event.originalEvent.detail >= 2) this.end();
      return;
    }
    if (this.options.ring && this.ready && near(this.points[0])) {
      this.end();
      return;
    }
    const to = this.snapper.find(event.latlng, { touch: TOUCH });
    this.points.push([to.lon, to.lat]);
    this.#draw();
  }

  move(event) {
    if (this.ended) return;
    const to = this.snapper.find(event.latlng, { touch: TOUCH });
    const ends = this.#latLngs();
    if (!ends.length) return;
    const at = [to.lat, to.lon];
    this.band.setLatLngs(this.options.ring && ends.length > 1 ? [ends[ends.length - 1], at, ends[0]] : [ends[ends.length - 1], at]);
  }

  back() {
    if (!this.points.length || this.ended) return false;
    this.points.pop();
    this.#draw();
    return true;
  }

  end() {
    if (!this.ready || this.ended) return;
    this.ended = true;
    this.snapper.hide();
    this.band.setLatLngs([]);
    this.options.onEnd(this.points);
  }

  /** Drawn on after the server has refused it. */
  reopen() {
    this.ended = false;
    this.options.onChange();
  }

  /** GeoJSON of what is drawn. */
  geometry() {
    if (!this.options.ring) return { type: "LineString", coordinates: this.points };
    return { type: "Polygon", coordinates: [[...this.points, this.points[0]]] };
  }

  remove() {
    this.group.remove();
    this.snapper.hide();
  }

  /** Buttons that every sketch has. @param {() => void} cancel */
  actions(cancel) {
    return [
      { label: t("finish"), key: "Enter", primary: true, disabled: !this.ready, run: () => this.end() },
      { label: t("point_back"), key: "⌫", disabled: !this.points.length, run: () => this.back() },
      { label: t("cancel"), key: "Esc", run: cancel },
    ];
  }
}
