// A password that is in the roster, and one that is typed, are in nothing that the page is sent or shows. The control is a text that
// is no secret: it is found.

import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { browser, check, folder, serve } from "./lib.mjs";

const MARK = "Zq7-canary-Password";
const TYPED = "Xw9-canary-Typed";
const CONTROL = "Control-Nokia";
const here = folder(["directory.json"]);
writeFileSync(join(here, "people.csv"), [
  "first name,last name,email address,password,user login,routing profile name,security profiles,Kennwort alt",
  `Ann,${CONTROL},ann@example.com,${MARK}1,ann,Customer Care,Agent,${MARK}9`,
  `Bob,Lee,bob@example.com,${MARK}2 ,bob,Customer Care,Agent,`,
  `Cid,Lee,cid@example.com,,cid,Customer Care,Agent,${MARK}8`,
].join("\n"));
const { program, link, said } = await serve(here, ["people.csv", "--directory", "directory.json"]);
const shown = await browser();
const page = await (await shown.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
const seen = [];
page.on("response", async (answer) => {
  if (!answer.url().includes("/api/events")) seen.push(await answer.text().catch(() => ""));
});
const client = await page.context().newCDPSession(page);
await client.send("Network.enable");
client.on("Network.dataReceived", () => {});
await page.goto(link);
await page.waitForSelector("table.map");
const look = async () => seen.push(await page.content());
await look();
await page.getByRole("button", { name: "To the rows" }).click();
await page.waitForSelector("#grid td");
await page.locator("#grid").focus();
// The password of the third row is typed.
for (const key of ["Control+Home", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
await page.waitForFunction(() => document.querySelector("#cell")?.type === "password");
await page.keyboard.type(TYPED);
await page.keyboard.press("Enter");
await page.waitForSelector("td.c.s");
await look();
await page.keyboard.press("Control+a");
for (const key of ["Control+Home", "Shift+Control+End"]) await page.keyboard.press(key);
const copied = await page.evaluate(() => {
  const data = new DataTransfer();
  document.querySelector("#grid").dispatchEvent(new ClipboardEvent("copy", { clipboardData: data, cancelable: true, bubbles: true }));
  return data.getData("text/plain");
});
seen.push(copied);
await page.locator("#find").fill(MARK);
await page.waitForFunction(() => !document.querySelector("#grid tbody tr.row"));
await page.locator("#find").fill("");
const api = (method, path, body) => page.evaluate(async ([method, path, body]) => {
  const { key } = JSON.parse(sessionStorage.getItem("headcount-key"));
  const headers = { "X-Headcount": key, "X-Headcount-Lease": "1", ...(body ? { "Content-Type": "application/json" } : {}) };
  return (await fetch(path, { method, headers, body: body && JSON.stringify(body) })).text();
}, [method, path, body]);
const state = JSON.parse(await api("GET", "/api/state"));
for (const path of ["/api/state", "/api/files", "/api/rows", `/api/rows?find=${MARK}`, "/api/findings", "/api/columns", "/api/cell?n=2&col=3", "/api/cell?n=4&col=3", "/api/cell?n=2&col=7", "/api/next?after=0,-1"]) seen.push(await api("GET", path));
for (const [path, body] of [
  ["/api/replace", { revision: state.revision, find: MARK, with: "x", whole: false, case: true, preview: true }],
  ["/api/safe", { revision: state.revision, preview: true }],
  ["/api/save", { as: "people.mended.csv", format: "csv" }],
  ["/api/plan", { skip_invalid: true, weather: "calm", seed: 1 }],
]) seen.push(await api("POST", path, body));
const plan = JSON.parse(seen.at(-1));
check(plan.id, seen.at(-1));
seen.push(await api("POST", "/api/run", { plan: plan.id, confirm: plan.rows.to_create }));
for (let at = 0; at < 100; at += 1) {
  const run = await api("GET", "/api/run");
  seen.push(run);
  if (JSON.parse(run)?.state === "ended") break;
  await page.waitForTimeout(100);
}
for (const path of ["/api/run/rows", "/api/state"]) seen.push(await api("GET", path));
await look();
seen.push(said());
// What is on disk beside the rosters themselves: the journal of edits, the ledger, reports.
const files = (at) => readdirSync(at).flatMap((name) => (statSync(join(at, name)).isDirectory() ? files(join(at, name)) : [join(at, name)]));
for (const path of files(here).filter((path) => !/people(\.mended)?\.csv$|world\.jsonl$/.test(path))) seen.push(readFileSync(path, "utf8"));
const all = seen.join("\n");
for (const secret of [MARK, TYPED]) check(!all.includes(secret), `${secret} was told: ${all.slice(Math.max(0, all.indexOf(secret) - 200), all.indexOf(secret) + 60)}`);
check(all.includes(CONTROL), "the control is not found: nothing was looked at");
check(readFileSync(join(here, "people.mended.csv"), "utf8").includes(TYPED), "what was typed is not in the copy");
console.log(`${seen.length} texts, ${all.length} characters: neither password is in them`);
program.kill("SIGINT");
await shown.close();
