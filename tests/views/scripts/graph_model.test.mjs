import assert from "node:assert/strict";
import { test } from "node:test";
import { folded, openable } from "../../../mnprofile/views/html/scripts/graph_model.mjs";

const layer = (name, block, stage, from, macs = 1) => ({ name, block, stage, from, macs, shape: `${name}-shape` });
/* A stem, a block with a branch around two layers, and two heads. */
const graph = {
  inputs: [["image", "8x8x3"]],
  layers: [
    layer("stem", "stem", "s2", ["image"], 5),
    layer("b.one", "b", "s4", ["stem"], 7),
    layer("b.two", "b", "s4", ["b.one"], 11),
    layer("b.add", "b", "s4", ["b.two", "stem"], 0),
    layer("boxes", "boxes", "head", ["b.add"], 2),
    layer("scores", "scores", "head", ["b.add"], 3),
  ],
  outputs: ["boxes", "scores"],
};

test("closed: one box per stage, and every multiply-add once", () => {
  const { boxes, groups, edges } = folded(graph, new Set());
  assert.deepEqual(boxes.filter((one) => one.kind === "stage").map((one) => [one.name, one.macs]),
    [["s2", 5], ["s4", 18], ["head", 5]]);
  assert.deepEqual(groups, []);
  assert.deepEqual(edges.map((one) => [one.from, one.to]), [["i:image", "s:s2"], ["s:s2", "s:s4"],
    ["s:s4", "s:head"], ["s:head", "o:0"]]);
  assert.deepEqual(edges[1].shapes, ["stem-shape"]);
});

test("a block of one layer is that layer; another is a box until it is opened", () => {
  const stage = folded(graph, new Set(["s:s4", "s:head"]));
  assert.deepEqual(stage.boxes.filter((one) => one.layers.length).map((one) => [one.key, one.kind, one.parent]),
    [["s:s2", "stage", null], ["b:s4/b", "block", "s:s4"], ["l:boxes", "layer", "s:head"], ["l:scores", "layer", "s:head"]]);
});

test("opened: branches are edges of their own", () => {
  const { boxes, groups, edges } = folded(graph, new Set(["s:s4", "b:s4/b"]));
  assert.deepEqual(groups.map((one) => [one.key, one.parent]), [["s:s4", null], ["b:s4/b", "s:s4"]]);
  assert.equal(boxes.reduce((sum, one) => sum + one.macs, 0), 28);
  const into = edges.filter((one) => one.to === "l:b.add").map((one) => one.from);
  assert.deepEqual(into.sort(), ["l:b.two", "s:s2"]);
});

test("several outputs of a closed box are one, of an opened one each is named", () => {
  const outputs = (open) => folded(graph, new Set(open)).boxes.filter((one) => one.kind === "output").map((one) => one.name);
  assert.deepEqual(outputs(["s:head"]), ["output 1: boxes", "output 2: scores"]);
  assert.deepEqual(outputs([]), ["2 outputs"]);
  const { edges } = folded(graph, new Set());
  assert.deepEqual(edges.at(-1), { from: "s:head", to: "o:0", shapes: ["boxes-shape", "scores-shape"] });
  const single = folded({ ...graph, outputs: ["boxes"] }, new Set());
  assert.deepEqual(single.boxes.at(-1).name, "output");
});

test("everything that can be opened", () => {
  assert.deepEqual(openable(graph), ["s:s2", "b:s2/stem", "s:s4", "b:s4/b", "s:head", "b:head/boxes", "b:head/scores"]);
});
