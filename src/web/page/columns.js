// What each column is, and what the file does not say.

import { html, nothing } from "./lit-html/lit-html.js";
import { live } from "./lit-html/directives/live.js";
import { call } from "./api.js";
import { attempt, change, changed, go, say, store } from "./store.js";
import { isOpen, lacking } from "./parts.js";
import { countries, words } from "./words.js";

const w = words.columns;
/** What a job title decides as a rule, where the file does not say it. */
const byWord = ["routing profile", "security profiles"];
const share = new Intl.NumberFormat("en", { style: "percent" });

export async function read() {
  const columns = await attempt(() => call("GET", "/api/columns"));
  if (columns) store.columns = columns;
  changed();
}

/** @param {Record<string, unknown>} body */
async function put(body) {
  // What went wrong stays to be read: another question takes it away.
  if (await change("/api/columns", body, undefined, "PUT")) await read();
}

/** @param {Record<string, unknown>} body */
async function settings(body) {
  if (await change("/api/settings", body)) await read();
}

/** @param {any} column */
function mapping(column) {
  const { fields } = store.columns;
  const is = column.use === "field" ? column.field : column.use === "ignored" ? "ignore" : "";
  const open = isOpen(column);
  if (column.use === "added") return html`<tr><td><bdi>${column.header}</bdi></td><td class="soft">${w.added}</td><td>${column.field}</td><td></td></tr>`;
  if (column.use === "unnamed") return nothing;
  return html`<tr class=${open ? "open" : ""}><th scope="row"><span class="soft ltr">${column.letter}</span> <bdi>${column.header}</bdi></th>
    <td class="samples"><bdi>${column.secret ? html`<span class="soft">${w.hidden}</span>` : column.samples.join(", ")}</bdi></td>
    <td class="pick"><select aria-label="${column.header} ${w.is}" @change=${(/** @type {any} */ event) => put({ columns: { [column.header]: event.target.value } })}>
      ${open || is === "" ? html`<option value="" ?selected=${is === ""}>${column.proposed ? w.perhaps(column.proposed) : w.undecided}</option>` : nothing}
      <option value="ignore" ?selected=${is === "ignore"}>${w.ignore}</option>
      ${fields.map((/** @type {any} */ field) => html`<option value=${field.field} ?selected=${is === field.field}>${field.label}</option>`)}</select>
      ${open && column.proposed ? html`<button type="button" class="small" @click=${() => put({ columns: { [column.header]: column.proposed } })}>✓ ${column.proposed}</button>` : nothing}</td>
    <td class="num">${share.format(column.filled)}</td></tr>`;
}

/** @param {any} column */
function translation(column) {
  return html`<details class="box"><summary>${w.translate(column.header)} <span class="soft num">${column.words.length}</span></summary>
    <ul class="words">${column.words.map((/** @type {any} */ word) => html`<li><code><bdi>${word.from}</bdi></code> <span class="soft num">${word.count}</span> <span class="arrow">→</span>
      <input aria-label="${word.from}" placeholder=${w.asItIs} autocomplete="off" .value=${live(word.to ?? "")} @change=${(/** @type {any} */ event) => put({ values: { [column.field]: { [word.from]: event.target.value } } })}></li>`)}</ul></details>`;
}

/** What the instance has to choose from, by directory and field: asked for when somebody begins to type. @type {Map<string, string[]>} */
const choices = new Map();
/** @param {string} field */
const known = (field) => `${store.state.directory?.name ?? ""} ${field}`;

/** @param {string} field */
async function choose(field) {
  const key = known(field);
  if (choices.has(key)) return;
  choices.set(key, []);
  const told = await call("GET", "/api/choices", { query: { field, find: "" } }).catch(() => null);
  choices.set(key, told?.choices ?? []);
  changed();
}

/** @param {string} of @param {string} field */
const idOf = (of, field) => `${of}-${field.replaceAll(" ", "-")}`;

/** A list to choose from for all inputs of a field. @param {string} field @param {string} of */
const list = (field, of) => html`<datalist id=${idOf(of, field)}>${(choices.get(known(field)) ?? []).map((name) => html`<option value=${name}></option>`)}</datalist>`;

/** What more a word of a column may set, picked by the person. @type {Map<string, Set<string>>} */
const picked = new Map();

