/** What a line would cut an outline into, for the figures shown before it is done; the server decides. Pure. */

function crossing(p, q, a, b) {
  const [rx, ry] = [q[0] - p[0], q[1] - p[1]];
  const [sx, sy] = [b[0] - a[0], b[1] - a[1]];
  const across = rx * sy - ry * sx;
  if (!across) return null;
  const along = ((a[0] - p[0]) * sy - (a[1] - p[1]) * sx) / across;
  const edge = ((a[0] - p[0]) * ry - (a[1] - p[1]) * rx) / across;
  if (along < -1e-9 || along > 1 + 1e-9 || edge < 0 || edge >= 1) return null;
  return { along, edge, at: [p[0] + rx * along, p[1] + ry * along] };
}

/**
 * @param {object} geometry Polygon or MultiPolygon with one part and no hole, GeoJSON
 * @param {number[][]} line at least two points
 * @returns {?object[]} two Polygons; null unless the line crosses the outline exactly twice
 */
export function parts(geometry, line) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  if (polygons.length !== 1 || polygons[0].length !== 1) return null;
  const ring = polygons[0][0].slice(0, -1);
  const hits = [];
  for (let leg = 1; leg < line.length; leg += 1) {
    ring.forEach((a, index) => {
      const hit = crossing(line[leg - 1], line[leg], a, ring[(index + 1) % ring.length]);
      if (hit) hits.push({ ...hit, leg, index });
    });
  }
  hits.sort((x, y) => x.leg - y.leg || x.along - y.along);
  if (hits.length !== 2 || (hits[0].index === hits[1].index && hits[0].edge === hits[1].edge)) return null;
  const [first, last] = hits;
  const inner = line.slice(first.leg, last.leg);
  const walk = (from, to, between) => {
    const points = [from.at, ...between, to.at];
    // along the outline from the far end back to the near one
    let index = (to.index + 1) % ring.length;
    if (to.index === from.index && to.edge < from.edge) return [...points, points[0]];
    for (;;) {
      points.push(ring[index]);
      if (index === from.index) break;
      index = (index + 1) % ring.length;
    }
    return [...points, points[0]];
  };
  return [walk(first, last, inner), walk(last, first, [...inner].reverse())].map((points) => ({ type: "Polygon", coordinates: [points] }));
}
