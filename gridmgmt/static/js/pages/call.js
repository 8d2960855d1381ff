/** The phone desk: Ctrl+Enter sends; the phone number shows what the same caller reported before. */

import { debounce } from "../dom.js";

const form = document.getElementById("call");
const phone = form.elements.contact_phone;
const earlier = document.getElementById("earlier");

form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  }
});

async function showEarlier() {
  const number = phone.value.replace(/\D/g, "");
  if (number.length < 7) {
    earlier.textContent = "";
    return;
  }
  const body = new FormData();
  body.append("phone", phone.value);
  body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  const response = await fetch(form.dataset.earlier, { method: "POST", body, credentials: "same-origin" });
  earlier.innerHTML = response.ok ? await response.text() : "";
}

phone.addEventListener("input", debounce(showEarlier, 300));
