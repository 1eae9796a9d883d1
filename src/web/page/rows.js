// The rows: what is wrong at the left, the roster itself beside it, and the cell at hand where a spreadsheet has its formula.

import { html, nothing } from "./lit-html/lit-html.js";
import { live } from "./lit-html/directives/live.js";
import { repeat } from "./lit-html/directives/repeat.js";
import { ApiError, call } from "./api.js";
import { ask, keys } from "./dialog.js";
import { Grid, letters } from "./grid.js";
import { signs, unseen } from "./tsv.js";
import { attempt, change, changed, go, inTurn, say, store, trouble } from "./store.js";
import { rich, sentence } from "./parts.js";
import { countries, count, num, words } from "./words.js";

const w = words.rows;

/** The cell at hand, as it is typed at this moment. */
let typed = /** @type {string | null} */ (null);
let asked = 0;
/** What is asked of a cell at this moment. */
let underWay = Promise.resolve();

export const grid = new Grid({
  rows: async (from, many) => {
    try {
      return await call("GET", "/api/rows", { query: { from, count: many, view: store.view, find: store.find } });
    } catch (error) {
      if (error instanceof ApiError) trouble(error);
      return null;
    }
  },
  moved: (row, col) => void atHand(row, col),
  edit: (text) => edit(text),
  key: (event) => onKey(event),
  paste: (n, col, tsv) => void paste(n, col, tsv),
  clear: (cells) => void apply("/api/edit", { cells: cells.map((cell) => ({ ...cell, text: "" })) }),
});

/** Which columns and which view the grid was drawn for. */
let drawnFor = "";
let drawnView = "";
let drawnRevision = -1;
/** Whether more was changed than was told in the answer. */
let isStale = false;

/** The findings whose fixes are told apart. @type {any} */
let apart = null;

/** Has the grid follow what the page knows. */
export function follow() {
  const { state, columns } = store;
  if (!state?.roster) return;
  const of = `${state.roster.name} ${state.roster.width} ${columns?.revision ?? ""}`;
  if (columns && of !== drawnFor) {
    drawnFor = of;
    const shown = columns.columns.map((/** @type {any} */ column) => ({
      ...column, label: column.field ?? column.header, added: column.use === "added",
    }));
    grid.setColumns(shown, state.roster.name);
  }
  const view = `${state.roster.name} ${store.view} ${store.find}`;
  // A change of a few cells is shown as it is answered; the rows are read anew when all of them are checked.
  const isDue = state.revision !== drawnRevision && state.checked === state.revision;
  if (view !== drawnView || isDue || isStale) {
    const isOther = view !== drawnView;
    drawnView = view;
    if (isDue) drawnRevision = state.revision;
    isStale = false;
    void grid.reload(isOther);
  }
  if (store.findings && store.findings !== apart) {
    apart = store.findings;
    void tellGroupsApart(apart);
  }
  if (store.findings) {
    const marks = new Map();
    for (const group of store.findings.groups) {
      if (group.col !== null && marks.get(group.col) !== "error") marks.set(group.col, group.severity);
    }
    grid.mark(marks);
  }
}

/** @param {any} row @param {number} col */
async function atHand(row, col) {
  const column = grid.columns[col];
  const mine = ++asked;
  if (!row || !column) {
    store.cell = null;
    return changed();
  }
  // At once what is known, and the rest when it is told.
  if (store.cell?.n !== row.n || store.cell?.col !== column.col) {
    typed = null;
    store.cell = { n: row.n, col: column.col, letter: column.letter, header: column.header, label: column.label, text: row.c[column.col], secret: column.secret, editable: !column.added, findings: [], choices: null, row };
    changed();
  }
  // Whoever runs over cells by an arrow key is told of the last one alone: one is asked for at a time.
  await underWay;
  if (mine !== asked) return;
  underWay = ofCell(mine, row, column.col);
}

/** Asks for what is known of a cell, and shows it if it is still the one at hand. @param {number} mine @param {any} row @param {number} col */
async function ofCell(mine, row, col) {
  try {
    const cell = await call("GET", "/api/cell", { query: { n: row.n, col } });
    if (mine !== asked) return;
    store.cell = { ...cell, row };
    changed();
    const fixes = cell.findings.flatMap((/** @type {any} */ finding) => finding.fixes);
    if (await tellApart(fixes, { cell: { n: cell.n, col: cell.col } }, cell.n) && mine === asked) changed();
  } catch (error) {
    if (error instanceof ApiError && mine === asked) trouble(error);
  }
}

