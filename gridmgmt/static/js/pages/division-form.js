/** The wishes of a division by machine: a street ticks its communities, and shares are shown as percent. */

const form = document.getElementById("propose-form");

function boxes() {
  return [...form.querySelectorAll('input[name="areas"]')];
}

/** All areas below one, however deep. */
function below(box) {
  const own = boxes().filter((other) => other.dataset.parent === box.dataset.id);
  return own.concat(...own.map(below));
}

/** What a street's tick says follows from its communities, the deepest first. */
function settle() {
  for (const box of boxes().reverse()) {
    const parts = below(box);
    if (!parts.length) continue;
    const ticked = parts.filter((part) => part.checked).length;
    box.checked = ticked === parts.length;
    box.indeterminate = ticked > 0 && ticked < parts.length;
  }
}

function shares() {
  const line = document.getElementById("propose-mix");
  const inputs = ["households", "cases", "strength"].map((name) => form.elements[name]);
  const values = inputs.map((input) => Math.max(0, Number(input.value) || 0));
  const whole = values.reduce((sum, value) => sum + value, 0);
  line.textContent = whole
    ? inputs
        .map((input, i) => [form.querySelector(`label[for="${input.id}"]`).firstChild.textContent.trim(), values[i]])
        .filter(([, value]) => value > 0)
        .map(([name, value]) => `${name} ${Math.round((100 * value) / whole)} %`)
        .join(" + ")
    : "";
}

if (form) {
  for (const box of boxes()) if (box.checked) for (const part of below(box)) part.checked = true;
  settle();
  shares();
  form.addEventListener("change", ({ target }) => {
    if (target.name !== "areas") return;
    for (const part of below(target)) part.checked = target.checked;
    settle();
  });
  form.addEventListener("input", shares);
}
