// Printing is the browser's; the sheet is all that is left of the page (poster.css).
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});
