/** The panel's other leaves: what the draft differs in, what the check has found, and the steps so far. */

import { debounce, el, icon } from "../dom.js";
import { SIGNS } from "./looks.js";
import { figure, nameOf, squareMetres, t } from "./words.js";

const AGAIN_MS = 400;
const KINDS = ["added", "moved", "renamed", "reparented", "altered", "removed"];

function setCount(name, n) {
  const badge = document.querySelector(`[data-count="${name}"]`);
  if (!badge) return;
  badge.textContent = figure(n);
  badge.hidden = !n;
}

export class DifferencePanel {
  /** @param {HTMLElement} box @param {object} room store, outlines, goTo */
  constructor(box, room) {
    Object.assign(this, room);
    this.box = box;
    this.load = debounce(() => this.#load(), AGAIN_MS);
    this.store.addEventListener("steps", this.load);
    this.store.addEventListener("tier", () => this.collection && this.outlines.setDifference(this.collection));
    this.#load();
  }

  async #load() {
    try {
      const [difference, collection] = await Promise.all([this.store.api.get(this.store.page.difference_url), this.store.api.get(this.store.page.difference_geojson_url)]);
      this.collection = collection;
      this.outlines.setDifference(collection);
      this.#draw(difference);
    } catch (refusal) {
      this.box.replaceChildren(el("p", { class: "muted" }, refusal.message));
    }
  }

  #draw(difference) {
    const rowsOf = (kind) => difference[kind] || [];
    const told = new Set(KINDS.filter((kind) => kind !== "altered").reduce((ids, kind) => ids.concat(rowsOf(kind).map((row) => row.grid)), []));
    // figures alter with nearly every border: they are news only where nothing else is
    difference.altered = rowsOf("altered").filter((row) => !told.has(row.grid));
    const all = told.size + difference.altered.length;
    setCount("difference", all);
    if (!all) {
      this.box.replaceChildren(el("p", { class: "muted draw-none" }, t("no_difference")));
      return;
    }
    const affected = [
      [difference.households_affected, "households_affected"],
      [difference.residents_affected, "residents_affected"],
      [difference.buildings_affected, "buildings_affected"],
    ].filter(([n]) => n !== null && n !== undefined);
    this.box.replaceChildren(el("p", { class: "draw-affected" }, ...affected.map(([n, word]) => el("span", { class: "num" }, el("b", {}, figure(n)), ` ${t(word)}`))));
    for (const kind of KINDS) {
      const rows = rowsOf(kind);
      if (!rows.length) continue;
      this.box.append(
        el("h3", { class: "draw-group" }, el("span", { class: `draw-sign draw-sign--${kind}`, "aria-hidden": "true" }, SIGNS[kind]), ` ${t(kind)} `, el("span", { class: "badge" }, figure(rows.length))),
        el("ol", { class: "draw-list" }, ...rows.map((row) => this.#row(row, kind))),
      );
    }
  }

  #row(row, kind) {
    const facts = [];
    if (kind === "moved" && row.gained_m2 >= 0.01) facts.push(`+${squareMetres(row.gained_m2)}`);
    if (kind === "moved" && row.lost_m2 >= 0.01) facts.push(`−${squareMetres(row.lost_m2)}`);
    if (kind === "added") facts.push(squareMetres(row.after_m2));
    else if (kind === "removed") facts.push(squareMetres(row.before_m2));
    const before = row.households_before;
    const after = row.households_after !== undefined ? row.households_after : row.households;
    if (before !== undefined && before !== null && after !== null && before !== after && kind === "moved") facts.push(`${figure(before)} → ${figure(after)} ${t("households")}`);
    else if (after !== undefined && after !== null) facts.push(`${figure(after)} ${t("households")}`);
    return el(
      "li",
      {},
      el(
        "button",
        { type: "button", "data-difference": String(row.grid), onclick: () => this.goTo(row, this.#shapes(row)) },
        el("span", { class: "draw-list__name" }, this.#name(row)),
        el("span", { class: "code muted" }, row.code),
        el("span", { class: "num draw-list__facts" }, facts.join(" · ")),
      ),
    );
  }

  #name(row) {
    const feature = this.store.areas.get(row.grid);
    return feature ? nameOf(feature.properties) : row.name || row.code;
  }

  #shapes(row) {
    return this.collection.features.filter((feature) => feature.geometry && (feature.properties.grid === row.grid || (feature.properties.code === row.code && feature.properties.tier === row.tier)));
  }
}

export class FindingsPanel {
  /** @param {HTMLElement} box @param {object} room store, outlines, hint, zoomTo */
  constructor(box, room) {
    Object.assign(this, room);
    this.box = box;
    this.open = null;
    this.load = debounce(() => this.#load(), AGAIN_MS);
    this.store.addEventListener("steps", this.load);
    this.#load();
  }

  async #load() {
    try {
      const data = await this.store.api.get(this.store.page.findings_url);
      this.#draw(Array.isArray(data) ? data : data.results || data.findings || []);
    } catch (refusal) {
      this.box.replaceChildren(el("p", { class: "muted" }, refusal.message));
    }
  }

