/** Clinging on the map: gathers corners, edges, roads and shores in view, and shows what a point clings to. */

import { debounce, el } from "../dom.js";
import { SnapIndex } from "./snap.js";
import { t } from "./words.js";

const REACH_PX = 12;
const REACH_TOUCH_PX = 22;
const ROADS_FROM_ZOOM = 14;

export class Snapper {
  /** @param {L.Map} map @param {import("./store.js").Store} store @param {string} linesUrl roads and shores */
  constructor(map, store, linesUrl) {
    this.map = map;
    this.store = store;
    this.linesUrl = linesUrl;
    this.on = true;
    this.roads = [];
    this.box = null;
    this.index = null;
    this.dot = el("span", { class: "snap-cue", "aria-hidden": "true" }, el("span", { class: "snap-cue__word" }));
    this.cue = window.L.marker([0, 0], { icon: window.L.divIcon({ className: "snap-cue-holder", html: this.dot, iconSize: [0, 0] }), interactive: false, keyboard: false, zIndexOffset: 2000 });
    const stale = () => { this.index = null; };
    store.addEventListener("areas", stale);
    store.addEventListener("tier", stale);
    map.on("moveend", stale);
    map.on("moveend", debounce(() => this.#fetch(), 250));
    this.#fetch();
  }

  async #fetch() {
    if (this.map.getZoom() < ROADS_FROM_ZOOM || !this.store.page.draws) return;
    const view = this.map.getBounds();
    const [w, s, e, n] = [view.getWest(), view.getSouth(), view.getEast(), view.getNorth()];
    const had = this.box;
    if (had && w >= had[0] && s >= had[1] && e <= had[2] && n <= had[3]) return;
    const box = [w - (e - w) * 0.3, s - (n - s) * 0.3, e + (e - w) * 0.3, n + (n - s) * 0.3];
    try {
      const data = await this.store.api.get(this.linesUrl, { bbox: box.map((value) => value.toFixed(6)).join(",") });
      this.roads = data.features;
      this.box = box;
      this.index = null;
    } catch (refusal) {
      // drawing goes on without roads; the next move of the map asks again
      console.info("No roads to cling to for now.", refusal.status);
    }
  }

  #build() {
    const index = new SnapIndex();
    const { net } = this.store;
    const view = this.map.getBounds().pad(0.2);
    for (const feature of this.store.areas.values()) {
      const [w, s, e, n] = this.store.boxes.get(feature.id);
      if (!view.intersects([[s, w], [n, e]])) continue;
      for (const node of net.nodesOf(feature.id)) index.addCorner([node.lon, node.lat], { id: feature.id, node });
      for (const [a, b] of net.edgesOf(feature.id)) index.addEdge("edge", [a.lon, a.lat], [b.lon, b.lat], { id: feature.id, a, b });
    }
    index.addLines(this.roads, (feature) => (feature.properties.kind === "water" || feature.properties.layer === "water" ? "water" : "road"));
    return index;
  }

  /** Forgets what it gathered, after borders have moved. */
  stale() {
    this.index = null;
  }

  /**
   * Where a place clings to, and shows it.
   * @param {L.LatLng} at
   * @param {{skip?: (entry: object) => boolean, touch?: boolean}} [options]
   * @returns {{lon: number, lat: number, kind: ?string}}
   */
  find(at, options = {}) {
    const free = { lon: Number(at.lng.toFixed(8)), lat: Number(at.lat.toFixed(8)), kind: null };
    if (!this.on) {
      this.hide();
      return free;
    }
    if (!this.index) this.index = this.#build();
    const reach = options.touch ? REACH_TOUCH_PX : REACH_PX;
    const point = this.map.latLngToContainerPoint(at);
    const reach_m = this.map.distance(at, this.map.containerPointToLatLng(point.add([reach, 0])));
    const found = this.index.find([at.lng, at.lat], reach_m, options.skip);
    if (!found) {
      this.hide();
      return free;
    }
    this.#show(found);
    return { lon: found.at[0], lat: found.at[1], kind: found.kind };
  }

  #show(found) {
    this.dot.className = `snap-cue snap-cue--${found.kind}`;
    this.dot.firstChild.textContent = found.name || t(`snap_${found.kind}`);
    this.cue.setLatLng([found.at[1], found.at[0]]);
    if (!this.map.hasLayer(this.cue)) this.cue.addTo(this.map);
  }

  hide() {
    this.cue.remove();
  }
}
