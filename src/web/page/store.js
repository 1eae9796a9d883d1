// What the page knows: the program's own state, and where on the page one is.

import { ApiError, call } from "./api.js";
import { words } from "./words.js";

/** @typedef {"home" | "columns" | "rows" | "plan" | "run" | "result"} Screen */

export const store = {
  /** @type {any} the program's state, as it tells it */
  state: null,
  /** @type {Screen} */
  screen: "home",
  /** @type {any} what is wrong, in groups */
  findings: null,
  /** @type {any} the cell at hand */
  cell: null,
  /** @type {any} */
  columns: null,
  /** @type {any[] | null} */
  files: null,
  /** @type {any} */
  run: null,
  view: "all",
  find: "",
  /** @type {string | null} why the page has ended */
  over: null,
  elsewhere: false,
  lost: false,
  /** What came of the last deed, until the next. */
  told: "",
  /** @type {ApiError | null} what went wrong last */
  trouble: null,
  /** How many requests that change something are under way. */
  busy: 0,
  /** Whether rows with errors are left out. */
  skips: true,
  weather: "rough",
};

/** @type {Set<() => void>} */
const listeners = new Set();
let isDue = false;

/** Has the page drawn again, once for all that has changed. */
export function changed() {
  if (isDue) return;
  isDue = true;
  queueMicrotask(() => {
    isDue = false;
    listeners.forEach((listener) => listener());
  });
}

/** @param {() => void} listener */
export const onChange = (listener) => listeners.add(listener);

/** Says something to whoever hears the page, and to whoever sees it unless it stands there anyhow. @param {string} text @param {boolean} [isShown] */
export function say(text, isShown = true) {
  const place = document.getElementById("said");
  if (place) place.textContent = text;
  if (!isShown) return;
  store.told = text;
  changed();
}

/** Goes to a screen, and to a part of it by its id. @param {Screen} screen @param {string} [part] */
export function go(screen, part = screen === "rows" ? "grid" : "main") {
  store.screen = screen;
  store.trouble = null;
  store.told = "";
  changed();
  // Whoever hears the page hears where it is, and whoever uses keys begins there; what is open and the steps are in sight.
  queueMicrotask(() => {
    const place = document.getElementById(part) ?? document.getElementById("main");
    place?.focus({ preventScroll: true });
    scrollTo(0, 0);
    if (part === "settings") place?.scrollIntoView({ block: "nearest" });
  });
}

/**
 * Asks for a change; what goes wrong is shown, and not thrown.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T | null>}
 */
export async function attempt(work) {
  store.busy += 1;
  store.trouble = null;
  store.told = "";
  changed();
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    trouble(error);
    return null;
  } finally {
    store.busy -= 1;
    changed();
  }
}

/** @param {ApiError} error */
export function trouble(error) {
  if (error.code === "lease") store.elsewhere = true;
  else if (error.status === 401) store.over ??= "none";
  else if (error.code === "offline") store.lost = true;
  else {
    if (error.code === "stale") void call("GET", "/api/state").then(take, () => {});
    store.trouble = error;
    say(error.message, false);
  }
  changed();
}

/** Which turn each thing was told in that is known by now: what was told before it and comes later is of no use. */
let turnOfState = 0;
let turnOfRun = 0;
let nonce = "";

/** Takes over where a run stands, if that is news. @param {any} run @returns {boolean} whether it was */
export function takeRun(run) {
  if (run && run.turn < turnOfRun) return false;
  if (run) turnOfRun = run.turn;
  store.run = run;
  return true;
}

/** Takes the program's state over, if it is news. @param {any} state */
export function take(state) {
  // Another process counts anew.
  if (state.version.nonce !== nonce) [nonce, turnOfState, turnOfRun] = [state.version.nonce, 0, 0];
  if (state.turn < turnOfState) return;
  turnOfState = state.turn;
  const before = store.state;
  store.state = state;
  takeRun(state.run);
  // What is wrong is told when all rows are checked.
  const isNews = before?.checked !== state.checked || before?.roster?.name !== state.roster?.name;
  if (isNews && state.checked === state.revision) void refresh();
  changed();
}

let asked = 0;

/** Reads what is wrong anew: the newest answer counts. */
export async function refresh() {
  if (!store.state?.roster) {
    store.findings = null;
    return;
  }
  const mine = ++asked;
  try {
    // How many rows a view has is told with its rows alone.
    const views = ["errors", "warnings"].map((view) => call("GET", "/api/rows", { query: { view, count: 1 } }));
    const [findings, errors, warnings] = await Promise.all([call("GET", "/api/findings"), ...views]);
    if (mine === asked) {
      store.findings = { ...findings, rowsWith: { errors: errors.total, warnings: warnings.total } };
      changed();
    }
  } catch (error) {
    if (error instanceof ApiError) trouble(error);
  }
}

/** What is asked of the sheet at this moment, and all that waits for it. */
let before = Promise.resolve();

/**
 * Asks something of the sheet as soon as all that was asked before is answered: a change makes the next revision, and what is sent
 * beside it names one that may be gone by the time it arrives.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export function inTurn(work) {
  const mine = before.then(work);
  before = mine.then(() => {}, () => {});
  return mine;
}

/**
 * A change of the sheet, with the revision that there is when it has its turn. One that was decided by what was seen names its own
 * `revision`, and is not done on another. What `shows` does with the answer is seen with the next frame, before anything else is drawn.
 * @param {string} path @param {{revision?: number, [name: string]: unknown}} body @param {(told: any) => void} [shows] @param {string} [method]
 */
export async function change(path, body, shows, method = "POST") {
  const told = await attempt(() => inTurn(async () => {
    const revision = store.state?.revision;
    if (body.revision !== undefined && body.revision !== revision) throw new ApiError(409, "stale", words.stale, null);
    const told = await call(method, path, { body: { revision, ...body } });
    shows?.(told);
    // What was told meanwhile of the same revision is what came of it, and not what was known as it was answered.
    if (told.turn !== undefined) take(told);
    else if (told.revision > store.state?.revision) store.state = { ...store.state, revision: told.revision, counts: told.counts ?? store.state.counts };
    return told;
  }));
  changed();
  return told;
}
