// The bars of the page, in one run on one machine: each held against `validate` of the same file, or against a run without a page.

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROGRAM, browser, check, folder, run, serve, standing } from "./lib.mjs";
import { workbook } from "./workbook.mjs";

const ROWS = Number(process.env.HEADCOUNT_ROWS ?? 100_000);
const rounds = Number(process.env.HEADCOUNT_ROUNDS ?? 5);
const median = (/** @type {number[]} */ all) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];
const failed = [];
/** @param {string} what @param {number} is @param {number} most @param {string} [unit] */
function bar(what, is, most, unit = "") {
  console.log(`${is <= most ? "ok  " : "OVER"}  ${what}: ${is.toFixed(2)}${unit} (at most ${most.toFixed(2)}${unit})`);
  if (is > most) failed.push(what);
}

const here = folder(["directory.json"]);
const header = "first name,last name,email address,secondary email,mobile,password,user login,directory user id,routing profile name,security profiles,user_hierarchy_1|user_hierarchy_2,phone type (soft/desk),phone number,soft phone auto accept (yes/no),ACW timeout (seconds),tags";
const lines = [header];
for (let at = 0; at < ROWS; at += 1) {
  const profile = at % 50 === 7 ? "customer care" : "Customer Care";
  lines.push(`First${at},Last${at},person${at}@example.com,,+49170${1000000 + at},Kettle-Moss-${at},person.${at},,${profile},Agent,EMEA|Germany|Berlin|Support|Team A,soft,,yes,30,site|${at % 5 < 2 ? "Berlin" : "Ulm"}`);
}
writeFileSync(join(here, "large.csv"), `${lines.join("\n")}\n`);

/** How long `validate` takes, in milliseconds. @param {string} [name] */
function validate(name = "large.csv") {
  const begun = performance.now();
  spawnSync(PROGRAM, ["validate", name, "--directory", "directory.json", "-o", `out-${Math.random()}.txt`], { cwd: here });
  return performance.now() - begun;
}

