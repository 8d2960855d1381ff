/** The leader's order: a place chosen from the search gives its point; other words take it back. */

const form = document.getElementById("order-form");
const { lon, lat, address } = form.elements;
let chosen = address.value;

document.addEventListener("place:chosen", (event) => {
  if (event.detail.pick !== "order-place") return;
  lon.value = Number(event.detail.lon).toFixed(6);
  lat.value = Number(event.detail.lat).toFixed(6);
  chosen = event.detail.label;
});

address.addEventListener("input", () => {
  if (address.value === chosen) return;
  lon.value = "";
  lat.value = "";
});
