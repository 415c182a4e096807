// What every page can do: change between light and dark, and copy a command.

const dark = matchMedia("(prefers-color-scheme: dark)");

/** The theme that somebody chose on one of these pages; where nothing is kept, that of the system. */
function kept() {
  try {
    return localStorage.getItem("harness-theme");
  } catch {
    return null; // pages from a disk may not be allowed to keep anything
  }
}

function keep(theme) {
  try {
    localStorage.setItem("harness-theme", theme);
  } catch {
    // It holds for this page alone.
  }
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : dark.matches;
}

function show(theme) {
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
}

/** Copies the text of the element that the button names, or selects it where that is refused. */
async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source);
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

show(kept());

document.addEventListener("DOMContentLoaded", () => {
  const button = document.getElementById("theme");
  const name = () => (button.textContent = isDark() ? "Light" : "Dark");
  button.hidden = false;
  name();
  dark.addEventListener("change", name);
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    show(theme);
    keep(theme);
    name();
  });
  for (const copier of document.querySelectorAll("button[data-copy]")) {
    copier.hidden = false;
    copier.addEventListener("click", () => copy(copier));
  }
});
