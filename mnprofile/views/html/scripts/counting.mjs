/* Counting without rules of scaling or padding: the page has the weights of every alpha
   and t, and the positions of every resolution, which are multiplied and added here.
   All of them are integers below 2^53, so the sums are exact.

   A network is either such factors ("slots", and "peaks" for memory), or has the figures
   of its only configuration ("fixed"). A state is {net, alpha, res, t}, all indices. */

/* A vector holds one value per alpha, or one per (alpha, t) with t running fastest. */
const pick = (net, vector, alpha, t) =>
  (vector.length === net.alphas.length ? vector[alpha] : vector[alpha * net.ts.length + t]);

const PARTS = ["macs", "params", "weights", "biases", "bn_affine", "other_params", "buffers", "activations"];

export const layersOf = (net, state) => {
  if (net.fixed) return net.fixed.layers;
  const layers = [];
  for (const [name, stage, type, biases, norms, w, o, p] of net.slots) {
    const weights = pick(net, net.vectors[w], state.alpha, state.t);
    const out = pick(net, net.vectors[o], state.alpha, state.t);
    if (out === 0) continue;
    const positions = net.positions[p][state.res];
    layers.push({
      name, stage, type, weights,
      macs: weights * positions,
      biases: biases * out,
      bn_affine: norms * out,
      other_params: 0,
      buffers: norms * out,
      params: weights + biases * out + norms * out,
      activations: out * positions,
    });
  }
  return layers;
};

export const sums = (layers) => {
  const total = Object.fromEntries(PARTS.map((key) => [key, 0]));
  for (const layer of layers) for (const key of PARTS) total[key] += layer[key];
  total.flops = 2 * total.macs;
  return total;
};

export const byStage = (layers) => {
  const stages = new Map();
  for (const layer of layers) {
    if (!stages.has(layer.stage)) stages.set(layer.stage, []);
    stages.get(layer.stage).push(layer);
  }
  return stages;
};

/* Some quantities by stage: {all, types} of each, "types" by operator type. */
export const tally = (layers, keys) => {
  const none = () => Object.fromEntries(keys.map((key) => [key, 0]));
  const stages = new Map();
  for (const layer of layers) {
    if (!stages.has(layer.stage)) stages.set(layer.stage, { all: none(), types: {} });
    const { all, types } = stages.get(layer.stage);
    const own = types[layer.type] ??= none();
    for (const key of keys) { all[key] += layer[key]; own[key] += layer[key]; }
  }
  return stages;
};

/* The largest of several sums of channels times positions, in bytes. */
export const peakOf = (net, { alpha, res, t }) => {
  let most = 0;
  for (const terms of net.peaks) {
    let sum = 0;
    for (const [v, p] of terms) sum += pick(net, net.vectors[v], alpha, t) * net.positions[p][res];
    if (sum > most) most = sum;
  }
  return most;
};

/* Milliseconds: prices of each alpha and t times positions, in parts of "per_ms". */
export const timeOf = (net, { alpha, res, t }) => {
  let sum = 0;
  for (const [v, p] of net.times.terms) sum += pick(net, net.vectors[v], alpha, t) * net.positions[p][res];
  return sum / net.times.per_ms;
};

/* What of a state lies outside the figures that its time rests on; "" if nothing does. */
export const outside = (net, { alpha, res, t }) => {
  const [[narrow, wide], [small, large]] = [net.times.alphas, net.times.sides];
  if (net.alphas[alpha] < narrow || net.alphas[alpha] > wide) return `α: figures ${narrow} to ${wide}`;
  if (String(net.res[res]).split("x").some((side) => side < small || side > large)) return `resolution: figures ${small} to ${large}`;
  return net.ts[t].value === null ? "" : "t: figures of the table's own";
};

/* Every figure of a configuration; a quantity that is not known is absent. */
export const figuresOf = (net, state, layers = layersOf(net, state)) => {
  const figures = { ...sums(layers), ...net.fixed?.figures };
  if (net.peaks) figures.act_peak_bytes = peakOf(net, state);
  if (net.times) figures.latency_ms = timeOf(net, state);
  return figures;
};

/* Whether figures are within limits; a quantity that is not known is not. */
export const fits = (figures, limits) =>
  Object.entries(limits).every(([key, limit]) => limit === null || figures[key] <= limit);

/* One quantity at every alpha and resolution, at one t: rows of alphas.
   Weights of equal maps are added first, as their positions are the same. */
export const gridOf = (net, t, key) => {
  const every = (value) => net.alphas.map((_, alpha) => net.res.map((__, res) => value({ alpha, res, t })));
  if (key === "act_peak_bytes" && net.peaks) return every((state) => peakOf(net, state));
  if (key === "latency_ms" && net.times) return every((state) => timeOf(net, state));
  if (net.fixed || !["macs", "params", "activations"].includes(key)) {
    return every((state) => figuresOf(net, state)[key]);
  }
  return net.alphas.map((_, alpha) => {
    const maps = new Map();
    let params = 0;
    for (const [, , , biases, norms, w, o, p] of net.slots) {
      const weights = pick(net, net.vectors[w], alpha, t);
      const out = pick(net, net.vectors[o], alpha, t);
      params += weights + (biases + norms) * out;
      maps.set(p, (maps.get(p) ?? 0) + (key === "macs" ? weights : out));
    }
    if (key === "params") return net.res.map(() => params);
    return net.res.map((_, res) => {
      let sum = 0;
      for (const [p, each] of maps) sum += each * net.positions[p][res];
      return sum;
    });
  });
};
