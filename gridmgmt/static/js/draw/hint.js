/** The line below the tools: what to do now, buttons to do it with, live figures, and what went wrong. */

import { debounce, el } from "../dom.js";
import { figure, squareMetres, t } from "./words.js";

const ASK_MS = 250;

export class Hint {
  /** @param {HTMLElement} box @param {import("./api.js").Api} api */
  constructor(box, api) {
    this.api = api;
    this.box = box;
    this.text = box.querySelector("[data-hint-text]");
    this.actions = box.querySelector("[data-hint-actions]");
    this.form = box.querySelector("[data-hint-form]");
    this.figures = box.querySelector("[data-hint-figures]");
    this.fault = box.querySelector("[data-hint-error]");
    this.known = new Map(); // figures of whole areas, until the next step
    this.round = 0;
    this.later = debounce((round, items) => this.#ask(round, items), ASK_MS);
  }

  /**
   * @param {string} text what to do now
   * @param {{label: string, run: () => void, primary?: boolean, disabled?: boolean, key?: string}[]} [actions]
   */
  say(text, actions = []) {
    if (this.text.textContent !== text) this.text.textContent = text;
    const had = document.activeElement && this.actions.contains(document.activeElement) ? document.activeElement.dataset.name : "";
    this.actions.replaceChildren(
      ...actions.map(({ label, run, primary, disabled, key }) =>
        el("button", { type: "button", class: `btn btn--small${primary ? " btn--primary" : ""}`, "data-name": label, disabled: Boolean(disabled), onclick: run }, el("span", {}, label), key ? el("kbd", { class: "only-wide" }, key) : null),
      ),
    );
    const again = had && [...this.actions.children].find((button) => button.dataset.name === had);
    if (again) again.focus();
    this.#shown();
  }

  #shown() {
    this.box.hidden = !(this.text.textContent || this.actions.children.length || !this.form.hidden || !this.fault.hidden);
  }

  /**
   * Asks for a name. @param {{label: string, value?: string, submit: string}} words
   * @param {(name: string) => void} onName @param {() => void} onCancel
   */
  askName(words, onName, onCancel) {
    const input = el("input", { type: "text", id: "draw-name", maxlength: "100", required: true, autocomplete: "off", value: words.value || "" });
    const form = el(
      "form",
      { class: "draw-hint__name" },
      el("label", { for: "draw-name" }, words.label),
      input,
      el("button", { class: "btn btn--small btn--primary" }, words.submit),
      el("button", { type: "button", class: "btn btn--small", onclick: onCancel }, t("cancel")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (input.value.trim()) onName(input.value.trim());
    });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      onCancel();
    });
    this.form.replaceChildren(form);
    this.form.hidden = false;
    this.#shown();
    input.focus();
    input.select();
  }

  closeForm() {
    this.form.hidden = true;
    this.form.replaceChildren();
    this.#shown();
  }

  /** @param {string} text @param {{label: string, run: () => void}[]} [actions] ways out */
  error(text, actions = []) {
    this.fault.replaceChildren(el("span", {}, text), ...actions.map(({ label, run }) => el("button", { type: "button", class: "btn btn--small", onclick: run }, label)));
    this.fault.hidden = !text;
    this.#shown();
  }

  clear() {
    this.round += 1;
    this.closeForm();
    this.error("");
    this.figures.replaceChildren();
    this.say("");
  }

  /**
   * Figures while a shape changes. @param {{label: string, body: object, id?: number}[]} items `id`: also what it
   * had before
   */
  live(items) {
    this.round += 1;
    if (items.length) this.later(this.round, items);
    else this.figures.replaceChildren();
  }

  /** The figures known of whole areas are no longer true. */
  forget() {
    this.known.clear();
  }

  async #ask(round, items) {
    try {
      const rows = await Promise.all(
        items.map(async ({ label, body, id }) => {
          if (id && !this.known.has(id)) this.known.set(id, this.api.post("numbers/", { grids: [id] }));
          const [before, now] = await Promise.all([id ? this.known.get(id) : null, this.api.post("numbers/", body)]);
          return { label, before, now };
        }),
      );
      if (round === this.round) this.figures.replaceChildren(...rows.map((row) => this.#row(row)));
    } catch (refusal) {
      this.known.clear();
      if (round === this.round) this.figures.replaceChildren(el("p", { class: "muted" }, refusal.message));
    }
  }

  #row({ label, before, now }) {
    const pair = (key, unit) => {
      const after = now[key];
      const was = before ? before[key] : null;
      const changed = before && was !== after;
      const value = changed ? [el("s", { class: "muted" }, figure(was)), " ", el("b", {}, figure(after))] : [el("b", {}, figure(after))];
      return el("span", { class: "num nowrap" }, ...value, ` ${unit}`);
    };
    const area = el("span", { class: "num nowrap" }, squareMetres(now.area_m2));
    return el("p", { class: "draw-live" }, el("strong", {}, label), pair("households", t("households")), pair("buildings", t("buildings")), pair("cases_last_year", t("cases")), area);
  }
}
