import assert from "node:assert/strict";
import { test } from "node:test";
import { byStage, figuresOf, fits, gridOf, layersOf, outside, sums, tally }
  from "../../../mnprofile/views/html/scripts/counting.mjs";

/* Two layers by hand, at alpha 0.5 and 1, t "table's" and 2, resolutions 4 and 8.
   a: 3x3, 3 -> 2 or 4 channels, bias, at 4 x 4 or 8 x 8; b: 1x1, only with t 2. */
const net = {
  alphas: [0.5, 1], ts: [{ value: null }, { value: 2 }], res: [4, 8],
  vectors: [[54, 108], [2, 4], [0, 8, 0, 32], [0, 4, 0, 8]],
  positions: [[16, 64], [4, 16]],
  slots: [["a", "s2", "kxk", 1, 0, 0, 1, 0], ["b", "s4", "pw", 0, 2, 2, 3, 1]],
  peaks: [[[1, 0]], [[3, 1], [1, 0]]],
  times: { terms: [[0, 0], [3, 1]], per_ms: 1000, off: 0.1, alphas: [0.75, 1], sides: [4, 4] },
};

test("a layer is weights times positions", () => {
  const [a, b] = layersOf(net, { alpha: 1, t: 1, res: 0 });
  assert.deepEqual([a.macs, a.weights, a.biases, a.params, a.activations], [108 * 16, 108, 4, 112, 64]);
  assert.deepEqual([b.macs, b.bn_affine, b.buffers, b.params], [32 * 4, 16, 16, 48]);
});

test("a layer that a configuration lacks is left out", () => {
  assert.deepEqual(layersOf(net, { alpha: 1, t: 0, res: 0 }).map((one) => one.name), ["a"]);
});

test("sums, stages, peaks and times", () => {
  const state = { alpha: 1, t: 1, res: 1 };
  const figures = figuresOf(net, state);
  assert.equal(figures.macs, 108 * 64 + 32 * 16);
  assert.equal(figures.flops, 2 * figures.macs);
  assert.equal(figures.act_peak_bytes, 8 * 16 + 4 * 64);
  assert.equal(figures.latency_ms, (108 * 64 + 8 * 16) / 1000);
  assert.deepEqual([...byStage(layersOf(net, state)).keys()], ["s2", "s4"]);
});

test("a tally has each stage, whole and by type", () => {
  const found = tally(layersOf(net, { alpha: 1, t: 1, res: 0 }), ["macs", "params"]);
  assert.deepEqual([...found.keys()], ["s2", "s4"]);
  assert.deepEqual(found.get("s2"), { all: { macs: 1728, params: 112 }, types: { kxk: { macs: 1728, params: 112 } } });
  assert.deepEqual(found.get("s4").types, { pw: { macs: 128, params: 48 } });
});

test("a grid holds what each place counts", () => {
  for (const key of ["macs", "params", "activations", "act_peak_bytes", "latency_ms"]) {
    for (const t of [0, 1]) {
      const grid = gridOf(net, t, key);
      for (const alpha of [0, 1]) {
        for (const res of [0, 1]) assert.equal(grid[alpha][res], figuresOf(net, { alpha, res, t })[key], key);
      }
    }
  }
});

test("limits: all must hold, none is no limit, an unknown figure does not fit", () => {
  assert.equal(fits({ macs: 5 }, { macs: 5, params: null }), true);
  assert.equal(fits({ macs: 6 }, { macs: 5 }), false);
  assert.equal(fits({ macs: 5 }, { latency: 9 }), false);
});

test("where the figures of a time end", () => {
  assert.equal(outside(net, { alpha: 1, t: 0, res: 0 }), "");
  assert.match(outside(net, { alpha: 0, t: 0, res: 0 }), /0\.75 to 1$/);
  assert.match(outside(net, { alpha: 1, t: 0, res: 1 }), /4 to 4$/);
  assert.match(outside(net, { alpha: 1, t: 1, res: 0 }), /^t:/);
  const oblong = (size) => ({ ...net, res: [size] });
  assert.equal(outside({ ...oblong("6x4"), times: { ...net.times, sides: [4, 6] } }, { alpha: 1, t: 0, res: 0 }), "");
  assert.match(outside(oblong("6x4"), { alpha: 1, t: 0, res: 0 }), /^resolution/);
});

test("a network that is not scaled has its own figures", () => {
  const layer = { name: "attention", stage: "s1", type: "rest", macs: 7, params: 5, weights: 3, biases: 0, bn_affine: 0, other_params: 2, buffers: 0, activations: 1 };
  const fixed = { alphas: [1], ts: [{ value: null }], res: [224], fixed: { layers: [layer], figures: { act_peak_bytes: 99 } } };
  const state = { alpha: 0, t: 0, res: 0 };
  const figures = figuresOf(fixed, state);
  assert.deepEqual([figures.macs, figures.other_params, figures.act_peak_bytes], [7, 2, 99]);
  assert.deepEqual(gridOf(fixed, 0, "macs"), [[7]]);
  assert.equal(sums([]).macs, 0);
});
