/* Folded sections: what an address points to is opened first. */
const reveal = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let one = target.closest("details") ?? target.querySelector(":scope > details.fold"); one; one = one.parentElement.closest("details")) one.open = true;
  target.scrollIntoView();
};
const tryReveal = () => { try { reveal(); } catch { /* an address that is not text */ } };
window.addEventListener("hashchange", tryReveal);
for (const link of document.querySelectorAll("nav a[href^='#']")) link.addEventListener("click", () => setTimeout(tryReveal));
if (location.hash.length > 1 && !location.hash.includes("=")) tryReveal();
