// Where the page begins.

import { html, render } from "./lit-html/lit-html.js";
import { ApiError, begin, call, follow as followEvents, forget, ours, take as takeLease } from "./api.js";
import { bar } from "./bar.js";
import { columnsScreen, read as readColumns } from "./columns.js";
import { ask, keep } from "./dialog.js";
import { first, homeScreen, list } from "./home.js";
import { planScreen } from "./plan.js";
import { attempt, changed, go, onChange, say, store, take, takeRun, trouble } from "./store.js";
import { follow as followRows, rowsScreen } from "./rows.js";
import { resultScreen, runScreen } from "./run.js";
import { when, words } from "./words.js";

const place = /** @type {HTMLElement} */ (document.getElementById("app"));
place.textContent = "";

const screens = { home: homeScreen, columns: columnsScreen, rows: rowsScreen, plan: planScreen, run: runScreen, result: resultScreen };

let stop = () => {};

function over() {
  const why = words.ended[/** @type {"quit"} */ (store.over ?? "none")] ?? words.ended.none;
  return html`<main class="read one" id="main" tabindex="-1"><section><h1 class="say">${words.ended.title}</h1><p class="lead">${why}</p></section></main>`;
}

function elsewhere() {
  return html`<main class="read one" id="main" tabindex="-1"><section><h1 class="say">${words.elsewhere.title}</h1><p class="lead">${words.elsewhere.text}</p>
    <div class="go"><button type="button" class="first" @click=${goOnHere}>${words.elsewhere.take}</button></div></section></main>`;
}

async function goOnHere() {
  await takeLease();
  store.elsewhere = false;
  await start();
}

function draw() {
  const { state, screen } = store;
  document.body.classList.toggle("full", !!state?.roster && screen === "rows" && !store.over && !store.elsewhere);
  const shown = store.over ? over() : store.elsewhere ? elsewhere() : !state ? html`<p class="read one">${words.working}</p>` : html`${bar()}${screens[state.roster || screen === "home" ? screen : "home"]()}`;
  render(shown, place);
  keep(store.busy > 0);
  const title = state?.roster ? `${state.roster.name} – ${words.steps[/** @type {"rows"} */ (screen)] ?? words.home} – ${words.name}` : words.name;
  if (document.title !== title) document.title = title;
  if (screen === "rows" && state?.roster && !store.over) followRows();
}

/** @param {string} why */
function end(why) {
  store.over = why;
  store.state = store.findings = store.cell = store.columns = store.files = store.run = null;
  forget();
  stop();
  changed();
}

let asksAboutFile = false;

/** @param {string} what */
async function onFile(what) {
  const w = words.rows;
  if (what === "read-again") {
    say(w.readAgain);
    await readColumns();
  } else if (what === "gone") say(w.gone);
  else if (what === "unreadable") say(w.unreadable);
  else if (what === "conflict" && !asksAboutFile) {
    asksAboutFile = true;
    const answer = await ask(w.fileChanged.title, () => html`<p>${w.fileChanged.text}</p>`, { yes: w.fileChanged.theirs, no: w.fileChanged.ours });
    asksAboutFile = false;
    if (answer === "yes") {
      await attempt(() => call("POST", "/api/roster", { body: { name: store.state.roster.name, discard: true } }));
      await readColumns();
    }
  }
}

/** Whether a run was at work when it was told of last. */
let wasAtWork = false;

/** Whoever looks at a run sees what came of it when it ends. @param {any} run */
function watch(run) {
  const isAtWork = run?.state === "running" || run?.state === "pausing";
  if (wasAtWork && run?.state === "ended" && store.screen === "run") go("result");
  wasAtWork = isAtWork;
}

let lastSaid = 0;

/** @param {string} event @param {any} data */
function hear(event, data) {
  if (event === "state") {
    take(data);
    watch(store.run);
  } else if (event === "progress") {
    if (!takeRun(data)) return;
    watch(data);
    const now = Date.now();
    if (now - lastSaid > 30_000 && store.screen === "run") {
      lastSaid = now;
      say(words.run.done(data.rows.created + data.rows.exists + data.rows.rejected, data.rows.total - data.rows.invalid), false);
    }
    changed();
  } else if (event === "file") void onFile(data.what);
  else if (event === "reset") void call("GET", "/api/state").then(take, (error) => error instanceof ApiError && trouble(error));
  else if (event === "lease" && data.lease !== ours()) {
    store.elsewhere = true;
    stop();
    changed();
  } else if (event === "bye") end(data.why);
}

async function start() {
  const state = await call("GET", "/api/state");
  take(state);
  if (state.roster) {
    await readColumns();
    go(first());
  } else await list();
  stop();
  stop = followEvents(hear, (isThere) => {
    if (store.lost !== !isThere) {
      store.lost = !isThere;
      changed();
    }
  });
  changed();
  if (state.recover) await recover(state);
}

/** @param {any} state */
async function recover(state) {
  const w = words.rows;
  const { cells, when: time } = state.recover;
  const answer = await ask(state.roster.name, () => html`<p>${w.recover(cells, time ? when(time) : "")}</p>`, { yes: w.takeUp, no: w.leave });
  if (answer === "yes") await attempt(() => call("POST", "/api/roster", { body: { name: state.roster.name, recover: true } }));
}

onChange(draw);
// A page that comes back out of the browser's memory may be of another time.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

try {
  if (await begin()) await start();
  else end("none");
} catch (error) {
  if (!(error instanceof ApiError)) throw error;
  end(error.code === "code-used" ? "code-used-twice" : "none");
}
