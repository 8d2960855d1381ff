/** What every page does: switches, menus, panels, self-sending filters, focus on errors, no double sending. */

import { debounce } from "./dom.js";

const root = document.documentElement;

/** Remembers a choice; a browser that forbids storage keeps it for this page only. */
function remember(key, value) {
  try {
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
  } catch (error) {
    console.info("The choice is kept for this page only.", error.name);
  }
}

function setUpSwitches() {
  const sizes = document.querySelectorAll("[data-switch-size]");
  const show = () => {
    for (const button of sizes) button.setAttribute("aria-pressed", String(root.dataset.size === "large"));
  };
  show();
  for (const button of sizes) {
    button.addEventListener("click", () => {
      const large = root.dataset.size !== "large";
      if (large) root.dataset.size = "large";
      else delete root.dataset.size;
      remember("gm.size", large ? "large" : "");
      show();
    });
  }
  for (const button of document.querySelectorAll("[data-switch-theme]")) {
    button.addEventListener("click", () => {
      const dark = root.dataset.theme
        ? root.dataset.theme === "dark"
        : window.matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      remember("gm.theme", root.dataset.theme);
      document.dispatchEvent(new CustomEvent("gm:theme"));
    });
  }
}

function onClick(event) {
  if (!(event.target instanceof Element)) return;
  const toggle = event.target.closest("[data-toggle]");
  if (toggle) {
    const open = toggle.getAttribute("aria-expanded") !== "true";
    toggle.setAttribute("aria-expanded", String(open));
    document.getElementById(toggle.dataset.toggle).classList.toggle("is-open", open);
  }
  const panelToggle = event.target.closest("[data-panel-toggle]");
  if (panelToggle) {
    const panel = panelToggle.closest(".map-panel");
    const closed = panel.classList.toggle("is-closed");
    panelToggle.setAttribute("aria-expanded", String(!closed));
  }
  const errorLink = event.target.closest(".errors a[href^='#']");
  if (errorLink) {
    const field = document.getElementById(errorLink.getAttribute("href").slice(1));
    if (field) {
      event.preventDefault();
      (field.matches("fieldset") ? field.querySelector("input") : field).focus();
    }
  }
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const confirmFirst = event.target.closest("[data-confirm]");
  if (confirmFirst && !window.confirm(confirmFirst.dataset.confirm)) event.preventDefault();
}

/** A form that was sent is not sent again by an impatient second tap. */
function onSubmit(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("data-resend")) return;
  if (form.dataset.sent === "yes") {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const button = event.submitter;
  if (button) button.setAttribute("aria-busy", "true");
}

/** Coming back through the browser's history must not find a dead form. */
function onPageShow() {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
}

function setUpFilters() {
  for (const form of document.querySelectorAll("form[data-autosubmit]")) {
    const send = debounce(() => form.requestSubmit(), 150);
    form.addEventListener("change", (event) => {
      if (event.target.matches("select, input[type=checkbox], input[type=radio], input[type=date]")) send();
    });
    // empty values stay out of the address, so that a copied link is short
    form.addEventListener("formdata", (event) => {
      for (const [key, value] of [...event.formData.entries()]) if (value === "") event.formData.delete(key);
    });
  }
}

/** Paper is light; a dark map is drawn again before it is printed. */
function setUpPrint() {
  let before = null;
  const light = () => {
    if (before !== null) return;
    before = root.dataset.theme || "";
    root.dataset.theme = "light";
    document.dispatchEvent(new CustomEvent("gm:theme"));
  };
  window.addEventListener("beforeprint", light);
  window.addEventListener("afterprint", () => {
    if (before) root.dataset.theme = before;
    else delete root.dataset.theme;
    before = null;
    document.dispatchEvent(new CustomEvent("gm:theme"));
  });
  for (const button of document.querySelectorAll("[data-print]")) {
    button.addEventListener("click", () => {
      light();
      window.setTimeout(() => window.print(), 800);
    });
  }
}

setUpSwitches();
setUpFilters();
setUpPrint();
document.addEventListener("click", onClick);
document.addEventListener("submit", onSubmit);
window.addEventListener("pageshow", onPageShow);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
const first = document.querySelector("[data-focus-now]");
if (first) first.focus();
