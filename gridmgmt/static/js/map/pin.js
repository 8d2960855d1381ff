/** The one pin of the product: a drop in the accent colour. */

/** @returns {L.DivIcon} */
export function pinIcon() {
  return window.L.divIcon({
    className: "pick__pin",
    html: '<svg viewBox="0 0 40 48" aria-hidden="true"><path d="M20 46S37 29 37 18.500a17 17 0 0 0-34 0C3 29 20 46 20 46z"/><circle cx="20" cy="18" r="6.5"/></svg>',
    iconSize: [40, 48],
    iconAnchor: [20, 46],
  });
}
