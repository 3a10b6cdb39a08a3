/* Bars by stage, split by operator type, with outlines of the pinned configurations. */
import { byStage, layersOf, sums } from "./counting.mjs";
import { at, drawn, make } from "./dom.mjs";
import { started } from "./link.mjs";
import { grouped } from "./numbers.mjs";

export const stageBars = (nets, quantities, types) => {
  const rows = new Map();
  const scales = {};

  /* Tables for the stages of a network; scales stay the same while it is shown. */
  const build = (index) => {
    const net = nets[index];
    const layers = layersOf(net, started(nets, index));
    const stages = [...new Set((net.slots ? net.slots.map((slot) => slot[1]) : layers.map((one) => one.stage)))];
    const base = [...byStage(layers).values()].map(sums);
    rows.clear();
    at("x-bars").replaceChildren(...quantities.map(({ key, label }) => {
      const table = make("table", null, { class: "bars" });
      table.append(make("caption", label));
      const head = table.createTHead().insertRow();
      head.append(make("th", "Stage", { scope: "col" }), make("th", "By type", { scope: "col" }),
        make("th", label, { scope: "col", class: "n" }));
      const body = table.createTBody();
      scales[key] = Math.max(1, ...base.map((one) => one[key]));
      for (const stage of stages) rows.set(`${key} ${stage}`, { ...rowOf(body, stage), stage, key });
      return table;
    }));
  };

  const rowOf = (body, stage) => {
    const row = body.insertRow();
    const bar = drawn("svg", null, { class: "bar", height: "16", role: "img" });
    const parts = Object.fromEntries(Object.keys(types).map((type) => {
      const rect = drawn("rect", null, { class: `t-${type}`, y: "0", height: "100%" });
      rect.append(drawn("title", ""));
      bar.append(rect);
      return [type, rect];
    }));
    const ghosts = Object.fromEntries(["a", "b"].map((pin) => {
      const rect = drawn("rect", null, { class: `ghost ghost-${pin}`, x: "0", y: pin === "a" ? "-2" : "1", height: pin === "a" ? "20" : "14" });
      bar.append(rect);
      return [pin, rect];
    }));
    const cell = make("td", null, { class: "draw" });
    const number = make("td", "", { class: "n" });
    cell.append(bar);
    row.append(make("th", stage, { scope: "row" }), cell, number);
    return { bar, parts, ghosts, number };
  };

  const totalsOf = (layers) =>
    new Map([...byStage(layers)].map(([stage, own]) => [stage, sums(own)]));

  /* layers of the current configuration, and of each pin that is set */
  const draw = (layers, pinned) => {
    const stages = byStage(layers);
    const now = totalsOf(layers);
    const before = Object.fromEntries(Object.entries(pinned).map(([pin, own]) => [pin, own && totalsOf(own)]));
    const tops = {};
    for (const { key } of quantities) {
      const all = [now, ...Object.values(before).filter(Boolean)];
      tops[key] = Math.max(scales[key], ...all.flatMap((one) => [...one.values()].map((own) => own[key])));
    }
    for (const { bar, parts, ghosts, number, stage, key } of rows.values()) {
      const byType = {};
      for (const layer of stages.get(stage) ?? []) (byType[layer.type] ??= []).push(layer);
      let left = 0;
      const told = [];
      for (const [type, rect] of Object.entries(parts)) {
        const own = sums(byType[type] ?? []);
        rect.setAttribute("x", `${100 * left / tops[key]}%`);
        rect.setAttribute("width", `${100 * own[key] / tops[key]}%`);
        rect.firstChild.textContent = `${stage}, ${types[type]}: ${quantities
          .map((one) => `${grouped(own[one.key])} ${one.label.toLowerCase()}`).join(", ")}`;
        if (own[key]) told.push(`${types[type]} ${grouped(own[key])}`);
        left += own[key];
      }
      for (const [pin, rect] of Object.entries(ghosts)) {
        const was = before[pin]?.get(stage)?.[key];
        rect.setAttribute("visibility", before[pin] ? "visible" : "hidden");
        rect.setAttribute("width", `${100 * (was ?? 0) / tops[key]}%`);
        if (before[pin]) told.push(`pin ${pin.toUpperCase()} ${grouped(was ?? 0)}`);
      }
      bar.setAttribute("aria-label", `${stage}: ${told.join("; ") || "nothing"}`);
      number.textContent = grouped(left);
    }
  };
  return { build, draw };
};
