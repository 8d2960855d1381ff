/** A legend that is always true to what is drawn: it is told what is on the map and shows only that. */

import { el, formatNumber, icon, token } from "../dom.js";
import { tierLook } from "./grids.js";

const LIGHTS = {
  green: '<circle cx="12" cy="8" r="6"/>',
  yellow: '<path d="M12 1.5 19.5 14.500h-15z"/>',
  red: '<path d="M6 2h12v12H6z"/>',
  none: '<circle cx="12" cy="8" r="5"/>',
};

function key(item) {
  const span = el("span", { class: "legend__key" });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 16");
  svg.setAttribute("aria-hidden", "true");
  if (LIGHTS[item.kind]) {
    svg.innerHTML = LIGHTS[item.kind];
    svg.firstChild.setAttribute("fill", token(`--${item.kind}-fill`));
  } else if (item.kind === "tier") {
    const look = tierLook(item.tier);
    const color = token(`--map-tier-${look.level}`);
    svg.innerHTML = '<rect x="2" y="2" width="20" height="12"/>';
    const box = svg.firstChild;
    box.setAttribute("fill", color);
    box.setAttribute("fill-opacity", "0.1");
    box.setAttribute("stroke", color);
    box.setAttribute("stroke-width", String(look.weight));
    if (look.dash) box.setAttribute("stroke-dasharray", "5 3");
  } else if (item.kind === "path") {
    // exactly as Leaflet draws it
    const { style } = item;
    svg.innerHTML = '<rect x="2" y="2" width="20" height="12"/>';
    svg.firstChild.setAttribute("fill", style.fill === false ? "none" : style.fillColor);
    svg.firstChild.setAttribute("fill-opacity", String(style.fillOpacity));
    svg.firstChild.setAttribute("stroke", style.color);
    svg.firstChild.setAttribute("stroke-width", String(style.weight));
    if (style.dashArray) svg.firstChild.setAttribute("stroke-dasharray", style.dashArray);
  } else {
    svg.innerHTML = '<rect x="2" y="2" width="20" height="12"/>';
    svg.firstChild.setAttribute("fill", item.color || token("--accent"));
    svg.firstChild.setAttribute("fill-opacity", String(item.opacity || 0.35));
  }
  span.append(svg);
  return span;
}

/**
 * @param {L.Map} map
 * @param {string} title
 * @param {string} [position] of Leaflet's corners
 * @returns {{show: (items: {kind: string, label: string, n?: number, tier?: string, color?: string}[]) => void}}
 */
export function addLegend(map, title, position = "topright") {
  const list = el("ul");
  const box = el("section", { class: "legend", "aria-label": title }, el("details", { open: window.innerWidth >= 720 }, el("summary", {}, title, icon("chevron")), list));
  const control = window.L.control({ position });
  control.onAdd = () => {
    window.L.DomEvent.disableClickPropagation(box);
    return box;
  };
  control.addTo(map);
  box.hidden = true;
  return {
    show(items) {
      list.textContent = "";
      for (const item of items) {
        const row = el("li", {}, key(item), el("span", {}, item.label));
        if (item.n !== undefined) row.append(el("span", { class: "legend__n" }, formatNumber(item.n)));
        list.append(row);
      }
      box.hidden = items.length === 0;
    },
  };
}
