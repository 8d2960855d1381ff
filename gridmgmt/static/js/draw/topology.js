/**
 * The outlines of a division as one net: points with equal coordinates are one node, so a shared border is one
 * line, and moving a node moves it in every ring that holds it. No map, no page: plain numbers, EPSG:4326.
 */

/** Equal to a tenth of a millimetre is equal: decimals of a degree. */
const DECIMALS = 9;
/** A corner this near to somebody's edge lies on it, and the edge has to bend with it. */
const ON_EDGE_M = 0.02;
const M_PER_DEGREE = 111320;

const keyOf = (lon, lat) => `${lon.toFixed(DECIMALS)},${lat.toFixed(DECIMALS)}`;

/** Metres between two places; good for the size of a city. */
export function distance_m(a, b) {
  const x = (b[0] - a[0]) * M_PER_DEGREE * Math.cos((a[1] * Math.PI) / 180);
  const y = (b[1] - a[1]) * M_PER_DEGREE;
  return Math.hypot(x, y);
}

/**
 * The place on the edge a–b that is nearest to p.
 * @param {number[]} p @param {number[]} a @param {number[]} b lon, lat in degrees
 * @returns {{at: number[], share: number, m: number}} the place, how far along (0–1), metres from p
 */
export function nearestOnEdge(p, a, b) {
  const scale = Math.cos((p[1] * Math.PI) / 180);
  const dx = (b[0] - a[0]) * scale;
  const dy = b[1] - a[1];
  const length2 = dx * dx + dy * dy;
  const raw = length2 ? ((p[0] - a[0]) * scale * dx + (p[1] - a[1]) * dy) / length2 : 0;
  const share = Math.min(1, Math.max(0, raw));
  const at = [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
  return { at, share, m: distance_m(p, at) };
}

export class Topology {
  constructor() {
    this.areas = new Map(); // id → {id, tier, polygons: ring[][]}; a ring is {area, nodes} without a closing point
    this.nodes = new Map(); // key → {lon, lat, rings: Set of rings}
  }

  /** @param {{id: number, geometry: ?object, properties: {tier: string}}} feature GeoJSON, replaces what it was */
  put(feature) {
    this.drop(feature.id);
    if (!feature.geometry) return;
    const { type, coordinates } = feature.geometry;
    const area = { id: feature.id, tier: feature.properties.tier, polygons: [] };
    for (const polygon of type === "Polygon" ? [coordinates] : coordinates) {
      area.polygons.push(polygon.map((points) => this.#ring(area, points)));
    }
    this.areas.set(area.id, area);
  }

  /** @param {number} id of an area that is no more */
  drop(id) {
    const area = this.areas.get(id);
    if (!area) return;
    for (const ring of this.rings(id)) for (const node of ring.nodes) this.#leave(node, ring);
    this.areas.delete(id);
  }

  #ring(area, points) {
    const ring = { area, nodes: [] };
    points.slice(0, -1).forEach(([lon, lat]) => {
      const key = keyOf(lon, lat);
      let node = this.nodes.get(key);
      if (!node) {
        node = { lon, lat, key, rings: new Set() };
        this.nodes.set(key, node);
      }
      node.rings.add(ring);
      ring.nodes.push(node);
    });
    return ring;
  }

  #leave(node, ring) {
    node.rings.delete(ring);
    if (!node.rings.size && this.nodes.get(node.key) === node) this.nodes.delete(node.key);
  }

  /** @param {number} id @returns {{area: object, nodes: object[]}[]} all rings of an area, holes too */
  rings(id) {
    const area = this.areas.get(id);
    return area ? area.polygons.reduce((all, polygon) => all.concat(polygon), []) : [];
  }

  /** @param {object} node @returns {Set<number>} ids of the areas whose outline holds it */
  areasAt(node) {
    return new Set([...node.rings].map((ring) => ring.area.id));
  }

  /** The node at exactly this place, if there is one. */
  nodeAt(lon, lat) {
    return this.nodes.get(keyOf(lon, lat)) || null;
  }

  /** @returns {{ring: object, index: number}[]} edges a–b in any ring, in either direction; index of the first end */
  edgesBetween(a, b) {
    const found = [];
    for (const ring of a.rings) {
      if (!b.rings.has(ring)) continue;
      const { nodes } = ring;
      nodes.forEach((node, index) => {
        const next = nodes[(index + 1) % nodes.length];
        if ((node === a && next === b) || (node === b && next === a)) found.push({ ring, index });
      });
    }
    return found;
  }

  /** @returns {Set<number>} ids of the areas that have this edge */
  areasAlong(a, b) {
    return new Set(this.edgesBetween(a, b).map(({ ring }) => ring.area.id));
  }

  /**
   * A new node on the edge a–b, in every ring that has the edge.
   * @returns {object} the node
   */
  insert(a, b, lon, lat) {
    const key = keyOf(lon, lat);
    const node = this.nodes.get(key) || { lon, lat, key, rings: new Set() };
    this.nodes.set(key, node);
    for (const ring of new Set(this.edgesBetween(a, b).map((edge) => edge.ring))) this.#splice(ring, a, b, node);
    return node;
  }

  #splice(ring, a, b, node) {
    if (node.rings.has(ring)) return;
    const { nodes } = ring;
    const index = nodes.findIndex((one, at) => {
      const next = nodes[(at + 1) % nodes.length];
      return (one === a && next === b) || (one === b && next === a);
    });
    nodes.splice(index + 1, 0, node);
    node.rings.add(ring);
  }

  /**
   * Ties a corner into the edges it lies on without being a corner of theirs (three borders that meet in a T),
   * so that they bend with it.
   * @param {object} node
   * @param {(id: number) => boolean} [near] which areas to ask at all
   * @returns {Set<number>} ids of the areas whose rings took it up
   */
  tie(node, near = () => true) {
    const place = [node.lon, node.lat];
    const took = new Set();
    for (const area of this.areas.values()) {
      if (!near(area.id)) continue;
      for (const ring of this.rings(area.id)) {
        if (node.rings.has(ring)) continue;
        const { nodes } = ring;
        for (let index = 0; index < nodes.length; index += 1) {
          const a = nodes[index];
          const b = nodes[(index + 1) % nodes.length];
          if (Math.min(a.lat, b.lat) - 1e-6 > node.lat || Math.max(a.lat, b.lat) + 1e-6 < node.lat) continue;
          if (nearestOnEdge(place, [a.lon, a.lat], [b.lon, b.lat]).m > ON_EDGE_M) continue;
          nodes.splice(index + 1, 0, node);
          node.rings.add(ring);
          took.add(area.id);
          break;
        }
      }
    }
    return took;
  }

  /** Moves a node, and so every border that it is part of. @returns {Set<number>} ids of the areas that changed */
  move(node, lon, lat) {
    if (this.nodes.get(node.key) === node) this.nodes.delete(node.key);
    node.lon = lon;
    node.lat = lat;
    node.key = keyOf(lon, lat);
    // another node may be there already: both stay until the next answer of the server makes them one
    if (!this.nodes.has(node.key)) this.nodes.set(node.key, node);
    return this.areasAt(node);
  }

  /** @returns {boolean} whether every ring that holds the node keeps three corners without it */
  mayRemove(node) {
    return [...node.rings].every((ring) => ring.nodes.length > 3);
  }

  /** Takes a node out of every ring. @returns {Set<number>} ids of the areas that changed */
  remove(node) {
    const changed = this.areasAt(node);
    for (const ring of [...node.rings]) {
      ring.nodes = ring.nodes.filter((one) => one !== node);
      this.#leave(node, ring);
    }
    return changed;
  }

  /** @param {number} id @returns {?object} the outline as a GeoJSON MultiPolygon */
  geometry(id) {
    const area = this.areas.get(id);
    if (!area) return null;
    const close = ({ nodes }) => [...nodes, nodes[0]].map((node) => [node.lon, node.lat]);
    return { type: "MultiPolygon", coordinates: area.polygons.map((polygon) => polygon.map(close)) };
  }

  /** @param {number} id @returns {object[]} its nodes, each once */
  nodesOf(id) {
    return [...new Set(this.rings(id).reduce((all, ring) => all.concat(ring.nodes), []))];
  }

  /** @param {number} id @returns {object[][]} pairs of nodes: its edges */
  edgesOf(id) {
    const edges = [];
    for (const { nodes } of this.rings(id)) nodes.forEach((node, index) => edges.push([node, nodes[(index + 1) % nodes.length]]));
    return edges;
  }
}
