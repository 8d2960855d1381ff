/** The division through time: the slider, the list and the address name one edition; the map draws it. */

import { el, formatNumber, getJson, onThemeChange, toast, token } from "../dom.js";
import { createMap, freeView } from "../map/base.js";
import { addGridFeatures, tierLook } from "../map/grids.js";
import { addLegend } from "../map/legend.js";

const element = document.getElementById("map");
const texts = element.dataset;
const card = document.getElementById("history-card");
const words = card.dataset;
const range = document.getElementById("history-range");
const moments = JSON.parse(document.getElementById("history-data").textContent);
const buttons = [...document.querySelectorAll("[data-index]")];
const map = createMap(element);
const legend = addLegend(map, texts.textLegend || "");
const known = new Map();
const drawn = { group: null, marks: null };
let fitted = false;

const markStyle = () => ({ color: token("--accent"), weight: 3, fillColor: token("--accent"), fillOpacity: 0.16, interactive: false });

async function load(id) {
  if (!known.has(id)) known.set(id, getJson(texts.feed.replace(/0(?=\.geojson$)/, String(id))));
  try {
    return await known.get(id);
  } catch (error) {
    known.delete(id);
    throw error;
  }
}

function percent(share) {
  return `${formatNumber(Math.round(share * 1000) / 10)} %`;
}

function describe(moment) {
  card.textContent = "";
  card.append(el("h3", {}, moment.name, moment.coming ? el("span", { class: "mark" }, words.textComing) : ""));
  card.append(el("p", { class: "muted" }, moment.when, moment.by ? ` · ${words.textBy} ${moment.by}` : ""));
  if (moment.note) card.append(el("p", {}, moment.note));
  const facts = [[moment.added, words.textAdded], [moment.changed, words.textAltered], [moment.removed, words.textRemoved]];
  card.append(el("p", { class: "num" }, facts.filter(([n]) => n).map(([n, word]) => `${formatNumber(n)} ${word}`).join(" · ")));
  if (!moment.lines.length) return;
  const list = el("ul");
  for (const line of moment.lines) {
    const heirs = line.heirs.map((heir) => `${heir.code} (${percent(heir.area)} ${words.textArea}${heir.households === null ? "" : `, ${percent(heir.households)} ${words.textHouseholds}`})`);
    list.append(el("li", {}, `${line.origin} → ${heirs.join(", ")}`));
  }
  card.append(el("details", {}, el("summary", {}, words.textBecomes), list));
}

async function show(index) {
  const moment = moments[index];
  range.value = String(index);
  for (const button of buttons) {
    if (Number(button.dataset.index) === index) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  describe(moment);
  window.history.replaceState(null, "", `?edition=${moment.id}`);
  let data;
  try {
    data = await load(moment.id);
  } catch (error) {
    toast(texts.textFailed, "error");
    return;
  }
  if (Number(range.value) !== index) return; // the slider went on meanwhile
  if (drawn.group) drawn.group.remove();
  if (drawn.marks) drawn.marks.remove();
  drawn.group = addGridFeatures(map, data.features);
  const changed = data.features.filter((feature) => feature.properties.changed);
  // the first edition changed everything: then nothing needs a mark
  const marked = changed.length < data.features.length ? changed : [];
  drawn.marks = window.L.geoJSON({ type: "FeatureCollection", features: marked }, { style: markStyle }).addTo(map);
  const tiers = new Map(data.features.map(({ properties }) => [properties.tier, properties.tier_label]));
  const items = [...tiers].sort((a, b) => tierLook(a[0]).level - tierLook(b[0]).level).map(([tier, label]) => ({ kind: "tier", tier, label }));
  if (marked.length) items.push({ kind: "path", label: texts.textChanged, n: marked.length, style: markStyle() });
  legend.show(items);
  if (!fitted && data.features.length) {
    const divided = data.features.filter((feature) => feature.properties.parent);
    const bounds = window.L.geoJSON({ type: "FeatureCollection", features: divided.length ? divided : data.features }).getBounds();
    map.fitBounds(bounds, { ...freeView(element), animate: false });
    fitted = true;
  }
}

range.addEventListener("input", () => show(Number(range.value)));
document.getElementById("history-back").addEventListener("click", () => show(Math.max(0, Number(range.value) - 1)));
document.getElementById("history-on").addEventListener("click", () => show(Math.min(moments.length - 1, Number(range.value) + 1)));
for (const button of buttons) button.addEventListener("click", () => show(Number(button.dataset.index)));
onThemeChange(() => drawn.marks && drawn.marks.setStyle(markStyle));
show(Number(range.value));
