/**
 * Keys for those who sit at a desk all day. An element with data-key="v" is pressed by that key,
 * data-key="g l" by two keys after each other; "/" goes to the search, "?" lists what there is
 * (data-text-keys on body names the list). Never while typing.
 */

import { el } from "./dom.js";

const PAUSE_MS = 900;
let pending = "";
let timer = 0;

/** @param {EventTarget} target @returns {boolean} whether keys belong to a field now */
export function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function find(keys) {
  return [...document.querySelectorAll("[data-key]")].find(
    (node) => node.dataset.key === keys && !node.disabled && node.offsetParent !== null,
  );
}

function startsOne(keys) {
  return [...document.querySelectorAll("[data-key]")].some((node) => node.dataset.key.startsWith(`${keys} `));
}

function toggleList() {
  const shown = document.querySelector(".keys-panel");
  if (shown) {
    shown.remove();
    return;
  }
  const keyed = [...document.querySelectorAll("[data-key]")].filter((node) => node.offsetParent !== null);
  if (!keyed.length) return; // nothing to list: an empty box would puzzle
  const rows = el("dl");
  for (const node of keyed) {
    const label = node.getAttribute("aria-label") || node.querySelector("span:not(.sr-only)")?.textContent || node.textContent;
    rows.append(el("dt", {}, el("kbd", {}, node.dataset.key)), el("dd", {}, label.trim()));
  }
  document.body.append(el("section", { class: "keys-panel", role: "region", "aria-label": document.body.dataset.textKeys || "?" }, rows));
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (event.key === "Escape") {
    const shown = document.querySelector(".keys-panel");
    if (shown) shown.remove();
    return;
  }
  if (event.key === "?") {
    toggleList();
    return;
  }
  if (event.key === "/") {
    const search = document.querySelector("[data-search], input[type=search]");
    if (search) {
      event.preventDefault();
      search.focus();
    }
    return;
  }
  const keys = pending ? `${pending} ${event.key}` : event.key;
  window.clearTimeout(timer);
  pending = "";
  const target = find(keys);
  if (target) {
    event.preventDefault();
    if (target.matches("input, select, textarea")) target.focus();
    else target.click();
  } else if (startsOne(keys)) {
    pending = keys;
    timer = window.setTimeout(() => { pending = ""; }, PAUSE_MS);
  }
}

document.addEventListener("keydown", onKey);
