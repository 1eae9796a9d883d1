// Pages of three other origins try all they can: another port of this machine, a name that was bound to it, and a file. Nothing is
// read, and nothing changes.

import { createServer } from "node:http";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { browser, check, folder, serve } from "./lib.mjs";

const here = folder(["mistakes.csv", "directory.json"]);
const { program, link, port, code } = await serve(here, ["mistakes.csv"]);
const own = `http://127.0.0.1:${port}`;
const session = await (await fetch(`${own}/api/session`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ code }) })).json();
const ours = { "x-headcount": session.key, "x-headcount-lease": String(session.lease), "content-type": "application/json" };
// Without the turn in which it was told: that is another each time.
const state = async () => JSON.stringify({ ...(await (await fetch(`${own}/api/state`, { headers: ours })).json()), turn: 0 });
const before = await state();
check(before.includes("mistakes.csv"), before);

// One that answers, so that it is known that the attempts would be seen.
const other = createServer((request, answer) => {
  answer.writeHead(200, { "content-type": "text/html" });
  answer.end("<!doctype html><title>hostile</title>");
});
await new Promise((done) => other.listen(0, "127.0.0.1", done));
const otherPort = other.address().port;

/** All that a page can try; what it could read of it. */
const attack = async (base) => {
  const read = [];
  const paths = ["/", "/page/main.js", "/api/state", "/api/files", "/api/rows", "/api/findings", "/api/columns", "/api/run"];
  for (const path of paths) {
    for (const mode of ["cors", "no-cors"]) {
      for (const credentials of ["include", "omit"]) {
        try {
          const answer = await fetch(base + path, { mode, credentials });
          const text = answer.type === "opaque" ? "" : await answer.text();
          if (text) read.push(`${mode} ${path}: ${text.slice(0, 60)}`);
        } catch {}
      }
    }
  }
  for (const [path, body] of [["/api/edit", { revision: 2, cells: [{ n: 3, col: 0, text: "evil" }] }], ["/api/quit", {}], ["/api/save", { as: "evil.csv", format: "csv" }], ["/api/session", { code: "0".repeat(32) }], ["/api/lease", {}]]) {
    for (const type of ["application/json", "text/plain", "application/x-www-form-urlencoded"]) {
      for (const mode of ["cors", "no-cors"]) {
        try {
          const answer = await fetch(base + path, { method: "POST", mode, headers: { "content-type": type, ...(mode === "cors" ? { "x-headcount": "guess" } : {}) }, body: JSON.stringify(body) });
          const text = answer.type === "opaque" ? "" : await answer.text();
          if (text) read.push(`POST ${path}: ${text.slice(0, 60)}`);
        } catch {}
      }
    }
    const form = document.createElement("form");
    form.method = "post";
    form.action = base + path;
    form.target = "sink";
    form.enctype = "text/plain";
    const input = document.createElement("input");
    input.name = `{"revision":2,"cells":[],"x":"`;
    input.value = `"}`;
    form.append(input);
    const sink = document.createElement("iframe");
    sink.name = "sink";
    document.body.append(sink, form);
    form.submit();
  }
  for (const [tag, attribute] of [["script", "src"], ["img", "src"], ["iframe", "src"], ["link", "href"]]) {
    const element = document.createElement(tag);
    if (tag === "link") element.rel = "stylesheet";
    try {
      element[attribute] = `${base}/api/state`;
      document.body.append(element);
    } catch {} // stopped by the policy of the answer itself
  }
  const shell = document.createElement("iframe");
  shell.src = `${base}/`;
  document.body.append(shell);
  await new Promise((done) => setTimeout(done, 300));
  try {
    if (shell.contentDocument?.body?.textContent) read.push("frame");
  } catch {}
  for (const make of [() => new EventSource(`${base}/api/events`), () => new WebSocket(`${base.replace("http", "ws")}/api/events`)]) {
    await new Promise((done) => {
      let made;
      try {
        made = make();
      } catch {
        return done();
      }
      made.onopen = () => {
        read.push(String(make));
        done();
      };
      made.onmessage = () => read.push("message");
      made.onerror = () => done();
      setTimeout(done, 500);
    });
  }
  try {
    if (await navigator.serviceWorker.register(`${base}/page/main.js`)) read.push("worker");
  } catch {}
  return read;
};

const shown = await browser([`--host-resolver-rules=MAP evil.example 127.0.0.1`]);
const context = await shown.newContext();
const page = await context.newPage();
const file = join(here, "hostile.html");
writeFileSync(file, "<!doctype html><title>hostile</title><body>");
const reports = [];
for (const [name, at, base] of [
  ["another port", `http://127.0.0.1:${otherPort}/`, own],
  ["a name of its own, on another port", `http://evil.example:${otherPort}/`, own],
  ["a file", `file://${file}`, own],
]) {
  await page.goto(at);
  for (const target of [base, `http://localhost:${port}`, `http://evil.example:${port}`]) {
    for (const read of await page.evaluate(attack, target)) reports.push(`${name} at ${target}: ${read}`);
  }
}
// At a name that is bound to us the page itself is not even there.
const rebound = await page.goto(`http://evil.example:${port}/`);
check(rebound.status() === 421, `a rebound name is answered with ${rebound.status()}`);
for (const read of await page.evaluate(attack, `http://evil.example:${port}`)) {
  // The refusal itself may be read: it says nothing of anybody.
  if (!/answers to its own address|"code":"wrong-host"/.test(read)) reports.push(`rebound: ${read}`);
}
check(reports.length === 0, reports.join("\n"));
const after = await state();
check(after === before, `it has changed:\n${before}\n${after}`);
console.log("three origins, and a name that was bound: nothing was read, nothing changed");
program.kill("SIGINT");
other.close();
await shown.close();
