/* Every figure with a legend: its series can be switched off, and it can be saved. */
import { make } from "./dom.mjs";

/* Buttons in place of the legend's items; a series that is off is not drawn. */
const switches = (figure) => {
  for (const item of figure.querySelectorAll(".series li[data-series]")) {
    const button = make("button", null, { type: "button", "aria-pressed": "true" });
    button.append(...item.childNodes);
    button.addEventListener("click", () => {
      const isOn = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(isOn));
      for (const part of figure.querySelectorAll(`svg [data-series="${item.dataset.series}"]`)) {
        part.setAttribute("visibility", isOn ? "visible" : "hidden");
      }
    });
    item.append(button);
  }
};

const KEPT = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "fill-opacity",
  "opacity", "font-family", "font-size", "font-weight", "paint-order", "text-anchor", "visibility"];

/* A drawing as it looks now, as a file of its own: literal colours, its size in pixels. */
export const standalone = (svg, legend, paper) => {
  const { width, height } = svg.getBoundingClientRect();
  const copy = svg.cloneNode(true);
  const [own, made] = [svg, copy].map((one) => [one, ...one.querySelectorAll("*")]);
  own.forEach((node, index) => {
    const style = getComputedStyle(node);
    for (const name of KEPT) made[index].setAttribute(name, style.getPropertyValue(name));
    // Few programs for drawings know strokes that keep their width: it is written for the scale.
    if (style.vectorEffect === "non-scaling-stroke") {
      const { a, b } = node.getCTM();
      made[index].setAttribute("stroke-width", String(Number.parseFloat(style.strokeWidth) / Math.hypot(a, b)));
    }
    for (const name of ["class", "id", "tabindex", "role"]) made[index].removeAttribute(name);
  });
  const names = "http://www.w3.org/2000/svg";
  const file = document.createElementNS(names, "svg");
  const back = document.createElementNS(names, "rect");
  const tall = height + 24 + 20 * Math.ceil(legend.length / 4);
  for (const [name, value] of Object.entries({ width: width + 32, height: tall, viewBox: `0 0 ${width + 32} ${tall}` })) file.setAttribute(name, value);
  for (const [name, value] of Object.entries({ width: "100%", height: "100%", fill: paper })) back.setAttribute(name, value);
  for (const [name, value] of Object.entries({ x: 16, y: 8, width, height })) copy.setAttribute(name, value);
  file.append(back, copy);
  legend.forEach(({ text, color, ink }, index) => {
    const [x, y] = [16 + (index % 4) * (width / 4), height + 24 + 20 * Math.floor(index / 4)];
    const mark = document.createElementNS(names, "rect");
    for (const [name, value] of Object.entries({ x, y: y - 10, width: 11, height: 11, fill: color })) mark.setAttribute(name, value);
    const label = document.createElementNS(names, "text");
    label.textContent = text;
    for (const [name, value] of Object.entries({ x: x + 16, y, fill: ink, "font-size": "12", "font-family": "sans-serif" })) label.setAttribute(name, value);
    file.append(mark, label);
  });
  return new XMLSerializer().serializeToString(file);
};

const saveAs = (url, name) => {
  const link = make("a", null, { href: url, download: name });
  link.click();
};

const save = (figure, kind) => {
  const legend = [...figure.querySelectorAll(".legend button[aria-pressed=true], .legend:not(.series) li")].map((one) => ({
    text: one.textContent.trim(),
    color: getComputedStyle(one.querySelector("path, rect, circle")).fill,
    ink: getComputedStyle(one).color,
  }));
  const text = standalone(figure.querySelector("svg"), legend, getComputedStyle(document.body).backgroundColor);
  const name = `${figure.dataset.picture}.${kind}`;
  const url = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  if (kind === "svg") { saveAs(url, name); return; }
  const image = new Image();
  image.addEventListener("load", () => {
    const canvas = make("canvas");
    [canvas.width, canvas.height] = [image.width * 2, image.height * 2];
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    saveAs(canvas.toDataURL("image/png"), name);
  });
  image.src = url;
};

for (const figure of document.querySelectorAll("figure[data-picture]")) {
  switches(figure);
  const line = make("p", null, { class: "buttons" });
  for (const kind of ["svg", "png"]) {
    const button = make("button", `Save as ${kind.toUpperCase()}`, { type: "button" });
    button.addEventListener("click", () => save(figure, kind));
    line.append(button);
  }
  figure.querySelector("figcaption")?.before(line);
}
