import assert from "node:assert/strict";
import { test } from "node:test";
import { afterPress, watchPresses } from "../../../mnprofile/views/html/scripts/press.mjs";

const later = () => new Promise((done) => { setTimeout(done, 1); });

test("what is asked for during a press is done after its click, once and in order", async () => {
  const page = new EventTarget();
  const done = [];
  watchPresses(page);
  afterPress(() => done.push("at once"));
  page.dispatchEvent(new Event("pointerdown"));
  afterPress(() => done.push("first"));
  afterPress(() => done.push("second"));
  assert.deepEqual(done, ["at once"]);
  page.dispatchEvent(new Event("pointerup"));
  done.push("click");
  await later();
  assert.deepEqual(done, ["at once", "click", "first", "second"]);
  page.dispatchEvent(new Event("mousedown"));
  page.dispatchEvent(new Event("mouseup"));
  await later();
  assert.equal(done.length, 4);
});
