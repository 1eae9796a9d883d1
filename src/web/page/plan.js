// What would be done: nothing was sent yet.

import { html, nothing, svg } from "./lit-html/lit-html.js";
import { call } from "./api.js";
import { ask } from "./dialog.js";
import { attempt, changed, go, store, takeRun } from "./store.js";
import { command, copyButton, rich } from "./parts.js";
import { saveDialog } from "./save.js";
import { lasting, num, words } from "./words.js";

const w = words.plan;
/** What is longer than this is told to be, in seconds. */
const LONG = 600;

async function make() {
  if (store.busy || (store.state.unsaved && !(await saveDialog()))) return;
  await attempt(() => call("POST", "/api/plan", { body: { skip_invalid: store.skips, weather: store.weather, seed: 1 } }));
}

/** @param {any} plan */
async function start(plan) {
  const answer = await ask(w.ask(plan.rows.to_create), () => html`<p>${w.askText}</p>${plan.seconds > LONG ? html`<p>${w.long}</p>` : nothing}`, { yes: w.yes });
  if (answer !== "yes") return;
  const run = await attempt(() => call("POST", "/api/run", { body: { plan: plan.id, confirm: plan.rows.to_create } }));
  if (run) {
    // One of few rows may be over before its beginning is told.
    takeRun(run);
    go(store.run.state === "ended" ? "result" : "run");
  }
}

/** @param {number} n @param {string} kind @param {string} label @param {string} note @param {unknown} [act] */
const line = (n, kind, label, note, act = html`<span></span>`) =>
  html`<li><span class="n ${kind}">${num(n)}</span><div><b>${label}</b><p class="small">${note}</p></div>${act}</li>`;

/** @param {any} plan */
function planned(plan) {
  const { rows } = plan;
  const there = rows.there + rows.equal;
  const isHeld = !store.skips && store.state.counts.invalid_rows > 0;
  return html`<h2 class="say" id="say">${w.title(rows.to_create, lasting(plan.seconds))}</h2><p class="lead">${w.lead}</p>
    ${plan.seconds > LONG ? html`<p class="note"><span>${w.long}</span></p>` : nothing}
    <div class="box"><h3>${w.rowByRow}</h3><ul class="rows">
      ${line(rows.to_create, "created", w.create, w.createNote)}
      ${rows.done ? line(rows.done, "created", w.doneRows, w.doneNote) : nothing}
      ${there ? line(there, "exists", w.there, w.thereNote) : nothing}
      ${rows.invalid ? line(rows.invalid, "invalid", w.out, w.outNote, html`<button type="button" class="small" @click=${() => { store.view = "errors"; go("rows"); }}>${w.mend}</button>`) : nothing}</ul></div>
    ${plan.room.map(room)}
    ${plan.warnings.length ? html`<div class="box"><h3>${w.odd}</h3><ul class="plain">${plan.warnings.map((/** @type {string} */ text) => html`<li>${rich(text)}</li>`)}</ul></div>` : nothing}
    <div class="go"><button type="button" class="first" ?disabled=${store.busy > 0 || rows.to_create === 0} @click=${() => start(plan)}>${w.go(rows.to_create)}</button>
      <button type="button" ?disabled=${store.busy > 0 || isHeld} @click=${make}>${w.again2}</button></div>
    ${isHeld ? held(store.state.counts.invalid_rows) : nothing}`;
}

/** What is in the way where rows with errors are not to be left out. @param {number} bad */
const held = (bad) => html`<div class="note"><div><p>${w.held(bad)}</p><div class="do"><button type="button" class="small first" @click=${() => { store.view = "errors"; go("rows"); }}>${w.mend}</button>
  <button type="button" class="small" @click=${() => { store.skips = true; store.trouble = null; changed(); }}>${w.leaveOut}</button></div></div></div>`;

/** @param {any} room */
function room(room) {
  if (room.allowed === null || room.there === null) return nothing;
  const part = (/** @type {number} */ n) => Math.min(1000, (1000 * n) / Math.max(1, room.allowed));
  const left = room.allowed - room.there - room.to_come;
  return html`<div class="box"><h3>${w.room}</h3>
    <svg class="gauge" viewBox="0 0 1000 16" preserveAspectRatio="none" role="img" aria-label="${w.thereUsers(room.there)}, ${w.toCome(room.to_come)}, ${w.left(left, room.allowed)}">
      ${svg`<rect class="all" width="1000" height="16"/><rect class="had" width=${part(room.there)} height="16"/><rect class="come" x=${part(room.there)} width=${part(room.to_come)} height="16"/>`}</svg>
    <p class="key"><span class="had">${w.thereUsers(room.there)}</span><span class="come">${w.toCome(room.to_come)}</span><span class="left">${w.left(left, room.allowed)}</span></p></div>`;
}

export function planScreen() {
  const { plan, counts, unsaved } = store.state;
  const isHeld = !store.skips && counts.invalid_rows > 0;
  return html`<main id="main" class="read" tabindex="-1"><section aria-labelledby="say">
    <p class="note rehearsal"><span><b>${w.rehearsal}.</b> ${w.why}</span></p>
    ${plan ? planned(plan) : html`<h2 class="say" id="say">${unsaved ? w.first : w.make}</h2>${unsaved ? html`<p class="lead">${w.firstText}</p>` : nothing}
      ${isHeld ? held(counts.invalid_rows) : nothing}
      <div class="go"><button type="button" class="first" ?disabled=${store.busy > 0 || isHeld} @click=${make}>${unsaved ? words.saveChanges(unsaved) : w.make}</button></div>
      ${store.busy > 0 ? html`<p class="soft">${words.working}</p>` : nothing}`}
    </section><aside aria-label=${w.settings}>
    <div class="box tint"><h3>${w.settings}</h3><div class="fields">
      <label>${w.weather} <select @change=${(/** @type {any} */ event) => { store.weather = event.target.value; changed(); }}>${["calm", "rough"].map((sky) => html`<option value=${sky} ?selected=${store.weather === sky}>${w[/** @type {"calm"} */ (sky)]}</option>`)}</select></label>
      ${counts.invalid_rows ? html`<label class="check"><input type="checkbox" .checked=${store.skips} @change=${(/** @type {any} */ event) => { store.skips = event.target.checked; changed(); }}> ${w.skip}</label>` : nothing}</div></div>
    ${plan ? html`<div class="box tint"><h3 class="split">${w.terminal} ${copyButton(plan.command)}</h3>${command(plan.command)}<p class="small soft">${w.terminalNote}</p></div>
      <div class="box tint"><h3 class="split">${w.again} ${copyButton(plan.rehearsal_command)}</h3>${command(plan.rehearsal_command)}</div>
      <div class="box tint"><h3>${w.names}</h3><dl class="facts"><dt>${w.routing}</dt><dd>${plan.names.routing_profiles.join(", ")}</dd><dt>${w.security}</dt><dd>${plan.names.security_profiles.join(", ")}</dd>${plan.names.hierarchy.length ? html`<dt>${w.hierarchy}</dt><dd>${plan.names.hierarchy.join(", ")}</dd>` : nothing}</dl></div>` : nothing}
    </aside></main>`;
}
