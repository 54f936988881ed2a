// Menus that close, the theme without a reload, and the keyboard.
export function menus() {
  const open = () => document.querySelectorAll("details.menu[open]");
  document.addEventListener("click", (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

export function themeChoice() {
  const choices = document.querySelectorAll("a[data-theme-choice]");
  for (const choice of choices) {
    choice.addEventListener("click", (event) => {
      event.preventDefault();
      const theme = choice.dataset.themeChoice;
      const secure = location.protocol === "https:" ? ";secure" : "";
      document.cookie = `kb_theme=${theme};path=/;max-age=31536000;samesite=lax${secure}`;
      document.documentElement.dataset.theme = theme;
      for (const other of choices) other.toggleAttribute("aria-current", false);
      choice.setAttribute("aria-current", "true");
    });
  }
}

export function shortcuts() {
  const dialog = document.getElementById("keys");
  const single = dialog.querySelector("input[type=checkbox]");
  single.checked = remembered() !== "off";
  single.addEventListener("change", () => remember(single.checked ? "on" : "off"));
  for (const button of document.querySelectorAll("[data-keys]")) {
    button.hidden = false;
    button.addEventListener("click", () => dialog.showModal());
  }
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (alongResults(event) || typing(event.target) || !single.checked || dialog.open) return;
    if (event.key === "/" || event.key === "／") {
      const box = document.querySelector("input[name=q]");
      box?.focus();
      box?.select();
    } else if (event.key === "?" || event.key === "？") dialog.showModal();
    else return;
    event.preventDefault();
  });
}

const typing = (element) => element.matches?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");

function alongResults(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const links = [...document.querySelectorAll(".hits h2 a")];
  const at = links.indexOf(event.target);
  if (!step || at < 0 || !links[at + step]) return false;
  links[at + step].focus();
  event.preventDefault();
  return true;
}

function remembered() {
  try { return localStorage.getItem("kb-keys"); } catch { return null; }
}

function remember(value) {
  try { localStorage.setItem("kb-keys", value); } catch { /* storage is off: the choice holds for this page */ }
}
