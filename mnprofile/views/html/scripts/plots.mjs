/* Draws every figure of the page with plotly: again when the theme changes, light for
   print. What a reader zoomed or switched off stays (uirevision). */
const page = JSON.parse(document.getElementById("figures").textContent);
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const chosen = {}; // of the figures with a switch: the index in each list

/* Tokens of a figure replaced by the colours of a theme, everywhere in it. */
const themed = (value, colors) => {
  if (Array.isArray(value)) return value.map((one) => themed(one, colors));
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, themed(one, colors)]));
  }
  return typeof value === "string" && Object.hasOwn(colors, value) ? colors[value] : value;
};

/* The texts that fit beside each other: later ones give way to those before them. */
const apart = (trace, layout, width, height) => {
  const place = (axis, value, size) => {
    const number = axis.type === "log" ? Math.log10(value) : value;
    const [low, high] = axis.range;
    return size * (number - low) / (high - low);
  };
  const taken = [];
  return trace.text.map((text, index) => {
    const [x, y] = [place(layout.xaxis, trace.x[index], width), place(layout.yaxis, trace.y[index], height)];
    const wide = 6 * text.trim().length + 4;
    // What reaches beyond the axis would cover its numbers.
    const isFree = x - wide > -6 && taken.every(([left, low, right]) => x < left || x - wide > right || Math.abs(y - low) > 13);
    if (isFree) taken.push([x - wide, y, x]);
    return isFree ? text : "";
  });
};

/* Numbers in the cells of a heat map where they have room. */
const cells = (trace, width) => {
  if (trace.type === "heatmap" && width / trace.x.length < 42) delete trace.texttemplate;
};

const fitted = (figure, id) => {
  const width = document.getElementById(id).clientWidth - 70;
  if (document.documentElement.clientWidth < 600) {
    figure.layout.font.size *= 11 / 12;
    Object.assign(figure.layout.legend ?? {}, { y: -0.2, yanchor: "top" });
    for (const trace of figure.data) if (trace.marker?.sizeref) trace.marker.sizeref *= 2.5;
  }
  for (const trace of figure.data) {
    if (trace.mode === "text") trace.text = apart(trace, figure.layout, width, 440);
    cells(trace, width - 60);
  }
  return figure;
};

const svgButton = {
  name: "svg",
  title: "Save as SVG",
  icon: window.Plotly.Icons.disk,
  click: (node) => window.Plotly.downloadImage(node, { format: "svg", filename: node.id }),
};
const config = { ...page.config, modeBarButtonsToAdd: [svgButton] };

const figureOf = (id) => {
  const one = page.figures[id];
  return one.choices ? one.choices[chosen[id].reduce((at, index, list) => at * one.lists[list].names.length + index, 0)] : one;
};

const draw = (id, theme) => {
  const figure = fitted(themed(figureOf(id), page.themes[theme]), id);
  figure.layout.uirevision = "kept";
  window.Plotly.react(id, figure.data, figure.layout, config);
};
const all = (theme) => Object.keys(page.figures).forEach((id) => draw(id, theme));
const now = () => (dark.matches ? "dark" : "light");

/* One list for each thing that can be chosen: the network, the quantity. */
const addSwitch = (id, { lists }) => {
  chosen[id] = lists.map(() => 0);
  const line = document.createElement("p");
  line.className = "switch";
  lists.forEach(({ label, names }, list) => {
    const field = document.createElement("select");
    const caption = document.createElement("label");
    field.id = `${id}-by-${list}`;
    caption.htmlFor = field.id;
    caption.textContent = label;
    names.forEach((name, index) => field.add(new Option(name, String(index))));
    field.addEventListener("change", () => { chosen[id][list] = Number(field.value); draw(id, now()); });
    const pair = document.createElement("span");
    pair.append(caption, " ", field);
    line.append(pair);
  });
  document.getElementById(id).closest(".scroll").before(line);
};

for (const [id, one] of Object.entries(page.figures)) if (one.choices) addSwitch(id, one);
dark.addEventListener("change", () => all(now()));
window.addEventListener("beforeprint", () => all("light"));
window.addEventListener("afterprint", () => all(now()));
all(now());