const shown = await browser();
const times = { validate: [], first: [], mark: [], check: [], replace: [], undo: [] };
let told;
for (let round = 0; round < rounds; round += 1) {
  times.validate.push(validate());
  const context = await shown.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto("about:blank");
  // What was changed before would be offered again.
  rmSync(join(here, ".state"), { recursive: true, force: true });
  const begun = performance.now();
  const served = await serve(here, ["large.csv", "--directory", "directory.json"]);
  await page.goto(served.link);
  await page.waitForSelector("table.map, #grid td");
  if (await page.$("table.map")) await page.getByRole("button", { name: "To the rows" }).click();
  await page.waitForFunction(() => document.querySelector("#grid tbody tr.row td")?.textContent === "First0", null, { polling: "raf" });
  times.first.push(performance.now() - begun);
  await page.waitForSelector(".fault");
  // A cell is made wrong: how many frames until it is marked, and how long until all rows are checked.
  await page.evaluate(() => {
    window.frames_ = [];
    const tick = (now) => {
      window.frames_.push(now);
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await page.locator("#grid").focus();
  for (const key of ["Control+Home", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
  await page.waitForFunction(() => document.querySelector(".cellbar .ref b")?.textContent === "G2");
  await page.keyboard.type("has a space");
  await page.evaluate(() => {
    window.marked_ = new Promise((done) => {
      document.querySelector("#cell").addEventListener("keydown", (event) => event.key === "Enter" && (window.begun_ = performance.now()), { capture: true, once: true });
      const look = () => (document.querySelector("#grid tbody tr.row td.e.c") ? done(performance.now() - window.begun_) : requestAnimationFrame(look));
      requestAnimationFrame(look);
    });
    window.checked_ = new Promise((done) => {
      let was = false;
      const look = () => {
        const text = document.querySelector(".faults header").textContent;
        if (text.includes("Checking")) was = true;
        if (was && text.includes("is checked again")) done(performance.now() - window.begun_);
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
  });
  await page.keyboard.press("Enter");
  times.mark.push(await page.evaluate(() => window.marked_));
  times.check.push(await page.evaluate(() => window.checked_));
  // One text replaced in two rows of five and all of it undone, each until the page says that all rows are checked.
  for (const [what, path] of [["replace", "/api/replace"], ["undo", "/api/undo"]]) {
    const time = await page.evaluate(async (path) => {
      const { key } = JSON.parse(sessionStorage.getItem("headcount-key"));
      const headers = { "X-Headcount": key, "X-Headcount-Lease": "1", "Content-Type": "application/json" };
      const { revision } = await (await fetch("/api/state", { headers })).json();
      const asked = path.endsWith("undo") ? { revision } : { revision, find: "Berlin", with: "Bonn", col: 15, whole: false, case: true };
      const header = document.querySelector(".faults header");
      const begun = performance.now();
      const isOver = new Promise((done) => {
        let was = false;
        const look = () => {
          was ||= header.textContent.includes("Checking");
          if (was && header.textContent.includes("is checked again")) done(performance.now() - begun);
          else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
      });
      const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(asked) });
      if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
      return isOver;
    }, path);
    times[what].push(time);
  }
  told = { page, context, served };
  if (round < rounds - 1) {
    served.program.kill("SIGINT");
    await context.close();
  }
}
const base = median(times.validate);
console.log(`${ROWS} rows; validate: ${times.validate.map((time) => time.toFixed(0)).join(", ")} ms`);
bar("first rows painted, over validate", median(times.first) - base, 500, " ms");
bar("a cell marked, in frames", median(times.mark) / (1000 / 60), 3);
bar("all rows checked again, of validate", median(times.check) / base, 1.2);
bar("one text replaced in 40 % of the rows and checked, of validate", median(times.replace) / base, 2);
bar("the same undone and checked, of validate", median(times.undo) / base, 2);

// What the process has in memory by now, and the cells that it shows; and what it does while nobody does anything.
{
  const { program } = told.served;
  const cells = lines.slice(1).reduce((sum, line) => sum + line.length, 0) / 1e6;
  const status = readFileSync(`/proc/${program.pid}/status`, "utf8");
  const memory = (/** @type {string} */ what) => Number(new RegExp(`${what}:\\s+(\\d+)`).exec(status)?.[1]) * 1.024e-3;
  bar("memory of the process, in MB", memory("VmRSS"), 60 + 2.5 * cells);
  console.log(`      at most it was ${memory("VmHWM").toFixed(1)} MB`);
  const ticks = () => readFileSync(`/proc/${program.pid}/stat`, "utf8").split(") ")[1].split(" ").slice(11, 13).reduce((sum, each) => sum + Number(each), 0);
  await told.page.waitForTimeout(1000);
  const before = ticks();
  await told.page.waitForTimeout(20_000);
  // A tick is a hundredth of a second.
  bar("of a core while nobody does anything, in percent", (ticks() - before) / 20, 0.1);
}

// Scrolling at the speed of a wheel: 3,600 px a second for five seconds.
const { page, context, served } = told;
const scroll = await page.evaluate(async () => {
  const host = document.querySelector(".scroll");
  const frames = [];
  let empty = 0;
  await new Promise((done) => {
    let begun = 0;
    let last = 0;
    const tick = (now) => {
      begun ||= now;
      if (last) frames.push(now - last);
      last = now;
      host.scrollTop = ((now - begun) / 1000) * 3600;
      const blank = [...document.querySelectorAll("#grid tbody tr.row th")].some((th) => th.textContent === "");
      empty += blank ? 1 : 0;
      if (now - begun < 5000) requestAnimationFrame(tick);
      else done();
    };
    requestAnimationFrame(tick);
  });
  return { slow: frames.filter((time) => time > 33).length / frames.length, empty: empty / frames.length, frames: frames.length, nodes: document.querySelectorAll("*").length };
});
bar("frames over 33 ms at 3,600 px a second, in percent", 100 * scroll.slow, 3);
bar("frames with an empty row, in percent", 100 * scroll.empty, 2);
bar("elements", scroll.nodes, 2500);
const client = await context.newCDPSession(page);
await client.send("HeapProfiler.collectGarbage");
bar("heap, in MB", (await client.send("Runtime.getHeapUsage")).usedSize / 1e6, 40);
served.program.kill("SIGINT");
await context.close();

// A small roster, from the start on; and a large workbook.
/** @param {string} name @param {string[]} args */
async function shows(name, args) {
  const page = await shown.newPage();
  const begun = performance.now();
  const served = await serve(here, [name, ...args]);
  const listens = performance.now() - begun;
  await page.goto(served.link);
  await page.waitForSelector("table.map, #grid td");
  if (await page.$("table.map")) await page.getByRole("button", { name: "To the rows" }).click();
  await page.waitForFunction(() => document.querySelector("#grid tbody tr.row td")?.textContent === "First0", null, { polling: "raf" });
  const painted = performance.now() - begun;
  served.program.kill("SIGINT");
  await page.close();
  return { listens, painted };
}
writeFileSync(join(here, "small.csv"), `${lines.slice(0, 1251).join("\n")}\n`);
writeFileSync(join(here, "large.xlsx"), workbook(lines.map((line) => line.split(","))));
const small = [];
const book = [];
for (let round = 0; round < rounds; round += 1) small.push(await shows("small.csv", ["--directory", "directory.json"]));
bar("1,250 rows: from the start to its link", median(small.map(({ listens }) => listens)), 50, " ms");
bar("1,250 rows: from its link to the first rows", median(small.map(({ listens, painted }) => painted - listens)), 400, " ms");
const books = [];
for (let round = 0; round < rounds; round += 1) {
  books.push(validate("large.xlsx"));
  book.push((await shows("large.xlsx", ["--directory", "directory.json"])).painted);
}
bar("a workbook's first rows painted, over validate of it", median(book) - median(books), 500, " ms");

// The pace of a rehearsal, by a page that scrolls all the time, and without one.
const paces = { alone: [], shown: [] };
for (let round = 0; round < rounds; round += 1) {
  for (const isShown of [false, true]) {
    const there = folder(["roster.csv"]);
    const rows = readFileSync(join(there, "roster.csv"), "utf8").split("\n");
    writeFileSync(join(there, "roster.csv"), rows.slice(0, 26).join("\n"));
    const begun = performance.now();
    if (isShown) {
      const { program, link } = await serve(there, ["roster.csv"]);
      const page = await shown.newPage();
      await page.goto(link);
      await page.waitForSelector("table.map, #grid td");
      const took = await page.evaluate(async () => {
        const { key } = JSON.parse(sessionStorage.getItem("headcount-key"));
        const headers = { "X-Headcount": key, "X-Headcount-Lease": "1", "Content-Type": "application/json" };
        const post = async (path, body) => (await fetch(path, { method: "POST", headers, body: JSON.stringify(body) })).json();
        const plan = await post("/api/plan", { skip_invalid: false, weather: "calm", seed: 1 });
        const host = document.scrollingElement;
        let isOver = false;
        const tick = (now) => {
          host.scrollTop = (now * 3) % 2000;
          document.querySelector(".scroll")?.scrollTo(0, (now * 3) % 2000);
          if (!isOver) requestAnimationFrame(tick);
        };
        requestAnimationFrame(tick);
        const begun = performance.now();
        await post("/api/run", { plan: plan.id, confirm: plan.rows.to_create });
        for (;;) {
          const run = await (await fetch("/api/run", { headers })).json();
          if (run.state === "ended") break;
          await new Promise((done) => setTimeout(done, 20));
        }
        isOver = true;
        return performance.now() - begun;
      });
      paces.shown.push(took);
      program.kill("SIGINT");
      await page.close();
    } else {
      run(there, ["import", "roster.csv", "--simulate", "--seed", "1", "--yes"]);
      paces.alone.push(performance.now() - begun);
    }
    const created = Object.values(standing(join(there, "roster.csv.simulate.ledger.jsonl"))).filter((state) => state === "created").length;
    check(created === 25, `${created} of 25`);
  }
}
bar("a rehearsal with a page that scrolls, of one without", median(paces.shown) / median(paces.alone), 1.01);
await shown.close();
check(failed.length === 0, `over the bar: ${failed.join("; ")}`);
