/**
 * One form, one case: the key of an unsent draft is taken over, so that a report whose answer was lost
 * is not made twice when it is sent again after a reload.
 */

import { toast } from "../dom.js";

/** @param {HTMLFormElement} form with data-draft; one that the server has drawn again keeps its own key */
export function keepKey(form) {
  if ("bound" in form.dataset) return;
  try {
    const kept = JSON.parse(localStorage.getItem(`gm.draft.${form.dataset.draft}`) || "null");
    const key = kept && kept.words && kept.words.key && kept.words.key[0];
    if (key) form.elements.namedItem("key").value = key;
    const begun = ["description", "address"].some((name) => kept && kept.words && kept.words[name] && kept.words[name][0]);
    if (begun) toast(form.dataset.textBack, "info", 4000);
  } catch (error) {
    console.info("The draft's key could not be read.", error.name);
  }
}
