// The files of the folder.

import { html, nothing } from "./lit-html/lit-html.js";
import { ApiError, call } from "./api.js";
import { ask } from "./dialog.js";
import { attempt, changed, go, say, store } from "./store.js";
import { num, when, words } from "./words.js";

const w = words.files;

/** Reads the list. */
export async function list() {
  store.files = await attempt(() => call("GET", "/api/files"));
  changed();
}

/** @param {string} name @param {import("./store.js").Screen | null} [screen] */
export async function open(name, screen = null) {
  let discard = false;
  if (store.state.unsaved && store.state.roster?.name !== name) {
    if ((await ask(store.state.roster.name, () => html`<p>${w.unsaved}</p>`, { yes: w.discard })) !== "yes") return;
    discard = true;
  }
  const body = { name, discard };
  const state = await attempt(() => call("POST", "/api/roster", { body }).catch(async (error) => {
    if (!(error instanceof ApiError) || !error.sheets.length) throw error;
    const sheet = await pickSheet(name, error.sheets);
    return sheet === null ? null : call("POST", "/api/roster", { body: { ...body, sheet } });
  }));
  if (!state) return;
  store.columns = await attempt(() => call("GET", "/api/columns"));
  store.view = "all";
  store.find = "";
  go(screen ?? first());
}

/** Which of the sheets is the roster. @param {string} name @param {string[]} sheets @returns {Promise<string | null>} */
async function pickSheet(name, sheets) {
  let picked = sheets[0] ?? "";
  const answer = await ask(name, () => html`<p>${w.whichSheet}</p>
    <label>${words.columns.sheet} <select autofocus @change=${(/** @type {any} */ event) => (picked = event.target.value)}>${sheets.map((sheet) => html`<option value=${sheet}>${sheet}</option>`)}</select></label>`, { yes: w.open });
  return answer === "yes" ? picked : null;
}

/** Where one begins with a roster: at its columns where there is something to decide. */
export function first() {
  const run = store.state.run;
  if (run && ["running", "pausing", "elsewhere", "paused", "stopped"].includes(run.state)) return "run";
  const open_ = store.columns?.columns.some((/** @type {any} */ column) => column.use === "misspelt" || column.use === "unknown");
  const lacks = store.columns?.missing.some((/** @type {any} */ field) => field.needed);
  return open_ || lacks ? "columns" : "rows";
}

/** @param {FileList | null | undefined} files */
async function receive(files) {
  for (const file of files ?? []) {
    const told = await attempt(() => call("PUT", `/api/files/${encodeURIComponent(file.name)}`, { octets: file }));
    if (told && files?.length === 1) return open(told.name);
  }
  await list();
}

/** @param {string} identity */
async function template(identity) {
  const told = await attempt(() => call("POST", "/api/template", { body: { identity, format: "xlsx", as: `roster-${identity}.xlsx` } }));
  if (told) say(w.made(told.name));
  await list();
}

/** @param {any} file */
function row(file) {
  const { ledger } = file;
  const facts = ledger
    ? w.created(ledger.created, ledger.total, ledger.rehearsal) + (ledger.failed ? w.failed(ledger.failed) : "")
    : w.changed(when(file.modified));
  const isOver = ledger?.complete;
  return html`<li><div><b><bdi>${file.name}</bdi></b><span class="small soft">${facts}</span></div>
    <div class="do">
      ${ledger?.rehearsal ? html`<button type="button" class="small" @click=${() => open(file.name, isOver ? "result" : "run")}>${isOver ? w.result : w.goOn}</button>` : nothing}
      <button type="button" class="small first" @click=${() => open(file.name)}>${w.open}</button></div></li>`;
}

export function homeScreen() {
  const rosters = (store.files ?? []).filter((file) => file.kind === "csv" || file.kind === "xlsx");
  const over = (/** @type {DragEvent} */ event) => event.preventDefault();
  return html`<main id="main" class="home" tabindex="-1">
    <section class="drop" @dragover=${over} @drop=${(/** @type {DragEvent} */ event) => { event.preventDefault(); void receive(event.dataTransfer?.files); }}>
      <h2>${w.drop}</h2>
      <label class="button first">${w.choose}<input class="unseen" type="file" accept=".csv,.xlsx,.xlsm,.txt,.tsv" @change=${(/** @type {any} */ event) => receive(event.target.files)}></label>
      <p class="soft">${w.note}</p></section>
    <section aria-labelledby="here"><h2 id="here">${w.here} <span class="soft num">${rosters.length ? num(rosters.length) : ""}</span></h2>
      ${rosters.length ? html`<ul class="files">${rosters.map(row)}</ul>` : html`<p class="soft">${store.files ? w.none : words.working}</p>`}</section>
    <section><p>${w.empty}</p><div class="do">${Object.entries(w.kinds).map(([identity, label]) => html`<button type="button" @click=${() => template(identity)}>${label}</button>`)}</div></section>
  </main>`;
}
