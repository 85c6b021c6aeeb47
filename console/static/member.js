// While a seat is being arranged the page looks again by itself; without this file there is a link.
if (document.querySelector("[data-again]")) setTimeout(() => location.reload(), 2000);
