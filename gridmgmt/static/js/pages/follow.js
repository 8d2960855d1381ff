/** Thank-you and follow pages: copy and share the number, remember it on this phone, ask why only where needed. */

import { el, icon, toast } from "../dom.js";

const KEY = "gm.numbers";
const MOST = 20;

function numbers() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) || "[]");
    return Array.isArray(kept) ? kept : [];
  } catch (error) {
    return [];
  }
}

/** @returns {boolean} whether the browser keeps it */
function keep(list) {
  try {
    localStorage.setItem(KEY, JSON.stringify(list.slice(0, MOST)));
    return true;
  } catch (error) {
    return false;
  }
}

function remember(root) {
  const { number, day, kind } = root.dataset;
  const others = numbers().filter((entry) => entry.number !== number);
  if (keep([{ number, day, kind }, ...others])) root.querySelector("[data-remembered]").hidden = false;
}

async function copy(button) {
  const source = document.querySelector(button.dataset.copy);
  const text = source.textContent.trim();
  try {
    if (!navigator.clipboard) throw new Error("no clipboard");
    await navigator.clipboard.writeText(text);
  } catch (error) {
    // without https there is no clipboard: the old way
    const range = document.createRange();
    range.selectNodeContents(source);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    if (!document.execCommand("copy")) return;
  }
  toast(button.dataset.textDone, "success", 3000);
}

function setUpTools() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
  for (const button of document.querySelectorAll("[data-share]")) {
    if (!navigator.share) continue;
    button.hidden = false;
    button.addEventListener("click", () => {
      navigator.share({ title: button.dataset.title, url: button.dataset.url }).catch((error) => console.info("Not shared.", error.name));
    });
  }
}

function setUpMine(box) {
  const list = box.querySelector("[data-mine-list]");
  function draw() {
    const kept = numbers();
    list.textContent = "";
    box.hidden = kept.length === 0;
    for (const { number, day, kind } of kept) {
      const link = el("a", { href: `${box.dataset.followUrl}${encodeURIComponent(number)}/` }, el("span", { class: "code" }, number), el("span", { class: "muted small" }, [kind, day].filter(Boolean).join(" · ")));
      const forget = el("button", { type: "button", class: "tool", "aria-label": `${box.dataset.textForget} ${number}` }, icon("close"));
      forget.addEventListener("click", () => {
        keep(numbers().filter((entry) => entry.number !== number));
        draw();
      });
      list.append(el("li", {}, link, forget));
    }
  }
  draw();
}

/** The reason is asked for only where the opinion needs one. */
function setUpRating(form) {
  const reason = form.querySelector("[data-reason]");
  const show = () => {
    const chosen = form.querySelector("input[name=opinion]:checked");
    reason.hidden = !chosen || chosen.value === "satisfied";
  };
  form.addEventListener("change", show);
  show();
}

for (const root of document.querySelectorAll("[data-sent]")) remember(root);
for (const box of document.querySelectorAll("[data-mine]")) setUpMine(box);
for (const form of document.querySelectorAll("[data-rating]")) setUpRating(form);
setUpTools();
