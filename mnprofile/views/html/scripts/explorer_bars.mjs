/* Bars by stage, split by operator type, with outlines of the pinned configurations. */
import { layersOf, tally } from "./counting.mjs";
import { at, drawn, make, put, tell } from "./dom.mjs";
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
    const base = [...tally(layers, quantities.map((one) => one.key)).values()].map((one) => one.all);
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

  /* layers of the current configuration, and of each pin that is set */
  const draw = (layers, pinned) => {
    const keys = quantities.map((one) => one.key);
    const now = tally(layers, keys);
    const before = Object.fromEntries(Object.entries(pinned).map(([pin, own]) => [pin, own && tally(own, keys)]));
    const tops = {};
    for (const key of keys) {
      const all = [now, ...Object.values(before).filter(Boolean)];
      tops[key] = Math.max(scales[key], ...all.flatMap((one) => [...one.values()].map((own) => own.all[key])));
    }
    for (const { bar, parts, ghosts, number, stage, key } of rows.values()) {
      const here = now.get(stage);
      let left = 0;
      const told = [];
      for (const [type, rect] of Object.entries(parts)) {
        const own = here?.types[type];
        const value = own?.[key] ?? 0;
        put(rect, "x", `${100 * left / tops[key]}%`);
        put(rect, "width", `${100 * value / tops[key]}%`);
        if (value) {
          told.push(`${types[type]} ${grouped(value)}`);
          tell(rect.firstChild, `${stage}, ${types[type]}: ${quantities
            .map((one) => `${grouped(own[one.key])} ${one.label.toLowerCase()}`).join(", ")}`);
        }
        left += value;
      }
      for (const [pin, rect] of Object.entries(ghosts)) {
        const was = before[pin]?.get(stage)?.all[key] ?? 0;
        put(rect, "visibility", before[pin] ? "visible" : "hidden");
        put(rect, "width", `${100 * was / tops[key]}%`);
        if (before[pin]) told.push(`pin ${pin.toUpperCase()} ${grouped(was)}`);
      }
      put(bar, "aria-label", `${stage}: ${told.join("; ") || "nothing"}`);
      tell(number, grouped(left));
    }
  };
  return { build, draw };
};