/** Of more rows it takes too long to see what would come of a fix that nobody has asked for. */
const FEW = 20_000;

/**
 * Fixes that are called the same and change different columns: which ones is told by what would come of them.
 * @param {any[]} fixes @param {Record<string, unknown>} of @param {number | string} n
 */
async function tellApart(fixes, of, n) {
  const same = fixes.filter((fix) => !fix.asks && fixes.some((other) => other !== fix && other.label === fix.label));
  if (!same.length || store.state.roster.rows > FEW) return false;
  const { revision } = store.state;
  for (const fix of same) {
    const told = await inTurn(async () => {
      // What is changed at this moment is told anew, with its fixes.
      if (store.busy > 0 || store.state?.revision !== revision) return null;
      return call("POST", "/api/fix", { body: { revision, ...of, fix: fix.id, preview: true } });
    });
    if (!told) return false;
    const cols = new Set(told.samples.map((/** @type {any} */ one) => one.col));
    const column = cols.size === 1 && grid.columns.find((one) => cols.has(one.col));
    if (column) fix.of = `${column.letter}${n} ${column.header}`;
  }
  return true;
}

/** The same of the groups. @param {any} findings */
async function tellGroupsApart(findings) {
  try {
    for (const group of findings.groups) {
      if (await tellApart(group.fixes, { group: group.id }, "") && store.findings === findings) changed();
    }
  } catch (error) {
    // What is asked of a roster that was changed meanwhile is told anew with what is wrong in it.
    if (!(error instanceof ApiError)) throw error;
  }
}

/** What a column is called. @param {number} col */
function labelOf(col) {
  const column = grid.columns.find((one) => one.col === col);
  return column?.label || column?.header || letters(col);
}

/** @param {string} path @param {any} body */
async function apply(path, body) {
  const told = await change(path, body, (told) => told.rows?.length && grid.patch(told.rows));
  if (!told) return null;
  const clipped = told.clipped ? `; ${w.clipped(told.clipped)}` : "";
  const rows = (body.drop ?? body.restore ?? told.added)?.length;
  say(rows ? (body.drop ? w.tookOut : body.restore ? w.putBackRows : w.added)(rows) : [told.cells || !told.dropped ? w.changedCells(told.cells ?? 0) + clipped : "", told.dropped ? w.tookOut(told.dropped) : ""].filter(Boolean).join("; "));
  if (!told.rows || told.rows.length >= 50 || told.added?.length) isStale = true;
  changed();
  return told;
}

/** @param {number} n @param {number} col @param {string} tsv */
const paste = (n, col, tsv) => apply("/api/paste", { revision: store.state.revision, at: { n, col }, tsv, view: store.view, find: store.find });

const input = () => /** @type {HTMLInputElement | null} */ (document.getElementById("cell"));

/** Begins to edit; with a text that takes the place of what is there. @param {string | null} text */
function edit(text) {
  const field = input();
  if (!field || !store.cell?.editable) return;
  field.focus();
  if (text === null) field.select();
  else {
    typed = text;
    field.value = text;
    field.setSelectionRange(text.length, text.length);
  }
}

/** @param {boolean} isDown */
async function commit(isDown) {
  const { cell } = store;
  const text = typed;
  // Before the focus goes: the field tells of its change as it loses it.
  typed = null;
  grid.focus();
  const isChange = cell && text !== null && text !== cell.text;
  const done = isChange ? apply("/api/edit", { cells: [{ n: cell.n, col: cell.col, text }] }) : null;
  // Nobody who types waits for an answer: what comes next is of the cell below.
  if (isDown) grid.go(grid.spot.at + 1, grid.spot.col);
  await done;
  if (!isDown) changed();
}

/** @param {KeyboardEvent} event */
function onInput(event) {
  if (event.isComposing || event.keyCode === 229) return; // of an input method: it is not for us
  if (event.key === "Enter" && event.altKey) {
    event.preventDefault();
    void firstFix();
  } else if (event.key === "Enter") {
    event.preventDefault();
    void commit(true);
  } else if (event.key === "Escape") {
    event.preventDefault();
    typed = null;
    const field = input();
    if (field) field.value = store.cell?.secret ? "" : (store.cell?.text ?? "");
    grid.focus();
    changed();
  }
}

