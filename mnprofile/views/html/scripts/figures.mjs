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

const made = (name, attributes, text = "") => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.textContent = text;
  return node;
};

/* A drawing as it looks now, with literal colours in place of the page's style. */
const copied = (svg) => {
  const copy = svg.cloneNode(true);
  const [own, copies] = [svg, copy].map((one) => [one, ...one.querySelectorAll("*")]);
  own.forEach((node, index) => {
    const style = getComputedStyle(node);
    for (const name of KEPT) copies[index].setAttribute(name, style.getPropertyValue(name));
    // Few programs for drawings know strokes that keep their width: it is written for the scale.
    if (style.vectorEffect === "non-scaling-stroke") {
      const { a, b } = node.getCTM();
      copies[index].setAttribute("stroke-width", String(Number.parseFloat(style.strokeWidth) / Math.hypot(a, b)));
    }
    for (const name of ["class", "id", "tabindex", "role"]) copies[index].removeAttribute(name);
  });
  return copy;
};

/* Drawings below each other, each under its title, as a file of its own. */
const standalone = (drawings, legend, paper, ink) => {
  const text = (words, x, y) => made("text", { x, y, fill: ink, "font-size": "12", "font-family": "sans-serif" }, words);
  const parts = [];
  let [y, wide] = [8, 0];
  for (const [svg, title] of drawings) {
    const { width, height } = svg.getBoundingClientRect();
    if (title) {
      parts.push(text(title, 16, y + 12));
      y += 20;
    }
    const copy = copied(svg);
    for (const [name, value] of Object.entries({ x: 16, y, width, height })) copy.setAttribute(name, value);
    parts.push(copy);
    [y, wide] = [y + height + 8, Math.max(wide, width)];
  }
  const columns = Math.min(Math.max(Math.floor(wide / 150), 1), 4);
  legend.forEach(({ text: words, color }, index) => {
    const [x, line] = [16 + (index % columns) * (wide / columns), y + 8 + 20 * Math.floor(index / columns)];
    parts.push(made("rect", { x, y: line - 2, width: 11, height: 11, fill: color }), text(words, x + 16, line + 8));
  });
  const [width, height] = [wide + 32, y + 8 + 20 * Math.ceil(legend.length / columns)];
  const file = made("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
  file.append(made("rect", { width: "100%", height: "100%", fill: paper }), ...parts);
  return new XMLSerializer().serializeToString(file);
};

/* The drawings of a figure with their titles: all that have one, else the first drawing. */
const drawingsOf = (figure) => {
  const titles = [...figure.querySelectorAll(".axis-title")];
  return titles.length ? titles.map((one) => [one.nextElementSibling, one.textContent]) : [[figure.querySelector("svg"), ""]];
};

const saveAs = (url, name) => {
  const link = make("a", null, { href: url, download: name });
  link.click();
};

const save = (figure, kind) => {
  const legend = [...figure.querySelectorAll(".legend button[aria-pressed=true], .legend:not(.series) li")].map((one) => ({
    text: one.textContent.trim(),
    color: getComputedStyle(one.querySelector("path, rect, circle")).fill,
  }));
  const { backgroundColor, color } = getComputedStyle(document.body);
  const text = standalone(drawingsOf(figure), legend, backgroundColor, color);
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
  const caption = figure.querySelector("figcaption");
  if (caption) caption.before(line);
  else figure.append(line);
}
