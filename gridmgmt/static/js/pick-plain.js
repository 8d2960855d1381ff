/**
 * Picks a place without a map (components/map_pick.html where the public map is closed): the address search
 * and the own position. Sends place:picked as js/map/pick.js does.
 */

import { formatNumber } from "./dom.js";

/** @param {HTMLElement} root element with data-pick-plain */
function setUp(root) {
  const texts = root.dataset;
  const status = root.querySelector("[data-pick-status]");
  const lonInput = root.querySelector("[data-pick-lon]");
  const latInput = root.querySelector("[data-pick-lat]");
  const button = root.querySelector("[data-pick-gps]");

  function say(text, tone = "") {
    status.textContent = text || "";
    status.dataset.tone = tone;
  }

  function set(lon, lat, source, accuracy_m) {
    if (!Number.isFinite(lon) || !Number.isFinite(lat)) return;
    lonInput.value = lon.toFixed(6);
    latInput.value = lat.toFixed(6);
    say(source === "gps" ? `${texts.textChosen} ± ${formatNumber(Math.round(accuracy_m))} m` : texts.textChosen);
    root.dispatchEvent(new CustomEvent("place:picked", { bubbles: true, detail: { lon, lat, source, accuracy_m } }));
  }

  function locate() {
    say(texts.textFinding);
    button.setAttribute("aria-busy", "true");
    const done = () => button.removeAttribute("aria-busy");
    navigator.geolocation.getCurrentPosition(
      (position) => {
        done();
        const { longitude, latitude, accuracy } = position.coords;
        set(longitude, latitude, "gps", accuracy);
      },
      () => {
        done();
        say(texts.textPlainFailed, "error");
      },
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 10000 },
    );
  }

  if (window.isSecureContext && navigator.geolocation) button.addEventListener("click", locate);
  else button.hidden = true;
  document.addEventListener("place:chosen", (event) => {
    if (event.detail.pick === root.id) set(event.detail.lon, event.detail.lat, "search");
  });
}

for (const root of document.querySelectorAll("[data-pick-plain]")) setUp(root);
