/** The public map: open reports where they roughly are, the grids, and whose a place is. */

import { el, getJson, icon, toast, token } from "../dom.js";
import { createMap, freeView } from "../map/base.js";
import { addGrids } from "../map/grids.js";
import { addLegend } from "../map/legend.js";
import { addReports } from "../map/reports.js";

const CLOSE_ZOOM = 17;
const PHONE_ZOOM = 15;

function person(one, area) {
  const face = el("span", { class: "person__face", "aria-hidden": "true" }, one.name.slice(0, 1));
  const box = el("div", { class: "person" }, face, el("div", {}, el("div", { class: "person__name" }, one.name), el("div", { class: "person__role" }, [one.role, area].filter(Boolean).join(" · "))));
  if (one.duty_phone) box.append(el("a", { class: "btn person__call", href: `tel:${one.duty_phone.replace(/[^\d+]/g, "")}` }, icon("phone"), el("span", { class: "num" }, one.duty_phone)));
  return box;
}

/** Names, posts and duty phones of whoever answers at a place. */
function setUpHere(map, element, panel) {
  const texts = element.dataset;
  const box = panel.querySelector("[data-here]");
  const hint = panel.querySelector("[data-hint]");
  const roles = JSON.parse(document.getElementById("home-roles").textContent);
  const english = document.documentElement.lang.startsWith("en");
  const nameOf = (area) => (english && area.name_en) || area.name;
  let marker = null;
  let asked = 0;

  function draw(answer, lon, lat) {
    box.textContent = "";
    const leaf = answer.areas[answer.areas.length - 1];
    if (!leaf) {
      box.append(el("p", {}, texts.textOutside));
    } else {
      box.append(el("h2", {}, nameOf(leaf)), el("p", { class: "muted small" }, answer.areas.slice(0, -1).map(nameOf).join(" › ")));
      const names = new Map(answer.areas.map((area) => [area.code, nameOf(area)]));
      const people = Object.keys(roles).flatMap((role) => ((answer.people || {})[role] || []).slice(0, 1).map((one) => ({ ...one, role: roles[role] })));
      for (const one of people.slice(0, 2)) box.append(person(one, one.area === leaf.code ? "" : names.get(one.area)));
      if (!people.length) box.append(el("p", {}, texts.textVacant));
    }
    const address = new URL(texts.reportUrl, window.location.href);
    address.searchParams.set("lon", lon.toFixed(6));
    address.searchParams.set("lat", lat.toFixed(6));
    const tools = el("p", { class: "here__tools" }, el("a", { class: "btn", href: address.pathname + address.search }, icon("report"), texts.textReportHere));
    if (leaf && texts.pageUrl) tools.append(el("a", { class: "btn", href: texts.pageUrl.replace("CODE", encodeURIComponent(leaf.code)) }, icon("info"), texts.textPage));
    box.append(tools);
    box.hidden = false;
    hint.hidden = true;
    box.scrollIntoView({ block: "nearest" });
  }

  return async function ask(lon, lat) {
    asked += 1;
    const mine = asked;
    if (marker) marker.setLatLng([lat, lon]);
    else marker = window.L.circleMarker([lat, lon], { radius: 8, color: token("--surface"), weight: 3, fillColor: token("--focus"), fillOpacity: 1, interactive: false }).addTo(map);
    try {
      const answer = await getJson(`${texts.responsibility}?lon=${lon.toFixed(6)}&lat=${lat.toFixed(6)}&people=1`);
      if (mine === asked) draw(answer, lon, lat);
    } catch (error) {
      toast(texts.textFailed, "error");
    }
  };
}

function begin(element) {
  const texts = element.dataset;
  const panel = document.getElementById("home-panel");
  const [west, south, east, north] = (texts.bounds || "").split(",").map(Number);
  const map = createMap(element, { bounds: undefined });
  const beside = window.innerWidth >= 720;
  if (Number.isFinite(north)) {
    map.fitBounds([[south, west], [north, east]], beside ? freeView(element) : { padding: [6, 6] });
    // on a phone streets that can be read are worth more than the whole outline
    if (!beside) map.setZoom(Math.max(map.getZoom(), PHONE_ZOOM), { animate: false });
  }
  const legend = addLegend(map, texts.textLegend || "");
  const tiers = JSON.parse(document.getElementById("home-tiers").textContent);
  const shown = { reports: [], tiers: [] };
  const refresh = () => legend.show([...shown.reports, ...shown.tiers]);
  const failed = () => toast(texts.textFailed, "error");
  addGrids(map, texts.grids, { popups: false })
    .then((group) => {
      const drawn = new Set();
      group.eachLayer((layer) => drawn.add(layer.feature.properties.tier));
      shown.tiers = Object.keys(tiers).filter((tier) => drawn.has(tier)).map((tier) => ({ kind: "tier", tier, label: tiers[tier] }));
      refresh();
    })
    .catch(failed);
  addReports(map, texts)
    .then((count) => {
      if (count) shown.reports = [{ kind: "report", color: token("--accent"), opacity: 1, label: texts.textReports, n: count }];
      refresh();
    })
    .catch(failed);
  const ask = setUpHere(map, element, panel);
  map.on("click", (event) => ask(event.latlng.lng, event.latlng.lat));
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== element) return;
    const middle = map.getCenter();
    ask(middle.lng, middle.lat);
  });
  document.addEventListener("place:chosen", (event) => {
    const { lon, lat } = event.detail;
    map.setView([lat, lon], CLOSE_ZOOM);
    ask(lon, lat);
  });
}

for (const element of document.querySelectorAll("[data-home]")) {
  if (window.L && window.protomapsL) begin(element);
  else document.querySelector("[data-list]").open = true;
}
