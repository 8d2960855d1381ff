/**
 * What a point being drawn or moved clings to: corners and edges of the division, roads and shores. A grid of
 * cells over the area keeps the question cheap. Plain numbers, EPSG:4326; no map.
 */

import { distance_m, nearestOnEdge } from "./topology.js";

const CELL_DEGREES = 0.001; // about 100 m
const MOST_CELLS = 60; // a longer stretch is cut into pieces before it is filed
/** What wins when several are near: a corner before an edge before a road. */
const RANK = { corner: 0, edge: 1, road: 2, water: 2 };
/** An edge wins over a corner only when the corner is farther than this share of the reach. */
const CORNER_SHARE = 0.75;

const cell = (value) => Math.floor(value / CELL_DEGREES);

export class SnapIndex {
  constructor() {
    this.cells = new Map();
  }

  #file(entry, a, b) {
    const [west, east] = [Math.min(a[0], b[0]), Math.max(a[0], b[0])];
    const [south, north] = [Math.min(a[1], b[1]), Math.max(a[1], b[1])];
    for (let x = cell(west); x <= cell(east); x += 1) {
      for (let y = cell(south); y <= cell(north); y += 1) {
        const key = `${x}:${y}`;
        const held = this.cells.get(key);
        if (held) held.push(entry);
        else this.cells.set(key, [entry]);
      }
    }
  }

  /** A corner. @param {number[]} at @param {object} [owner] handed to `skip` */
  addCorner(at, owner = null) {
    this.#file({ kind: "corner", a: at, b: at, owner }, at, at);
  }

  /** An edge or a stretch of road. @param {"edge"|"road"|"water"} kind @param {?object[]} owner both ends, for `skip` */
  addEdge(kind, a, b, owner = null, name = "") {
    const parts = Math.ceil(Math.max(Math.abs(b[0] - a[0]), Math.abs(b[1] - a[1])) / (CELL_DEGREES * MOST_CELLS)) || 1;
    const along = (share) => [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
    for (let part = 0; part < parts; part += 1) {
      const from = parts === 1 ? a : along(part / parts);
      const to = parts === 1 ? b : along((part + 1) / parts);
      this.#file({ kind, a: from, b: to, owner, name }, from, to);
    }
  }

  /** Every line of GeoJSON features. @param {object[]} features @param {(feature: object) => string} kindOf */
  addLines(features, kindOf) {
    for (const feature of features) {
      const { type, coordinates } = feature.geometry || {};
      const lines = { LineString: [coordinates], MultiLineString: coordinates, Polygon: coordinates }[type] || [];
      const all = type === "MultiPolygon" ? coordinates.reduce((list, polygon) => list.concat(polygon), []) : lines;
      for (const line of all) {
        for (let index = 1; index < line.length; index += 1) {
          this.addEdge(kindOf(feature), line[index - 1], line[index], null, feature.properties.name || "");
        }
      }
    }
  }

  /**
   * What a place clings to.
   * @param {number[]} place lon, lat
   * @param {number} reach_m
   * @param {(entry: object) => boolean} [skip] leaves out, as a moved corner its own edges
   * @returns {?{at: number[], kind: string, name: string, m: number}} null when nothing is near
   */
  find(place, reach_m, skip = () => false) {
    const dy = reach_m / 111320;
    const dx = dy / Math.max(0.05, Math.cos((place[1] * Math.PI) / 180));
    let best = null;
    for (let x = cell(place[0] - dx); x <= cell(place[0] + dx); x += 1) {
      for (let y = cell(place[1] - dy); y <= cell(place[1] + dy); y += 1) {
        for (const entry of this.cells.get(`${x}:${y}`) || []) {
          if (skip(entry)) continue;
          const near = entry.kind === "corner" ? { at: entry.a, m: distance_m(place, entry.a) } : nearestOnEdge(place, entry.a, entry.b);
          const reach = entry.kind === "corner" ? reach_m : reach_m * CORNER_SHARE;
          if (near.m > reach) continue;
          const rank = RANK[entry.kind];
          if (!best || rank < best.rank || (rank === best.rank && near.m < best.m)) best = { at: near.at, kind: entry.kind, name: entry.name || "", m: near.m, rank };
        }
      }
    }
    return best;
  }
}
