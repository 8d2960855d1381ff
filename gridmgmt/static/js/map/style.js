/**
 * How our own vector tiles are painted: pale ground, roads with casings by class, buildings, labels that
 * do not collide. Colours come from the tokens, so that light and dark follow the page.
 * Layers of a tile: roads {name, name_en, class}, buildings {name, name_en, kind}, water, green,
 * places {name, kind}.
 */

import { token } from "../dom.js";

/** Width in pixels at zoom 14, 16 and 18, and the first zoom at which the class is drawn. */
const ROADS = {
  motorway: { widths: [4.5, 9, 22], from: 6, major: true },
  trunk: { widths: [4.2, 8.5, 20], from: 8, major: true },
  primary: { widths: [3.8, 8, 18], from: 9, major: true },
  secondary: { widths: [3, 7, 16], from: 11, major: true },
  tertiary: { widths: [2.2, 5.5, 13], from: 12, major: false },
  residential: { widths: [1.4, 4, 10], from: 13, major: false },
  unclassified: { widths: [1.4, 4, 10], from: 13, major: false },
  living_street: { widths: [1.2, 3.5, 9], from: 13, major: false },
  pedestrian: { widths: [1, 3, 8], from: 14, major: false },
  service: { widths: [0.8, 2.2, 6], from: 14, major: false },
};
const PATHS = new Set(["footway", "path", "steps", "cycleway", "track", "corridor", "bridleway"]);
const ORDER = Object.keys(ROADS).reverse();

/** "primary_link" is drawn as "primary", what is unknown as "service". */
function roadClass(feature) {
  const name = String(feature.props.class || feature.props.highway || feature.props.kind || "").replace(/_link$/, "");
  if (ROADS[name] || PATHS.has(name)) return name;
  return "service";
}

function between(zoom, widths) {
  const [a, b, c] = widths;
  if (zoom <= 14) return Math.max(0.5, a * 0.72 ** (14 - zoom));
  if (zoom <= 16) return a + ((b - a) * (zoom - 14)) / 2;
  return b + ((c - b) * Math.min(zoom - 16, 3)) / 2;
}

/** @param {object} protomaps the global protomapsL @returns {object[]} rules, bottom first */
export function paintRules(protomaps) {
  const { LineSymbolizer, PolygonSymbolizer } = protomaps;
  const round = { lineCap: "round", lineJoin: "round" };
  const rules = [
    { dataLayer: "green", symbolizer: new PolygonSymbolizer({ fill: token("--map-green") }) },
    { dataLayer: "water", symbolizer: new PolygonSymbolizer({ fill: token("--map-water") }), filter: (zoom, f) => f.geomType === 3 },
    { dataLayer: "water", symbolizer: new LineSymbolizer({ color: token("--map-water"), width: 2.5, ...round }), filter: (zoom, f) => f.geomType === 2 },
    {
      dataLayer: "buildings",
      minzoom: 14,
      symbolizer: new PolygonSymbolizer({
        fill: token("--map-building"),
        stroke: token("--map-building-line"),
        width: (zoom) => (zoom >= 16 ? 1 : 0.4),
      }),
    },
    {
      dataLayer: "roads",
      minzoom: 15,
      symbolizer: new LineSymbolizer({ color: token("--map-path"), width: (zoom) => (zoom >= 17 ? 1.6 : 1), dash: [4, 3], ...round }),
      filter: (zoom, f) => PATHS.has(roadClass(f)),
    },
  ];
  const casing = (major) => token(major ? "--map-casing-major" : "--map-casing");
  const fill = (major) => token(major ? "--map-road-major" : "--map-road");
  for (const name of ORDER) {
    const road = ROADS[name];
    rules.push({
      dataLayer: "roads",
      minzoom: road.from,
      symbolizer: new LineSymbolizer({ color: casing(road.major), width: (zoom) => between(zoom, road.widths) + (zoom >= 14 ? 2 : 1), ...round }),
      filter: (zoom, f) => roadClass(f) === name,
    });
  }
  for (const name of ORDER) {
    const road = ROADS[name];
    rules.push({
      dataLayer: "roads",
      minzoom: road.from,
      symbolizer: new LineSymbolizer({ color: fill(road.major), width: (zoom) => between(zoom, road.widths), ...round }),
      filter: (zoom, f) => roadClass(f) === name,
    });
  }
  return rules;
}

/**
 * A name in the middle of an area, only where the area is large enough to carry it.
 * The library's own centred text sits on the first vertex.
 */
class AreaLabel {
  constructor(protomaps, options) {
    this.inner = new protomaps.Padding(3, new protomaps.CenteredTextSymbolizer(options));
  }

  place(layout, geom, feature) {
    let minX = Infinity;
    let minY = Infinity;
    let maxX = -Infinity;
    let maxY = -Infinity;
    for (const ring of geom) {
      for (const point of ring) {
        minX = Math.min(minX, point.x);
        maxX = Math.max(maxX, point.x);
        minY = Math.min(minY, point.y);
        maxY = Math.max(maxY, point.y);
      }
    }
    if (maxX - minX < 18 || maxY - minY < 10) return undefined;
    const middle = geom[0][0].clone();
    middle.x = (minX + maxX) / 2;
    middle.y = (minY + maxY) / 2;
    const labels = this.inner.place(layout, [[middle]], feature);
    const name = feature.props.name || feature.props.name_en;
    // a building cut by a tile's edge comes in both tiles; its name stands once
    for (const label of labels || []) Object.assign(label, { deduplicationKey: `b${name}`, deduplicationDistance: 90 });
    return labels;
  }
}

/**
 * @param {object} protomaps the global protomapsL
 * @param {string} language of the page; English names first where the page is English
 * @returns {object[]} rules, the most important first
 */
export function labelRules(protomaps, language) {
  const { CenteredTextSymbolizer, LineLabelSymbolizer } = protomaps;
  const labelProps = language.startsWith("zh") ? ["name", "name_en"] : ["name_en", "name"];
  const fontFamily = "system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif";
  const halo = { stroke: token("--map-halo"), labelProps, fontFamily };
  const rules = [
    {
      dataLayer: "places",
      minzoom: 11,
      symbolizer: new CenteredTextSymbolizer({ ...halo, width: 2, fill: token("--map-label"), fontSize: (zoom) => (zoom >= 16 ? 14 : 12), fontWeight: 600 }),
      filter: (zoom, f) => f.geomType === 1,
    },
  ];
  const roads = (minzoom, fontSize, names) => ({
    dataLayer: "roads",
    minzoom,
    symbolizer: new LineLabelSymbolizer({ ...halo, width: 3.5, fill: token("--map-label"), fontSize, repeatDistance: 320, position: 2 }),
    filter: (zoom, f) => names.includes(roadClass(f)),
  });
  rules.push(roads(13, 12.5, ["motorway", "trunk", "primary", "secondary"]));
  rules.push(roads(15, 12, ["tertiary"]));
  rules.push(roads(16, 11.5, ["residential", "unclassified", "living_street", "pedestrian", "service"]));
  rules.push({
    dataLayer: "buildings",
    minzoom: 17,
    symbolizer: new AreaLabel(protomaps, { ...halo, width: 2, fill: token("--map-label-2"), fontSize: 11, maxLineChars: 12, lineHeight: 1.35 }),
    filter: (zoom, f) => Boolean(f.props.name || f.props.name_en),
  });
  return rules;
}
