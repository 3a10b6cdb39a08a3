import assert from "node:assert/strict";
import { test } from "node:test";
import { amount, change, digits, factor, grouped, nearest, parseAmount, parseFactor, parseSize, short, sideOf, signed }
  from "../../../mnprofile/views/html/scripts/numbers.mjs";

test("amounts are understood in every way that people write them", () => {
  for (const text of ["100M", "100,000,000", "1e8", "100 m", "0.1G", "100000K", "1.0e8", "1E+8", " 100000000 "]) {
    assert.equal(parseAmount(text, "count"), 100000000, text);
  }
  assert.equal(parseAmount("2.5M", "count"), 2500000);
  assert.equal(parseAmount("0", "count"), 0);
});

test("bytes are decimal or binary, by their unit", () => {
  assert.equal(parseAmount("256KiB", "bytes"), 262144);
  assert.equal(parseAmount("256kB", "bytes"), 256000);
  assert.equal(parseAmount("1.5MiB", "bytes"), 1572864);
  assert.equal(parseAmount("262144", "bytes"), 262144);
  assert.equal(parseAmount("262,144 B", "bytes"), 262144);
});

test("what is not an amount is refused, never guessed", () => {
  for (const text of ["", "abc", "1e8x", "-5", "1.5", "1,00", "10,00,000", "0x10", "1e99", "9007199254740993", "1 2", "NaN", "Infinity", "M", "1.1e0", "100Mi", "256KiB"]) {
    assert.equal(parseAmount(text, "count"), null, text);
  }
  for (const text of ["256K", "1M", "0.3B", "1.0001KiB", "5 kg"]) {
    assert.equal(parseAmount(text, "bytes"), null, text);
  }
  for (const text of ["12.5", "12.5ms", "12.5 ms"]) assert.equal(parseAmount(text, "ms"), 12.5);
  assert.equal(parseAmount("12.5 s", "ms"), null);
  assert.equal(parseAmount("1e3", "ms"), null);
  assert.equal(parseAmount("constructor", "count"), null);
  assert.equal(parseAmount("1constructor", "count"), null);
});

test("the largest exact number is taken, the next refused", () => {
  assert.equal(parseAmount("9007199254740991", "count"), 9007199254740991);
  assert.equal(parseAmount("9007199254740992", "count"), null);
});

test("factors", () => {
  assert.equal(parseFactor("0.77"), 0.77);
  assert.equal(parseFactor(".5"), 0.5);
  assert.equal(parseFactor("1."), 1);
  for (const text of ["", "0,75", "1e3", "-1", "x"]) assert.equal(parseFactor(text), null, text);
});

test("numbers as text", () => {
  assert.equal(grouped(300774272), "300,774,272");
  assert.equal(grouped(1234.5), "1,234.5");
  assert.equal(signed(-1234), "-1,234");
  assert.equal(factor(1), "1.0");
  assert.equal(factor(0.75), "0.75");
  assert.deepEqual([1.3310000000000004, 0.35, 2].map(digits), [1.331, 0.35, 2]);
  assert.equal(short(107295200), "107.3 M");
  assert.equal(short(9999), "9,999");
  assert.equal(amount(1234567, "count"), "1,234,567");
  assert.deepEqual([76.282, 0.51234, 1234.5].map((ms) => amount(ms, "ms")), ["~76.3", "~0.512", "~1,235"]);
});

test("a change is never rounded to nothing", () => {
  assert.equal(change(100, 147), "+47.00 %");
  assert.equal(change(100, 100), "0.00 %");
  assert.equal(change(0, 5), "new");
  assert.equal(change(5, 0), "-100.00 %");
  assert.equal(change(1000000, 1), "> -99.99 %");
  assert.equal(change(1000000, 1000001), "< +0.01 %");
  assert.equal(change(1000000, 999999), "> -0.01 %");
});

test("sizes are height x width; a square is its side", () => {
  assert.deepEqual(["320x240", "320 × 240", "0320X240", "224x224"].map(parseSize), ["320x240", "320x240", "320x240", 224]);
  for (const text of ["224", "x", "1x2x3", "-1x2", "320x"]) assert.equal(parseSize(text), null, text);
});

test("the side of a size is that of a square as large", () => {
  assert.deepEqual([224, "224", "320x240", "400x100"].map(sideOf), [224, 224, Math.sqrt(76800), 200]);
});

test("the nearest value; the first of two", () => {
  assert.equal(nearest([0.7, 0.75, 0.8], 0.77), 1);
  assert.equal(nearest([1, 3], 2), 0);
});
