/**
 * Place from words: a combobox over /api/v1/places/?q=. Results are {label, detail, lon, lat, certainty}.
 * Choosing one sends place:chosen {label, detail, lon, lat, certainty, pick} from the field.
 */

import { debounce, el, getJson } from "./dom.js";

const WAIT_MS = 220;

/** @param {HTMLElement} root element with data-address-search */
export function setUpSearch(root) {
  const input = root.querySelector("[role=combobox]");
  const list = root.querySelector("[role=listbox]");
  const status = root.querySelector("[data-combo-status]");
  let results = [];
  let active = -1;
  let asked = 0;

  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    active = -1;
  }

  function note(text) {
    list.textContent = "";
    list.append(el("li", { class: "combo__note", role: "option", "aria-disabled": "true" }, text));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    status.textContent = text;
  }

  function point(index) {
    active = (index + results.length) % results.length;
    [...list.children].forEach((node, n) => node.setAttribute("aria-selected", String(n === active)));
    input.setAttribute("aria-activedescendant", list.children[active].id);
    list.children[active].scrollIntoView({ block: "nearest" });
  }

  function choose(index) {
    const place = results[index];
    if (!place) return;
    input.value = place.label;
    close();
    root.dispatchEvent(new CustomEvent("place:chosen", { bubbles: true, detail: { ...place, lon: Number(place.lon), lat: Number(place.lat), pick: root.dataset.pick } }));
  }

  function show() {
    list.textContent = "";
    results.forEach((place, index) => {
      const option = el("li", { class: "combo__option", role: "option", id: `${list.id}-${index}`, "aria-selected": "false" }, place.label);
      if (place.detail) option.append(el("small", {}, place.detail));
      // pressed, not clicked: a click would come after the field has lost the focus
      option.addEventListener("pointerdown", (event) => event.preventDefault());
      option.addEventListener("click", () => choose(index));
      list.append(option);
    });
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    status.textContent = `${results.length} ${root.dataset.textSome}`;
  }

  async function ask() {
    const words = input.value.trim();
    asked += 1;
    const mine = asked;
    if (!words) {
      close();
      return;
    }
    try {
      const address = new URL(root.dataset.url, window.location.href);
      address.searchParams.set("q", words);
      const data = await getJson(address);
      if (mine !== asked) return;
      results = Array.isArray(data) ? data : data.results || [];
      active = -1;
      if (results.length) show();
      else note(root.dataset.textNone);
    } catch (error) {
      if (mine === asked) note(root.dataset.textFailed);
    }
  }

  const askLater = debounce(ask, WAIT_MS);
  input.addEventListener("input", (event) => {
    if (!event.isComposing) askLater();
  });
  // Chinese input: ask when the characters are chosen, not for each letter of pinyin
  input.addEventListener("compositionend", askLater);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden || !results.length) return;
      event.preventDefault();
      point(active < 0 && event.key === "ArrowUp" ? -1 : active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && !list.hidden && results.length) {
      event.preventDefault();
      choose(active < 0 ? 0 : active);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    }
  });
  input.addEventListener("blur", () => window.setTimeout(close, 120));
  root.gmSearch = true;
}

for (const root of document.querySelectorAll("[data-address-search]")) if (!root.gmSearch) setUpSearch(root);
