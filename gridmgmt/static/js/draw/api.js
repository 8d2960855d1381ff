/** Questions to the server about one draft. Every refusal comes back as an error with a sentence for the reader. */

import { t } from "./words.js";

const PATIENCE_MS = 30000;

/** The server refused, or could not be asked. `status` is 0 when there was no answer at all. */
export class Refusal extends Error {
  constructor(message, status, data = {}) {
    super(message);
    this.status = status;
    this.data = data;
  }
}

function csrfToken() {
  const field = document.querySelector("[name=csrfmiddlewaretoken]");
  return field ? field.value : "";
}

/** The sentence in an answer of the server, whichever shape it has. */
function sentence(data, status) {
  if (typeof data === "string") return data;
  if (data && data.detail) return [].concat(data.detail).join(" ");
  if (data && typeof data === "object") {
    const all = Object.values(data).reduce((list, value) => list.concat(value), []).filter((value) => typeof value === "string");
    if (all.length) return all.join(" ");
  }
  return t("failed", { status });
}

async function ask(url, options) {
  const stop = new AbortController();
  const timer = window.setTimeout(() => stop.abort(), PATIENCE_MS);
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", signal: stop.signal, ...options });
  } catch (error) {
    throw new Refusal(t("offline"), 0);
  } finally {
    window.clearTimeout(timer);
  }
  const data = await response.json().catch(() => null);
  if (response.ok) return data;
  if (response.status >= 502) throw new Refusal(t("offline"), 0);
  throw new Refusal(sentence(data, response.status), response.status, data || {});
}

export class Api {
  /** @param {string} base such as /api/v1/editions/7/ */
  constructor(base) {
    this.base = base;
  }

  /** @param {string} path below the draft, or from the root with a slash in front */
  get(path, query = {}) {
    const words = new URLSearchParams(query).toString();
    const url = (path.startsWith("/") ? path : this.base + path) + (words ? `?${words}` : "");
    return ask(url, { headers: { Accept: "application/json" } });
  }

  post(path, body = {}) {
    const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
    return ask(this.base + path, { method: "POST", headers, body: JSON.stringify(body) });
  }
}