/** A column of which each word sets several fields: a job title, a team. @param {any} column @param {string[]} needed */
function presets(column, needed) {
  const all = store.columns.fields.filter((/** @type {any} */ field) => !field.secret);
  const more = picked.get(column.header) ?? new Set();
  const isSet = (/** @type {string} */ field) => more.has(field) || needed.includes(field) || column.roles.some((/** @type {any} */ role) => field in role.sets);
  const shown = all.filter((/** @type {any} */ field) => isSet(field.field));
  const pick = (/** @type {any} */ event) => {
    picked.set(column.header, more.add(event.target.value));
    event.target.value = "";
    changed();
  };
  const set = (/** @type {any} */ role, /** @type {any} */ field, /** @type {string} */ value) => {
    // All words are roles from the first on: one that sets nothing is not taken for a mistake.
    const words_ = Object.fromEntries(column.roles.map((/** @type {any} */ other) => [other.word, {}]));
    words_[role.word] = { [field.field]: value };
    // What one value is given to all by cannot be set by words as well.
    const constants = field.field in store.columns.constants ? { [field.field]: "" } : {};
    void put({ roles: { [column.header]: words_ }, constants });
  };
  return html`<details class="box" ?open=${column.decides}><summary>${w.presets(column.header)} <span class="soft num">${column.roles.length}</span></summary>
    <p class="small soft">${w.presetsNote}</p>
    <div class="wide" tabindex="0" role="group" aria-label=${w.presets(column.header)}><table class="map presets"><thead><tr><th scope="col"><bdi>${column.header}</bdi></th><th scope="col">${w.inRows}</th>
      ${shown.map((/** @type {any} */ field) => html`<th scope="col">${field.label}</th>`)}</tr></thead>
      <tbody>${column.roles.map((/** @type {any} */ role) => html`<tr><th scope="row"><bdi>${role.word}</bdi></th><td class="num">${role.count}</td>
        ${shown.map((/** @type {any} */ field) => html`<td><input aria-label="${role.word}: ${field.label}" list=${idOf(String(column.col), field.field)} @focus=${() => choose(field.field)} autocomplete="off" placeholder=${w.nothingSet} .value=${live(role.sets[field.field] ?? "")} @change=${(/** @type {any} */ event) => set(role, field, event.target.value)}></td>`)}</tr>`)}</tbody></table></div>${shown.map((/** @type {any} */ field) => list(field.field, String(column.col)))}
    <label class="small add">${w.another} <select @change=${pick}><option value="">${w.choose}</option>${all.filter((/** @type {any} */ field) => !shown.includes(field)).map((/** @type {any} */ field) => html`<option value=${field.field}>${field.label}</option>`)}</select></label></details>`;
}

/** @param {any} missing */
function constant(missing) {
  if (missing.field === "password") {
    return html`<li>${missing.field} <button type="button" class="small first" @click=${() => settings({ passwords: "made" })}>${words.columns.made}</button></li>`;
  }
  const value = store.columns.constants[missing.field] ?? "";
  return html`<li><label>${w.sameForAll(missing.field)} <input list=${idOf("all", missing.field)} @focus=${() => choose(missing.field)} autocomplete="off" .value=${live(value)} @change=${(/** @type {any} */ event) => put({ constants: { [missing.field]: event.target.value } })}></label>${list(missing.field, "all")}</li>`;
}

