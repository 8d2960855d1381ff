/** Names of areas give way to the pins: they move up or down a little, and where that does not help they hide. */

const SHIFTS_PX = [0, 20, -20, 36, -36, 52, -52];
const PINS = ".case-pin, .case-cluster, .post-pin";

function meets(a, b) {
  return a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;
}

function levelOf(label) {
  return Number((label.className.match(/grid-label--(\d)/) || [])[1] || 3);
}

/** @param {HTMLElement} container of the map */
export function tidyNames(container) {
  const taken = [...container.querySelectorAll(PINS)].map((pin) => pin.getBoundingClientRect()).filter((box) => box.width);
  const labels = [...container.querySelectorAll(".grid-label")].sort((a, b) => levelOf(a) - levelOf(b));
  for (const label of labels) label.style.marginTop = "";
  const boxes = new Map(labels.map((label) => [label, label.getBoundingClientRect()]));
  for (const label of labels) {
    const own = boxes.get(label);
    if (!own.width) continue;
    // names of the deepest tier stay in their small area or hide
    const shifts = levelOf(label) > 2 ? [0] : SHIFTS_PX;
    const shift = shifts.find((px) => {
      const moved = { left: own.left, right: own.right, top: own.top + px, bottom: own.bottom + px };
      return !taken.some((box) => meets(moved, box));
    });
    label.style.visibility = shift === undefined ? "hidden" : "";
    if (shift === undefined) continue;
    if (shift) label.style.marginTop = `${shift}px`;
    taken.push({ left: own.left, right: own.right, top: own.top + shift, bottom: own.bottom + shift });
  }
}
