// Draws every figure of the page; again when the theme changes, and light for print.
(function () {
  "use strict";
  const page = JSON.parse(document.getElementById("figures").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  function themed(value, colors) {
    if (Array.isArray(value)) { return value.map((one) => themed(one, colors)); }
    if (value !== null && typeof value === "object") {
      const made = {};
      for (const key of Object.keys(value)) { made[key] = themed(value[key], colors); }
      return made;
    }
    return typeof value === "string" && Object.hasOwn(colors, value) ? colors[value] : value;
  }
  function draw(theme) {
    const narrow = document.documentElement.clientWidth < 600;
    for (const id of Object.keys(page.figures)) {
      const figure = themed(page.figures[id], page.themes[theme]);
      if (narrow) {
        Object.assign(figure.layout.font, { size: 11 });
        Object.assign(figure.layout.legend, { y: -0.2, yanchor: "top" });
        for (const trace of figure.data) {
          if (trace.marker && trace.marker.sizeref) { trace.marker.sizeref *= 2.5; }
          if (trace.mode === "text") {
            trace.text = trace.text.map((text, index) => (index % 2 ? "" : text));
          }
        }
      }
      Plotly.react(id, figure.data, figure.layout, page.config);
    }
  }
  const follow = () => draw(dark.matches ? "dark" : "light");
  dark.addEventListener("change", follow);
  window.addEventListener("beforeprint", () => draw("light"));
  window.addEventListener("afterprint", follow);
  follow();
})();