  #draw(rows) {
    this.outlines.highlight([]);
    this.open = null;
    setCount("findings", rows.filter((row) => row.degree !== "advice").length);
    const whole = this.store.page.draws ? el("button", { type: "button", class: "btn btn--small draw-all", "data-check": "", onclick: (event) => this.#checkAll(event.currentTarget) }, icon("search"), el("span", {}, t("check_all"))) : "";
    if (!rows.length) {
      this.box.replaceChildren(el("p", { class: "draw-none" }, icon("check"), ` ${t("no_findings")}`), whole);
      return;
    }
    const mendable = rows.filter((row) => row.repairable && row.degree !== "advice");
    this.box.replaceChildren(el("div", { class: "row" }, whole));
    if (this.store.page.draws && mendable.length > 1) {
      this.box.firstChild.prepend(el("button", { type: "button", class: "btn btn--small btn--primary draw-all", onclick: () => this.#repairAll() }, icon("check"), el("span", {}, t("repair_all"))));
    }
    for (const degree of ["structural", "law", "advice"]) {
      const some = rows.filter((row) => row.degree === degree);
      if (!some.length) continue;
      this.box.append(el("h3", { class: "draw-group" }, `${t(`degree_${degree}`)} `, el("span", { class: "badge" }, figure(some.length))), el("ol", { class: "draw-list" }, ...some.map((row) => this.#row(row))));
    }
  }

  #row(row) {
    const item = el("li", {});
    const head = el(
      "button",
      { type: "button", "aria-expanded": "false", "data-finding": String(row.id), onclick: () => this.#toggle(row, item, head) },
      el("span", { class: `draw-list__name draw-list__name--${row.degree}` }, icon(row.degree === "advice" ? "info" : "alert"), ` ${row.kind_label || t(`kind_${row.kind}`)}`, row.accepted ? el("span", { class: "mark" }, t("accepted")) : null),
      el("span", { class: "code muted draw-list__codes" }, (row.codes || []).join(", ")),
      row.area_m2 === null || row.area_m2 === undefined ? null : el("span", { class: "num draw-list__n" }, squareMetres(row.area_m2)),
    );
    item.append(head);
    return item;
  }

  async #toggle(row, item, head) {
    if (this.open) {
      this.open.body.remove();
      this.open.head.setAttribute("aria-expanded", "false");
      const same = this.open.row === row;
      this.open = null;
      this.outlines.highlight([]);
      if (same) return;
    }
    const feature = { type: "Feature", geometry: row.geometry || (row.lon === null || row.lon === undefined ? null : { type: "Point", coordinates: [row.lon, row.lat] }), properties: {} };
    const body = el("div", { class: "draw-finding" }, el("p", {}, row.repair_text || t("no_repair")));
    item.append(body);
    head.setAttribute("aria-expanded", "true");
    this.open = { row, body, head };
    if (feature.geometry) {
      this.outlines.highlight([feature]);
      this.zoomTo([feature], 18);
    }
    if (!this.store.page.draws || !row.repairable) return;
    const repair = el("button", { type: "button", class: "btn btn--small btn--primary", "data-repair": String(row.id), onclick: () => this.#repair(row, repair) }, icon("check"), el("span", {}, t("repair")));
    const preview = el("div", { class: "row row--preview", role: "group", "aria-label": t("preview") });
    body.append(preview, el("p", {}, repair));
    try {
      const shapes = await this.store.api.post(`findings/${row.id}/preview/`);
      const side = (name, features) =>
        el("button", { type: "button", class: "btn btn--small", "aria-pressed": "false", onclick: (event) => {
          for (const button of preview.children) button.setAttribute("aria-pressed", String(button === event.currentTarget));
          this.outlines.highlight(features, name === "after");
        } }, t(name));
      preview.append(side("before", [...(shapes.before || []), feature]), side("after", shapes.after || []));
    } catch (refusal) {
      preview.append(el("span", { class: "muted" }, refusal.message));
    }
  }

  async #repair(row, button) {
    button.disabled = true;
    this.hint.error("");
    await this.store.perform(`findings/${row.id}/repair/`);
    button.disabled = false;
  }

  /** The whole division, not only what was drawn. */
  async #checkAll(button) {
    button.disabled = true;
    try {
      this.#draw(await this.store.api.post("findings/"));
    } catch (refusal) {
      this.hint.error(refusal.message);
      button.disabled = false;
    }
  }

  async #repairAll() {
    this.hint.error("");
    await this.store.perform("findings/repair_all/");
  }
}

export class StepsPanel {
  /** @param {HTMLElement} box @param {object} room store */
  constructor(box, room) {
    Object.assign(this, room);
    this.box = box;
    this.load = debounce(() => this.#load(), AGAIN_MS);
    this.store.addEventListener("steps", this.load);
    this.#load();
  }

  async #load() {
    try {
      const { steps } = await this.store.api.get(this.store.page.steps_url);
      this.#draw(steps);
    } catch (refusal) {
      this.box.replaceChildren(el("p", { class: "muted" }, refusal.message));
    }
  }

  #draw(steps) {
    if (!steps.length) {
      this.box.replaceChildren(el("p", { class: "muted draw-none" }, t("no_steps")));
      return;
    }
    const row = (step) =>
      el(
        "li",
        { class: step.undone ? "draw-step is-undone" : "draw-step" },
        el("span", { class: "draw-step__n num" }, figure(step.number)),
        el("span", {}, el("strong", {}, step.verb_label), step.undone ? el("span", { class: "mark" }, t("undone")) : null, el("br"), el("span", { class: "code muted" }, step.codes.slice(0, 6).join(", ") + (step.codes.length > 6 ? " …" : ""))),
        el("span", { class: "muted draw-step__who" }, step.by || "—", el("br"), step.when || step.at),
      );
    this.box.replaceChildren(el("ol", { class: "draw-steps", reversed: true }, ...steps.map(row)));
  }
}
