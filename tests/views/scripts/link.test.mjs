import assert from "node:assert/strict";
import { test } from "node:test";
import { fromFragment, named, packed, started, toFragment, unpacked }
  from "../../../mnprofile/views/html/scripts/link.mjs";

const net = (name, hash, start = { alpha: 1, res: 224, t: null }) => ({
  name, hash, title: name.toUpperCase(), start,
  alphas: [0.5, 0.75, 1], res: [160, 192, 224], ts: [{ value: null }, { value: 6 }],
});
const nets = [net("v1", "aaaaaaaa"), net("v2", "bbbbbbbb"), net("a~b.c", "cccccccc")];
const limited = [{ key: "macs", unit: "count", label: "Multiply-adds" }, { key: "act_peak_bytes", unit: "bytes", label: "Peak" }];
const none = { macs: null, act_peak_bytes: null };

test("an address brings back what it was made from", () => {
  const view = {
    state: { net: 1, alpha: 1, res: 0, t: 1 },
    limits: { macs: 100000000, act_peak_bytes: 262144 },
    pins: { a: { net: 2, alpha: 0, res: 2, t: 0 }, b: null },
  };
  assert.deepEqual(fromFragment(nets, toFragment(nets, view), limited), { ...view, told: [] });
});

test("a link means the network, wherever it stands", () => {
  const text = packed(nets, { net: 1, alpha: 2, res: 2, t: 0 });
  const { state, told } = unpacked([nets[2], nets[1]], text);
  assert.equal(state.net, 1);
  assert.deepEqual(told, []);
});

test("another version of a table is used, and told", () => {
  const { state, told } = unpacked(nets, "v2.00000000~0.75~160~-");
  assert.deepEqual(state, { net: 1, alpha: 1, res: 0, t: 0 });
  assert.match(told[0], /another version of V2/);
});

test("a network that is not there is told, and nothing else is taken for it", () => {
  for (const text of ["v9.bbbbbbbb~1~224~-", "1~1~224~-", "__proto__.x~1~224~-", "", "v2"]) {
    const { state, told } = unpacked(nets, text);
    assert.equal(state, null, text);
    assert.equal(told.length, 1, text);
  }
});

test("a value that is not counted is told with the nearest one", () => {
  const { state, told } = unpacked(nets, "v2.bbbbbbbb~0.77~225~5");
  assert.deepEqual(state, { net: 1, alpha: 1, res: 2, t: 1 });
  assert.equal(told.length, 3);
  assert.match(told[0], /0\.77 .* nearest counted: 0\.75/);
  for (const bad of ["nan", "1e9", "-3", "", "<b>"]) {
    const found = unpacked(nets, `v2.bbbbbbbb~${bad}~224~-`);
    assert.equal(found.state.alpha, 2, bad);
    assert.equal(found.told.length, 1, bad);
  }
});

test("limits of a link are read as typed ones are", () => {
  const start = "#net=v2.bbbbbbbb&alpha=1&res=224&t=-";
  assert.equal(fromFragment(nets, `${start}&macs=1e8`, limited).limits.macs, 100000000);
  const bad = fromFragment(nets, `${start}&macs=lots&zzz=1`, limited);
  assert.deepEqual(bad.limits, none);
  assert.match(bad.told[0], /"lots", is not an amount/);
});

test("an address that is not the explorer's is left alone", () => {
  assert.equal(fromFragment(nets, "", limited), null);
  assert.equal(fromFragment(nets, "#sources", limited), null);
  assert.equal(fromFragment(nets, "#%%%", limited), null);
});

test("names", () => {
  assert.equal(named(nets, started(nets, 0)), "V1 1.0/224");
  assert.equal(named(nets, { net: 0, alpha: 1, res: 0, t: 1 }), "V1 0.75/160, t 6.0");
});
