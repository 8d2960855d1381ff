/** The bell: asks for the number of unread messages, and sounds once for a new urgent one. */

import { toast } from "./dom.js";

const EVERY_MS = 20000;
const KEY = "gm.inbox.urgent";
let audio = null;

/** Browsers play sound only after the user has touched the page. */
function wakeAudio() {
  if (audio) return;
  const Context = window.AudioContext || window.webkitAudioContext;
  if (Context) audio = new Context();
}

/** Two short rising notes. Silent until the page was touched once. */
export function playTone() {
  if (!audio || audio.state !== "running") return;
  [660, 880].forEach((frequency, index) => {
    const start = audio.currentTime + index * 0.18;
    const oscillator = audio.createOscillator();
    const gain = audio.createGain();
    oscillator.frequency.value = frequency;
    gain.gain.setValueAtTime(0.0001, start);
    gain.gain.exponentialRampToValueAtTime(0.25, start + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.16);
    oscillator.connect(gain).connect(audio.destination);
    oscillator.start(start);
    oscillator.stop(start + 0.17);
  });
}

function lastHeard() {
  try {
    return Number(localStorage.getItem(KEY) || 0);
  } catch (error) {
    return Number(document.documentElement.dataset.urgentHeard || 0);
  }
}

function rememberHeard(id) {
  document.documentElement.dataset.urgentHeard = String(id);
  try {
    localStorage.setItem(KEY, String(id));
  } catch (error) {
    console.info("Storage is forbidden; the tone is remembered for this page only.", error.name);
  }
}

/**
 * Draws the numbers into the bell.
 * @param {HTMLElement} bell
 * @param {{unread: number, urgent: number, newest_urgent_id: ?number}} numbers
 */
function show(bell, numbers) {
  const count = bell.querySelector("[data-inbox-count]");
  count.textContent = numbers.unread > 99 ? "99+" : String(numbers.unread);
  count.hidden = !numbers.unread;
  bell.querySelector("[data-inbox-text]").textContent = numbers.unread
    ? `${bell.dataset.textSome} ${numbers.unread}`
    : bell.dataset.textNone;
  const newest = Number(numbers.newest_urgent_id || 0);
  if (newest > lastHeard()) {
    rememberHeard(newest);
    playTone();
    toast(bell.dataset.textUrgent, "error", 15000);
  }
  document.dispatchEvent(new CustomEvent("inbox:changed", { detail: numbers }));
}

async function ask(bell) {
  if (document.hidden) return;
  try {
    const response = await fetch(bell.dataset.inbox, { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (response.ok) show(bell, await response.json());
  } catch (error) {
    console.info("The inbox did not answer; asked again later.", error.message);
  }
}

const bell = document.querySelector("[data-inbox]");
if (bell) {
  document.addEventListener("pointerdown", wakeAudio, { once: true });
  document.addEventListener("keydown", wakeAudio, { once: true });
  document.addEventListener("visibilitychange", () => ask(bell));
  ask(bell);
  window.setInterval(() => ask(bell), EVERY_MS);
}