async function firstFix() {
  const fix = store.cell?.findings.flatMap((/** @type {any} */ finding) => finding.fixes)[0];
  if (fix) await fixCell(fix);
  grid.focus();
}

/** @param {any} fix */
async function fixCell(fix) {
  const { cell } = store;
  if (fix.asks) return askFor(fix, { n: cell.n, col: cell.col });
  // By its id it is another fix where the cell has changed.
  await apply("/api/fix", { revision: store.state.revision, cell: { n: cell.n, col: cell.col }, fix: fix.id });
}

/** What a person has to say before it is done. @param {any} fix @param {{n: number, col: number} | null} place */
async function askFor(fix, place) {
  if (fix.kind === "make-passwords") {
    if ((await ask(w.made.title, () => html`<p>${w.made.text}</p>`, { yes: words.ok })) === "yes") await setting({ passwords: "made" });
  } else if (fix.kind === "read-phone") {
    let country = store.state.phone_region ?? "";
    const answer = await ask(w.phone.title, () => html`<p>${w.phone.text}</p>
      <label>${w.phone.country} <select autofocus @change=${(/** @type {any} */ event) => (country = event.target.value)}><option value=""></option>${countries().map(([code, name]) => html`<option value=${code} ?selected=${code === country}>${name}</option>`)}</select></label>`, { yes: words.ok });
    if (answer === "yes" && country) await setting({ phone_region: country });
  } else if (fix.kind === "choose" && place) {
    grid.focus();
    await chooseFor(place);
  } else go("columns");
}

/** @param {Record<string, unknown>} body */
async function setting(body) {
  await change("/api/settings", body);
}

/** @param {{n: number, col: number}} place */
async function chooseFor(place) {
  const cell = await attempt(() => call("GET", "/api/cell", { query: { n: place.n, col: place.col } }));
  if (!cell?.choices) return;
  let text = "";
  const answer = await ask(`${cell.label}: ${w.choose}`, () => html`<label>${w.another(cell.choices_total)}
    <select size="12" @change=${(/** @type {any} */ event) => (text = event.target.value)}>${cell.choices.map((/** @type {string} */ name) => html`<option>${name}</option>`)}</select></label>`, { yes: words.ok });
  if (answer === "yes" && text) await apply("/api/edit", { cells: [{ n: place.n, col: place.col, text }] });
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const ctrl = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.key === "F8") void next(event.shiftKey);
  else if (event.key === "Enter" && event.altKey) void firstFix();
  else if (ctrl && key === "z" && !event.shiftKey) void undo(undefined);
  else if (ctrl && (key === "y" || (key === "z" && event.shiftKey))) void redo();
  else if (ctrl && key === "-") void dropRows();
  else if (ctrl && key === "f") document.getElementById("find")?.focus();
  else if (ctrl && key === "h") void replace();
  else if (key === "?") void keys();
  else return false;
  return true;
}

