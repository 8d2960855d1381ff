/**
 * Runs before the first paint (a classic script in the head): applies the reader's own theme and type size.
 * Storage may be forbidden; then the system's choice stands.
 */
(function applyPreferences() {
  const root = document.documentElement;
  root.classList.add("js");
  let theme = null;
  let size = null;
  try {
    theme = localStorage.getItem("gm.theme");
    size = localStorage.getItem("gm.size");
  } catch (error) {
    return;
  }
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  if (size === "large") root.dataset.size = "large";
})();
