/**
 * The panel beside the map: a case with its forms, or the card of an area. The server's own markup is shown;
 * its forms are sent without leaving the map, and what the server answers takes their place.
 */

import { el, toast } from "../dom.js";
import { isTyping } from "../shortcuts.js";

/**
 * @param {HTMLElement} panel section.map-panel with a title, a body and a button to close
 * @param {{texts: DOMStringMap, onChange: () => void, onToggle: (open: boolean) => void}} options
 *   onChange: a move was made; onToggle: the panel covers the map or leaves it
 */
export function setUpPanel(panel, { texts, onChange, onToggle }) {
  const title = panel.querySelector("h2");
  const body = panel.querySelector(".map-panel__body");
  let before = null;
  let asked = 0;

  function open(words, content) {
    if (panel.hidden) before = document.activeElement;
    title.textContent = words;
    body.replaceChildren(content);
    body.scrollTop = 0;
    panel.hidden = false;
    panel.classList.remove("is-closed");
    onToggle(true);
  }

  function close() {
    if (panel.hidden) return;
    asked += 1;
    panel.hidden = true;
    panel.classList.add("is-closed");
    body.replaceChildren();
    onToggle(false);
    if (before && document.contains(before)) before.focus({ preventScroll: true });
  }

  async function fragment(url, options = {}) {
    const response = await fetch(url, { credentials: "same-origin", headers: { "X-Requested-With": "fetch" }, ...options });
    const shown = response.ok || response.status === 400 || response.status === 409;
    if (!shown || response.redirected) throw new Error(`${url}: ${response.status}`);
    return { status: response.status, html: await response.text() };
  }

  function show(words, html) {
    const holder = el("div");
    holder.innerHTML = html;
    for (const form of holder.querySelectorAll("form")) form.addEventListener("submit", (event) => send(event, words));
    open(words, holder);
    const refused = holder.querySelector("[data-focus-now]");
    (refused || title).focus({ preventScroll: !refused });
  }

  async function send(event, words) {
    event.preventDefault();
    const form = event.currentTarget;
    if (form.dataset.sent === "yes") return;
    form.dataset.sent = "yes";
    asked += 1;
    const mine = asked;
    try {
      const answer = await fragment(form.action, { method: "POST", body: new FormData(form) });
      if (answer.status < 400) onChange();
      if (mine !== asked) return;
      if (answer.status === 204) {
        close();
        toast(texts.textGone, "success");
      } else show(words, answer.html);
    } catch (error) {
      delete form.dataset.sent;
      toast(texts.textFailed, "error");
    }
  }

  async function openCase(properties) {
    asked += 1;
    const mine = asked;
    try {
      const { html } = await fragment(properties.panel_url);
      if (mine === asked) show(properties.title, html);
    } catch (error) {
      toast(texts.textFailed, "error");
    }
  }

  function openCard(words, card) {
    asked += 1;
    open(words, card);
    title.focus({ preventScroll: true });
  }

  panel.querySelector(".map-panel__toggle").addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    // not while words are being written that would be lost
    if (event.key === "Escape" && !(isTyping(event.target) && panel.contains(event.target))) close();
  });
  return { openCase, openCard, close };
}
