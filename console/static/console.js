// The little that must happen in the browser; everything else is asked of the server.
const dark = matchMedia("(prefers-color-scheme: dark)");

function theme() {
  return document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme-switch]")) return;
  const next = theme() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("qunce-theme", next);
});

// "/" searches this page, or the customers from a page that has nothing to search.
const search = document.querySelector("[data-search]");
const customers = document.querySelector('.menu a[href="/console/customers"]');
if (location.hash === "#search") search?.focus();

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || !(search || customers)) return;
  event.preventDefault();
  if (search) search.focus();
  else location.href = `${customers.href}#search`;
});

// Old phones, and addresses without https, have no clipboard to write to: there it is selected.
async function copy(source) {
  if (navigator.clipboard) return navigator.clipboard.writeText(source.textContent);
  getSelection().selectAllChildren(source);
  document.execCommand("copy");
  getSelection().removeAllRanges();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await copy(button.previousElementSibling);
  button.textContent = button.dataset.copied;
});

// On a phone the menu is one line: where one is must not be out of sight.
for (const here of document.querySelectorAll(".menu [aria-current], .tabs [aria-current]")) {
  const line = here.parentElement;
  line.scrollLeft = here.offsetLeft - line.offsetLeft - (line.clientWidth - here.offsetWidth) / 2;
}
