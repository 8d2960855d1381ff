/** Open reports on a public map, where they roughly are. */

import { el, formatNumber, getJson } from "../dom.js";

const SVG = "http://www.w3.org/2000/svg";

/** A picture tile as SVG. @param {string} name */
function tile(name, sprite) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite}#${/^[a-z-]+$/.test(name) ? name : "other"}`);
  svg.append(use);
  return svg;
}

function popup(report, texts) {
  const head = el("p", { class: "report-popup__head" }, tile(report.icon, texts.tilesUrl), el("strong", {}, report.title));
  const box = el("div", {}, head);
  if (report.text) box.append(el("p", {}, report.text));
  box.append(el("p", {}, [report.state_label, report.day].join(" · ")));
  box.append(el("p", { class: "muted" }, [report.area, texts.textAbout].filter(Boolean).join(" · ")));
  return box;
}

function clusters() {
  return window.L.markerClusterGroup({
    showCoverageOnHover: false,
    maxClusterRadius: 42,
    spiderfyOnMaxZoom: true,
    iconCreateFunction(cluster) {
      const count = cluster.getChildCount();
      const size = 34 + Math.min(18, Math.round(Math.log2(count) * 3));
      return window.L.divIcon({ className: "report-cluster", html: `<span>${formatNumber(count)}</span>`, iconSize: [size, size] });
    },
  });
}

/**
 * @param {L.Map} map
 * @param {DOMStringMap} texts cases (address of the feed), tilesUrl, textAbout
 * @returns {Promise<number>} how many there are
 */
export async function addReports(map, texts) {
  const data = await getJson(texts.cases);
  const group = clusters().addTo(map);
  for (const feature of data.features) {
    const report = feature.properties;
    const [lon, lat] = feature.geometry.coordinates;
    const holder = el("div", {}, tile(report.icon, texts.tilesUrl));
    const look = window.L.divIcon({ className: `report-pin report-pin--${report.state}`, html: holder.innerHTML, iconSize: [34, 34], iconAnchor: [17, 34], popupAnchor: [0, -30] });
    const marker = window.L.marker([lat, lon], { icon: look, title: report.title, alt: `${report.title}, ${report.day}` });
    marker.bindPopup(() => popup(report, texts));
    group.addLayer(marker);
  }
  return data.features.length;
}
