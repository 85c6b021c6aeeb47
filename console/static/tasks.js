// The box in the head of the table ticks all the boxes below it.
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-tick-all]")) return;
  for (const box of event.target.closest("form").querySelectorAll("[name=id]")) {
    box.checked = event.target.checked;
  }
});
