/* The picture of a network: dagre places the boxes, again at every fold. */
import { drawn, make } from "./dom.mjs";
import { folded, openable } from "./graph_model.mjs";
import { goTo } from "./hints.mjs";
import { grouped, short } from "./numbers.mjs";

const WIDE = 148;
const SMALLEST = 0.78; // a picture that is wider than the page shrinks to this, no further
const MOST_OPEN = 400; // boxes at once: a layout of more takes too long

const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

const layoutOf = (model, direction) => {
  const graph = new dagre.graphlib.Graph({ compound: true });
  graph.setGraph({ rankdir: direction, nodesep: 14, ranksep: 30, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const group of model.groups) graph.setNode(group.key, { label: group.name });
  for (const box of model.boxes) {
    const small = box.kind === "input" || box.kind === "output";
    const width = small ? 20 + 7.5 * cut(box.name, 15).length : WIDE;
    graph.setNode(box.key, { width, height: small ? 28 : 44 });
  }
  for (const one of [...model.groups, ...model.boxes]) if (one.parent) graph.setParent(one.key, one.parent);
  for (const edge of model.edges) {
    const label = edge.shapes.join(", ");
    graph.setEdge(edge.from, edge.to, { width: Math.min(6.4 * cut(label, 18).length, 116), height: 14, labelpos: "c" });
  }
  dagre.layout(graph);
  return graph;
};

const picture = (node, graph) => {
  const open = new Set();
  const total = graph.layers.reduce((sum, layer) => sum + layer.macs, 0);
  const bar = make("p", null, { class: "buttons" });
  const frame = make("div", null, { class: "scroll canvas", tabindex: "0", role: "region", "aria-label": `Picture of ${graph.of}` });
  const told = make("div", null, { class: "told-layer", role: "status" });
  const share = (macs) => (total ? `${(100 * macs / total).toFixed(1)} %` : "");

  const toggle = (key) => {
    if (open.has(key)) open.delete(key);
    else open.add(key);
    draw(key);
  };

  const tell = (box) => {
    const [layer] = box.layers;
    const list = make("dl", null, { class: "facts" });
    const fact = (name, value) => list.append(make("dt", name), make("dd", value));
    fact("Layer", layer.name);
    fact("Operators", layer.label);
    fact("Output", layer.shape);
    fact("Multiply-adds", `${grouped(layer.macs)} (${share(layer.macs)})`);
    fact("Parameters", grouped(layer.params));
    fact("Activations", grouped(layer.activations));
    const links = make("p", null, { class: "buttons" });
    for (const [id, label] of [[layer.row, "Its row in the layer table"], [layer.formula, "The formula of its block"]]) {
      if (!id || !document.getElementById(id)) continue;
      const button = make("button", label, { type: "button" });
      button.addEventListener("click", () => goTo(id));
      links.append(button);
    }
    told.replaceChildren(list, links);
  };

  const boxNode = (box, place, most) => {
    const { x, y, width, height } = place;
    const group = drawn("g", null, { class: `box ${box.kind}`, transform: `translate(${x - width / 2} ${y - height / 2})`, "data-key": box.key });
    const cost = box.macs ? `, ${grouped(box.macs)} multiply-adds, ${share(box.macs)}` : "";
    const isEnd = box.kind === "input" || box.kind === "output";
    const label = `${box.kind} ${box.name}${cost}`;
    const title = box.kind === "layer" ? `${label}\n${box.layers[0].label}` : label;
    group.append(drawn("rect", null, { width, height, rx: isEnd ? height / 2 : 4, class: "paper" }));
    group.append(drawn("rect", null, {
      width, height, rx: isEnd ? height / 2 : 4, class: "heat",
      "fill-opacity": isEnd ? 0 : (0.06 + 0.5 * Math.sqrt(box.macs / (most || 1))).toFixed(3),
    }));
    if (box.kind === "layer") group.append(drawn("rect", null, { width: 5, height, class: `t-${box.layers[0].type}` }));
    group.append(drawn("text", cut(box.name, isEnd ? 15 : 18), { x: isEnd ? width / 2 : 11, y: isEnd ? 18 : 18, ...(isEnd ? { "text-anchor": "middle" } : {}), class: "name" }));
    if (!isEnd) {
      const many = box.kind === "layer" ? cut(box.layers[0].label, 21) : `${box.layers.length} layer${box.layers.length === 1 ? "" : "s"}`;
      const under = box.macs ? `${short(box.macs)} · ${share(box.macs)}` : many;
      group.append(" ", drawn("text", under, { x: 11, y: 35, class: "small" }));
      group.setAttribute("tabindex", "0");
      group.setAttribute("role", "button");
      // What is read aloud begins with what is seen: who speaks to a page says that.
      group.setAttribute("aria-label", `${box.name} ${under} ${title}${box.kind === "layer" ? "" : ", open"}`);
      const use = () => (box.kind === "layer" ? tell(box) : toggle(box.key));
      group.addEventListener("click", use);
      group.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); use(); }
      });
    }
    group.append(" ", drawn("title", title));
    return group;
  };

  const groupNode = (group, { x, y, width, height }) => {
    const node = drawn("g", null, { class: "group", transform: `translate(${x - width / 2} ${y - height / 2})`, "data-key": group.key, tabindex: "0", role: "button", "aria-label": `− ${group.name}, close` });
    node.append(drawn("rect", null, { width, height, rx: 6 }));
    node.append(drawn("text", `− ${cut(group.name, 24)}`, { x: 8, y: 10, class: "small" }));
    node.addEventListener("click", () => toggle(group.key));
    node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); toggle(group.key); }
    });
    return node;
  };

  const edgeNodes = (edge, { points, x, y }, arrow) => {
    const path = points.map((one, index) => `${index ? "L" : "M"}${one.x.toFixed(1)},${one.y.toFixed(1)}`).join("");
    const label = cut(edge.shapes.join(", "), 18);
    const text = drawn("text", label, { x: (x ?? points[0].x).toFixed(1), y: ((y ?? points[0].y) - 3).toFixed(1), "text-anchor": "middle", class: "small shape" });
    text.append(drawn("title", edge.shapes.join(", ")));
    return [drawn("path", null, { d: path, class: "edge", "marker-end": `url(#${arrow})` }), text];
  };

  const draw = (focus = null) => {
    const model = folded(graph, open);
    const direction = frame.clientWidth < 900 ? "TB" : "LR";
    const places = layoutOf(model, direction);
    const { width, height } = places.graph();
    const size = Math.max(SMALLEST, Math.min(1, (frame.clientWidth - 2) / width));
    const most = Math.max(...model.boxes.map((box) => box.macs), 1);
    const svg = drawn("svg", null, { width: Math.ceil(size * width), height: Math.ceil(size * height), viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `Picture of the network: ${model.boxes.length} boxes` });
    const arrow = `${node.dataset.graph}-arrow`;
    const head = drawn("marker", null, { id: arrow, viewBox: "0 0 8 8", refX: "7", refY: "4", markerWidth: "7", markerHeight: "7", orient: "auto" });
    head.append(drawn("path", null, { d: "M0,0L8,4L0,8Z", class: "head" }));
    svg.append(head);
    for (const group of model.groups) svg.append(groupNode(group, places.node(group.key)));
    for (const edge of model.edges) svg.append(...edgeNodes(edge, places.edge(edge.from, edge.to), arrow));
    for (const box of model.boxes) svg.append(boxNode(box, places.node(box.key), most));
    frame.replaceChildren(svg);
    const start = places.node(model.boxes[0].key);
    frame.scrollLeft = direction === "TB" ? size * start.x - frame.clientWidth / 2 : 0;
    frame.scrollTop = direction === "LR" ? size * start.y - frame.clientHeight / 2 : 0;
    if (focus) [...svg.querySelectorAll("[data-key]")].find((one) => one.dataset.key === focus)?.focus();
  };

  const all = openable(graph);
  for (const [label, keys] of [["Stages", []], ["Blocks", all.filter((key) => key.startsWith("s:"))], ["Layers", all]]) {
    const button = make("button", label, { type: "button" });
    button.disabled = label === "Layers" && graph.layers.length > MOST_OPEN;
    button.addEventListener("click", () => { open.clear(); keys.forEach((key) => open.add(key)); draw(); });
    bar.append(button);
  }
  node.replaceChildren(bar, frame, told);
  draw();
};

/* Drawn when it comes into view: a closed section costs nothing. */
const graphs = JSON.parse(document.getElementById("mnp-graphs").textContent);
const waiting = new Set(document.querySelectorAll(".graph"));
const start = (node) => {
  if (waiting.delete(node)) picture(node, graphs[node.dataset.graph]);
};
const watcher = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) start(target);
}, { rootMargin: "200px" });
for (const node of waiting) watcher.observe(node);
window.addEventListener("beforeprint", () => [...waiting].forEach(start));
