// mistakes.csv to zero errors by keyboard alone, saved, rehearsed in rough weather; the tab is closed and the process killed in
// the midst of it; the run is ended from a terminal. Its ledger says what that of the command line says.

import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { browser, check, folder, run, serve, standing, troubles } from "./lib.mjs";

const here = folder(["mistakes.csv", "directory.json"]);
const before = readFileSync(join(here, "mistakes.csv"));
const { program, link, ended } = await serve(here, ["mistakes.csv", "--directory", "directory.json"]);
const shown = await browser();
const page = await (await shown.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
const wrong = troubles(page);
await page.goto(link);
await page.waitForSelector("table.map");
check(!page.url().includes("#"), "the code is still in the address");

const press = (/** @type {string} */ key) => page.keyboard.press(key);
/** Goes on with Tab until this has the focus. @param {string} name */
async function reach(name) {
  for (let at = 0; at < 300; at += 1) {
    const text = await page.evaluate(() => {
      const at = document.activeElement;
      return !at || /^(BODY|MAIN)$/.test(at.tagName) ? "" : at.textContent.trim();
    });
    if (text.startsWith(name)) return;
    await press("Tab");
  }
  throw new Error(`nothing is called ${name}`);
}
const told = () => page.evaluate(() => ({
  errors: Number(/With errors ([\d,]+)/.exec(document.querySelector(".chips").textContent)[1].replace(",", "")),
  ref: document.querySelector(".cellbar .ref b")?.textContent ?? "",
  label: document.querySelector(".cellbar .ref span")?.textContent ?? "",
  why: document.querySelector("#why")?.textContent ?? "",
  isBad: !!document.querySelector("#why .one.error"),
  fix: document.querySelector(".cellbar .do button.first")?.textContent ?? "",
  said: document.querySelector("#said").textContent,
}));
const checked = () => page.waitForFunction(() => /is checked again/.test(document.querySelector(".faults header")?.textContent ?? ""));

await reach("Continue to the rows");
await press("Enter");
await page.waitForSelector("td.e");
check(await page.evaluate(() => document.activeElement.id === "grid"), "the rows have not the focus");

/** What a person types in such a cell. @param {string} label @param {string} row */
const text = (label, row) => ({
  password: "Kettle-Moss-42", "user login": `user.${row}`, "email address": `user.${row}@example.com`, "secondary email": `user.${row}@example.org`,
  "routing profile": "Customer Care", "security profiles": "Agent", hierarchy: "EMEA|Germany|Berlin", "phone number": "+12065550100",
  mobile: "+12065550100", tags: "site|Berlin", "ACW timeout": "30", "first name": "Ada", "last name": "Lee", "auto accept": "no", "phone type": "soft",
})[label];

let deeds = 0;
await checked();
await press("Control+Home");
for (; deeds < 150 && (await told()).errors > 0; deeds += 1) {
  const was = (await told()).ref;
  await press("F8");
  await page.waitForFunction((was) => document.querySelector(".cellbar .ref b")?.textContent !== was || document.getElementById("said").textContent.startsWith("no more problems"), was);
  // What is known of the cell at once is not all: its fixes come a moment later.
  await page.waitForFunction(() => document.querySelector("#why .one") || document.getElementById("said").textContent.startsWith("no more problems"));
  const at = await told();
  if (at.said.startsWith("no more problems")) {
    await press("Control+Home");
    await page.evaluate(() => (document.getElementById("said").textContent = ""));
    continue;
  }
  if (!at.isBad) continue;
  // A row may have several errors: what was done has come through when it is told of.
  await page.evaluate(() => (document.getElementById("said").textContent = ""));
  const typed = text(at.label, at.ref.replace(/\D/g, ""));
  if (at.fix && !at.fix.includes("…")) await press("Alt+Enter");
  else if (typed && !at.why.includes("cannot be told apart")) {
    await page.keyboard.type(typed);
    await press("Enter");
    await press("ArrowUp");
  } else await press("Control+-");
  await page.waitForFunction(() => document.getElementById("said").textContent !== "", null, { timeout: 5000 }).catch(() => {});
  await checked();
}
const end = await told();
check(end.errors === 0, `${end.errors} errors are left after ${deeds} deeds: ${JSON.stringify(end)}`);

await reach("Save");
await press("Enter");
await page.waitForSelector("dialog");
await press("Enter");
await page.waitForFunction(() => /saved as mistakes\.mended\.csv/.test(document.querySelector(".file p").textContent));
await reach("Continue with");
await press("Enter");
await page.waitForSelector("text=How it is rehearsed");
await reach("See what");
await press("Enter");
await page.waitForSelector("text=Row by row");
await reach("Rehearse with");
await press("Enter");
await page.waitForSelector("dialog");
await press("Enter");
await page.waitForFunction(() => /^[4-9]|^1\d/.test(document.querySelector("#say")?.textContent ?? ""), null, { timeout: 60_000 });
check(wrong.length === 0, wrong.join("\n"));

// The tab is closed, and the process dies.
const command = await page.evaluate(() => document.querySelector("aside pre.cmd").textContent);
await page.close();
program.kill("SIGKILL");
await ended();
check(command.startsWith("headcount import mistakes.mended.csv "), command);
const words = command.split(/\s+/).slice(1);
const ledger = join(here, "mistakes.csv.simulate.ledger.jsonl");
const half = Object.values(standing(ledger)).filter((state) => state.startsWith("created")).length;
const resumed = run(here, words);
// A name of the roster is taken on that instance.
check(resumed.status === 0 || resumed.status === 1, `it ended with ${resumed.status}: ${resumed.stderr}`);

// The same file, rehearsed by the command line alone.
const there = folder(["directory.json"]);
cpSync(join(here, "mistakes.mended.csv"), join(there, "mistakes.mended.csv"));
const alone = run(there, ["import", "mistakes.mended.csv", "--simulate", "--weather", "rough", "--seed", "1", "--directory", "directory.json"]);
check(alone.status === resumed.status, alone.stderr);
const [one, other] = [standing(ledger), standing(join(there, "mistakes.mended.csv.simulate.ledger.jsonl"))];
check(JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort()), `${JSON.stringify(one)}\n${JSON.stringify(other)}`);
check(readFileSync(join(here, "mistakes.csv")).equals(before), "the roster itself was written");
console.log(`zero errors after ${deeds} deeds; ${half} created when it was killed, ${Object.keys(one).length} at the end, as by the command line`);
await shown.close();
