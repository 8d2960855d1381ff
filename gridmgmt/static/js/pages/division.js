/**
 * One run of division by machine: its progress while it works, then its proposals on small maps side by side and
 * one of them large, with the borders of today below it.
 */

import { el, formatNumber, getJson, onThemeChange, toast, token } from "../dom.js";
import { createMap } from "../map/base.js";
import { tidyLabels } from "../map/grids.js";
import { addLegend } from "../map/legend.js";

const PAUSE_MS = 1000;
const FILLS = {
  within: { color: "--chart-1", opacity: 0.14 },
  over: { color: "--chart-2", opacity: 0.5 },
  under: { color: "--chart-3", opacity: 0.4 },
  apart: { color: "--chart-6", opacity: 0.4 },
};

/** Asks how far the run is until it has ended; then the page is drawn anew. */
function watch(box) {
  const bar = box.querySelector("progress");
  const percent = box.querySelector("[data-percent]");
  const words = document.getElementById("run-phase");
  const ask = async () => {
    try {
      const run = await getJson(box.dataset.api);
      if (run.status !== "waiting" && run.status !== "running") {
        window.location.reload();
        return;
      }
      bar.value = Math.round(run.progress * 100);
      percent.textContent = `${bar.value} %`;
      if (words.textContent !== run.phase) words.textContent = run.phase;
    } catch (fault) {
      words.textContent = box.dataset.textLost;
    }
    window.setTimeout(ask, PAUSE_MS);
  };
  window.setTimeout(ask, PAUSE_MS);
}

function areaStyle({ properties }) {
  const fill = FILLS[properties.standing];
  return { color: token("--map-tier-1"), weight: 1.8, fillColor: token(fill.color), fillOpacity: fill.opacity };
}

const todayStyle = () => ({ color: token("--red-fill"), weight: 1.6, dashArray: "5 5", fill: false });

function drawSmall(card) {
  const holder = card.querySelector("[data-small]");
  const map = createMap(holder);
  getJson(`${card.dataset.outlines}?detail=overview`)
    .then((data) => {
      const layer = window.L.geoJSON(data, { style: areaStyle, interactive: false }).addTo(map);
      onThemeChange(() => layer.setStyle(areaStyle));
    })
    .catch(() => toast(holder.dataset.textFailed || "", "error"));
}

function signed(share) {
  const value = Math.round(share * 100);
  return `${value > 0 ? "+" : value < 0 ? "−" : "±"}${Math.abs(value)} %`;
}

function about(properties, texts) {
  const words = { same: texts.textSame, altered: texts.textAltered, new: texts.textNew };
  const lines = el("div", {}, el("p", {}, el("strong", {}, properties.keeps ? properties.label : words.new)));
  if (properties.keeps) lines.append(el("p", {}, `${texts.textCode} `, el("span", { class: "code" }, properties.keeps), ` · ${words[properties.change]}`));
  lines.append(el("p", { class: "num" }, `${formatNumber(properties.households)} ${texts.textHouseholds}`));
  if (texts.mixed) lines.append(el("p", { class: "num" }, `${formatNumber(properties.workload)} ${texts.textWorkload}`));
  lines.append(el("p", {}, `${signed(properties.off)} ${texts.textOff}`));
  for (const note of properties.notes) lines.append(el("p", { class: "muted" }, note));
  return lines;
}

function nameOf(properties, texts) {
  const load = texts.mixed ? ` / ${formatNumber(Math.round(properties.workload))}` : "";
  return el("span", {}, `${formatNumber(properties.households)}${load}`);
}

/** The large map; `show(url)` draws another proposal on it. */
function largeMap(element) {
  const texts = element.dataset;
  const map = createMap(element);
  const legend = addLegend(map, texts.textLegend || "");
  let layers = [];
  let shown = [];
  let asked = 0;
  const tidy = () => window.requestAnimationFrame(() => tidyLabels(map, shown));
  map.on("zoomend", tidy);

  function paint(data) {
    for (const layer of layers) layer.remove();
    shown = [];
    const of = (side) => data.features.filter((feature) => feature.properties.side === side);
    const proposed = window.L.geoJSON(of("proposed"), {
      style: areaStyle,
      onEachFeature({ properties }, layer) {
        shown.push(layer);
        layer.bindPopup(() => about(properties, texts));
        layer.bindTooltip(nameOf(properties, texts), { permanent: true, direction: "center", className: "division-label" });
      },
    }).addTo(map);
    const today = window.L.geoJSON(of("today"), { style: todayStyle, interactive: false }).addTo(map).bringToBack(); // seen where it differs
    layers = [proposed, today];
    const items = ["within", "over", "under", "apart"]
      .map((standing) => [standing, of("proposed").filter((feature) => feature.properties.standing === standing)])
      .filter(([, members]) => members.length)
      .map(([standing, members]) => ({
        kind: "path",
        label: texts[`text${standing[0].toUpperCase()}${standing.slice(1)}`],
        style: areaStyle(members[0]),
        n: members.length,
      }));
    if (of("today").length) items.push({ kind: "path", label: texts.textToday, style: todayStyle() });
    legend.show(items);
    tidy();
  }

  let last = null;
  onThemeChange(() => last && paint(last));
  return {
    async show(url) {
      asked += 1;
      const mine = asked;
      const data = await getJson(url);
      if (mine !== asked) return; // a later choice has overtaken this answer
      last = data;
      paint(data);
      element.dataset.shown = url;
    },
  };
}

function compare(holder) {
  const element = document.getElementById("large-map");
  const cards = [...holder.querySelectorAll("[data-proposal]")];
  const large = largeMap(element);
  const failed = () => toast(element.dataset.textFailed || "", "error");
  const current = cards.find((card) => card.classList.contains("is-chosen")) || cards[0];
  large.show(current.dataset.outlines).catch(failed);
  cards.forEach(drawSmall);
  for (const card of cards) {
    const link = card.querySelector("[data-large]");
    card.querySelector("[data-small]").addEventListener("click", () => link.click());
  }
}

const progress = document.getElementById("run-progress");
const proposals = document.getElementById("proposals");
if (progress) watch(progress);
if (proposals && window.L && window.protomapsL) compare(proposals);
