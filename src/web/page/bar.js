// What stands above every screen: the roster, what can be done with it, the steps, and what went wrong.

import { html, nothing, svg } from "./lit-html/lit-html.js";
import { list } from "./home.js";
import { isOpen, lacking, rich, sentence } from "./parts.js";
import { redo, undo } from "./rows.js";
import { saveDialog } from "./save.js";
import { changed, go, store } from "./store.js";
import { count, num, words } from "./words.js";

const mark = svg`<svg viewBox="0 0 24 24" aria-hidden="true"><rect x="2" y="3" width="20" height="18" rx="3" fill="none" stroke="currentColor" stroke-width="2"/><path d="M2 9h20M9 9v12" stroke="currentColor" stroke-width="2"/><path class="tick" d="M12.3 15.2l2.1 2.1 4-4.2" fill="none" stroke-width="2.3" stroke-linecap="round" stroke-linejoin="round"/></svg>`;

/** @type {import("./store.js").Screen[]} */
const order = ["columns", "rows", "plan", "run", "result"];

export function bar() {
  const { state, screen } = store;
  const { roster } = state;
  const isRehearsal = ["plan", "run", "result"].includes(screen);
  const facts = roster ? [roster.sheet ? `${words.columns.sheet} “${roster.sheet}”` : null, count(roster.rows, "row"), words.files.folder(state.folder)].filter(Boolean).join(" · ") : words.files.folder(state.folder);
  const sendable = state.counts.rows - state.counts.invalid_rows;
  const main = screen === "rows" && roster ? "grid" : "main";
  const skip = (/** @type {Event} */ event) => {
    event.preventDefault();
    document.getElementById(main)?.focus();
  };
  return html`<a class="skip" href="#${main}" @click=${skip}>${main === "grid" ? words.skipToRows : words.skip}</a>
  <header><div class="bar"><span class="mark">${mark} ${words.name}</span>
    <div class="file"><h1>${roster ? html`<bdi>${roster.name}</bdi>` : words.files.title}</h1><p>${facts}${state.saved && !state.unsaved ? ` · ${words.saved(state.saved)}` : ""}</p></div>
    ${isRehearsal ? html`<span class="tag">${words.plan.rehearsal}</span>` : nothing}
    <div class="acts">
      ${roster ? html`<button type="button" class="quiet" @click=${() => { go("home"); void list(); }}>${words.home}</button>` : nothing}
      ${roster && screen === "rows" ? html`
        <button type="button" class="undo" ?disabled=${!state.undo || store.busy > 0} @click=${() => undo(undefined)}>↶ ${words.undo} <span class="soft">${rich(state.undo?.label ?? "")}</span></button>
        <button type="button" ?disabled=${!state.redo || store.busy > 0} @click=${redo}>↷ ${words.redo}</button>` : nothing}
      ${roster ? html`<button type="button" ?disabled=${store.busy > 0} @click=${saveDialog}>${state.unsaved ? words.saveChanges(state.unsaved) : words.saveAs}</button>` : nothing}
      ${roster && screen === "rows" ? html`<button type="button" class="first grow" ?disabled=${sendable === 0} @click=${() => go("plan")}>${words.goOnWith(sendable)}</button>` : nothing}
    </div></div>
  <div class="under">${roster ? html`<nav aria-label=${words.stepsLabel}><ol class="steps">${order.map((name, at) => step(name, at))}</ol></nav>` : nothing}
    ${store.told ? html`<p class="told">${rich(sentence(store.told))}</p>` : nothing}</div></header>
  ${notices()}`;
}

/** Whether a step is done, and how many things in it are not as they must be. @param {import("./store.js").Screen} name */
function standing(name) {
  const { state, run, columns } = store;
  const open = columns ? columns.columns.filter(isOpen).length || lacking(columns).length : 0;
  if (name === "columns") return { isDone: open === 0, bad: open };
  if (name === "rows") return { isDone: state.counts.invalid_rows === 0, bad: state.counts.invalid_rows };
  return { isDone: name === "plan" ? !!(state.plan || run) : run?.state === "ended", bad: 0 };
}

/** @param {import("./store.js").Screen} name @param {number} at */
function step(name, at) {
  const { screen, run } = store;
  const now = name === screen;
  const was = order.indexOf(screen) > at;
  const isThere = name === "columns" || name === "rows" || name === "plan" || !!run;
  const { isDone, bad } = standing(name);
  const isOver = was && isDone;
  const label = html`<i aria-hidden="true">${isOver ? "✓" : at + 1}</i><b>${words.steps[/** @type {"rows"} */ (name)]}</b>${bad ? html` <span class="n num">${num(bad)}<span class="unseen"> ${name === "rows" ? words.stepRows : words.stepColumns}</span></span>` : nothing}`;
  return html`<li class="${now ? "now" : isOver ? "was" : ""}">
    <button type="button" class="step" ?disabled=${!isThere} aria-current=${now ? "step" : nothing} @click=${() => go(name)}>${label}</button></li>`;
}

function notices() {
  const { trouble, lost } = store;
  return html`${lost ? html`<p class="alert w" role="alert">${words.lost}</p>` : nothing}
    ${trouble ? html`<div class="alert" role="alert"><span><b>${rich(sentence(trouble.message))}</b>${trouble.hint ? html` ${rich(sentence(trouble.hint))}` : nothing}</span>
      <button type="button" class="small" @click=${() => { store.trouble = null; changed(); }}>${words.close}</button></div>` : nothing}`;
}
