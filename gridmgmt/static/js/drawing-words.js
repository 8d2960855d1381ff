/**
 * Gives the drawing tools of the administration's maps the words that stand in the page (django-leaflet reads
 * them before they are there). The id of each word is its path in L.drawLocal: draw-toolbar-buttons-marker.
 */

document.addEventListener("DOMContentLoaded", () => {
  const words = document.querySelectorAll('script[type="application/json"][id^="draw-"], script[type="application/json"][id^="edit-"]');
  words.forEach((word) => {
    const path = word.id.split("-");
    const last = path.pop();
    const place = path.reduce((node, step) => (node ? node[step] : undefined), window.L.drawLocal);
    if (place && typeof place[last] === "string") place[last] = JSON.parse(word.textContent);
  });
});
