// What the scenarios share: the program, started in a folder of its own, and a browser.

import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { chromium } from "playwright-core";

export const PROGRAM = process.env.HEADCOUNT;
export const SAMPLES = process.env.HEADCOUNT_SAMPLES;
const BROWSER = process.env.HEADCOUNT_CHROMIUM;

/** @type {string[]} */
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** @param {string[]} [more] */
export const browser = (more = []) => chromium.launch({ executablePath: BROWSER, args: [...ARGUMENTS, ...more] });

/** A folder with these files of the samples. @param {string[]} names */
export function folder(names) {
  const made = mkdtempSync(join(tmpdir(), "headcount-page-"));
  for (const name of names) cpSync(join(SAMPLES, name), join(made, basename(name)));
  return made;
}

/** @param {string} cwd */
const env = (cwd) => ({ ...process.env, XDG_STATE_HOME: join(cwd, ".state"), LOCALAPPDATA: join(cwd, ".state") });

/**
 * Serves a page; returns when it has told its link.
 * @param {string} cwd @param {string[]} args
 */
export function serve(cwd, args) {
  return new Promise((done, fail) => {
    const program = spawn(PROGRAM, ["open", ...args, "--no-browser"], { cwd, env: env(cwd) });
    let said = "";
    program.stderr.on("data", (data) => {
      said += data;
      const link = /http:\/\/127\.0\.0\.1:(\d+)\/#c=(\w+)/.exec(said);
      if (link) done({ program, link: link[0], port: Number(link[1]), code: link[2], said: () => said, ended: () => new Promise((over) => (program.exitCode === null && program.signalCode === null ? program.on("exit", (code) => over(code)) : over(program.exitCode))) });
    });
    program.on("exit", (code) => fail(new Error(`it ended with ${code}: ${said}`)));
  });
}

/** Runs the program to its end. @param {string} cwd @param {string[]} args */
export const run = (cwd, args) => spawnSync(PROGRAM, args, { cwd, env: env(cwd), encoding: "utf8" });

/** What is wrong with the page itself: errors, and what its policy has stopped. @param {import("playwright-core").Page} page */
export function troubles(page) {
  /** @type {string[]} */
  const all = [];
  page.on("pageerror", (error) => all.push(String(error.stack ?? error)));
  page.on("console", (message) => {
    if (message.type() === "error") all.push(`${message.text()} ${message.location().url}`);
  });
  return all;
}

/** @param {unknown} is @param {string} what */
export function check(is, what) {
  if (!is) throw new Error(what);
}

/** Where the rows of a ledger stand, by user, without what differs from run to run. @param {string} path */
export function standing(path) {
  /** @type {Record<string, string>} */
  const rows = {};
  for (const line of readFileSync(path, "utf8").split("\n").filter(Boolean)) {
    const entry = JSON.parse(line);
    if (entry.type === "row") rows[entry.user] ??= entry.state ?? "pending";
    if (entry.type === "outcome") rows[entry.user] = `${entry.state} ${entry.code ?? ""}`.trim();
  }
  return rows;
}
