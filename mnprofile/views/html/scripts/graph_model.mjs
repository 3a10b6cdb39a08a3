/* What of a network is drawn: its layers, folded into blocks and stages.

   A key is "s:STAGE", "b:STAGE/BLOCK" or "l:LAYER"; the open ones are shown as groups
   around what is in them, the others as one box. A block of one layer is that layer. */

const keysOf = ({ stage, block, name }) => [`s:${stage}`, `b:${stage}/${block}`, `l:${name}`];

/* graph: {inputs: [[name, shape]], layers: [...], outputs: [names]}; open: a Set of keys.
   -> {boxes: [{key, name, kind, layers, macs, parent}], groups: [{key, name, parent}],
       edges: [{from, to, shapes}]} */
export const folded = (graph, open) => {
  const inBlock = new Map();
  for (const layer of graph.layers) {
    const key = keysOf(layer)[1];
    inBlock.set(key, (inBlock.get(key) ?? 0) + 1);
  }
  const boxes = new Map();
  const groups = new Map();
  const boxOf = new Map();
  for (const [name, shape] of graph.inputs) {
    boxes.set(`i:${name}`, { key: `i:${name}`, name, kind: "input", layers: [], macs: 0, shape, parent: null });
    boxOf.set(name, `i:${name}`);
  }
  for (const layer of graph.layers) {
    const [stage, block, own] = keysOf(layer);
    let key = stage, name = layer.stage, kind = "stage", parent = null;
    if (open.has(stage)) {
      groups.set(stage, { key: stage, name: layer.stage, parent: null });
      [key, name, kind, parent] = [block, layer.block, "block", stage];
      if (inBlock.get(block) === 1) [key, name, kind] = [own, layer.name, "layer"];
      else if (open.has(block)) {
        groups.set(block, { key: block, name: layer.block, parent: stage });
        [key, name, kind, parent] = [own, layer.name, "layer", block];
      }
    }
    if (!boxes.has(key)) boxes.set(key, { key, name, kind, layers: [], macs: 0, parent });
    const box = boxes.get(key);
    box.layers.push(layer);
    box.macs += layer.macs;
    boxOf.set(layer.name, key);
  }
  const shapeOf = new Map([...graph.inputs, ...graph.layers.map((one) => [one.name, one.shape])]);
  const edges = new Map();
  const connect = (from, to, shape) => {
    if (from === to) return;
    const key = `${from} ${to}`;
    if (!edges.has(key)) edges.set(key, { from, to, shapes: new Set() });
    if (shape !== undefined) edges.get(key).shapes.add(shape);
  };
  for (const layer of graph.layers) {
    for (const feed of layer.from) {
      if (boxOf.has(feed)) connect(boxOf.get(feed), boxOf.get(layer.name), shapeOf.get(feed));
    }
  }
  // Outputs of one box are one box: twelve beside each other could not be read.
  const homes = new Map();
  graph.outputs.forEach((name, index) => {
    const home = boxOf.get(name);
    if (!homes.has(home)) homes.set(home, []);
    homes.get(home).push([name, index]);
  });
  for (const [home, own] of homes) {
    const [[first, index]] = own;
    const key = `o:${index}`;
    const label = graph.outputs.length === 1 ? "output" : own.length > 1 ? `${own.length} outputs` : `output ${index + 1}: ${first}`;
    boxes.set(key, { key, name: label, kind: "output", layers: [], macs: 0, parent: null });
    for (const [name] of own) if (home) connect(home, key, shapeOf.get(name));
  }
  return {
    boxes: [...boxes.values()],
    groups: [...groups.values()],
    edges: [...edges.values()].map((one) => ({ ...one, shapes: [...one.shapes] })),
  };
};

/* Every key that can be opened. */
export const openable = (graph) => [...new Set(graph.layers.flatMap((layer) => keysOf(layer).slice(0, 2)))];
