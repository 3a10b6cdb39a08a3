"use strict";
/* The explorer. It has no rules of scaling or padding: the page has the weights of every
   alpha and t, and the positions of every resolution, which are multiplied and added
   here. All of them are integers below 2^53, so the sums are exact. */
(() => {
  const data = JSON.parse(document.getElementById("mnp-data").textContent);
  const nets = data.nets.filter((net) => net.res.length > 0);
  if (nets.length === 0) return;
  const at = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";
  const QUANTITIES = data.drawn.map(([key]) => key);
  const LABELS = Object.fromEntries(data.drawn);
  const TYPES = Object.fromEntries(data.types);
  const KEYS = ["net", "alpha", "res", "t", "macs", "params", "a", "b"];

  const make = (tag, text, attributes = {}, space = null) => {
    const node = space ? document.createElementNS(space, tag) : document.createElement(tag);
    if (text !== undefined && text !== null) node.textContent = text;
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const grouped = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ",");
  const factor = (value) => Number.isInteger(value) ? value.toFixed(1) : String(value);
  const signed = (value) => (value > 0 ? "+" : value < 0 ? "-" : "") + grouped(Math.abs(value));
  const change = (a, b) => a === 0 ? (b === 0 ? "0.00 %" : "new")
    : (b > a ? "+" : "") + (100 * (b - a) / a).toFixed(2) + " %";

  /* --- counting ------------------------------------------------------------------- */

  // A vector holds one value per alpha, or one per (alpha, t) with t running fastest.
  const pick = (net, vector, alpha, t) =>
    vector.length === net.alphas.length ? vector[alpha] : vector[alpha * net.ts.length + t];

  const layersOf = (state) => {
    const net = nets[state.net];
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
        buffers: norms * out,
        params: weights + biases * out + norms * out,
        activations: out * positions,
      });
    }
    return layers;
  };

  const sums = (layers) => {
    const total = { macs: 0, flops: 0, params: 0, weights: 0, biases: 0, bn_affine: 0, buffers: 0, activations: 0 };
    for (const layer of layers) {
      for (const key of Object.keys(total)) if (key !== "flops") total[key] += layer[key];
    }
    total.flops = 2 * total.macs;
    return total;
  };

  const byStage = (layers) => {
    const stages = new Map();
    for (const layer of layers) {
      if (!stages.has(layer.stage)) stages.set(layer.stage, []);
      stages.get(layer.stage).push(layer);
    }
    return stages;
  };

  const total = (state) => sums(layersOf(state));

  /* --- state ---------------------------------------------------------------------- */

  const started = (index) => {
    const net = nets[index];
    return {
      net: index,
      alpha: net.alphas.indexOf(net.start.alpha),
      res: Math.max(net.res.indexOf(net.start.res), 0),
      t: Math.max(net.ts.findIndex((one) => one.value === net.start.t), 0),
    };
  };
  let state = started(0);
  let limits = { macs: null, params: null };
  let pins = { a: null, b: null };

  const nearest = (values, wanted) => {
    let best = 0;
    values.forEach((value, index) => {
      if (Math.abs(value - wanted) < Math.abs(values[best] - wanted)) best = index;
    });
    return best;
  };

  const named = (state) => {
    const net = nets[state.net];
    const t = net.ts[state.t].value;
    return `${net.title} ${factor(net.alphas[state.alpha])}/${net.res[state.res]}` + (t === null ? "" : `, t ${factor(t)}`);
  };

  // A configuration in a link: table number, alpha, resolution, t ("-": the table's).
  const packed = (state) => {
    const net = nets[state.net];
    const t = net.ts[state.t].value;
    return [state.net, net.alphas[state.alpha], net.res[state.res], t === null ? "-" : t].join("~");
  };
  const exactly = (values, text) => values.findIndex((value) => String(value) === text);
  const unpacked = (text) => {
    const parts = String(text).split("~");
    const net = nets[exactly([...nets.keys()], parts[0])];
    if (!net || parts.length !== 4) return null;
    const found = {
      net: nets.indexOf(net),
      alpha: exactly(net.alphas, parts[1]),
      res: exactly(net.res, parts[2]),
      t: exactly(net.ts.map((one) => one.value === null ? "-" : one.value), parts[3]),
    };
    return Object.values(found).includes(-1) ? null : found;
  };

  const toFragment = () => {
    const parts = new URLSearchParams();
    const [net, alpha, res, t] = packed(state).split("~");
    for (const [key, value] of Object.entries({ net, alpha, res, t })) parts.set(key, value);
    for (const key of ["macs", "params"]) if (limits[key] !== null) parts.set(key, limits[key]);
    for (const key of ["a", "b"]) if (pins[key]) parts.set(key, packed(pins[key]));
    return `#${parts}`;
  };
  // Only known keys with known values are used; the rest of a link is ignored.
  const fromFragment = () => {
    const parts = new URLSearchParams(location.hash.slice(1));
    if (!parts.has("net")) return false;
    const given = Object.fromEntries(KEYS.map((key) => [key, parts.get(key)]));
    const found = unpacked([given.net, given.alpha, given.res, given.t].join("~"));
    if (!found) return false;
    state = found;
    for (const key of ["macs", "params"]) {
      limits[key] = /^[0-9]{1,15}$/.test(given[key] ?? "") ? Number(given[key]) : null;
    }
    for (const key of ["a", "b"]) pins[key] = unpacked(given[key]);
    return true;
  };

  /* --- drawing -------------------------------------------------------------------- */

  const barRows = new Map();
  const scales = {};
  const buildBars = () => {
    const stages = [...new Set(nets[state.net].slots.map((slot) => slot[1]))];
    const base = byStage(layersOf(started(state.net)));
    barRows.clear();
    at("x-bars").replaceChildren(...QUANTITIES.map((quantity) => {
      const table = make("table", null, { class: "bars" });
      const label = LABELS[quantity];
      table.append(make("caption", label));
      const head = table.createTHead().insertRow();
      head.append(make("th", "Stage", { scope: "col" }), make("th", "By type", { scope: "col" }),
        make("th", label, { scope: "col", class: "n" }));
      const body = table.createTBody();
      scales[quantity] = Math.max(...[...base.values()].map((layers) => sums(layers)[quantity]));
      for (const stage of stages) {
        const row = body.insertRow();
        const bar = make("svg", null, { class: "bar", height: "16", role: "img" }, SVG);
        const parts = Object.fromEntries(Object.keys(TYPES).map((type) => {
          const rect = make("rect", null, { class: `t-${type}`, y: "0", height: "100%" }, SVG);
          rect.append(make("title", "", {}, SVG));
          bar.append(rect);
          return [type, rect];
        }));
        const drawn = make("td", null, { class: "draw" });
        const number = make("td", "", { class: "n" });
        drawn.append(bar);
        row.append(make("th", stage, { scope: "row" }), drawn, number);
        barRows.set(`${quantity} ${stage}`, { bar, parts, number, stage, quantity });
      }
      return table;
    }));
  };

  const drawBars = (stages) => {
    const tops = {};
    for (const quantity of QUANTITIES) {
      tops[quantity] = Math.max(scales[quantity], ...[...stages.values()].map((layers) => sums(layers)[quantity]), 1);
    }
    for (const { bar, parts, number, stage, quantity } of barRows.values()) {
      const layers = stages.get(stage) ?? [];
      const byType = {};
      for (const layer of layers) byType[layer.type] = (byType[layer.type] ?? 0) + layer[quantity];
      let left = 0;
      const told = [];
      for (const [type, rect] of Object.entries(parts)) {
        const value = byType[type] ?? 0;
        rect.setAttribute("x", `${100 * left / tops[quantity]}%`);
        rect.setAttribute("width", `${100 * value / tops[quantity]}%`);
        rect.firstChild.textContent = `${TYPES[type]} ${grouped(value)}`;
        if (value) told.push(rect.firstChild.textContent);
        left += value;
      }
      bar.setAttribute("aria-label", `${stage}: ${told.join("; ") || "nothing"}`);
      number.textContent = grouped(left);
    }
  };

  const xOf = (macs) => {
    const [low, high] = data.axes.macs;
    const [left, right] = data.axes.x;
    const place = left + (right - left) * (Math.log10(Math.max(macs, 1)) - low) / (high - low);
    return Math.min(Math.max(place, 1.5), 98.5);
  };
  const yOf = (top1) => {
    const [low, high] = data.axes.top1;
    const [top, bottom] = data.axes.y;
    return bottom - (bottom - top) * (top1 - low) / (high - low);
  };
  const printedAt = (state) => {
    const net = nets[state.net];
    return nets[state.net].ts[state.t].value !== null ? undefined : data.points.find((point) =>
      nets.indexOf(data.nets[point.net]) === state.net
      && point.alpha === net.alphas[state.alpha] && point.res === net.res[state.res]);
  };

  const drawPoint = (figures) => {
    const here = at("x-here");
    const point = printedAt(state);
    const [top, bottom] = data.axes.y;
    const x = xOf(figures.macs);
    here.setAttribute("x", `${x}%`);
    here.setAttribute("visibility", "visible");
    const y = point ? yOf(point.top1) : bottom;
    at("x-mark").setAttribute("transform", `translate(0 ${y})`);
    at("x-mark").firstChild.setAttribute("d", data.markers[nets[state.net].family]);
    const text = here.querySelector("text");
    text.textContent = point ? `${point.printed} % top-1` : "accuracy not printed";
    text.setAttribute("text-anchor", x > 55 ? "end" : "start");
    text.setAttribute("dx", x > 55 ? "-14" : "14");
    text.setAttribute("y", point ? Math.max(y - 12, top + 8) : top + 28);
    const limit = at("x-limit");
    limit.setAttribute("visibility", limits.macs === null ? "hidden" : "visible");
    if (limits.macs !== null) {
      limit.setAttribute("x1", `${xOf(limits.macs)}%`);
      limit.setAttribute("x2", `${xOf(limits.macs)}%`);
    }
  };

  const fits = (figures) =>
    (limits.macs === null || figures.macs <= limits.macs)
    && (limits.params === null || figures.params <= limits.params);

  const fill = (table, caption, heads, rows) => {
    const head = make("tr");
    heads.forEach((label, index) => head.append(make("th", label, index ? { scope: "col", class: "n" } : { scope: "col" })));
    const body = make("tbody");
    for (const cells of rows) {
      const row = body.insertRow();
      cells.forEach((cell, index) => {
        const node = make(index ? "td" : "th", cell instanceof Node ? null : String(cell),
          index ? { class: "n" } : { scope: "row" });
        if (cell instanceof Node) node.append(cell);
        row.append(node);
      });
    }
    const top = make("thead");
    top.append(head);
    table.replaceChildren(make("caption", caption), top, body);
  };

  // Sums of every (alpha, resolution) at one t: weights of equal maps are added first.
  const gridOf = (net, t) => {
    const rows = net.alphas.map((_, alpha) => {
      const maps = new Map();
      let params = 0;
      for (const [, , , biases, norms, w, o, p] of net.slots) {
        const weights = pick(net, net.vectors[w], alpha, t);
        const out = pick(net, net.vectors[o], alpha, t);
        params += weights + (biases + norms) * out;
        maps.set(p, (maps.get(p) ?? 0) + weights);
      }
      const macs = net.res.map((_, res) => {
        let sum = 0;
        for (const [p, weights] of maps) sum += weights * net.positions[p][res];
        return sum;
      });
      return { params, macs };
    });
    return rows;
  };

  const drawFits = () => {
    const net = nets[state.net];
    const grid = gridOf(net, state.t);
    let many = 0;
    for (const row of grid) for (const macs of row.macs) many += fits({ macs, params: row.params }) ? 1 : 0;
    const all = net.alphas.length * net.res.length;
    at("x-fits-told").textContent =
      `${grouped(many)} of ${grouped(all)} pairs of α and resolution of ${net.title} fit`
      + (net.ts.length > 1 ? ` with t ${net.ts[state.t].value === null ? "as in the table" : net.ts[state.t].value}.` : ".");
    const rows = [];
    for (const side of data.standard) {
      const res = net.res.indexOf(side);
      if (res < 0) continue;
      let alpha = -1;
      grid.forEach((row, index) => { if (fits({ macs: row.macs[res], params: row.params })) alpha = index; });
      rows.push(alpha < 0 ? [side, "none", "", "", ""]
        : [side, factor(net.alphas[alpha]), grouped(grid[alpha].macs[res]), grouped(grid[alpha].params),
          useButton({ ...state, alpha, res })]);
    }
    fill(at("x-fits"), "Widest α that fits, by resolution", ["Resolution", "α", "Multiply-adds", "Parameters", "Set"], rows);
  };

  const useButton = (wanted) => {
    const button = make("button", "use", { type: "button", "aria-label": `Use ${named(wanted)}` });
    button.addEventListener("click", () => { state = wanted; netChanged(); draw(); });
    return button;
  };
  const stateOf = (point) => {
    const net = data.nets[point.net];
    const index = nets.indexOf(net);
    if (index < 0) return null;
    const found = { net: index, alpha: net.alphas.indexOf(point.alpha), res: net.res.indexOf(point.res), t: 0 };
    return found.alpha < 0 || found.res < 0 ? null : found;
  };

  const drawBest = () => {
    const within = data.points.filter(fits).sort((a, b) => b.top1 - a.top1 || a.macs - b.macs);
    at("x-best-told").textContent = within.length === 0
      ? `None of ${data.points.length} printed networks fits.`
      : `${within.length} of ${data.points.length} printed networks fit; the most accurate is `
        + `${data.nets[within[0].net].title} ${factor(within[0].alpha)}/${within[0].res} with ${within[0].printed} %.`;
    fill(at("x-best"), "Most accurate first", ["Network", "Top-1 %", "Multiply-adds", "Parameters", "Set"],
      within.slice(0, 8).map((point) => {
        const wanted = stateOf(point);
        return [`${data.nets[point.net].title} ${factor(point.alpha)}/${point.res}`, point.printed,
          grouped(point.macs), grouped(point.params), wanted ? useButton(wanted) : ""];
      }));
    for (const dot of dots) dot.classList.toggle("out", !fits(data.points[dot.dataset.point]));
  };

  const drawPins = () => {
    const box = at("x-compare");
    box.hidden = !pins.a && !pins.b;
    if (box.hidden) return;
    const sides = [pins.a ?? state, pins.b ?? state];
    const told = ["a", "b"].map((key, index) =>
      `${key.toUpperCase()} is ${named(sides[index])}${pins[key] ? "" : " (the current one)"}`);
    at("x-pins-told").textContent = `${told.join("; ")}.`;
    const [left, right] = sides.map(layersOf);
    const rows = QUANTITIES.map((key) => [LABELS[key], sums(left)[key], sums(right)[key]]);
    const stages = [byStage(left), byStage(right)];
    for (const stage of new Set([...stages[0].keys(), ...stages[1].keys()])) {
      rows.push([`Multiply-adds of ${stage}`, ...stages.map((one) => one.has(stage) ? sums(one.get(stage)).macs : null)]);
    }
    fill(at("x-pins"), "B compared with A", ["Quantity", "A", "B", "B - A", "Change", "State"], rows.map(([label, a, b]) => {
      const step = (b ?? 0) - (a ?? 0);
      const word = a === null ? "added" : b === null ? "removed" : step > 0 ? "grew" : step < 0 ? "shrank" : "unchanged";
      return [label, a === null ? "" : grouped(a), b === null ? "" : grouped(b), signed(step),
        change(a ?? 0, b ?? 0), make("span", word, { class: word })];
    }));
  };

  const command = () => {
    const net = nets[state.net];
    const t = net.ts[state.t].value;
    return `${net.command} --alpha ${factor(net.alphas[state.alpha])} --res ${net.res[state.res]}`
      + (t === null ? "" : ` --t ${factor(t)}`) + net.options;
  };

  const drawControls = () => {
    const net = nets[state.net];
    at("x-net").value = String(state.net);
    at("x-alpha").value = String(state.alpha);
    at("x-alpha").setAttribute("aria-valuetext", String(net.alphas[state.alpha]));
    at("x-alpha-n").value = String(net.alphas[state.alpha]);
    at("x-res").value = String(state.res);
    at("x-res").setAttribute("aria-valuetext", String(net.res[state.res]));
    at("x-res-n").value = String(net.res[state.res]);
    at("x-t").value = String(state.t);
    at("x-t").setAttribute("aria-valuetext", net.ts[state.t].text);
    at("x-t-n").value = net.ts[state.t].text;
    for (const key of ["macs", "params"]) {
      const steps = data.limits[key];
      const value = limits[key];
      at(`x-${key}`).value = String(value === null ? steps.length : nearest(steps, value));
      at(`x-${key}`).setAttribute("aria-valuetext", value === null ? "none" : grouped(value));
      if (document.activeElement !== at(`x-${key}-n`)) at(`x-${key}-n`).value = value === null ? "" : String(value);
    }
    at("x-command").value = command();
  };

  const draw = () => {
    const layers = layersOf(state);
    const figures = sums(layers);
    drawControls();
    for (const [key, value] of Object.entries(figures)) {
      const node = at(`x-${key}-v`);
      node.textContent = grouped(value);
      node.dataset.value = String(value);
    }
    at("x-told").textContent = `${named(state)}: ${grouped(figures.macs)} multiply-adds, ${grouped(figures.params)} parameters`
      + (limits.macs === null && limits.params === null ? "." : fits(figures) ? "; it fits the limits." : "; it does not fit the limits.");
    drawBars(byStage(layers));
    drawPoint(figures);
    drawFits();
    drawBest();
    drawPins();
    if (touched) remember();
  };

  let touched = false; // until then the address is left as it was opened
  let waiting = 0;
  const remember = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (location.hash !== toFragment()) history.replaceState(null, "", toFragment());
    }, 150);
  };

  /* --- controls ------------------------------------------------------------------- */

  const netChanged = () => {
    const net = nets[state.net];
    at("x-alpha").max = String(net.alphas.length - 1);
    at("x-res").max = String(net.res.length - 1);
    at("x-t").max = String(net.ts.length - 1);
    at("x-t").disabled = net.ts.length === 1;
    buildBars();
  };
  const slide = (id, key) => at(id).addEventListener("input", () => { state[key] = Number(at(id).value); draw(); });
  const typed = (id, key, values) => at(id).addEventListener("change", () => {
    if (at(id).value !== "") state[key] = nearest(values(nets[state.net]), Number(at(id).value));
    draw();
  });
  const keep = (text, done) => {
    const say = (words) => { at("x-said").textContent = words; };
    const select = () => { at("x-command").select(); say("Press Ctrl+C to copy."); };
    if (!navigator.clipboard) { select(); return; }
    navigator.clipboard.writeText(text).then(() => say(done), select);
  };

  const dots = [...document.querySelectorAll(".dot[data-point]")]
    .sort((a, b) => data.points[a.dataset.point].macs - data.points[b.dataset.point].macs);
  const walk = () => dots.forEach((dot, index) => {
    const use = () => {
      const wanted = stateOf(data.points[dot.dataset.point]);
      if (wanted) { state = wanted; netChanged(); draw(); }
    };
    dot.setAttribute("tabindex", index === 0 ? "0" : "-1");
    dot.setAttribute("role", "button");
    dot.addEventListener("click", use);
    dot.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); use(); }
      if (!step) return;
      event.preventDefault();
      const next = dots[(index + step + dots.length) % dots.length];
      dot.setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus();
    });
  });

  nets.forEach((net, index) => at("x-net").append(make("option", net.title, { value: String(index) })));
  at("x-net").addEventListener("change", () => {
    const old = nets[state.net];
    const [alpha, res] = [old.alphas[state.alpha], old.res[state.res]];
    const net = nets[Number(at("x-net").value)];
    const t = net.ts.findIndex((one) => one.value === old.ts[state.t].value);
    state = { net: nets.indexOf(net), alpha: nearest(net.alphas, alpha), res: nearest(net.res, res), t: Math.max(t, 0) };
    netChanged();
    draw();
  });
  slide("x-alpha", "alpha");
  slide("x-res", "res");
  slide("x-t", "t");
  typed("x-alpha-n", "alpha", (net) => net.alphas);
  typed("x-res-n", "res", (net) => net.res);
  for (const key of ["macs", "params"]) {
    const steps = data.limits[key];
    at(`x-${key}`).max = String(steps.length);
    at(`x-${key}`).addEventListener("input", () => {
      const value = Number(at(`x-${key}`).value);
      limits[key] = value === steps.length ? null : steps[value];
      draw();
    });
    at(`x-${key}-n`).addEventListener("input", () => {
      const text = at(`x-${key}-n`).value;
      limits[key] = /^[0-9]{1,15}$/.test(text) ? Number(text) : null;
      draw();
    });
  }
  at("x-copy").addEventListener("click", () => keep(command(), "Command copied."));
  at("x-link").addEventListener("click", () => keep(location.href.split("#")[0] + toFragment(), "Link copied."));
  for (const key of ["a", "b"]) {
    at(`x-pin-${key}`).addEventListener("click", () => { pins = { ...pins, [key]: { ...state } }; draw(); });
  }
  at("x-unpin").addEventListener("click", () => { pins = { a: null, b: null }; draw(); at("x-pin-a").focus(); });
  at("x-reset").addEventListener("click", () => {
    state = started(0);
    limits = { macs: null, params: null };
    pins = { a: null, b: null };
    netChanged();
    draw();
  });
  at("x-form").addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", () => { if (fromFragment()) { netChanged(); draw(); } });

  fromFragment();
  at("x-form").hidden = at("x-out").hidden = false;
  walk();
  netChanged();
  draw();
  touched = true;
})();
