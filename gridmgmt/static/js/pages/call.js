/** The phone desk: Ctrl+Enter sends; the phone number shows what the same caller reported before. */

import { debounce } from "../dom.js";

const LEAST_DIGITS = 7;
const form = document.getElementById("call");
const phone = form.elements.contact_phone;
const earlier = document.getElementById("earlier");
let asked = 0;

form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  } else if (event.key === "Enter" && event.target.matches("input:not([type=checkbox])") && !event.defaultPrevented) {
    // Enter in a single field would send a call that is half taken down.
    event.preventDefault();
  }
});

async function showEarlier() {
  asked += 1;
  const mine = asked;
  if (phone.value.replace(/\D/g, "").length < LEAST_DIGITS) {
    earlier.textContent = "";
    return;
  }
  const body = new FormData();
  body.append("phone", phone.value);
  body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  const response = await fetch(form.dataset.earlier, { method: "POST", body, credentials: "same-origin" });
  const html = response.ok && !response.redirected ? await response.text() : "";
  if (mine === asked) earlier.innerHTML = html.trim();
}

const ask = () => showEarlier().catch((error) => console.info("Earlier calls are not shown.", error.name));
phone.addEventListener("input", debounce(ask, 300));
if (phone.value) ask();
