/** Small helpers that every module shares. No state. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Makes an element. Text goes in as text, never as HTML.
 * @param {string} tag
 * @param {Object<string, string|boolean|EventListener>} [attributes] on… are listeners, false leaves out
 * @param {...(Node|string|null|undefined)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on") && typeof value === "function") node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children) if (child !== null && child !== undefined) node.append(child);
  return node;
}

/** An icon from the sprite. @param {string} name @returns {SVGElement} */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${document.documentElement.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

/** Escapes text for the few places where a library takes HTML. @param {unknown} value @returns {string} */
export function escapeHtml(value) {
  const holder = document.createElement("i");
  holder.textContent = value === null || value === undefined ? "" : String(value);
  return holder.innerHTML.replace(/"/g, "&quot;");
}

/** The value of a token, for canvas drawing. @param {string} name such as --accent @returns {string} */
export function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** @returns {boolean} whether the page is drawn dark now */
export function isDark() {
  const own = document.documentElement.dataset.theme;
  if (own) return own === "dark";
  return window.matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Calls back when light turns dark or the other way. @param {() => void} callback */
export function onThemeChange(callback) {
  document.addEventListener("gm:theme", callback);
  const query = window.matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", callback);
}

/**
 * @template T
 * @param {(...values: T[]) => void} callback
 * @param {number} wait_ms
 */
export function debounce(callback, wait_ms) {
  let timer = 0;
  return (...values) => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => callback(...values), wait_ms);
  };
}

/** Shows a short message at the foot of the page. @param {string} text @param {string} [tone] */
export function toast(text, tone = "info", keep_ms = 7000) {
  const holder = document.getElementById("toasts");
  if (!holder) return;
  const note = el("div", { class: `notice notice--${tone}` }, icon(tone === "success" ? "check" : "alert"), el("div", {}, text));
  holder.append(note);
  window.setTimeout(() => note.remove(), keep_ms);
}

/** JSON of an address of our own; throws with the status when it is not 2xx. */
export async function getJson(url, options = {}) {
  const response = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" }, ...options });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.json();
}

/** Numbers as the page's language writes them. @param {number} value */
export function formatNumber(value) {
  return new Intl.NumberFormat(document.documentElement.lang || undefined).format(value);
}
