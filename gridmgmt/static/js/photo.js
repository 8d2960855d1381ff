/**
 * Photos are shrunk on the phone before they are sent: at most 1600 px on the longer side, JPEG, without
 * position or other traces (a canvas keeps none). Order stays, each can be taken off again.
 * The file input then carries the shrunk files, so that an ordinary form sends them.
 */

import { el, icon } from "./dom.js";

const LONGEST_PX = 1600;
const QUALITY = 0.82;

async function decode(file) {
  if (window.createImageBitmap) {
    try {
      return await createImageBitmap(file, { imageOrientation: "from-image" });
    } catch (error) {
      console.info("Decoded the other way.", error.name);
    }
  }
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await image.decode();
  } finally {
    URL.revokeObjectURL(image.src);
  }
  return image;
}

/**
 * @param {File} file
 * @returns {Promise<File>} a JPEG; rejects when the file is not a picture
 */
export async function shrink(file) {
  const picture = await decode(file);
  const width = picture.naturalWidth || picture.width;
  const height = picture.naturalHeight || picture.height;
  const scale = Math.min(1, LONGEST_PX / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  if (picture.close) picture.close();
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", QUALITY); });
  if (!blob) throw new Error("not a picture");
  const name = `${file.name.replace(/\.[^.]*$/, "").slice(0, 60) || "photo"}.jpg`;
  return new File([blob], name, { type: "image/jpeg", lastModified: file.lastModified });
}

/**
 * @param {HTMLElement} root element with data-photos
 * @returns {{files: () => File[], add: (files: File[]) => Promise<void>, clear: () => void}}
 */
export function setUpPhotos(root) {
  const input = root.querySelector("input[type=file]");
  const list = root.querySelector("[data-photos-list]");
  const status = root.querySelector("[data-photos-status]");
  const adder = root.querySelector(".photo-add");
  const most = Number(root.dataset.max) || 3;
  let kept = [];

  function say(text, tone = "") {
    status.textContent = text;
    status.dataset.tone = tone;
  }

  function write() {
    const transfer = new DataTransfer();
    for (const photo of kept) transfer.items.add(photo.file);
    input.files = transfer.files;
    list.textContent = "";
    kept.forEach((photo, index) => {
      const remove = el("button", { type: "button", class: "photos__remove", "aria-label": `${root.dataset.textRemove} ${index + 1}` }, icon("close"));
      remove.addEventListener("click", () => {
        URL.revokeObjectURL(photo.url);
        kept = kept.filter((other) => other !== photo);
        write();
        input.focus();
      });
      list.append(el("li", {}, el("img", { src: photo.url, alt: `${index + 1}`, width: "104", height: "104" }), remove));
    });
    adder.hidden = kept.length >= most;
    root.dispatchEvent(new CustomEvent("photos:changed", { bubbles: true, detail: { files: kept.map((photo) => photo.file) } }));
  }

  async function add(files) {
    say("");
    for (const file of files) {
      if (kept.length >= most) {
        say(root.dataset.textMany, "error");
        break;
      }
      try {
        const small = await shrink(file);
        kept.push({ file: small, url: URL.createObjectURL(small) });
      } catch (error) {
        say(root.dataset.textBad, "error");
      }
    }
    write();
  }

  let working = Promise.resolve();
  input.addEventListener("change", () => {
    const chosen = [...input.files];
    adder.setAttribute("aria-busy", "true");
    working = working.then(() => add(chosen)).finally(() => adder.removeAttribute("aria-busy"));
  });
  const form = root.closest("form");
  if (form) {
    // sent while a photo is still being shrunk: wait for it
    form.addEventListener("submit", (event) => {
      if (!adder.hasAttribute("aria-busy")) return;
      event.preventDefault();
      working.then(() => form.requestSubmit(event.submitter || undefined));
    });
  }
  function clear() {
    kept = [];
    write();
  }
  root.gmPhotos = { files: () => kept.map((photo) => photo.file), add, clear };
  return root.gmPhotos;
}

for (const root of document.querySelectorAll("[data-photos]")) if (!root.gmPhotos) setUpPhotos(root);
