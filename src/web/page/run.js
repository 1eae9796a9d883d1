// How a run gets on, and what came of it.

import { html, nothing, svg } from "./lit-html/lit-html.js";
import { call } from "./api.js";
import { attempt, changed, go, say, store, takeRun } from "./store.js";
import { command, copyButton, rich } from "./parts.js";
import { at, count, lasting, num, pace, words } from "./words.js";

const w = words.run;

/** @param {string} path */
async function act(path) {
  const run = await attempt(() => call("POST", path, { body: {} }));
  if (run) takeRun(run);
  changed();
}

/** How many rows are settled. @param {any} rows */
const settled = (rows) => rows.created + rows.exists + rows.rejected;

/** @param {any} run */
function progress(run) {
  const { rows } = run;
  const all = Math.max(1, rows.total - rows.invalid);
  let x = 0;
  const part = (/** @type {number} */ n, /** @type {string} */ kind) => {
    const width = (1000 * n) / all;
    const from = x;
    x += width;
    return n ? svg`<rect class=${kind} x=${from} width=${width} height="22"/>` : svg``;
  };
  return html`<svg class="progress" viewBox="0 0 1000 22" preserveAspectRatio="none" role="progressbar" aria-labelledby="say" aria-valuemin="0" aria-valuemax=${all} aria-valuenow=${settled(rows)}>
    ${svg`<rect class="all" width="1000" height="22"/>`}${part(rows.created, "created")}${part(rows.exists, "exists")}${part(rows.rejected, "rejected")}${part(rows.in_doubt, "in_doubt")}</svg>`;
}

/** @param {number} n @param {string} kind @param {string} label @param {string} [note] @param {unknown} [act_] */
const line = (n, kind, label, note = "", act_ = html`<span></span>`) =>
  n ? html`<li><span class="n ${kind}">${num(n)}</span><div><b>${label}</b>${note ? html`<p class="small">${note}</p>` : nothing}</div>${act_}</li>` : nothing;

/** @param {any} run */
const states = (run) => html`<ul class="rows">
  ${line(run.rows.created, "created", w.created, run.rows.recovered ? w.recovered(run.rows.recovered) : "")}
  ${line(run.rows.exists, "exists", w.exists)}
  ${line(run.rows.rejected, "rejected", w.rejected)}
  ${line(run.rows.in_doubt, "in_doubt", w.doubt, w.doubtNote)}
  ${line(run.rows.invalid, "invalid", w.invalid)}
  ${line(run.rows.pending, "pending", w.pending)}</ul>`;

/** @param {any} run */
function log(run) {
  return html`<div class="box"><h3 id="log">${w.log}</h3><div role="log" aria-labelledby="log" aria-live="off" tabindex="0" class="scrolling"><ol class="log">
    ${run.log.length ? run.log.map((/** @type {any} */ one) => html`<li><time>${at(one.at)}</time><span>${rich(one.text)}</span></li>`) : html`<li><span></span><span class="soft">${w.nothing}</span></li>`}</ol></div></div>`;
}

export function runScreen() {
  const { run } = store;
  if (!run) return html`<main id="main" class="read one" tabindex="-1"><section><h2 class="say">${w.none}</h2><div class="go"><button type="button" class="first" @click=${() => go("plan")}>${w.toPlan}</button></div></section></main>`;
  const { rows } = run;
  const isAtWork = run.state === "running" || run.state === "pausing";
  const canGoOn = run.state === "paused" || run.state === "stopped";
  return html`<main id="main" class="read" tabindex="-1"><section aria-labelledby="say">
    <p class="note rehearsal"><span><b>${words.plan.rehearsal}.</b> ${words.plan.why}</span></p>
    <h2 class="say num" id="say">${w.done(settled(rows), rows.total - rows.invalid)}</h2>
    ${progress(run)}
    <div class="nowline"><div><b>${w.states[/** @type {"running"} */ (run.state)] ?? run.state}</b><span>${rich(run.why ?? "")}</span></div>
      ${isAtWork && run.seconds_left !== null ? html`<div><b>${lasting(run.seconds_left)}</b><span>${w.left}</span></div>` : nothing}
      ${run.rate ? html`<div><b>${pace(run.rate)}</b><span>${w.pace}</span></div>` : nothing}
      ${run.calls.throttled ? html`<div><b>${count(run.calls.throttled, "throttle")}</b><span>${w.throttles}</span></div>` : nothing}</div>
    <div class="go">
      ${isAtWork ? html`<button type="button" ?disabled=${run.state === "pausing" || store.busy > 0} @click=${() => act("/api/run/pause")}>${w.pause}</button>` : nothing}
      ${canGoOn ? html`<button type="button" class="first" ?disabled=${store.busy > 0} @click=${() => act("/api/run/go-on")}>${w.goOn}</button>` : nothing}
      ${run.state === "ended" ? html`<button type="button" class="first" @click=${() => go("result")}>${w.toResult}</button>` : nothing}</div>
    <div class="box">${states(run)}</div>
    <p class="note ok"><span>${w.safe}</span></p></section>
    <aside>${log(run)}
    <div class="box tint"><h3 class="split">${w.terminal} ${copyButton(run.resume)}</h3>${command(run.resume)}</div></aside></main>`;
}

async function mend() {
  if (await attempt(() => call("POST", "/api/run/mend", { body: {} }))) {
    store.view = "errors";
    go("rows");
  }
}

async function again() {
  const run = await attempt(() => call("POST", "/api/retry", { body: {} }));
  if (run) {
    takeRun(run);
    go(run.state === "ended" ? "result" : "run");
  }
}

/** @param {string} format */
async function report(format) {
  const name = `${store.state.roster.name.replace(/\.[^.]*$/, "")}.report.${format}`;
  const told = await attempt(() => call("POST", "/api/report", { body: { format, as: name } }));
  if (told) say(words.result.reported(told.name));
}

export function resultScreen() {
  const { run, state } = store;
  const r = words.result;
  if (!run) return runScreen();
  const failed = run.rows.rejected + run.rows.invalid;
  const title = run.state !== "ended" ? r.stopped : failed ? r.some(run.rows.created, failed) : r.all(run.rows.created);
  return html`<main id="main" class="read" tabindex="-1"><section aria-labelledby="say">
    <h2 class="say num" id="say">${title}</h2><p class="lead">${r.rehearsed}</p>
    <div class="box">${states(run)}</div>
    ${run.causes.length ? html`<div class="box"><h3>${r.causes}</h3><ul class="rows">${run.causes.map((/** @type {any} */ cause) => html`<li><span class="n rejected">${num(cause.rows)}</span><div><b>${cause.title ? rich(cause.title) : cause.code}</b><p class="small">${rich(cause.advice)}</p></div><span></span></li>`)}</ul></div>` : nothing}
    <div class="go">${failed ? html`<button type="button" class="first" @click=${mend}>${r.mend(failed)}</button><button type="button" ?disabled=${store.busy > 0} @click=${again}>${r.again}</button>` : nothing}
      ${Object.entries(r.formats).map(([format, label]) => html`<button type="button" @click=${() => report(format)}>${r.report}: ${label}</button>`)}</div>
    ${run.report ? html`<p class="note ok"><span>${r.reported(run.report)}</span></p>` : nothing}</section>
    <aside>${state.plan ? html`<div class="box tint"><h3 class="split">${r.real} ${copyButton(state.plan.command)}</h3><p class="small">${r.realText}</p>${command(state.plan.command)}</div>` : nothing}${log(run)}</aside></main>`;
}
