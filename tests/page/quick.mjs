// Whoever is faster than the program loses nothing: what is typed while another change is under way is done after it, and what the page
// asks by itself never names a revision that is gone. What is slow is slow by the scenario's own hand.

import { browser, check, folder, serve, troubles } from "./lib.mjs";

const here = folder(["mistakes.csv", "directory.json"]);
const { program, link } = await serve(here, ["mistakes.csv", "--directory", "directory.json"]);
const shown = await browser();
const page = await (await shown.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
const wrong = troubles(page);

/** What was asked of the sheet, in the order in which it was sent, and how much of it was under way at once. @type {any[]} */
const sent = [];
let [underWay, most, previews] = [0, 0, 0];
/** While it is not null, nothing that is asked is answered. @type {Promise<void> | null} */
let gate = null;
let open = () => {};
const shut = () => (gate = new Promise((done) => (open = () => ((gate = null), done()))));
await page.route(/\/api\/(edit|fix|rows|undo|redo|paste)(\?|$)/, async (route) => {
  if (route.request().method() !== "POST") return route.continue();
  const asked = route.request().postDataJSON();
  if (asked.preview) previews += 1;
  else sent.push(asked);
  underWay += 1;
  most = Math.max(most, underWay);
  await gate;
  const answer = await route.fetch();
  underWay -= 1;
  await route.fulfill({ response: answer });
});

const checked = () => page.waitForFunction(() => /is checked again/.test(document.querySelector(".faults header")?.textContent ?? ""));
const press = (/** @type {string} */ key) => page.keyboard.press(key);
/** What stands in a column of the first rows. @param {number} col */
const column = (col) => page.evaluate(async (col) => {
  const { call } = await import("/page/api.js");
  const told = await call("GET", "/api/rows", { query: { from: 0, count: 5, view: "all" } });
  return told.rows.map((/** @type {any} */ row) => row.c[col]);
}, col);

await page.goto(link);
await page.waitForSelector("table.map");
// What the page asks by itself about what is wrong is under way from here on.
shut();
await page.getByRole("button", { name: "Continue to the rows" }).click();
await page.waitForSelector("td.e");
await page.locator("#grid").focus();
await press("Control+Home");
await page.waitForFunction(() => document.querySelector(".cellbar .ref b")?.textContent);
const col = await page.evaluate(() => {
  const [, letters] = /^([A-Z]+)/.exec(document.querySelector(".cellbar .ref b").textContent);
  return [...letters].reduce((sum, letter) => 26 * sum + letter.charCodeAt(0) - 64, 0) - 1;
});
const were = await column(col);
/** Looks until the column is this. @param {string[]} texts */
async function until(texts) {
  const end = Date.now() + 30_000;
  for (let is = await column(col); is.join() !== texts.join(); is = await column(col)) check(Date.now() < end, `${is} is not ${texts}`);
}

for (const end = Date.now() + 30_000; previews === 0; await column(col)) check(Date.now() < end, "the page asks for no fix by itself, so nothing is tried");

// Five cells below each other, typed without a look at what comes of them.
const typed = ["quick.one", "quick.two", "quick.three", "quick.four", "quick.five"];
for (const one of typed) {
  await page.keyboard.type(one);
  await press("Enter");
}
check(sent.length === 0, `${sent.length} changes were sent beside what was under way`);
open();
await until(typed);
await checked();

// As quickly taken back: each is a step.
shut();
for (const _ of typed) await press("Control+z");
open();
await until(were);
await checked();
check(most === 1, `${most} questions of the sheet were under way at once`);
check(wrong.length === 0, wrong.join("\n"));
console.log(`${sent.length} changes and ${previews} looks, one after the other; nothing was lost`);
await page.unrouteAll({ behavior: "ignoreErrors" });
await shown.close();
program.kill("SIGKILL");
