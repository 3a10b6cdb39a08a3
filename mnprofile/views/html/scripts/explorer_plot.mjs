/* The current configuration, the pins and the limit on the plot of accuracies. */
import { figuresOf } from "./counting.mjs";
import { at } from "./dom.mjs";
import { short } from "./numbers.mjs";

/* The state that counts a point of the plot; null where the page cannot count it. */
export const stateOf = (nets, point) => {
  const net = nets.findIndex((one) => one.index === point.net);
  if (net < 0) return null;
  const found = { net, alpha: nets[net].alphas.indexOf(point.alpha), res: nets[net].res.indexOf(point.res), t: 0 };
  return found.alpha < 0 || found.res < 0 ? null : found;
};

export const accuracyPlot = (nets, data, use) => {
  const { axes, markers, points } = data;
  const place = ([low, high], [start, end], value) => start + (end - start) * (value - low) / (high - low);
  const xOf = (macs) =>
    Math.min(Math.max(place(axes.macs, axes.x, Math.log10(Math.max(macs, 1))), 1.5), 98.5);
  /* -1 and 1 where a cost is before and beyond the axis: no line shows its place. */
  const side = (macs) => {
    const log = Math.log10(Math.max(macs, 1));
    return log < axes.macs[0] ? -1 : log > axes.macs[1] ? 1 : 0;
  };
  const yOf = (top1) => place(axes.top1, [axes.y[1], axes.y[0]], top1);

  const printedAt = (state) => {
    const net = nets[state.net];
    return net.ts[state.t].value !== null ? undefined : points.find((point) =>
      point.net === net.index && point.alpha === net.alphas[state.alpha] && point.res === net.res[state.res]);
  };

  const put = (id, state, macs) => {
    const node = at(id);
    const point = printedAt(state);
    node.setAttribute("x", `${xOf(macs)}%`);
    node.setAttribute("visibility", "visible");
    node.classList.toggle("off", side(macs) !== 0);
    const y = point ? yOf(point.top1) : axes.y[1];
    node.querySelector("g").setAttribute("transform", `translate(0 ${y})`);
    return point;
  };

  const dots = [...document.querySelectorAll(".dot[data-point]")]
    .sort((a, b) => points[a.dataset.point].macs - points[b.dataset.point].macs);
  dots.forEach((dot, index) => {
    const choose = () => {
      const wanted = stateOf(nets, points[dot.dataset.point]);
      if (wanted) use(wanted);
    };
    dot.setAttribute("tabindex", index === 0 ? "0" : "-1");
    dot.setAttribute("role", "button");
    dot.addEventListener("click", choose);
    dot.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(); }
      if (!step) return;
      event.preventDefault();
      const next = dots[(index + step + dots.length) % dots.length];
      dot.setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus();
    });
  });

  let limited = null; // the limits by which marks are dimmed now

  /* within: whether a printed network is within the limits */
  const draw = (state, figures, limits, pins, within) => {
    const point = put("x-here", state, figures.macs);
    at("x-mark").firstChild.setAttribute("d", markers[nets[state.net].family]);
    const text = at("x-here").querySelector("text");
    text.textContent = [`← ${short(figures.macs)}, below this axis`, point ? `${point.printed} % top-1` : "accuracy not printed",
      `${short(figures.macs)}, beyond this axis →`][side(figures.macs) + 1];
    const x = xOf(figures.macs);
    text.setAttribute("text-anchor", x > 80 ? "end" : x < 20 ? "start" : "middle");
    for (const pin of ["a", "b"]) {
      if (!pins[pin]) { at(`x-at-${pin}`).setAttribute("visibility", "hidden"); continue; }
      const { macs } = figuresOf(nets[pins[pin].net], pins[pin]);
      put(`x-at-${pin}`, pins[pin], macs);
      at(`x-at-${pin}`).querySelector("text").textContent = [`‹${pin}`, pin, `${pin}›`][side(macs) + 1].toUpperCase();
    }
    const limit = at("x-limit");
    const isShown = limits.macs !== null && side(limits.macs) === 0;
    limit.setAttribute("visibility", isShown ? "visible" : "hidden");
    if (isShown) for (const end of ["x1", "x2"]) limit.setAttribute(end, `${xOf(limits.macs)}%`);
    const key = JSON.stringify(limits);
    if (key !== limited) for (const dot of dots) dot.classList.toggle("out", !within(points[dot.dataset.point]));
    limited = key;
  };
  return { draw };
};
