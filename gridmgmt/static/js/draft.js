/**
 * Form drafts survive a reload and a dead battery: form[data-draft="name"] keeps its words in localStorage and its
 * photos in IndexedDB until the server has answered with a page that carries data-draft-done="name".
 * Passwords, the hidden token and fields with data-no-draft are never kept. A draft older than seven days is dropped.
 */

import { setUpPhotos } from "./photo.js";

const KEEP_MS = 7 * 24 * 3600 * 1000;
const STORE = "photos";

function database() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("gm-drafts", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function photoStore(mode, work) {
  const base = await database();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = base.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
    });
  } finally {
    base.close();
  }
}

const keyOf = (name) => `gm.draft.${name}`;

/** What a form holds now, without secrets, files and tokens. */
function wordsOf(form) {
  const words = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || /^(password|file|submit|button|reset)$/.test(field.type)) continue;
    if (field.name === "csrfmiddlewaretoken" || field.dataset.noDraft !== undefined) continue;
    if (field.type === "checkbox" || field.type === "radio") {
      if (field.checked) words[field.name] = [...(words[field.name] || []), field.value];
      else words[field.name] = words[field.name] || [];
    } else words[field.name] = [field.value];
  }
  return words;
}

function fill(form, words) {
  for (const field of form.elements) {
    const values = words[field.name];
    if (!values || field.name === "csrfmiddlewaretoken") continue;
    if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
    else if (field.type !== "file" && field.type !== "password" && !field.value) [field.value] = values;
  }
  const pick = form.querySelector("[data-pick-map]");
  if (pick && pick.gmPick) {
    const lon = Number(pick.querySelector("[data-pick-lon]").value);
    const lat = Number(pick.querySelector("[data-pick-lat]").value);
    if (lon && lat) pick.gmPick.set(lon, lat, "given");
  }
}

/** Forgets a draft, its photos too. @param {string} name */
export async function forget(name) {
  localStorage.removeItem(keyOf(name));
  await photoStore("readwrite", (store) => store.delete(name));
}

async function restore(form, name) {
  const kept = JSON.parse(localStorage.getItem(keyOf(name)) || "null");
  if (!kept || Date.now() - kept.at > KEEP_MS) {
    if (kept) await forget(name);
    return;
  }
  // the server has drawn the form again with errors: its own values are newer
  if (!form.querySelector(".field--error")) fill(form, kept.words);
  const root = form.querySelector("[data-photos]");
  const files = root ? await photoStore("readonly", (store) => store.get(name)) : null;
  if (root && files && files.length) await (root.gmPhotos || setUpPhotos(root)).add(files);
}

/** @param {HTMLFormElement} form with data-draft */
export async function setUpDraft(form) {
  const name = form.dataset.draft;
  try {
    await restore(form, name);
  } catch (error) {
    console.warn("The draft could not be read.", error);
  }
  const save = () => {
    try {
      localStorage.setItem(keyOf(name), JSON.stringify({ at: Date.now(), words: wordsOf(form) }));
    } catch (error) {
      console.warn("The draft could not be kept.", error);
    }
  };
  form.addEventListener("input", save);
  form.addEventListener("change", save);
  form.addEventListener("place:picked", save);
  form.addEventListener("photos:changed", (event) => {
    photoStore("readwrite", (store) => store.put(event.detail.files, name)).catch((error) => console.warn("Photos could not be kept.", error));
  });
}

for (const done of document.querySelectorAll("[data-draft-done]")) {
  forget(done.dataset.draftDone).catch((error) => console.warn("The draft could not be dropped.", error));
}
for (const form of document.querySelectorAll("form[data-draft]")) setUpDraft(form);