export function columnsScreen() {
  const { columns, state } = store;
  if (!columns) return html`<main id="main" class="read one" tabindex="-1"><p>${words.working}</p></main>`;
  const own = columns.columns.filter((/** @type {any} */ column) => column.use !== "added");
  const open = own.filter(isOpen).length;
  const read_ = own.filter((/** @type {any} */ column) => column.use === "field").length;
  const needed = lacking(columns);
  // Of two columns that may be the same the first has it.
  const proposed = own.filter((/** @type {any} */ column, /** @type {number} */ at) => isOpen(column) && column.proposed
    && own.findIndex((/** @type {any} */ other) => isOpen(other) && other.proposed === column.proposed) === at);
  const constants = [...needed, ...Object.keys(columns.constants).map((field) => ({ field }))];
  const { roster } = state;
  const select = (/** @type {string} */ label, /** @type {string} */ value, /** @type {[string, string][]} */ options, /** @type {(value: string) => void} */ pick, note = "") =>
    html`<label>${label} ${note ? html`<span class="small">${note}</span>` : nothing}<select @change=${(/** @type {any} */ event) => pick(event.target.value)}>${options.map(([key, text]) => html`<option value=${key} ?selected=${key === value}>${text}</option>`)}</select></label>`;
  const rows = columns.top.map((/** @type {any} */ top) => [String(top.row), String(top.row)]);
  return html`<main id="main" class="read" tabindex="-1"><section aria-labelledby="say">
    <h2 class="say" id="say">${w.title(read_, own.length, open)}</h2>
    ${columns.recognised ? html`<p class="lead">${w.known(columns.recognised)}</p>` : nothing}
    <div class="tools plain">
      ${select(w.header, String(columns.header_row), rows.some((/** @type {[string, string]} */ [key]) => key === String(columns.header_row)) ? rows : [[String(columns.header_row), String(columns.header_row)], ...rows], (row) => put({ header_row: Number(row) }))}
      ${roster.sheets.length > 1 ? select(w.sheet, roster.sheet, roster.sheets.map((/** @type {string} */ name) => [name, name]), (sheet) => put({ sheet })) : nothing}
      ${roster.encoding ? select(w.text, roster.encoding, [...new Set([roster.encoding, "UTF-8", "windows-1252", "UTF-16LE", "macintosh", "ISO-8859-2", "windows-1251", "Shift_JIS"])].map((name) => [name, name]), (encoding) => put({ encoding })) : nothing}
    </div>
    ${proposed.length > 1 ? html`<p><button type="button" class="first" @click=${() => put({ columns: Object.fromEntries(proposed.map((/** @type {any} */ column) => [column.header, column.proposed])) })}>✓ ${w.accept(proposed.length)}</button></p>` : nothing}
    <div class="wide"><table class="map"><thead><tr><th scope="col">${w.col}</th><th scope="col">${w.samples}</th><th scope="col">${w.is}</th><th scope="col">${w.filled}</th></tr></thead>
      <tbody>${columns.columns.map(mapping)}</tbody></table></div>
    ${own.filter((/** @type {any} */ column) => column.words?.length).map(translation)}
    ${own.filter((/** @type {any} */ column) => column.roles?.length).map((/** @type {any} */ column) => presets(column, needed.map((/** @type {any} */ field) => field.field).filter((/** @type {string} */ field) => byWord.includes(field))))}
    <details class="box"><summary>${w.top}</summary><div class="wide" tabindex="0" role="group" aria-label=${w.top}><table class="top"><tbody>${columns.top.map((/** @type {any} */ top) => html`<tr class=${top.row === columns.header_row ? "head" : ""}><th scope="row" class="num">${top.row}</th>${top.cells.map((/** @type {string | null} */ cell) => html`<td title=${cell ?? ""}>${cell ?? ""}</td>`)}</tr>`)}</tbody></table></div></details>
    <div class="go"><button type="button" class="first" @click=${() => go("rows")}>${w.toRows}</button>
      <button type="button" @click=${async () => { const told = await attempt(() => call("POST", "/api/save-map", { body: {} })); if (told) say(w.mapSaved(told.name)); }}>${w.saveMap}</button></div>
    ${roster.map ? html`<p class="small soft">${w.mapSaved(roster.map)}. ${w.mapNote}</p>` : nothing}
    </section>
    <aside aria-label=${w.settings}>
    ${constants.length ? html`<div class="box warn"><h2>${w.missing}</h2><ul class="words">${constants.map(constant)}</ul></div>` : nothing}
    <div class="box tint" id="settings" tabindex="-1"><h2>${w.settings}</h2><div class="fields">
      ${select(w.users, state.identity.from === "told" ? state.identity.type : "", /** @type {[string, string][]} */ (Object.entries(w.told)), (identity) => settings({ identity: identity || null }))}
      ${select(w.passwords, state.passwords, [["roster", w.ofRoster], ["made", w.made]], (passwords) => settings({ passwords }))}
      ${select(w.names, state.directory?.name ?? "", [["", w.noDirectory], ...state.directories.map((/** @type {string} */ name) => [name, name])], (directory) => settings({ directory: directory || null }), w.namesNote)}
      ${select(w.phones, state.phone_region ?? "", [["", w.noRegion], ...countries()], (region) => settings({ phone_region: region || null }), w.phonesNote)}</div></div>
    </aside></main>`;
}
