/** The panel's first leaf: the chosen area with its figures and what can be done with it, or the list of areas. */

import { el, icon } from "../dom.js";
import { SIGNS } from "./looks.js";
import { figure, nameOf, squareMetres, t } from "./words.js";

const LIST_LENGTH = 300;

export class AreaPanel {
  /** @param {HTMLElement} box @param {object} room store, zoomTo, pickInList, hint */
  constructor(box, room) {
    Object.assign(this, room);
    this.box = box;
    this.round = 0;
    this.words = "";
    const again = () => this.draw();
    this.store.addEventListener("chosen", again);
    this.store.addEventListener("areas", ({ detail }) => {
      if (detail.more && this.store.chosen) return;
      this.draw();
    });
    this.store.addEventListener("tier", again);
  }

  draw() {
    const feature = this.store.areas.get(this.store.chosen);
    const typing = document.activeElement && this.box.contains(document.activeElement) && document.activeElement.matches("input");
    if (typing && this.drawnFor === this.store.chosen && feature) return; // nobody loses what is being typed
    this.drawnFor = this.store.chosen;
    if (feature) this.#card(feature);
    else this.#list();
  }

  #list() {
    const search = el("input", { type: "search", id: "draw-search", autocomplete: "off", value: this.words, oninput: (event) => { this.words = event.target.value; this.#rows(rows); } });
    const rows = el("ol", { class: "draw-list", "aria-label": t("areas") });
    const waiting = this.store.page.draws ? this.store.ofTier().filter((feature) => feature.properties.confirmed === false).map((feature) => feature.id) : [];
    const confirm = waiting.length
      ? el("button", { type: "button", class: "btn btn--small draw-all", onclick: () => this.store.perform("steps/", { verb: "confirm", grids: waiting }) }, icon("check"), el("span", {}, t("confirm_n", { n: waiting.length })))
      : "";
    this.box.replaceChildren(confirm, el("div", { class: "field field--tight" }, el("label", { for: "draw-search" }, t("search")), search), rows);
    this.#rows(rows);
  }

  #rows(rows) {
    const words = this.words.trim().toLowerCase();
    const hits = ({ properties: p }) => !words || `${p.code} ${p.name} ${p.name_en || ""}`.toLowerCase().includes(words);
    const found = this.store.ofTier().filter(hits).sort((a, b) => a.properties.code.localeCompare(b.properties.code));
    rows.replaceChildren(...found.slice(0, LIST_LENGTH).map((feature) => this.#row(feature)));
    if (!found.length) rows.append(el("li", { class: "muted draw-list__note" }, t("no_areas")));
    if (found.length > LIST_LENGTH) rows.append(el("li", { class: "muted draw-list__note" }, t("more", { n: found.length - LIST_LENGTH })));
  }

  #row(feature) {
    const { properties } = feature;
    const sign = SIGNS[properties.change] ? el("span", { class: `draw-sign draw-sign--${properties.change}`, title: t(properties.change) }, SIGNS[properties.change], el("span", { class: "sr-only" }, t(properties.change))) : null;
    return el(
      "li",
      {},
      el(
        "button",
        { type: "button", "data-area": String(feature.id), onclick: () => this.pickInList(feature.id) },
        el("span", { class: "draw-list__name" }, sign, nameOf(properties)),
        el("span", { class: "code muted" }, properties.code),
        el("span", { class: "num draw-list__n" }, properties.households === null ? "" : `${figure(properties.households)} ${t("households")}`),
      ),
    );
  }

  #card(feature) {
    const { properties } = feature;
    const { draws } = this.store.page;
    const parent = this.store.areas.get(properties.parent_id);
    const back = el("button", { type: "button", class: "btn btn--small btn--quiet", onclick: () => this.store.choose(null) }, icon("back"), el("span", {}, t("all_areas")));
    const zoom = el("button", { type: "button", class: "btn btn--small btn--quiet", onclick: () => this.zoomTo([feature]) }, icon("locate"), el("span", {}, t("zoom")));
    const marks = el("p", { class: "row" });
    if (properties.change) marks.append(el("span", { class: `draw-sign draw-sign--${properties.change}` }, SIGNS[properties.change] || "", ` ${t(properties.change)}`));
    if (properties.kind === "dedicated") marks.append(el("span", { class: "mark" }, t("dedicated")));
    if (properties.confirmed === false) marks.append(el("span", { class: "mark mark--derived" }, t("unconfirmed")));
    const figures = el("dl", { class: "kv draw-figures", "aria-busy": "true" });
    this.box.replaceChildren(
      el("div", { class: "row row--between" }, back, zoom),
      el("h3", { class: "draw-card__name" }, nameOf(properties)),
      el("p", { class: "muted" }, `${properties.tier_label || properties.tier} `, el("span", { class: "code" }, properties.code), parent ? el("br") : null, parent ? `${t("within")} ${nameOf(parent.properties)}` : null),
      marks.children.length ? marks : "",
      figures,
    );
    this.#figures(figures, feature);
    if (draws) this.box.append(...this.#tools(feature));
  }

  async #figures(list, feature) {
    this.round += 1;
    const { round } = this;
    const rows = (numbers) => {
      const pairs = [
        ["households_word", figure(numbers.households)],
        ["area_word", squareMetres(numbers.area_m2)],
        ["buildings_word", figure(numbers.buildings)],
        ["cases_word", figure(numbers.cases_last_year)],
        ["strength_word", numbers.strength === null || numbers.strength === undefined ? "—" : figure(Math.round(numbers.strength * 100) / 100)],
      ];
      list.replaceChildren(...pairs.reduce((all, [word, value]) => all.concat(el("dt", {}, t(word)), el("dd", { class: "num" }, value)), []));
    };
    rows({ households: feature.properties.households });
    if (!this.store.page.numbers) return list.removeAttribute("aria-busy");
    try {
      const numbers = await this.store.api.post("numbers/", { grids: [feature.id] });
      if (round === this.round) rows(numbers);
    } catch (refusal) {
      if (round === this.round) list.append(el("dt", {}), el("dd", { class: "muted" }, refusal.message));
    }
    return list.removeAttribute("aria-busy");
  }

  /** Another parent: a choice of the areas one tier above. */
  #parents(feature, act) {
    const above = this.store.above(feature.properties.tier);
    const choices = above ? this.store.ofTier(above).sort((a, b) => a.properties.code.localeCompare(b.properties.code)) : [];
    if (choices.length < 2) return [];
    const select = el("select", { id: "area-parent", autocomplete: "off" }, ...choices.map((one) => el("option", { value: String(one.id), selected: one.id === feature.properties.parent_id }, nameOf(one.properties))));
    const button = el("button", { class: "btn btn--small", disabled: true }, t("reparent"));
    select.addEventListener("change", () => { button.disabled = Number(select.value) === feature.properties.parent_id; });
    const form = el("form", { class: "draw-rename" }, el("div", { class: "field field--tight" }, el("label", { for: "area-parent" }, t("parent")), select), button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      act({ verb: "reparent", grid: feature.id, parent: Number(select.value) })();
    });
    return [form];
  }

  #tools(feature) {
    const { properties, id } = feature;
    const act = (body) => async () => {
      this.hint.error("");
      await this.store.perform("steps/", body);
    };
    const name = el("input", { type: "text", id: "area-name", name: "name", maxlength: "100", required: true, autocomplete: "off", value: properties.name });
    const english = el("input", { type: "text", id: "area-name-en", name: "name_en", maxlength: "100", autocomplete: "off", value: properties.name_en || "" });
    const form = el(
      "form",
      { class: "draw-rename" },
      el("div", { class: "field field--tight" }, el("label", { for: "area-name" }, t("name")), name),
      el("div", { class: "field field--tight" }, el("label", { for: "area-name-en" }, t("name_en")), english),
      el("button", { class: "btn btn--small" }, t("rename")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      name.blur();
      english.blur();
      if (document.activeElement && document.activeElement.blur) document.activeElement.blur();
      act({ verb: "rename", grid: id, name: name.value.trim(), name_en: english.value.trim() })();
    });
    const buttons = el("div", { class: "row draw-acts" });
    if (properties.confirmed === false) buttons.append(el("button", { type: "button", class: "btn btn--small btn--primary", onclick: act({ verb: "confirm", grids: [id] }) }, icon("check"), el("span", {}, t("confirm"))));
    if (properties.change) buttons.append(el("button", { type: "button", class: "btn btn--small", onclick: act({ verb: "reset", grids: [id] }) }, icon("return"), el("span", {}, t("reset"))));
    buttons.append(el("button", { type: "button", class: "btn btn--small", title: t("remove_help"), onclick: act({ verb: "remove", grid: id }) }, icon("trash"), el("span", {}, t("remove"))));
    return [form, ...this.#parents(feature, act), buttons];
  }
}