// What the keys do they do on the whole screen, not in the grid alone; where somebody types, what the browser does of itself counts.
addEventListener("keydown", (event) => {
  const at = /** @type {HTMLElement} */ (event.target);
  if (store.screen !== "rows" || !store.state?.roster || event.defaultPrevented || event.isComposing || at.closest?.("dialog, #grid") || document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  const ctrl = (event.ctrlKey || event.metaKey) && !event.altKey;
  const isTyping = at.matches?.("input, select, textarea");
  if (!(event.key === "F8" || (ctrl && (key === "f" || key === "h")) || (!isTyping && ((ctrl && (key === "z" || key === "y")) || key === "?")))) return;
  event.preventDefault();
  // What is typed counts, and is not lost by going on.
  if (at.id === "cell" && typed !== null) void commit(false).then(() => onKey(event));
  else onKey(event);
});

/** @param {boolean} isBack */
async function next(isBack) {
  const row = grid.row(grid.spot.at);
  const col = grid.columns[grid.spot.col]?.col ?? -1;
  const told = await attempt(() => call("GET", "/api/next", {
    query: { view: store.view, find: store.find, after: `${row?.n ?? 0},${col}`, back: isBack ? 1 : 0 },
  }));
  grid.focus();
  if (told?.at === undefined) return say(w.noFault);
  grid.go(told.at, Math.max(0, grid.columns.findIndex((column) => column.col === told.col)));
}

export const undo = (/** @type {number | undefined} */ id) => apply("/api/undo", id === undefined ? {} : { id });
export const redo = () => apply("/api/redo", {});

/** Takes the rows that are picked out, or puts them back. */
async function dropRows() {
  const { top, bottom } = grid.picked();
  /** @type {(import("./grid.js").Row | null)[]} */
  const rows = [];
  for (let at = top; at <= bottom; at += 1) rows.push(grid.row(at));
  const numbers = (/** @type {boolean} */ drop) => rows.filter((row) => row && row.drop === drop).map((row) => /** @type {any} */ (row).n);
  const there = numbers(false);
  await apply("/api/rows", there.length ? { drop: there } : { restore: numbers(true) });
}

/** @param {string} view */
function show(view) {
  store.view = view;
  store.told = "";
  changed();
}

/** A row is added below all others, and begun at once: one that nobody sees might be added again and again. */
async function addRow() {
  if (store.busy) return;
  const told = await apply("/api/rows", { add: 1 });
  if (!told?.added?.length) return;
  store.view = "all";
  store.find = "";
  follow();
  await grid.goLast(Math.max(0, grid.columns.findIndex((column) => !column.added)));
  grid.focus();
}

/** One change of a preview: whose, and what is not seen shown as signs. @param {any} one */
function sample({ n, col, from, to }) {
  const p = w.preview;
  const looksSame = from !== to && unseen(from) === unseen(to);
  const [a, b] = looksSame ? [signs(from), signs(to)] : [from, to];
  return html`<li><span class="soft">${w.row} ${n}, ${labelOf(col)}:</span> <code><bdi>${a || w.blank}</bdi></code> <span class="arrow">→</span> <code><bdi>${b || w.blank}</bdi></code>
    ${looksSame ? html`<span class="small soft">${a.normalize() === b.normalize() ? p.sameLetters : p.unseen}</span>` : nothing}</li>`;
}

/** What would come of it, to be looked at before it is done. @param {string} path @param {Record<string, unknown>} body @param {number} [only] the row, where it is one */
async function preview(path, body, only) {
  let revision = 0;
  const told = await change(path, { ...body, preview: true }, () => (revision = store.state.revision));
  if (!told) return;
  const p = w.preview;
  const parts = [told.cells ? p.would(told.cells, told.rows) : null, told.dropped ? (told.dropped === 1 && only !== undefined ? p.dropsOne(only) : p.drops(told.dropped)) : null, told.mends ? p.mends(told.mends) : null].filter(Boolean);
  const answer = await ask(p.title, () => html`<p>${sentence(parts.join("; ")) || w.none}</p>
    <ul class="samples">${told.samples.map(sample)}${told.cells > told.samples.length && told.samples.length ? html`<li class="soft">${p.more(told.cells - told.samples.length)}</li>` : nothing}</ul>
    ${told.adds ? html`<p class="note"><b>${p.adds(told.adds)}</b></p>` : nothing}`, told.cells || told.dropped || told.mends ? { yes: p.do } : { no: words.close });
  // What was looked at is what is done.
  if (answer === "yes") await apply(path, { ...body, revision });
  grid.focus();
}

async function replace() {
  const r = w.replaceDialog;
  const with_ = { find: store.find, with: "", col: "", whole: false, case: false };
  const answer = await ask(r.title, () => html`
    <label>${r.find} <input autocomplete="off" .value=${with_.find} @input=${(/** @type {any} */ event) => (with_.find = event.target.value)}></label>
    <label>${r.with} <input autocomplete="off" @input=${(/** @type {any} */ event) => (with_.with = event.target.value)}></label>
    <label>${r.col} <select @change=${(/** @type {any} */ event) => (with_.col = event.target.value)}><option value="">${r.anyCol}</option>
      ${grid.columns.filter((column) => !column.added && !column.secret).map((column) => html`<option value=${column.col}>${column.letter} ${column.header}</option>`)}</select></label>
    <label class="check"><input type="checkbox" @change=${(/** @type {any} */ event) => (with_.whole = event.target.checked)}> ${r.whole}</label>
    <label class="check"><input type="checkbox" @change=${(/** @type {any} */ event) => (with_.case = event.target.checked)}> ${r.case}</label>`, { yes: r.look });
  if (answer !== "yes" || !with_.find) return grid.focus();
  await preview("/api/replace", { ...with_, col: with_.col === "" ? undefined : Number(with_.col), view: store.view });
}

/** @param {any} group */
function groupCard(group) {
  const whole = group.fixes.filter((/** @type {any} */ fix) => !fix.asks);
  const asks = group.fixes.filter((/** @type {any} */ fix) => fix.asks);
  const isOn = store.view === `group:${group.id}`;
  const to = whole[0]?.to;
  return html`<li class="fault ${group.severity === "error" ? "" : "w"} ${isOn ? "on" : ""}">
    <div class="top"><b>${rich(group.title)}</b><span class="n num">${count(group.rows, "row")}</span></div>
    <p>${group.header ? html`<span class="col">${group.header}</span> ` : nothing}${group.value ? html`<code><bdi>${group.value}</bdi></code>` : rich(group.message === group.title ? (group.hint ?? "") : group.message)}
      ${group.value && to !== null && to !== undefined ? html` <span class="arrow">→</span> <code><bdi>${to || w.blank}</bdi></code>` : nothing}</p>
    <div class="do">
      ${whole.slice(0, 2).map((/** @type {any} */ fix, /** @type {number} */ at) => html`<button type="button" class="small ${at === 0 ? "first" : ""}" @click=${() => preview("/api/fix", { group: group.id, fix: fix.id }, group.rows === 1 ? group.first.n : undefined)}>${rich(sentence(fix.label))}${fix.of ? `: ${fix.of}` : ""}${w.fixAll(group.rows)}</button>`)}
      ${asks.slice(0, 1).map((/** @type {any} */ fix) => html`<button type="button" class="small" @click=${() => askFor(fix, group.rows === 1 && group.col !== null ? { n: group.first.n, col: group.col } : null)}>${rich(sentence(fix.label))}…</button>`)}
      <button type="button" class="small" aria-pressed=${isOn} @click=${() => showGroup(group, isOn)}>${w.show}</button>
    </div></li>`;
}

/** @param {any} group @param {boolean} isOn */
function showGroup(group, isOn) {
  show(isOn ? "all" : `group:${group.id}`);
  if (!isOn) {
    const col = Math.max(0, grid.columns.findIndex((column) => column.col === group.col));
    grid.spot.col = col;
    grid.focus();
  }
}

/** @param {any} finding */
function fileCard(finding) {
  const whole = finding.fixes.filter((/** @type {any} */ fix) => !fix.asks);
  const asks = finding.fixes.filter((/** @type {any} */ fix) => fix.asks);
  return html`<li class="fault ${finding.severity === "error" ? "" : "w"}"><div class="top"><b>${rich(finding.title)}</b></div>
    <p>${rich(finding.message)}</p>${finding.hint ? html`<p>${rich(finding.hint)}</p>` : nothing}
    <div class="do">${whole.map((/** @type {any} */ fix) => html`<button type="button" class="small first" @click=${() => preview("/api/fix", { of_file: finding.id, fix: fix.id })}>${rich(sentence(fix.label))}</button>`)}
      ${asks.map((/** @type {any} */ fix) => html`<button type="button" class="small" @click=${() => askFor(fix, null)}>${rich(sentence(fix.label))}…</button>`)}</div></li>`;
}

function toMended() {
  const place = document.getElementById("mended");
  place?.focus();
  place?.scrollIntoView({ block: "start" });
}

/** A step by its name: of a cell alone it is its place, and people know a column by its label. @param {string} label */
function placed(label) {
  const place = /^([A-Z]+)(\d+)(?=$|:)/.exec(label);
  const column = place && grid.columns.find((one) => one.letter === place[1]);
  return place && column ? `${column.label || column.header}, ${w.row} ${place[2]} (${place[0]})${label.slice(place[0].length)}` : label;
}

function faults() {
  const { findings, state } = store;
  const { counts } = state;
  const groups = findings?.groups ?? [];
  const errors = groups.filter((/** @type {any} */ group) => group.severity === "error");
  const warnings = groups.filter((/** @type {any} */ group) => group.severity !== "error");
  const isSafe = groups.some((/** @type {any} */ group) => group.fixes.some((/** @type {any} */ fix) => fix.safe && !fix.asks));
  const steps = state.steps.filter((/** @type {any} */ step) => !step.undone);
  const ok = counts.rows - counts.invalid_rows;
  const section = (/** @type {string} */ title, /** @type {unknown} */ list, /** @type {string} */ id = "") => html`<h3 class="sec" tabindex="-1" id=${id || nothing}>${title}</h3><ol>${list}</ol>`;
  return html`<section class="faults" aria-labelledby="wrong"><header>
      <h2 id="wrong" class="big num">${w.cannot(counts.invalid_rows, counts.rows)}</h2>
      <svg class="meter" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true"><rect class="all" width="1000" height="8"/><rect class="ok" width=${counts.rows ? (1000 * ok) / counts.rows : 1000} height="8"/></svg>
      <p class="small soft">${w.can(ok, counts.warnings)} ${state.checked === state.revision ? w.checked : w.checking}</p>
      ${isSafe || steps.length ? html`<div class="do">${isSafe ? html`<button type="button" class="small" @click=${() => preview("/api/safe", {})}>${w.safe}…</button>` : nothing}
        ${steps.length ? html`<button type="button" class="link small" @click=${toMended}>${w.toMended(steps.length)}</button>` : nothing}</div>` : nothing}
    </header>
    <div class="list" tabindex="0" role="group" aria-labelledby="wrong">
      ${findings?.of_file.length ? section(w.ofFile, findings.of_file.map(fileCard)) : nothing}
      ${errors.length ? section(w.errors, repeat(errors, (/** @type {any} */ group) => group.id, groupCard)) : nothing}
      ${warnings.length ? section(w.warnings, repeat(warnings, (/** @type {any} */ group) => group.id, groupCard)) : nothing}
      ${findings?.more ? html`<p class="small soft">${w.more(findings.more)}</p>` : nothing}
      ${findings && !groups.length && !findings.of_file.length ? html`<p class="small soft all">${w.nothing}</p>` : nothing}
      ${steps.length ? section(w.mended(steps.length), steps.map((/** @type {any} */ step) => html`<li class="fault m"><div class="top"><b>${rich(sentence(placed(step.label)))}</b><span class="n num">${count(step.cells || step.rows, step.cells ? "cell" : "row")}</span></div>
        <div class="do"><button type="button" class="small" @click=${() => undo(step.id)}>↶ ${words.undo}</button></div></li>`), "mended") : nothing}
    </div></section>`;
}

function tools() {
  const { counts } = store.state;
  const { errors = counts.invalid_rows, warnings = null } = store.findings?.rowsWith ?? {};
  const chip = (/** @type {string} */ view, /** @type {string} */ label, /** @type {string} */ kind) =>
    html`<button type="button" class=${kind} aria-pressed=${store.view === view} @click=${() => show(view)}>${label}</button>`;
  return html`<div class="tools">
    <div class="chips" role="group" aria-label=${w.rowsOf}>
      ${chip("all", `${w.view.all} ${num(store.state.roster.rows)}`, "")}
      ${chip("errors", `${w.view.errors} ${num(errors)}`, "e")}
      ${chip("warnings", `${w.view.warnings} ${warnings === null ? "" : num(warnings)}`, "w")}
      ${chip("changed", `${w.view.changed} ${num(counts.changed_rows)}`, "c")}
      ${store.view === "service" ? chip("service", w.view.service, "e") : nothing}
      ${store.view.startsWith("group:") ? chip(store.view, w.view.group, "") : nothing}
    </div>
    <div class="find"><input id="find" type="search" placeholder=${w.find} aria-label=${w.find} autocomplete="off" spellcheck="false" .value=${live(store.find)}
      @keydown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter" || event.key === "Escape") { event.preventDefault(); grid.focus(); } }}
      @input=${(/** @type {any} */ event) => later(event.target.value)}></div>
    <button type="button" class="small" @click=${replace}>${w.replace}</button>
    <button type="button" class="small" @click=${addRow}>${w.addRow}</button>
  </div>`;
}

let timer = 0;
/** @param {string} find */
function later(find) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    store.find = find;
    changed();
  }, 150);
}

