/**
 * Rows of table[data-table] open: a click anywhere on tr[data-href] follows it; j and k walk, Enter opens,
 * x presses the row's [data-row-check]. A row with data-hx-open is left to htmx.
 */

import { isTyping } from "./shortcuts.js";

let current = null;

function rowsOf(table) {
  return [...table.querySelectorAll("tbody tr[data-href]")].filter((row) => row.offsetParent !== null);
}

function open(row, newTab) {
  if (newTab) window.open(row.dataset.href, "_blank", "noopener");
  else if (row.hasAttribute("data-hx-open") || row.hasAttribute("hx-get")) row.dispatchEvent(new CustomEvent("row:open", { bubbles: true }));
  else window.location.assign(row.dataset.href);
}

function mark(row) {
  if (current) current.classList.remove("is-current");
  current = row;
  row.classList.add("is-current");
  row.scrollIntoView({ block: "nearest" });
  const link = row.querySelector("a, button");
  if (link) link.focus({ preventScroll: true });
}

function walk(step) {
  const table = current && document.contains(current) ? current.closest("table") : document.querySelector("table[data-table]");
  if (!table) return;
  const rows = rowsOf(table);
  if (!rows.length) return;
  const index = rows.indexOf(current);
  const next = index < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, index + step));
  mark(rows[next]);
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element) || event.defaultPrevented) return;
  const row = event.target.closest("table[data-table] tr[data-href]");
  if (!row || event.target.closest("a, button, input, select, label, form, summary")) return;
  if (String(window.getSelection())) return;
  open(row, event.ctrlKey || event.metaKey);
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (event.key === "j") walk(1);
  else if (event.key === "k") walk(-1);
  else if (event.key === "Enter" && current && document.contains(current)) {
    if (event.target instanceof Element && event.target.closest("a, button, summary")) return;
    open(current, false);
  } else if (event.key === "x" && current) {
    const box = current.querySelector("[data-row-check]");
    if (box) box.click();
  }
});
