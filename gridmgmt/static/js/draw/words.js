/** The words of the editor, which stand in the page as JSON (#draw-words), and how it writes figures. */

import { formatNumber } from "../dom.js";

const holder = document.getElementById("draw-words");
const words = holder ? JSON.parse(holder.textContent) : {};

/**
 * A sentence of the page, with its places filled.
 * @param {string} key
 * @param {Object<string, string|number>} [values] for %(name)s
 */
export function t(key, values = {}) {
  const text = words[key] || key;
  return text.replace(/%\((\w+)\)s/g, (whole, name) => {
    const value = values[name];
    if (value === undefined || value === null) return "—";
    return typeof value === "number" ? formatNumber(value) : String(value);
  });
}

/** @param {?number} m2 @returns {string} square metres as people read them; a dash when unknown */
export function squareMetres(m2) {
  if (m2 === null || m2 === undefined) return "—";
  if (m2 >= 1e6) return t("km2", { n: (m2 / 1e6).toFixed(2) });
  if (m2 >= 10) return t("m2", { n: Math.round(m2) });
  return t("m2", { n: m2.toFixed(2) });
}

/** @param {?number} value @returns {string} */
export function figure(value) {
  return value === null || value === undefined ? "—" : formatNumber(value);
}

/** @param {object} properties of an area @returns {string} its name in the reader's language */
export function nameOf(properties) {
  const english = !(document.documentElement.lang || "").startsWith("zh");
  return (english && properties.name_en) || properties.name || properties.code;
}

/** The last digits of a code, which tell grids of one community apart. */
export function shortCode(code) {
  return code.length > 6 ? code.slice(-3) : code;
}
