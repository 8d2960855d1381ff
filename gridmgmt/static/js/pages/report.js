/** The resident's report: what is known near the place, a count that warns, no sending into the void. */

import { el, getJson, toast } from "../dom.js";
import { keepKey } from "./key.js";

const LONGEST_TEXT = 5000;
const MOST_KINDS = 6;
const MOST_NEAR = 4;

/** Open reports near the chosen place, so that nobody reports twice. */
function setUpNearby(form) {
  const box = form.querySelector("[data-nearby]");
  const texts = box.dataset;
  let asked = 0;

  function row(report) {
    const metres = texts.textMetres.replace("{n}", String(Math.max(10, Math.round(report.distance_m / 10) * 10)));
    const title = report.description || report.kind || texts.textOther;
    return el("li", {}, el("div", {}, el("strong", {}, title), el("div", { class: "muted small" }, [metres, report.reported_on, report.state_label].filter(Boolean).join(" · "))));
  }

  async function show(event) {
    const { lon, lat } = event.detail;
    asked += 1;
    const mine = asked;
    let near = { count: 0, counts: [], released: [] };
    try {
      const address = new URL(form.dataset.nearbyUrl, window.location.href);
      address.searchParams.set("lon", lon.toFixed(6));
      address.searchParams.set("lat", lat.toFixed(6));
      near = await getJson(address);
    } catch (error) {
      // only a service to the reader: the report goes on without it
      console.info("Nearby reports are not known.", error.message);
    }
    if (mine !== asked) return;
    box.textContent = "";
    box.hidden = near.count === 0;
    if (!near.count) return;
    const kinds = near.counts.slice(0, MOST_KINDS).map(({ kind, count }) => el("span", { class: "near__kind" }, kind || texts.textOther, el("span", { class: "badge" }, String(count))));
    box.append(el("h3", {}, texts.textTitle), el("p", { class: "near__kinds" }, ...kinds));
    if (near.released.length) box.append(el("ul", {}, ...near.released.slice(0, MOST_NEAR).map(row)));
    box.append(el("p", { class: "small near__hint" }, texts.textHint));
  }
  form.addEventListener("place:picked", show);
}

/** Says beside the text how much is too much, before the office does. */
function setUpCount(form) {
  const text = form.elements.namedItem("description");
  const note = form.querySelector("[data-count]");
  const show = () => {
    const over = [...text.value.trim()].length - LONGEST_TEXT;
    note.hidden = over <= 0;
    note.textContent = over > 0 ? note.dataset.text.replace("{n}", String(over)) : "";
  };
  text.addEventListener("input", show);
  show();
}

function setUpSending(form) {
  form.addEventListener("submit", (event) => {
    if (navigator.onLine === false) {
      event.preventDefault();
      toast(form.dataset.textFailed, "error");
      return;
    }
    toast(form.dataset.textLeave, "info", 20000);
  });
}

for (const form of document.querySelectorAll("form[data-report]")) {
  keepKey(form);
  setUpNearby(form);
  setUpCount(form);
  setUpSending(form);
}
