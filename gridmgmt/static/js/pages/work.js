/**
 * The work list refreshes itself: the table is fetched again every half minute and put in place where it
 * changed. Focus, the row walked to by key and a half-made choice survive; new rows are marked and said.
 */

const EVERY_MS = 30000;
const holder = document.querySelector("[data-work-rows]");
const news = document.getElementById("work-news");

function keyOf(row) {
  return row.dataset.href;
}

function rowsOf(root) {
  return [...root.querySelectorAll("tr[data-href]")];
}

/** Which control of which row has the focus, so that it can have it again. */
function focused() {
  const row = document.activeElement && document.activeElement.closest ? document.activeElement.closest("tr[data-href]") : null;
  if (!row || !holder.contains(row)) return null;
  return { key: keyOf(row), index: [...row.querySelectorAll("a, button")].indexOf(document.activeElement) };
}

function giveBack(focus) {
  const row = focus && rowsOf(holder).find((one) => keyOf(one) === focus.key);
  const control = row && row.querySelectorAll("a, button")[focus.index];
  if (!control) return;
  row.classList.add("is-current");
  control.focus({ preventScroll: true });
}

/** The same without the token against forged requests, which differs each time. */
function signature(root) {
  return root.innerHTML.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");
}

let shown = signature(holder);
let asked = 0;

function put(html) {
  const fresh = document.createElement("div");
  fresh.innerHTML = html;
  const coming = signature(fresh);
  if (coming === shown) return;
  shown = coming;
  const before = new Set(rowsOf(holder).map(keyOf));
  const marked = new Set(rowsOf(holder).filter((row) => row.classList.contains("is-new")).map(keyOf));
  const focus = focused();
  holder.replaceChildren(...fresh.childNodes);
  const added = rowsOf(holder).filter((row) => !before.has(keyOf(row)));
  for (const row of rowsOf(holder)) if (!before.has(keyOf(row)) || marked.has(keyOf(row))) row.classList.add("is-new");
  if (added.length) news.textContent = `${holder.dataset.textNew} ${added.length}`;
  giveBack(focus);
}

async function refresh() {
  // A form that was just sent leads away from here; a hidden page can wait.
  if (document.hidden || holder.querySelector("form[data-sent]")) return;
  asked += 1;
  const mine = asked;
  const response = await fetch(holder.dataset.workRows, { credentials: "same-origin", headers: { "X-Requested-With": "fetch" } });
  // Signed out meanwhile: the sign-in page is no table.
  if (!response.ok || response.redirected) return;
  const html = await response.text();
  // An older answer that comes late would take the newest rows away again.
  if (mine === asked) put(html);
}

function quietly() {
  refresh().catch((error) => console.info("The list stays as it is for now.", error.name));
}

window.setInterval(quietly, EVERY_MS);
document.addEventListener("visibilitychange", quietly);
// Told by the bell that something new is there, the list does not wait for its turn.
document.addEventListener("inbox:changed", quietly);
