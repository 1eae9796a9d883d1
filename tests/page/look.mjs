// Every screen, at three widths, light and dark: axe finds nothing, and there is a picture to look at.

import { readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { browser, check, folder, serve, troubles } from "./lib.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = process.env.HEADCOUNT_PICTURES;
if (pictures) mkdirSync(pictures, { recursive: true });
const shown = await browser();
const found = [];
let looks = 0;
for (const [scheme, width, more] of [
  ["light", 1440, {}], ["light", 1024, {}], ["light", 390, {}], ["dark", 1440, {}], ["dark", 1024, {}], ["dark", 390, {}],
  // 200 % and 400 % of a window of 1280, and a reader's own colours.
  ["light", 640, {}], ["light", 320, {}], ["light", 1440, { forcedColors: "active" }],
]) {
  const here = folder(["mistakes.csv", "directory.json", "roster.csv", "hr-export.csv"]);
  const { program, link } = await serve(here, []);
  const context = await shown.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, ...more });
  const page = await context.newPage();
  const wrong = troubles(page);
  await page.goto(link);
  const name = `${width}-${scheme}${more.forcedColors ? "-forced" : ""}`;
  const look = async (screen) => {
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    if (pictures) await page.screenshot({ path: join(pictures, `${screen}-${name}.png`) });
    await page.evaluate(axe);
    const told = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
    looks += 1;
    for (const one of told.violations) found.push(`${screen} ${name}: ${one.id}: ${one.nodes[0].html.slice(0, 200)} ${one.nodes[0].failureSummary}`);
    // Nothing is cut off at the side but what scrolls by itself.
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (beyond > 1) found.push(`${screen} ${name}: the page scrolls sideways by ${beyond} px`);
  };
  const button = (label) => page.getByRole("button", { name: label }).first();
  await page.waitForSelector("text=mistakes.csv");
  await look("home");
  await page.locator("li", { hasText: "mistakes.csv" }).getByRole("button", { name: "Open" }).click();
  await page.waitForSelector("table.map");
  await look("columns");
  await page.getByLabel("Names of the instance").selectOption("directory.json");
  await page.waitForFunction(() => !document.querySelector("[disabled].busy"));
  await button("To the rows").click();
  await page.waitForSelector("td.e");
  await page.locator("#grid").focus();
  await page.keyboard.press("F8");
  await page.waitForSelector("#why .one");
  await look("rows");
  await page.keyboard.press("?");
  await page.waitForSelector("dialog");
  await look("keys");
  await page.keyboard.press("Escape");
  await button(/Mend all that is safe/).click();
  await page.waitForSelector("dialog");
  await look("preview");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".fault.m");
  await look("mended");
  await button(/^Save/).click();
  await page.waitForSelector("dialog");
  await look("save");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => /saved as/.test(document.querySelector(".file p").textContent));
  await button("Continue with").click();
  await look("to-plan");
  await button("See what").click();
  await page.waitForSelector("text=Row by row");
  await look("plan");
  await button(/Rehearse with/).click();
  await page.waitForSelector("dialog");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=What happened");
  await look("run");
  await page.waitForSelector("text=This was a rehearsal", { timeout: 60_000 });
  await look("result");
  check(wrong.length === 0, wrong.join("\n"));
  program.kill("SIGINT");
  await context.close();
}
check(found.length === 0, found.join("\n"));
console.log(`${looks} looks, nothing found`);
await shown.close();
