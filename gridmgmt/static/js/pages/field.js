/**
 * The coordinator's quick report. It is sent in the background: without a connection it stays on the phone
 * as the form's draft, under the same key, and goes out by itself as soon as there is a signal.
 */

import { forget } from "../draft.js";
import { el, icon, toast } from "../dom.js";
import { keepKey } from "./key.js";

const WAITING = "gm.field.waiting";
const RETRY_MS = 20000;
const MOST_SHOWN = 8;

function setUpPosition(form) {
  const pick = form.querySelector("[data-pick-map]");
  const button = pick && pick.querySelector("[data-pick-gps]");
  if (!button || button.hidden || !navigator.permissions) return;
  // a moment later: a draft brings its own place
  window.setTimeout(async () => {
    if (pick.querySelector("[data-pick-lon]").value) return;
    try {
      const permission = await navigator.permissions.query({ name: "geolocation" });
      if (permission.state === "granted") button.click();
    } catch (error) {
      console.info("The position is taken when asked for.", error.name);
    }
  }, 600);
}

function setUpSpot(form) {
  const box = form.elements.namedItem("on_the_spot");
  const result = form.querySelector("[data-result]");
  const show = () => {
    result.hidden = !box.checked;
  };
  form.addEventListener("change", show);
  window.setTimeout(show, 700);
  show();
}

/** Narrows the long list of kinds to what was typed. */
function setUpKinds(form) {
  const search = form.querySelector("[data-kinds-search]");
  const select = form.elements.namedItem("category");
  if (!search || !select) return;
  const all = [...select.options].map((option) => ({
    value: option.value,
    text: option.text,
    group: option.parentElement.tagName === "OPTGROUP" ? option.parentElement.label : "",
  }));
  search.addEventListener("input", () => {
    const words = search.value.trim().toLowerCase();
    const chosen = select.value;
    const fitting = all.filter((kind) => !words || kind.value === chosen || `${kind.group} ${kind.text}`.toLowerCase().includes(words));
    select.textContent = "";
    let group = null;
    for (const kind of fitting) {
      if (kind.group && (!group || group.label !== kind.group)) {
        group = el("optgroup", { label: kind.group });
        select.append(group);
      }
      (kind.group ? group : select).append(el("option", { value: kind.value }, kind.text));
    }
    select.value = chosen;
    if (words) select.size = Math.min(MOST_SHOWN, Math.max(2, fitting.length));
    else select.removeAttribute("size");
  });
}

function showErrors(form, errors) {
  for (const old of form.querySelectorAll("[data-shown-error]")) old.remove();
  const summary = document.querySelector("[data-field-errors]");
  const list = summary.querySelector("ul");
  list.textContent = "";
  for (const [name, faults] of Object.entries(errors)) {
    const field = form.elements.namedItem(name);
    const target = field instanceof RadioNodeList ? field[0] : field;
    for (const { message } of faults) {
      const line = target && target.id ? el("a", { href: `#${target.id}` }, message) : message;
      list.append(el("li", {}, line));
      const frame = target && target.closest(".field, .step");
      if (frame) {
        const note = el("p", { class: "field__error", "data-shown-error": true }, icon("alert"), el("span", {}, message));
        (frame.classList.contains("step") ? frame.querySelector("h2") : frame.firstElementChild).after(note);
      }
    }
  }
  summary.hidden = false;
  summary.focus();
  summary.scrollIntoView({ block: "start" });
}

function setUpSending(form) {
  const waiting = document.querySelector("[data-waiting]");
  const summary = document.querySelector("[data-field-errors]");
  const button = form.querySelector("[type=submit]");
  let busy = false;
  let timer = 0;

  function wait() {
    try {
      localStorage.setItem(WAITING, form.elements.namedItem("key").value);
    } catch (error) {
      console.info("Nothing can be kept on this phone.", error.name);
    }
    waiting.hidden = false;
    waiting.scrollIntoView({ block: "nearest" });
    window.clearTimeout(timer);
    timer = window.setTimeout(() => send(), RETRY_MS);
  }

  function stopWaiting() {
    localStorage.removeItem(WAITING);
    window.clearTimeout(timer);
    waiting.hidden = true;
  }

  async function send() {
    if (busy) return;
    busy = true;
    button.setAttribute("aria-busy", "true");
    summary.hidden = true;
    try {
      const response = await fetch(form.action || window.location.href, { method: "POST", body: new FormData(form), credentials: "same-origin", headers: { Accept: "application/json" } });
      if (response.status >= 500) throw new TypeError("the server does not answer");
      const told = (response.headers.get("Content-Type") || "").includes("json") ? await response.json() : null;
      if (told && response.ok) {
        stopWaiting();
        await forget(form.dataset.draft).catch((error) => console.warn("The draft could not be dropped.", error));
        window.location.assign(told.next);
        return;
      }
      stopWaiting();
      if (told && told.errors) {
        form.elements.namedItem("key").value = told.key;
        showErrors(form, told.errors);
      } else toast(form.dataset.textRefused, "error", 15000);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      wait();
    } finally {
      busy = false;
      button.removeAttribute("aria-busy");
    }
  }

  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    send();
  });
  waiting.querySelector("[data-send-now]").addEventListener("click", () => send());
  window.addEventListener("online", () => {
    if (!waiting.hidden) send();
  });
  try {
    // The page was closed before there was a signal: its draft is here again, under the same key.
    const left = localStorage.getItem(WAITING);
    if (left && left === form.elements.namedItem("key").value) {
      waiting.hidden = false;
      timer = window.setTimeout(() => send(), RETRY_MS);
    } else if (left) localStorage.removeItem(WAITING);
  } catch (error) {
    console.info("Nothing was kept on this phone.", error.name);
  }
}

for (const form of document.querySelectorAll("form[data-field-form]")) {
  keepKey(form);
  setUpKinds(form);
  setUpSpot(form);
  setUpPosition(form);
  setUpSending(form);
}
