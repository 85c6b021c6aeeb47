// Before the page is drawn, so that a dark page never flashes white.
const chosen = localStorage.getItem("qunce-theme");
if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
