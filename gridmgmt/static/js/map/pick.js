/**
 * Picks one point (components/map_pick.html): own position, a tap, a drag, Enter in the middle of the map,
 * or a place that the address search beside it has found. Hidden inputs carry lon and lat (WGS84, six digits);
 * the element sends place:picked {lon, lat, source: gps|map|search|given, accuracy_m}.
 */

import { formatNumber } from "../dom.js";
import { createMap } from "./base.js";
import { addGrids } from "./grids.js";
import { pinIcon } from "./pin.js";

/**
 * @param {HTMLElement} root element with data-pick-map
 * @returns {{set: (lon: number, lat: number, source: string, accuracy_m?: number) => void, map: L.Map}}
 */
export function setUpPick(root) {
  const texts = root.dataset;
  const element = root.querySelector(".map");
  const status = root.querySelector("[data-pick-status]");
  const lonInput = root.querySelector("[data-pick-lon]");
  const latInput = root.querySelector("[data-pick-lat]");
  const button = root.querySelector("[data-pick-gps]");
  const map = createMap(element);
  let marker = null;

  function say(text, tone = "") {
    status.textContent = text || "";
    status.dataset.tone = tone;
  }

  function set(lon, lat, source, accuracy_m) {
    if (!Number.isFinite(lon) || !Number.isFinite(lat)) return;
    if (!marker) {
      marker = window.L.marker([lat, lon], { icon: pinIcon(), draggable: true, autoPan: true, alt: texts.textPicked }).addTo(map);
      // the icon is no picture, so its name is given here
      marker.getElement().setAttribute("aria-label", texts.textPicked);
      marker.on("dragend", () => {
        const at = marker.getLatLng();
        set(at.lng, at.lat, "map");
      });
    } else marker.setLatLng([lat, lon]);
    lonInput.value = lon.toFixed(6);
    latInput.value = lat.toFixed(6);
    const far = !map.getBounds().pad(-0.1).contains([lat, lon]);
    if (source !== "map" || far) map.setView([lat, lon], Math.max(map.getZoom(), 17));
    if (source === "gps") say(`${texts.textFound} ${formatNumber(Math.round(accuracy_m))} m`);
    else say(texts.textPicked);
    root.dispatchEvent(new CustomEvent("place:picked", { bubbles: true, detail: { lon, lat, source, accuracy_m } }));
  }

  /** The search comes first where the browser gives no position. */
  function beginWithSearch() {
    const search = root.querySelector("[data-address-search]") || document.querySelector(`[data-address-search][data-pick="${root.id}"]`);
    const input = search && search.querySelector("input");
    if (input) input.focus();
  }

  function locate() {
    say(texts.textFinding);
    button.setAttribute("aria-busy", "true");
    navigator.geolocation.getCurrentPosition(
      (position) => {
        button.removeAttribute("aria-busy");
        const { longitude, latitude, accuracy } = position.coords;
        set(longitude, latitude, "gps", accuracy);
      },
      (error) => {
        button.removeAttribute("aria-busy");
        say(error.code === 1 ? texts.textRefused : texts.textFailed, "error");
        beginWithSearch();
      },
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 10000 },
    );
  }

  if (!window.isSecureContext || !navigator.geolocation) {
    button.hidden = true;
    say(texts.textInsecure);
  } else {
    button.addEventListener("click", locate);
    say(texts.textEmpty);
  }
  map.on("click", (event) => set(event.latlng.lng, event.latlng.lat, "map"));
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== element) return;
    event.preventDefault();
    const middle = map.getCenter();
    set(middle.lng, middle.lat, "map");
  });
  document.addEventListener("place:chosen", (event) => {
    if (event.detail.pick === root.id) set(event.detail.lon, event.detail.lat, "search");
  });
  if (element.dataset.grids) addGrids(map, element.dataset.grids, { popups: false, labels: false }).catch(() => say(element.dataset.textFailed));
  if (lonInput.value && latInput.value) set(Number(lonInput.value), Number(latInput.value), "given");
  root.gmPick = { set, map };
  return root.gmPick;
}

for (const root of document.querySelectorAll("[data-pick-map]")) if (!root.gmPick) setUpPick(root);
