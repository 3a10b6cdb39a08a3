/* The explorer: one state, its controls, and everything that shows it. */
import { figuresOf, fits, layersOf, outside } from "./counting.mjs";
import { at, make } from "./dom.mjs";
import { stageBars } from "./explorer_bars.mjs";
import { accuracyPlot } from "./explorer_plot.mjs";
import { explorerTables } from "./explorer_tables.mjs";
import { fromFragment, named, started, toFragment } from "./link.mjs";
import { accepted, amount, change, digits, factor, grouped, nearest, parseAmount, parseFactor, parseSize, sideOf } from "./numbers.mjs";
import { afterPress, watchPresses } from "./press.mjs";

const KNOBS = [["alpha", "α", (net) => net.alphas], ["res", "Resolution", (net) => net.res.map(Number)],
  ["t", "t", (net) => net.ts.map((one) => one.value ?? NaN)]];

const explore = (data) => {
  data.nets.forEach((net, index) => { net.index = index; });
  const nets = data.nets.filter((net) => net.res.length > 0);
  if (nets.length === 0) return;
  const quantities = data.quantities.filter(({ key }) => nets.some((_, index) =>
    key in figuresOf(nets[index], started(nets, index))));
  const none = () => Object.fromEntries(quantities.map(({ key }) => [key, null]));
  let state = started(nets, 0);
  let limits = none();
  let pins = { a: null, b: null };

  const say = (words) => { at("x-said").textContent = words; };
  const use = (wanted) => {
    const isOther = wanted.net !== state.net;
    state = wanted;
    if (isOther) netChanged();
    draw();
  };
  const bars = stageBars(nets, data.stacked, Object.fromEntries(data.types));
  const tables = explorerTables(nets, data, () => state, use);
  const plot = accuracyPlot(nets, data, use);

  /* --- what is shown -------------------------------------------------------------- */

  const command = () => {
    const net = nets[state.net];
    if (net.fixed) return net.command + net.options;
    const t = net.ts[state.t].value;
    return `${net.command} --alpha ${factor(net.alphas[state.alpha])} --res ${net.res[state.res]}`
      + (t === null ? "" : ` --t ${factor(t)}`) + net.options;
  };
  const shownOf = (net, key) => ({
    alpha: () => String(digits(net.alphas[state.alpha])),
    res: () => String(net.res[state.res]),
    t: () => net.ts[state.t].text,
  })[key]();

  const drawControls = () => {
    const net = nets[state.net];
    at("x-net").value = String(state.net);
    for (const [key] of KNOBS) {
      at(`x-${key}`).value = String(state[key]);
      at(`x-${key}`).setAttribute("aria-valuetext", shownOf(net, key));
      at(`x-${key}-n`).value = shownOf(net, key);
    }
    at("x-command").value = command();
  };

  /* How far off a time may be: nine held-out figures in ten were within this range. */
  const howSure = (ms) => {
    const net = nets[state.net];
    if (!net.times) return "";
    const why = outside(net, state);
    if (why) return `beyond its figures (${why})`;
    const [low, high] = [ms / (1 + net.times.off), ms / (1 - net.times.off)];
    return `${amount(low, "ms")} to ${amount(high, "ms")}, nine in ten`.replaceAll("~", "");
  };

  const drawTotals = (figures) => {
    const before = ["a", "b"].filter((pin) => pins[pin])
      .map((pin) => [pin, figuresOf(nets[pins[pin].net], pins[pin])]);
    for (const { key, unit } of quantities) {
      const value = figures[key];
      at(`x-${key}-v`).textContent = value === undefined ? "not known" : amount(value, unit);
      at(`x-${key}-v`).dataset.value = String(value);
      at(`x-${key}-d`).textContent = before.filter(([, one]) => key in one && key in figures)
        .map(([pin, one]) => `${change(one[key], value)} from ${pin.toUpperCase()}`).join(", ");
      if (unit === "ms") at(`x-${key}-w`).textContent = value === undefined ? "" : howSure(value);
      const limit = limits[key];
      const isOver = limit !== null && !(value <= limit);
      const tile = at(`x-${key}-v`).closest("div");
      tile.classList.toggle("over", isOver);
      tile.classList.toggle("within", limit !== null && !isOver);
      at(`x-${key}`).value = String(limit === null ? data.limits[key].length : nearest(data.limits[key], limit));
      at(`x-${key}`).setAttribute("aria-valuetext", limit === null ? "none" : grouped(limit));
      const field = at(`x-${key}-n`);
      if (document.activeElement !== field && field.getAttribute("aria-invalid") !== "true") {
        field.value = limit === null ? "" : grouped(limit);
      }
    }
    for (const node of document.querySelectorAll("[data-figure]")) {
      node.textContent = grouped(figures[node.dataset.figure]);
      node.dataset.value = String(figures[node.dataset.figure]);
    }
  };

  const draw = () => {
    const net = nets[state.net];
    const layers = layersOf(net, state);
    const figures = figuresOf(net, state, layers);
    drawControls();
    drawTotals(figures);
    const isFree = Object.values(limits).every((one) => one === null);
    at("x-told").textContent = `${named(nets, state)}: ${grouped(figures.macs)} multiply-adds, ${grouped(figures.params)} parameters`
      + (isFree ? "." : fits(figures, limits) ? "; it fits the limits." : "; it does not fit the limits.");
    at("x-told").className = isFree ? "told" : fits(figures, limits) ? "told within" : "told over";
    bars.draw(layers, Object.fromEntries(["a", "b"].map((pin) =>
      [pin, pins[pin] && layersOf(nets[pins[pin].net], pins[pin])])));
    tables.draw(state, limits, pins);
    plot.draw(state, figures, limits, pins, tables.within(limits));
    if (touched) remember();
  };

  /* --- the address ---------------------------------------------------------------- */

  const here = () => toFragment(nets, { state, limits, pins });
  let touched = false; // until then the address is left as it was opened
  let waiting = 0;
  const settle = () => {
    clearTimeout(waiting);
    waiting = 0;
    if (location.hash !== here()) history.pushState(null, "", here());
  };
  // A slider's way is one step of the history: it ends when nothing moves for a while.
  const remember = () => { clearTimeout(waiting); waiting = setTimeout(settle, 300); };
  const restore = () => {
    clearTimeout(waiting);
    const found = fromFragment(nets, location.hash, quantities);
    ({ state, limits, pins } = found ?? { state: started(nets, 0), limits: none(), pins: { a: null, b: null } });
    for (const { key } of quantities) at(`x-${key}-n`).removeAttribute("aria-invalid");
    const wasTouched = touched;
    touched = false;
    netChanged();
    draw();
    touched = wasTouched;
    say(found ? found.told.join(" ") : "");
    return found !== null;
  };

  /* --- controls ------------------------------------------------------------------- */

  const netChanged = () => {
    const net = nets[state.net];
    for (const [key, , values] of KNOBS) {
      const many = values(net).length;
      at(`x-${key}`).max = String(many - 1);
      at(`x-${key}`).disabled = at(`x-${key}-n`).disabled = many === 1;
    }
    bars.build(state.net);
  };

  const typed = (key, label, values) => {
    const text = at(`x-${key}-n`).value.trim();
    const all = values(nets[state.net]);
    let words = "";
    if (key === "t" && (text === "" || /table/i.test(text))) {
      state = { ...state, t: 0 };
    } else if (text !== "") {
      const size = key === "res" ? parseSize(text) : null;
      const wanted = size === null ? parseFactor(text) : sideOf(size);
      if (size !== null && nets[state.net].res.includes(size)) {
        const res = nets[state.net].res.indexOf(size);
        state = { ...state, res };
      } else if (wanted === null) {
        words = `${label}: "${text}" is not a number; still ${shownOf(nets[state.net], key)}.`;
      } else {
        const numbers = all.map((one) => (Number.isNaN(one) ? Infinity : one));
        const found = nearest(numbers, wanted);
        state = { ...state, [key]: found };
        if (numbers[found] !== wanted || size !== null) words = `${label} ${text} is not counted on this page; nearest counted: ${numbers[found]}.`;
      }
    }
    afterPress(() => { say(words); draw(); });
  };

  const limitTyped = ({ key, label, unit }) => {
    const field = at(`x-${key}-n`);
    const value = field.value.trim() === "" ? null : parseAmount(field.value, unit);
    const isBad = value === null && field.value.trim() !== "";
    if (isBad) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
    say(isBad ? `${label}: "${field.value}" is not an amount, so there is no limit; accepted: ${accepted(unit)}.` : "");
    limits = { ...limits, [key]: value };
    draw();
  };

  const keep = (text, done) => {
    const select = () => { at("x-command").select(); say("Press Ctrl+C to copy."); };
    if (!navigator.clipboard) { select(); return; }
    navigator.clipboard.writeText(text).then(() => say(done), select);
  };

  const connect = () => {
    watchPresses(document);
    nets.forEach((net, index) => at("x-net").append(make("option", net.title, { value: String(index) })));
    at("x-net").addEventListener("change", () => {
      const old = nets[state.net];
      const index = Number(at("x-net").value);
      const net = nets[index];
      const t = net.ts.findIndex((one) => one.value === old.ts[state.t].value);
      const sides = net.res.map(sideOf);
      const size = net.res.indexOf(old.res[state.res]);
      const next = { net: index, alpha: nearest(net.alphas, old.alphas[state.alpha]),
        res: size >= 0 ? size : nearest(sides, sideOf(old.res[state.res])), t: Math.max(t, 0) };
      const kept = net.alphas[next.alpha] === old.alphas[state.alpha] && net.res[next.res] === old.res[state.res] && t >= 0;
      use(next);
      say(kept ? "" : `${named(nets, next)} is the nearest configuration that this page counts.`);
    });
    for (const [key, label, values] of KNOBS) {
      at(`x-${key}`).addEventListener("input", () => { state = { ...state, [key]: Number(at(`x-${key}`).value) }; say(""); draw(); });
      at(`x-${key}-n`).addEventListener("change", () => typed(key, label, values));
    }
    for (const one of data.quantities) {
      if (!quantities.includes(one)) { at(`x-${one.key}-v`).closest("div").remove(); continue; }
      const steps = data.limits[one.key];
      at(`x-${one.key}`).max = String(steps.length);
      at(`x-${one.key}`).addEventListener("input", () => {
        const value = Number(at(`x-${one.key}`).value);
        at(`x-${one.key}-n`).removeAttribute("aria-invalid");
        limits = { ...limits, [one.key]: value === steps.length ? null : steps[value] };
        say("");
        draw();
      });
      at(`x-${one.key}-n`).addEventListener("input", () => limitTyped(one));
      // Only the field: drawing would replace a button that is being pressed.
      at(`x-${one.key}-n`).addEventListener("change", () => {
        const limit = limits[one.key];
        if (limit !== null) at(`x-${one.key}-n`).value = grouped(limit);
      });
    }
    at("x-copy").addEventListener("click", () => keep(command(), "Command copied."));
    at("x-link").addEventListener("click", () => keep(location.href.split("#")[0] + here(), "Link copied."));
    for (const key of ["a", "b"]) {
      at(`x-pin-${key}`).addEventListener("click", () => {
        pins = { ...pins, [key]: { ...state } };
        draw();
        say(`${named(nets, state)} is pinned as ${key.toUpperCase()}: outlined on the bars, lettered on the plot.`);
      });
    }
    at("x-unpin").addEventListener("click", () => { pins = { a: null, b: null }; draw(); say("Pins cleared."); at("x-pin-a").focus(); });
    at("x-reset").addEventListener("click", () => {
      state = started(nets, 0);
      limits = none();
      pins = { a: null, b: null };
      for (const { key } of quantities) at(`x-${key}-n`).removeAttribute("aria-invalid");
      netChanged();
      draw();
      say("Reset.");
    });
    at("x-more").addEventListener("click", () => {
      const isOpen = at("x-form").classList.toggle("open");
      at("x-more").setAttribute("aria-expanded", String(isOpen));
    });
    at("x-form").addEventListener("submit", (event) => event.preventDefault());
    // Back and forward: a link of the explorer, or the page as it was opened.
    window.addEventListener("popstate", () => { if (location.hash === "" || location.hash.startsWith("#net=")) restore(); });
  };

  connect();
  at("x-form").hidden = at("x-out").hidden = false;
  const isLink = restore();
  touched = true;
  if (isLink) at("explorer").scrollIntoView();
};

explore(JSON.parse(document.getElementById("mnp-data").textContent));
