/** Moving borders: pick a whole outline or one border between two areas, then drag its corners. */

import { Handles } from "./handles.js";
import { nearestOnEdge } from "./topology.js";
import { nameOf, t } from "./words.js";

const NEAR_PX = 9;

export class BorderTool {
  /** @param {object} room map, store, snapper, hint, outlines, mayCross, askToCross */
  constructor(room) {
    Object.assign(this, room);
    this.spec = null; // {area: id} or {border: [id, id or 0]}
    this.handles = new Handles(this.map, this.store, this.snapper, {
      onMove: (ids) => this.#moved(ids),
      onDone: (ids) => this.save(ids),
      onLocked: () => this.#locked(),
      onRefused: (sentence) => this.hint.error(sentence),
      mayCross: this.mayCross,
    });
    this.unsaved = new Set();
    this.store.addEventListener("areas", ({ detail }) => this.active && !detail.more && this.pick(this.spec));
  }

  start() {
    this.active = true;
    this.pick(this.store.chosen ? { area: this.store.chosen } : null);
  }

  stop() {
    this.active = false;
    this.handles.clear();
    this.spec = null;
  }

  /** Whether something drawn has not reached the server. */
  get busy() {
    return this.unsaved.size > 0;
  }

  #say() {
    this.hint.say(t(this.spec ? "hint_border_picked" : "hint_border"));
  }

  #locked() {
    this.hint.error(t("locked"), [{ label: t("cross"), run: () => this.askToCross() }]);
  }

  /** @param {?object} spec */
  pick(spec) {
    const ids = spec ? spec.border || [spec.area] : [];
    const there = ids.filter((id) => id && this.store.areas.has(id));
    this.spec = there.length ? spec : null;
    this.hint.live([]);
    if (!this.spec) this.handles.clear();
    else if (spec.border) this.handles.show(this.#border(spec.border));
    else this.handles.show({ nodes: this.store.net.nodesOf(spec.area), edges: this.store.net.edgesOf(spec.area) });
    this.#say();
  }

  /** Edges that exactly these two areas of the tier share (0: the outer side). */
  #border([one, other]) {
    const { net } = this.store;
    const edges = net.edgesOf(one).filter(([a, b]) => this.#sides(a, b).join() === [one, other].sort((x, y) => x - y).filter(Boolean).join());
    const nodes = [...new Set(edges.reduce((all, edge) => all.concat(edge), []))];
    return { nodes, edges };
  }

  /** Areas of the drawn tier along an edge. */
  #sides(a, b) {
    return [...this.store.net.areasAlong(a, b)].filter((id) => this.store.areas.get(id).properties.tier === this.store.tier).sort((x, y) => x - y);
  }

  /** @param {L.LeafletMouseEvent} event */
  click(event) {
    if (this.unsaved.size) return;
    this.hint.error("");
    const place = [event.latlng.lng, event.latlng.lat];
    const border = this.#near(event.latlng);
    const area = this.store.at(place);
    if (border) {
      this.store.choose(border[0]);
      this.pick({ border });
    } else {
      this.store.choose(area ? area.id : null);
      this.pick(area ? { area: area.id } : null);
    }
  }

  #near(latlng) {
    const at = this.map.latLngToContainerPoint(latlng);
    const reach_m = this.map.distance(latlng, this.map.containerPointToLatLng(at.add([NEAR_PX, 0])));
    let best = null;
    for (const feature of this.store.ofTier()) {
      for (const [a, b] of this.store.net.edgesOf(feature.id)) {
        const { m } = nearestOnEdge([latlng.lng, latlng.lat], [a.lon, a.lat], [b.lon, b.lat]);
        if (m <= reach_m && (!best || m < best.m)) best = { m, a, b };
      }
    }
    if (!best) return null;
    const [one, other = 0] = this.#sides(best.a, best.b);
    return [one, other];
  }

  #moved(ids) {
    this.hint.error("");
    this.outlines.follow(ids);
    const drawn = [...ids].map((id) => this.store.areas.get(id)).filter((feature) => feature && feature.properties.tier === this.store.tier);
    this.hint.live(drawn.slice(0, 3).map((feature) => ({ id: feature.id, label: nameOf(feature.properties), body: { geometry: this.store.net.geometry(feature.id) } })));
  }

  /** Sends the outlines as they are drawn now. @param {Iterable<number>} ids */
  async save(ids) {
    for (const id of ids) this.unsaved.add(id);
    const sent = [...this.unsaved];
    const areas = {};
    // the server takes the borders of other tiers along by itself
    for (const id of sent) if (this.store.areas.get(id).properties.tier === this.store.tier) areas[id] = this.store.net.geometry(id);
    const answer = await this.store.perform("steps/", { verb: "reshape", areas, with_parents: this.mayCross() });
    if (answer) {
      this.unsaved.clear();
      this.hint.error("");
      return;
    }
    const refusal = this.store.lastRefusal;
    if (refusal && refusal.status === 0) {
      // nothing is lost: the border stays as it was drawn until the connection is back
      this.hint.error(refusal.message, [
        { label: t("retry"), run: () => this.save([]) },
        { label: t("discard"), run: () => this.discard() },
      ]);
      return;
    }
    this.discard();
    if (refusal) this.hint.error(refusal.message);
  }

  /** Back to what the server has. */
  discard() {
    const ids = [...this.unsaved];
    this.unsaved.clear();
    this.hint.error("");
    this.store.revert(ids);
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether it was for this tool */
  key(event) {
    if (event.key === "Delete" || event.key === "Backspace") return this.handles.removeCurrent();
    if (event.key === "Escape" && this.spec && !this.unsaved.size) {
      this.pick(null);
      return true;
    }
    return false;
  }
}