/** Whose row it is, as the names are out of sight where the grid is scrolled to the right. @param {any} row */
function who(row) {
  const of = (/** @type {string} */ field) => row?.c[grid.columns.find((/** @type {any} */ column) => column.field === field)?.col ?? -1] ?? "";
  const name = [of("first name"), of("last name")].filter(Boolean).join(" ");
  const login = of("user login") || of("username");
  return html`<p class="who" title="${name} ${login}"><bdi>${name}</bdi><br><bdi>${login}</bdi></p>`;
}

function cellbar() {
  const { cell } = store;
  // As high as with a cell, so that the rows stay where they are.
  if (!cell) return html`<div class="cellbar"><div class="ref ghost"><b>A1</b><p class="who"></p></div><div class="val ghost"><input disabled></div><div class="do ghost"><button type="button" disabled>${w.takeOut}</button></div>
    <p class="why soft" tabindex="0">${grid.total ? words.working : w.none}</p></div>`;
  const text = typed ?? (cell.secret ? "" : (cell.text ?? ""));
  const fixes = cell.findings.flatMap((/** @type {any} */ finding) => finding.fixes);
  const isBad = cell.findings.some((/** @type {any} */ finding) => finding.severity === "error");
  const row = cell.row;
  return html`<div class="cellbar">
    <div class="ref"><b class="num">${cell.letter}${cell.n}</b><span>${cell.label ?? cell.header}</span>${who(row)}</div>
    <div class="val"><input id="cell" data-1p-ignore data-lpignore="true" type=${cell.secret ? "password" : "text"} autocomplete=${cell.secret ? "new-password" : "off"} spellcheck="false" translate="no" dir="auto"
      aria-label="${cell.letter}${cell.n} ${cell.header}" aria-describedby="why" aria-invalid=${isBad ? "true" : nothing} ?readonly=${!cell.editable}
      placeholder=${cell.secret && cell.text === null ? w.secretHint : ""} list=${cell.choices && !cell.secret ? "choices" : nothing} .value=${live(text)}
      @input=${(/** @type {any} */ event) => (typed = event.target.value)} @keydown=${onInput} @change=${() => { if (typed !== null && document.activeElement?.id !== "cell") void commit(false); }}>
      ${cell.choices ? html`<datalist id="choices">${cell.choices.map((/** @type {string} */ name) => html`<option value=${name}></option>`)}</datalist>` : nothing}</div>
    <div class="do">
      ${fixes.slice(0, 3).map((/** @type {any} */ fix, /** @type {number} */ at) => html`<button type="button" class=${at === 0 ? "first" : ""} title=${fix.of ?? nothing} @click=${() => fixCell(fix)}>${rich(sentence(fix.label))}${fix.of ? `: ${fix.of}` : ""}${fix.asks ? "…" : ""}${at === 0 ? html` <kbd>Alt ↵</kbd>` : nothing}</button>`)}
      ${row?.drop
        ? html`<button type="button" @click=${() => apply("/api/rows", { restore: [cell.n] })}>${w.putBack}</button>`
        : fixes.some((/** @type {any} */ fix) => fix.kind === "drop-row") ? nothing
        : html`<button type="button" class="quiet" @click=${() => apply("/api/rows", { drop: [cell.n] })}>${w.takeOut}</button>`}
    </div>
    <p class="why" id="why" tabindex="0">${row?.drop ? w.dropped : row?.out ? w.passedOver : !cell.editable ? w.outOfFile : row?.ragged ? w.ragged : nothing}
      ${cell.findings.map((/** @type {any} */ finding) => html`<span class="one ${finding.severity}"><b>${rich(sentence(finding.message))}.</b> ${finding.hint && !finding.fixes.length ? rich(`${sentence(finding.hint)}.`) : nothing} <span class="soft">${rich(sentence(finding.why))}.</span></span>`)}
      ${cell.original !== null && cell.original !== undefined ? html`<span class="soft">${w.original(cell.original)}</span>` : nothing}</p>
  </div>`;
}

function foot() {
  const { directory } = store.state;
  const key = (/** @type {string} */ name, /** @type {string} */ what) => html`<span><kbd>${name}</kbd> ${what}</span>`;
  return html`<div class="foot"><span class="where">${directory ? w.names(directory.alias ?? directory.name, directory.age_days) : w.noNames} ·
      <button type="button" class="link" @click=${() => go("columns", "settings")}>${words.columns.settings}</button></span>
    <span class="keys">${key("Enter", w.keys.edit)}${key("F8", w.keys.next)}${key("Ctrl Z", w.keys.undo)}${key("Ctrl V", w.keys.paste)}
      <button type="button" class="link" @click=${keys}><kbd>?</kbd> ${w.keys.all}</button></span></div>`;
}

export function rowsScreen() {
  return html`<main id="main" class="work" tabindex="-1">${faults()}
    <section class="sheet" aria-label=${store.state.roster.name}>${tools()}${cellbar()}${grid.host}${foot()}</section></main>`;
}
