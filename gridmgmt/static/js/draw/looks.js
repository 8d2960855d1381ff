/** How areas of a draft are drawn: one look for each kind of change, never by colour alone. */

import { token } from "../dom.js";
import { tierLook } from "../map/grids.js";
import { t } from "./words.js";

/** Signs before the name on the map, so that a change is told without colour too. */
export const SIGNS = { added: "＋", moved: "↔", renamed: "✎", reparented: "↷", altered: "✎", removed: "×" };

const CHANGES = {
  added: () => ({ color: token("--green"), weight: 3, dashArray: null, opacity: 1, fillColor: token("--green-fill"), fillOpacity: 0.16 }),
  moved: () => ({ color: token("--accent"), weight: 3, dashArray: null, opacity: 1, fillColor: token("--accent"), fillOpacity: 0.12 }),
  reparented: () => ({ color: token("--map-tier-2"), weight: 2.5, dashArray: "12 4 2 4", opacity: 1, fillColor: token("--map-tier-2"), fillOpacity: 0.08 }),
};

/** Of the tier that is drawn now. @param {object} properties of an area @param {boolean} differs show changes */
export function areaLook(properties, differs) {
  const look = tierLook(properties.tier);
  const color = token(`--map-tier-${look.level}`);
  const plain = { color, weight: Math.max(1.4, look.weight), dashArray: null, opacity: 0.75, fillColor: color, fillOpacity: 0.03 };
  const style = (differs && CHANGES[properties.change] && CHANGES[properties.change]()) || plain;
  if (properties.confirmed === false) Object.assign(style, { dashArray: "7 5", weight: Math.max(2, style.weight), fillColor: "url(#hatch-unconfirmed)", fillOpacity: 1 });
  return { ...style, fill: true, interactive: false };
}

/** Of the other tiers: a border only. */
export function frameLook(properties) {
  const look = tierLook(properties.tier);
  return { color: token(`--map-tier-${look.level}`), weight: look.weight, dashArray: look.level === 3 ? "1 4" : look.dash, opacity: look.level === 3 ? 0.5 : 0.7, fill: false, interactive: false };
}

export const removedLook = () => ({ color: token("--red"), weight: 2.5, dashArray: "4 6", opacity: 1, fill: true, fillColor: "url(#hatch-removed)", fillOpacity: 1, interactive: false });
export const baseLook = () => ({ color: token("--text"), weight: 1.8, dashArray: "2 6", opacity: 0.85, fill: false, interactive: false });
export const chosenLook = () => ({ color: token("--focus"), weight: 4, dashArray: null, opacity: 1, fill: true, fillColor: token("--focus"), fillOpacity: 0.07, interactive: false });
export const findingLook = () => ({ color: token("--red"), weight: 3, dashArray: null, opacity: 1, fill: true, fillColor: token("--red-fill"), fillOpacity: 0.4, interactive: false });
export const previewLook = () => ({ color: token("--green"), weight: 3, dashArray: "9 4", opacity: 1, fill: true, fillColor: token("--green-fill"), fillOpacity: 0.18, interactive: false });
export const targetLook = () => ({ color: token("--accent"), weight: 2, dashArray: "6 4", opacity: 0.9, fill: true, fillColor: token("--accent"), fillOpacity: 0.1, interactive: false });

/**
 * What a legend says, true to what is drawn.
 * @param {object[]} drawn properties of the areas of the drawn tier in view
 * @param {object[]} frames properties of the others
 * @param {{differs: boolean, removed: number, base: boolean, findings: boolean, preview: boolean, tierNames: Map}} shown
 */
export function legendItems(drawn, frames, shown) {
  const items = [];
  const plain = (one) => !(shown.differs && CHANGES[one.change]) && one.confirmed !== false;
  for (const tier of new Set(drawn.filter(plain).map((one) => one.tier))) items.push({ kind: "path", style: areaLook({ tier }, false), label: shown.tierNames.get(tier) || tier });
  for (const tier of new Set(frames.map((one) => one.tier))) items.push({ kind: "path", style: frameLook({ tier }), label: shown.tierNames.get(tier) || tier });
  if (shown.differs) {
    for (const change of ["added", "moved", "reparented"]) {
      const n = drawn.filter((one) => one.change === change).length;
      if (n) items.push({ kind: "path", style: CHANGES[change](), label: `${SIGNS[change]} ${t(change)}`, n });
    }
    const renamed = drawn.filter((one) => one.change === "renamed").length;
    if (renamed) items.push({ kind: "path", style: areaLook({ tier: drawn[0].tier }, false), label: `${SIGNS.renamed} ${t("renamed")}`, n: renamed });
    if (shown.removed) items.push({ kind: "path", style: removedLook(), label: `${SIGNS.removed} ${t("removed")}`, n: shown.removed });
  }
  if (shown.base) items.push({ kind: "path", style: baseLook(), label: t("base_outline") });
  const waiting = drawn.filter((one) => one.confirmed === false).length;
  if (waiting) items.push({ kind: "path", style: areaLook({ tier: drawn[0].tier, confirmed: false }, false), label: t("unconfirmed"), n: waiting });
  if (shown.findings) items.push(shown.preview ? { kind: "path", style: previewLook(), label: t("after") } : { kind: "path", style: findingLook(), label: t("finding") });
  return items;
}
