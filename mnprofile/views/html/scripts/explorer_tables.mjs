/* What fits the limits, the printed accuracies within them, and the pins compared. */
import { byStage, figuresOf, fits, gridOf, layersOf, sums } from "./counting.mjs";
import { at, fill, make } from "./dom.mjs";
import { stateOf } from "./explorer_plot.mjs";
import { named } from "./link.mjs";
import { amount, change, digits, factor, grouped, signed } from "./numbers.mjs";

/* "current" gives the state, "use" sets it. */
export const explorerTables = (nets, data, current, use) => {
  const { points, quantities, standard, stacked } = data;
  const limited = (limits) => Object.entries(limits).filter(([, value]) => value !== null);

  const grids = new Map(); // counted once for each network, t and quantity
  const grid = (index, t, key) => {
    const name = `${index} ${t} ${key}`;
    if (!grids.has(name)) grids.set(name, gridOf(nets[index], t, key));
    return grids.get(name);
  };

  /* "wanted" says what to use now: a t that was just typed stays. */
  const useButton = (shown, wanted = () => shown) => {
    const button = make("button", "use", { type: "button", "aria-label": `Use ${named(nets, shown)}` });
    button.addEventListener("click", () => use(wanted()));
    return button;
  };

  const drawFits = (state, limits) => {
    const net = nets[state.net];
    const keys = limited(limits);
    const macs = grid(state.net, state.t, "macs");
    const params = grid(state.net, state.t, "params");
    const others = keys.map(([key, limit]) => [grid(state.net, state.t, key), limit]);
    const within = (alpha, res) => others.every(([values, limit]) => values[alpha][res] <= limit);
    let many = 0;
    net.alphas.forEach((_, alpha) => net.res.forEach((__, res) => { many += within(alpha, res) ? 1 : 0; }));
    const t = net.ts.length > 1 ? ` with t ${net.ts[state.t].value === null ? "as in the table" : net.ts[state.t].value}` : "";
    at("x-fits-told").textContent = net.fixed
      ? `${net.title} has one configuration; it ${many ? "fits" : "does not fit"}.`
      : `${grouped(many)} of ${grouped(net.alphas.length * net.res.length)} pairs of α and resolution of ${net.title} fit${t}.`;
    at("x-fits").parentElement.hidden = Boolean(net.fixed);
    const rows = [];
    for (const side of net.fixed ? [] : standard) {
      const res = net.res.indexOf(side);
      if (res < 0) continue;
      let alpha = -1;
      net.alphas.forEach((_, index) => { if (within(index, res)) alpha = index; });
      rows.push(alpha < 0 ? [side, "none", "", "", ""]
        : [side, factor(digits(net.alphas[alpha])), grouped(macs[alpha][res]), grouped(params[alpha][res]),
          useButton({ ...state, alpha, res }, () => ({ ...current(), alpha, res }))]);
    }
    fill(at("x-fits"), "Widest α that fits, by resolution", ["Resolution", "α", "Multiply-adds", "Parameters", "Set"], rows);
  };

  /* The figures of a printed network; its memory too where the page can count it. */
  const known = points.map((point) => {
    const wanted = stateOf(nets, point);
    return wanted ? { ...figuresOf(nets[wanted.net], wanted), macs: point.macs, params: point.params } : point;
  });
  const within = (limits) => (point) => fits(known[points.indexOf(point)], limits);

  const drawBest = (limits) => {
    const found = points.filter(within(limits)).sort((a, b) => b.top1 - a.top1 || a.macs - b.macs);
    const title = (point) => `${data.nets[point.net].title} ${factor(digits(point.alpha))}/${point.res}`;
    at("x-best-told").textContent = found.length === 0
      ? `None of ${points.length} printed networks fits.`
      : `${found.length} of ${points.length} printed networks fit; the most accurate is `
        + `${title(found[0])} with ${found[0].printed}\u00a0%.`;
    fill(at("x-best"), "Most accurate first", ["Network", "Top-1 %", "Multiply-adds", "Parameters", "Set"],
      found.slice(0, 8).map((point) => {
        const wanted = stateOf(nets, point);
        return [title(point), point.printed, grouped(point.macs), grouped(point.params), wanted ? useButton(wanted) : ""];
      }));
  };

  const drawPins = (state, pins) => {
    const box = at("x-compare");
    box.hidden = !pins.a && !pins.b;
    if (box.hidden) return;
    const sides = [pins.a ?? state, pins.b ?? state];
    at("x-pins-told").textContent = `${["a", "b"].map((key, index) =>
      `${key.toUpperCase()} is ${named(nets, sides[index])}${pins[key] ? "" : " (the current one)"}`).join("; ")}.`;
    const layers = sides.map((side) => layersOf(nets[side.net], side));
    const [left, right] = sides.map((side, index) => figuresOf(nets[side.net], side, layers[index]));
    const rows = quantities.filter(({ key }) => key in left && key in right)
      .map(({ key, label, unit }) => [label, left[key], right[key], unit]);
    const stages = layers.map(byStage);
    const [first] = stacked;
    for (const stage of new Set(stages.flatMap((one) => [...one.keys()]))) {
      rows.push([`${first.label} of ${stage}`, ...stages.map((one) => (one.has(stage) ? sums(one.get(stage))[first.key] : null))]);
    }
    fill(at("x-pins"), "B compared with A", ["Quantity", "A", "B", "B - A", "Change", "State"], rows.map(([label, a, b, unit]) => {
      const step = (b ?? 0) - (a ?? 0);
      const word = a === null ? "added" : b === null ? "removed" : step > 0 ? "grew" : step < 0 ? "shrank" : "unchanged";
      const [before, after] = [a, b].map((one) => (one === null ? "" : amount(one, unit)));
      return [label, before, after, unit === "ms" ? signed(Number(step.toPrecision(3))) : signed(step),
        change(a ?? 0, b ?? 0), make("span", word, { class: word })];
    }));
  };

  /* A table is drawn anew only when what it is about changed: it keeps its focus. */
  const shown = {};
  const once = (name, about, action) => {
    const key = JSON.stringify(about);
    if (shown[name] !== key) action();
    shown[name] = key;
  };

  const draw = (state, limits, pins) => {
    once("fits", [state.net, state.t, limits], () => drawFits(state, limits));
    once("best", limits, () => drawBest(limits));
    once("pins", pins.a || pins.b ? [pins, state] : null, () => drawPins(state, pins));
  };
  return { draw, within };
};
