/**
 * The preview of an uploaded file: its outlines lie on our map under the chosen reading of its coordinates,
 * over the outlines in force. Choosing another reading redraws at once; the form keeps the address.
 */

import { el, getJson, toast, token } from "../dom.js";
import { createMap, freeView } from "../map/base.js";
import { addLegend } from "../map/legend.js";

const element = document.getElementById("import-map");
const form = document.getElementById("import-form");

function inForce(map) {
  getJson(element.dataset.known)
    .then((data) => {
      window.L.geoJSON(data, {
        interactive: false,
        style: () => ({ color: token("--text-2"), weight: 1.2, dashArray: "4 3", fill: false }),
      })
        .addTo(map)
        .bringToBack();
    })
    .catch(() => toast(element.dataset.textFailed || "", "error"));
}

/** @param {L.Map} map @returns {(url: string, fit: boolean) => Promise<void>} draws the file's outlines anew */
function fileLayer(map) {
  let layer = null;
  let asked = 0;
  return async (url, fit) => {
    asked += 1;
    const mine = asked;
    const data = await getJson(url);
    if (mine !== asked) return; // a later choice has overtaken this answer
    if (layer) layer.remove();
    layer = window.L.geoJSON(data, {
      style: () => ({ color: token("--accent"), weight: 2.5, fillColor: token("--accent"), fillOpacity: 0.12 }),
      onEachFeature(feature, area) {
        area.bindPopup(() => el("div", {}, el("strong", {}, feature.properties.label), el("p", { class: "code muted" }, feature.properties.code)));
      },
    }).addTo(map);
    if (fit && layer.getBounds().isValid()) map.fitBounds(layer.getBounds(), freeView(element));
  };
}

function address() {
  const said = new URLSearchParams(new FormData(form));
  return `${element.dataset.outlines}?${said}`;
}

function start() {
  const map = createMap(element);
  const legend = addLegend(map, element.dataset.textLegend || "");
  legend.show([
    { kind: "area", label: element.dataset.textFile, color: token("--accent") },
    { kind: "area", label: element.dataset.textKnown, color: token("--text-2"), opacity: 0.3 },
  ]);
  inForce(map);
  const draw = fileLayer(map);
  const failed = () => toast(element.dataset.textFailed || "", "error");
  draw(address(), !element.dataset.bounds).catch(failed);
  const go = document.getElementById("import-go");
  form.addEventListener("change", (event) => {
    if (event.target.name !== "reading") {
      form.requestSubmit ? form.requestSubmit() : form.submit();
      return;
    }
    for (const label of form.querySelectorAll(".import-reading")) {
      label.classList.toggle("is-chosen", label.contains(event.target));
    }
    const word = event.target.closest("label").querySelector("strong").textContent;
    const shown = document.getElementById("import-shown");
    shown.textContent = `${shown.dataset.text} ${word}`;
    if (go) {
      go.elements.reading.value = event.target.value;
      const text = go.querySelector("button span");
      text.textContent = text.textContent.replace(go.dataset.reading, word);
      go.dataset.reading = word;
    }
    draw(address(), false).catch(failed);
  });
}

if (element && window.L && window.protomapsL) start();
