// The parts of the page that need no browser: which rows are drawn, what a clipboard has, how events are framed, words.

import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const part = (/** @type {string} */ name) => import(pathToFileURL(join(process.env.HEADCOUNT_PAGE, name)).href);
const { ROW, PAGE, drawn, letters, scrolledTo, spacers, wanted } = await part("window.js");
const { parse, format, signs, unseen } = await part("tsv.js");
const { Feed, wait } = await part("feed.js");
const { count, lasting, words } = await part("words.js");

// Whatever is scrolled to, what is drawn covers what is seen, and the heights add up.
for (const total of [0, 1, 7, 500, 100_000, 200_000]) {
  for (const height of [0, 1, 300, 900, 4000]) {
    for (const top of [0, 1, 29, 30, 31, 15_000, total * ROW - height, total * ROW, total * ROW + 999, -50]) {
      const { from, to } = drawn(top, height, total, 8);
      assert.ok(from >= 0 && from <= to && to <= total, `${total} ${height} ${top}`);
      const seen = [Math.floor(Math.max(0, top) / ROW), Math.min(total, Math.ceil((Math.max(0, top) + height) / ROW))];
      if (seen[0] < seen[1]) assert.ok(from <= seen[0] && to >= seen[1], `${total} ${height} ${top}: ${from}-${to}`);
      for (const kept of [null, 0, total - 1, from, to]) {
        if (kept !== null && kept < 0) continue;
        const space = spacers(from, to, total, kept);
        const rows = to - from + (space.kept ? 1 : 0);
        assert.equal(space.above + space.below + rows * ROW, total * ROW, `${total} ${top} ${kept}`);
      }
      for (const speed of [-5000, 0, 5000]) {
        const pages = wanted(from, to, total, speed);
        assert.equal(new Set(pages).size, pages.length);
        if (from < to) for (const at of [from, to - 1]) assert.ok(pages.includes(Math.floor(at / PAGE)));
      }
    }
  }
}
assert.deepEqual(["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"], [0, 25, 26, 51, 52, 701, 702].map(letters));
assert.equal(scrolledTo(0, 100, 300), 0);
assert.equal(scrolledTo(5, 100, 300), null);
assert.equal(scrolledTo(20, 0, 300), 330);

// What is copied can be pasted.
for (const rows of [[["a"]], [["a", "b"], ["c", "d"]], [["two\nlines", 'say "hi"', "tab\there"]], [["", ""], ["", "x"]]]) {
  assert.deepEqual(parse(format(rows)), rows);
}
assert.deepEqual(parse('"Annie" Lee\tx\n'), [['"Annie" Lee', "x"]]);

// What is not seen is told apart from what is.
assert.equal(unseen("O\u0301rla\u200b "), unseen("\u00d3rla"));
assert.notEqual(unseen("Orla"), unseen("\u00d3rla"));
assert.equal(signs("a b\u00a0c\u200b"), "a␣b▯c▯");

// Events come in any pieces.
const text = "id: 1\nevent: state\ndata: {\"a\":1}\n\n: heartbeat\n\nid: 2\r\nevent: bye\r\ndata: x\r\ndata: y\r\n\r\n";
for (let size = 1; size <= text.length; size += 1) {
  const feed = new Feed();
  const told = [];
  for (let at = 0; at < text.length; at += size) told.push(...feed.take(text.slice(at, at + size)));
  assert.deepEqual(told, [{ id: "1", event: "state", data: '{"a":1}' }, { id: "2", event: "bye", data: "x\ny" }], String(size));
  assert.equal(feed.last, "2");
}
assert.deepEqual([1, 2, 3, 4, 5, 9].map(wait), [500, 1000, 2000, 4000, 5000, 5000]);
assert.deepEqual([count(1, "row"), count(1250, "row"), lasting(40), lasting(600), lasting(7200)], ["1 row", "1,250 rows", "40 seconds", "10 minutes", "2 hours"]);
assert.equal(words.rows.cannot(1, 2), "1 of 2 rows cannot be sent yet");
console.log("the pure parts hold");
