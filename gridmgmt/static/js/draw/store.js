/**
 * What the editor knows of its draft: areas, their net of borders, the newest step, the chosen area. Everything
 * that changes the draft goes through `perform`; whoever shows something listens to the events:
 * areas {ids}, chosen, tier, steps, saving, moved {detail}, failed {refusal, retry}.
 */

import { Topology } from "./topology.js";

const NEAR = 0.002; // degrees; borders that are being moved may leave their box a little
const PAD = 0.35; // areas are fetched this much beyond the view, as a share of it

/** Whether a place lies in a GeoJSON polygon or multipolygon. */
export function contains(geometry, [x, y]) {
  if (!geometry) return false;
  const inRing = (ring) => {
    let inside = false;
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
      const [xi, yi] = ring[i];
      const [xj, yj] = ring[j];
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
    }
    return inside;
  };
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  return polygons.some((polygon) => inRing(polygon[0]) && !polygon.slice(1).some(inRing));
}

/** @returns {number[]} west, south, east, north */
export function boxOf(geometry) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  const visit = (part) => {
    if (typeof part[0] === "number") {
      box[0] = Math.min(box[0], part[0]);
      box[1] = Math.min(box[1], part[1]);
      box[2] = Math.max(box[2], part[0]);
      box[3] = Math.max(box[3], part[1]);
    } else part.forEach(visit);
  };
  if (geometry) visit(geometry.coordinates);
  return box;
}

export class Store extends EventTarget {
  /** @param {import("./api.js").Api} api @param {object} page what the page says: tiers, tier, draws, step … */
  constructor(api, page) {
    super();
    this.api = api;
    this.page = page;
    this.tiers = page.tiers;
    this.tier = page.tier;
    this.areas = new Map();
    this.boxes = new Map();
    this.net = new Topology();
    this.step = page.step;
    this.canUndo = page.can_undo;
    this.canRedo = page.can_redo;
    this.chosen = null;
    this.saving = false;
    this.fetched = null; // box that is here already
  }

  #say(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /* Areas */

  #keep(feature) {
    this.areas.set(feature.id, feature);
    this.boxes.set(feature.id, boxOf(feature.geometry));
    this.net.put(feature);
  }

  #forget(id) {
    this.areas.delete(id);
    this.boxes.delete(id);
    this.net.drop(id);
    if (this.chosen === id) this.choose(null);
  }

  /** Fetches what the view shows and a little more; nothing when it is here already. @param {number[]} view */
  async look(view) {
    const [w, s, e, n] = view;
    const had = this.fetched;
    if (had && w >= had[0] && s >= had[1] && e <= had[2] && n <= had[3]) return;
    const dx = (e - w) * PAD;
    const dy = (n - s) * PAD;
    const box = [w - dx, s - dy, e + dx, n + dy];
    const data = await this.api.get(this.page.grids_url, { bbox: box.map((value) => value.toFixed(6)).join(",") });
    const known = new Set(this.areas.keys());
    const fresh = data.features.filter((feature) => feature.geometry && !known.has(feature.id));
    fresh.forEach((feature) => this.#keep(feature));
    this.fetched = box;
    if (fresh.length) this.#say("areas", { ids: fresh.map((feature) => feature.id), more: true });
  }

  /** Takes everything anew, as after somebody else has drawn. */
  async reload() {
    const box = this.fetched;
    const [info, data] = await Promise.all([
      this.api.get(this.page.info_url),
      box ? this.api.get(this.page.grids_url, { bbox: box.map((value) => value.toFixed(6)).join(",") }) : { features: [] },
    ]);
    this.areas.clear();
    this.boxes.clear();
    this.net = new Topology();
    data.features.filter((feature) => feature.geometry).forEach((feature) => this.#keep(feature));
    this.#stand(info);
    if (this.chosen !== null && !this.areas.has(this.chosen)) this.choose(null);
    this.#say("areas", { all: true });
    this.#say("steps", {});
  }

  #stand(answer) {
    if (typeof answer.newest === "number") this.step = answer.newest;
    else if (typeof answer.step === "number") this.step = answer.step;
    this.canUndo = Boolean(answer.can_undo);
    this.canRedo = Boolean(answer.can_redo);
  }

  /** Areas of the tier that is drawn now. */
  ofTier(tier = this.tier) {
    return [...this.areas.values()].filter((feature) => feature.properties.tier === tier);
  }

  /** The area of a tier at a place. @param {number[]} place lon, lat */
  at(place, tier = this.tier) {
    const inBox = ([w, s, e, n]) => place[0] >= w && place[0] <= e && place[1] >= s && place[1] <= n;
    return this.ofTier(tier).find((feature) => inBox(this.boxes.get(feature.id)) && contains(feature.geometry, place)) || null;
  }

  /** Whether a place may lie on an area's border, by its box. */
  mayTouch(id, [x, y]) {
    const [w, s, e, n] = this.boxes.get(id) || [1, 1, 0, 0];
    return x > w - NEAR && x < e + NEAR && y > s - NEAR && y < n + NEAR;
  }

  /** The tier directly above another. */
  above(tier = this.tier) {
    const index = this.tiers.findIndex((one) => one.code === tier);
    return index > 0 ? this.tiers[index - 1].code : null;
  }

  byCode(code, tier = this.tier) {
    return [...this.areas.values()].find((feature) => feature.properties.code === code && (!tier || feature.properties.tier === tier)) || null;
  }

  /** @param {?number} id */
  choose(id) {
    if (this.chosen === id) return;
    this.chosen = id;
    this.#say("chosen", { id });
  }

  setTier(tier) {
    if (tier === this.tier) return;
    this.tier = tier;
    this.chosen = null;
    this.#say("tier", { tier });
    this.#say("chosen", { id: null });
  }

  /* The net while a border is being moved */

  /** Brings the areas' outlines back to what the server has said last. */
  revert(ids) {
    for (const id of ids) if (this.areas.has(id)) this.net.put(this.areas.get(id));
    this.#say("areas", { ids: [...ids] });
  }

  /* Steps */

  /**
   * One change of the draft.
   * @param {string} path "steps/", "undo/", "redo/", "findings/7/repair/" …
   * @param {object} body without `expect`
   * @returns {Promise<?object>} the answer; null when it was refused (then "failed" or "moved" was said)
   */
  async perform(path, body = {}) {
    if (this.saving) return null;
    this.saving = true;
    this.#say("saving");
    try {
      const answer = await this.api.post(path, { ...body, expect: this.step });
      this.#take(answer);
      return answer;
    } catch (refusal) {
      if (refusal.status === 409) {
        await this.reload().catch(() => null);
        this.#say("moved", { refusal });
      } else this.#say("failed", { refusal });
      this.lastRefusal = refusal;
      return null;
    } finally {
      this.saving = false;
      this.#say("saving");
    }
  }

  #take(answer) {
    const ids = [];
    for (const feature of answer.changed || []) {
      if (feature.geometry) this.#keep(feature);
      else this.#forget(feature.id);
      ids.push(feature.id);
    }
    for (const id of answer.removed || []) {
      this.#forget(id);
      ids.push(id);
    }
    if (typeof answer.newest !== "number" && answer.step) answer.newest = answer.step.number;
    this.#stand(answer);
    this.#say("areas", { ids });
    this.#say("steps", { answer });
  }
}
