/**
 * Handles on the corners and edges of what was picked. A corner moves in every ring that holds it; a handle in
 * the middle of an edge makes a new corner. With the keyboard: arrows push, Delete removes, comma and full stop
 * go to the corner before and after.
 */

import { debounce, el } from "../dom.js";
import { distance_m, nearestOnEdge } from "./topology.js";
import { t } from "./words.js";

const MOST = 400;
const ROOM_PX = 28; // an edge shorter than this on the screen has no middle handle
const PUSH_M = 1;
const PUSH_FAR_M = 10;
const SAVE_PUSHES_MS = 900;
const TOUCH = window.matchMedia("(pointer: coarse)").matches;
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class Handles {
  /**
   * @param {L.Map} map
   * @param {import("./store.js").Store} store
   * @param {import("./snapper.js").Snapper} snapper
   * @param {{onMove: (ids: Set<number>) => void, onDone: (ids: Set<number>) => void, onLocked: () => void,
   *   onRefused: (sentence: string) => void, mayCross: () => boolean}} on
   */
  constructor(map, store, snapper, on) {
    this.map = map;
    this.store = store;
    this.snapper = snapper;
    this.on = on;
    this.group = window.L.layerGroup().addTo(map);
    this.picked = null; // {nodes: node[], edges: [node, node][]}
    this.markers = new Map();
    this.pushed = new Set();
    this.savePushes = debounce(() => this.#finishPushes(), SAVE_PUSHES_MS);
    map.on("moveend", () => this.picked && !this.dragging && this.show(this.picked));
  }

  /** @param {?{nodes: object[], edges: object[][]}} picked */
  show(picked) {
    const held = this.current ? this.store.net.nodeAt(this.current.lon, this.current.lat) : null;
    this.group.clearLayers();
    this.markers.clear();
    this.picked = picked;
    this.current = null;
    if (!picked) return;
    const view = this.map.getBounds().pad(0.1);
    const seen = picked.nodes.filter((node) => view.contains([node.lat, node.lon])).slice(0, MOST);
    for (const node of seen) this.#corner(node);
    if (seen.length < MOST) for (const [a, b] of picked.edges) this.#middle(a, b, view);
    if (held && this.markers.has(held)) this.#focus(held);
  }

  clear() {
    this.show(null);
  }

  #icon(kind) {
    const size = TOUCH ? 44 : 22;
    return window.L.divIcon({ className: `node node--${kind}`, html: "<i></i>", iconSize: [size, size] });
  }

  #tie(node) {
    this.store.net.tie(node, (id) => this.store.mayTouch(id, [node.lon, node.lat]));
  }

  /** A corner that another tier's outline holds too moves only with that outline. */
  #locked(node) {
    this.#tie(node);
    const others = [...node.rings].some((ring) => ring.area.tier !== this.store.tier);
    return others && !this.on.mayCross();
  }

  #corner(node) {
    const locked = this.#locked(node);
    const n = new Set([...node.rings].filter((ring) => ring.area.tier === this.store.tier).map((ring) => ring.area.id)).size;
    const kind = locked ? "locked" : n > 2 ? "joint" : "corner";
    const marker = window.L.marker([node.lat, node.lon], { icon: this.#icon(kind), draggable: !locked, keyboard: true, autoPan: true, autoPanPadding: [24, 24], zIndexOffset: 500 });
    marker.on("add", () => {
      const box = marker.getElement();
      box.setAttribute("aria-label", t(locked ? "corner_locked" : "corner", { n }));
      box.setAttribute("role", "button");
      box.addEventListener("focus", () => { this.current = node; });
      box.addEventListener("keydown", (event) => this.#key(event, node, locked));
      box.tabIndex = this.markers.size === 1 ? 0 : -1;
    });
    this.markers.set(node, marker);
    marker.addTo(this.group);
    marker.on("click", () => {
      if (locked) this.on.onLocked();
      this.#focus(node);
    });
    marker.on("contextmenu", (event) => {
      if (event.originalEvent) event.originalEvent.preventDefault();
      if (locked) this.on.onLocked();
      else this.remove(node);
    });
    if (!locked) this.#draggable(marker, () => node);
  }

  #middle(a, b, view) {
    const at = [(a.lat + b.lat) / 2, (a.lon + b.lon) / 2];
    if (!view.contains(at)) return;
    const [pa, pb] = [a, b].map((node) => this.map.latLngToContainerPoint([node.lat, node.lon]));
    if (pa.distanceTo(pb) < (TOUCH ? ROOM_PX * 2 : ROOM_PX)) return;
    // an edge that another tier has too is bent with it, or not at all
    const tiers = new Set(this.store.net.edgesBetween(a, b).map(({ ring }) => ring.area.tier));
    if (this.#onFrame(at) && !this.on.mayCross()) return;
    if (tiers.size > 1 && !this.on.mayCross()) return;
    const marker = window.L.marker(at, { icon: this.#icon("middle"), draggable: true, keyboard: false, autoPan: true, title: t("middle") });
    marker.addTo(this.group);
    let made = null;
    this.#draggable(marker, () => {
      if (!made) {
        made = this.store.net.insert(a, b, at[1], at[0]);
        this.#tie(made);
      }
      return made;
    });
  }

  /** Whether a place lies on a border of another tier. */
  #onFrame([lat, lon]) {
    const { net, areas, tier } = this.store;
    for (const [id, feature] of areas) {
      if (feature.properties.tier === tier) continue;
      const [w, s, e, n] = this.store.boxes.get(id);
      if (lon < w - 1e-6 || lon > e + 1e-6 || lat < s - 1e-6 || lat > n + 1e-6) continue;
      for (const [a, b] of net.edgesOf(id)) {
        if (Math.min(a.lat, b.lat) - 1e-6 > lat || Math.max(a.lat, b.lat) + 1e-6 < lat) continue;
        if (nearestOnEdge([lon, lat], [a.lon, a.lat], [b.lon, b.lat]).m < 0.05) return true;
      }
    }
    return false;
  }

  #draggable(marker, nodeOf) {
    let node = null;
    let start = null;
    marker.on("dragstart", () => {
      node = nodeOf();
      start = [node.lon, node.lat];
      this.dragging = true;
      this.current = node;
      this.snapper.stale();
    });
    marker.on("drag", (event) => {
      // its own edges move along: nothing to cling to
      const skip = ({ owner }) => Boolean(owner) && (owner.node === node || owner.a === node || owner.b === node);
      const to = this.snapper.find(event.latlng, { skip, touch: TOUCH });
      marker.setLatLng([to.lat, to.lon]);
      this.on.onMove(this.store.net.move(node, to.lon, to.lat));
    });
    marker.on("dragend", () => {
      this.dragging = false;
      this.snapper.hide();
      const ids = this.store.net.areasAt(node);
      if (distance_m(start, [node.lon, node.lat]) < 0.01) this.store.revert(ids);
      else this.on.onDone(ids);
    });
  }

  /** Takes a corner out of every ring that holds it. */
  remove(node) {
    if (!this.store.net.mayRemove(node)) {
      this.on.onRefused(t("corner_needed"));
      return;
    }
    const ids = this.store.net.remove(node);
    this.on.onMove(ids);
    this.on.onDone(ids);
  }

  /** Removes the corner that was touched last. @returns {boolean} whether there was one */
  removeCurrent() {
    if (!this.current || !this.markers.has(this.current)) return false;
    if (this.#locked(this.current)) this.on.onLocked();
    else this.remove(this.current);
    return true;
  }

  #focus(node) {
    this.current = node;
    for (const [other, marker] of this.markers) {
      const box = marker.getElement();
      if (!box) continue;
      box.classList.toggle("is-current", other === node);
      box.tabIndex = other === node ? 0 : -1;
      if (other === node && document.activeElement !== box) box.focus({ preventScroll: true });
    }
  }

  #key(event, node, locked) {
    if (event.key === "Delete") {
      event.preventDefault();
      event.stopPropagation();
      if (locked) this.on.onLocked();
      else this.remove(node);
      return;
    }
    if (event.key === "," || event.key === ".") {
      const all = [...this.markers.keys()];
      this.#focus(all[(all.indexOf(node) + (event.key === "." ? 1 : all.length - 1)) % all.length]);
      event.stopPropagation();
      return;
    }
    const way = KEYS[event.key];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    if (locked) {
      this.on.onLocked();
      return;
    }
    const far_m = event.shiftKey ? PUSH_FAR_M : PUSH_M;
    const lat = node.lat + (way[1] * far_m) / 111320;
    const lon = node.lon + (way[0] * far_m) / (111320 * Math.cos((node.lat * Math.PI) / 180));
    const ids = this.store.net.move(node, lon, lat);
    ids.forEach((id) => this.pushed.add(id));
    this.markers.get(node).setLatLng([lat, lon]);
    this.on.onMove(ids);
    this.savePushes();
  }

  #finishPushes() {
    if (!this.pushed.size) return;
    const ids = new Set(this.pushed);
    this.pushed.clear();
    this.on.onDone(ids);
  }
}
