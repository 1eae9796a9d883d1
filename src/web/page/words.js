// Every word of the page, in one place. Counts, numbers and times are told as the language has it.

const language = "en";
const plural = new Intl.PluralRules(language);
const number = new Intl.NumberFormat(language);
const rate = new Intl.NumberFormat(language, { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** @type {Record<string, [string, string]>} */
const nouns = {
  row: ["row", "rows"], cell: ["cell", "cells"], change: ["change", "changes"], user: ["user", "users"], error: ["error", "errors"],
  warning: ["warning", "warnings"], column: ["column", "columns"], fault: ["fault", "faults"], second: ["second", "seconds"],
  minute: ["minute", "minutes"], hour: ["hour", "hours"], day: ["day", "days"], throttle: ["throttle", "throttles"],
};

/** @param {number} n */
export const num = (n) => number.format(n);

/** @param {number} n @param {string} noun */
export function count(n, noun) {
  const [one, other] = nouns[noun];
  return `${num(n)} ${plural.select(n) === "one" ? one : other}`;
}

/** @param {number} perSecond */
export const pace = (perSecond) => `${rate.format(perSecond)} a second`;

/** @param {string} rfc3339 */
export const at = (rfc3339) => clock.format(new Date(rfc3339));

/** @param {string} rfc3339 */
export const when = (rfc3339) => day.format(new Date(rfc3339));

/** @param {number} seconds */
export function lasting(seconds) {
  if (seconds < 90) return count(Math.max(1, Math.round(seconds)), "second");
  if (seconds < 5400) return count(Math.round(seconds / 60), "minute");
  return count(Math.round(seconds / 3600), "hour");
}

/** @param {number} n */
const are = (n) => (n === 1 ? "is" : "are");

export const words = {
  name: "headcount",
  steps: { columns: "Columns", rows: "Rows", plan: "Plan", run: "Run", result: "Result" },
  done: "done",
  skip: "To the main part",
  skipToRows: "To the rows",
  stepsLabel: "Steps",
  home: "Files",
  undo: "Undo",
  redo: "Redo",
  saveAs: "Save…",
  saved: (/** @type {string} */ name) => `saved as ${name}`,
  saveChanges: (/** @type {number} */ n) => `Save ${count(n, "change")}…`,
  goOnWith: (/** @type {number} */ n) => `Go on with ${count(n, "row")}`,
  close: "Close",
  cancel: "Cancel",
  ok: "OK",
  copy: "Copy",
  copied: "copied",
  working: "At work…",
  ended: {
    title: "This page has ended",
    quit: "It was ended. Start it again in a terminal: headcount open",
    idle: "Nobody has asked for anything for long. Start it again in a terminal: headcount open",
    "code-used-twice": "Its link was used twice, and one of the two may have been somebody else. Start it again in a terminal: headcount open",
    none: "The program that served it is no longer there, or was started anew. What was saved is in the folder. Start it again in a terminal: headcount open",
  },
  lost: "The program does not answer. What was changed is kept; this page goes on when it does.",
  elsewhere: { title: "The page is open in another tab", text: "Only one of them can be worked in.", take: "Go on here" },
  files: {
    title: "Which roster?",
    folder: (/** @type {string} */ folder) => `folder: ${folder}`,
    drop: "Drop a roster here, or choose a file",
    choose: "Choose a file…",
    note: "CSV or XLSX. It is copied into this folder and goes nowhere else.",
    here: "In this folder",
    none: "No roster is in this folder yet.",
    open: "Open", result: "Result", goOn: "Go on",
    mend: (/** @type {number} */ n) => `Mend ${num(n)}`,
    empty: "No roster yet? Write an empty one to fill in:",
    kinds: { connect: "Users managed by Connect", saml: "SAML", directory: "Directory" },
    made: (/** @type {string} */ name) => `${name} is in the folder now`,
    created: (/** @type {number} */ n, /** @type {number} */ all, /** @type {boolean} */ rehearsal) =>
      `${rehearsal ? "rehearsed: " : ""}${num(n)} of ${num(all)} created`,
    failed: (/** @type {number} */ n) => `, ${num(n)} refused`,
    changed: (/** @type {string} */ text) => `changed ${text}`,
    whichSheet: "Several sheets of this workbook may be the roster. Which one is it?",
    unsaved: "What was changed is not saved. Give it up and open the other?",
    discard: "Give it up",
  },
  columns: {
    title: (/** @type {number} */ read, /** @type {number} */ all, /** @type {number} */ open) =>
      open === 0 ? `All ${count(all, "column")} are decided` : `${num(read)} of ${count(all, "column")} ${are(read)} read. Decide about ${num(open)}.`,
    known: (/** @type {string} */ template) => `Read as ${template}.`,
    header: "header in row", sheet: "sheet", text: "text as", found: "found out",
    col: "column in your file", samples: "first values", is: "is", filled: "filled",
    hidden: "not shown", ignore: "not imported", undecided: "not decided: not imported", added: "made by the map",
    perhaps: (/** @type {string} */ field) => `perhaps ${field}`,
    translate: (/** @type {string} */ header) => `Words of ${header}`,
    asItIs: "as it is",
    presets: (/** @type {string} */ header) => `Settings by ${header}`,
    presetsNote: "What every person with this word gets. A cell that is filled in the roster itself wins.",
    inRows: "rows", another: "Another setting",
    missing: "Every user needs these, and the file has none",
    sameForAll: (/** @type {string} */ field) => `${field}, the same for all`,
    saveMap: "Save as a column map", mapSaved: (/** @type {string} */ name) => `The map is saved as ${name}`,
    mapNote: "The command line reads the same file.",
    toRows: "To the rows",
    top: "The first rows of the file",
    passwords: "Passwords", ofRoster: "from the roster", made: "made by the import",
    users: "Users are known by", told: { "": "found out", connect: "Connect", saml: "SAML", directory: "a directory" },
    names: "Names of the instance", noDirectory: "not known: names are not checked",
    phones: "National phone numbers of", noRegion: "no country: only numbers with + are read", settings: "Settings",
  },
  rows: {
    cannot: (/** @type {number} */ bad, /** @type {number} */ all) =>
      bad === 0 ? `All ${count(all, "row")} can be sent` : `${num(bad)} of ${count(all, "row")} cannot be sent yet`,
    can: (/** @type {number} */ ok, /** @type {number} */ warned) =>
      warned === 0 ? `${num(ok)} can.` : `${num(ok)} can; ${count(warned, "warning")} to look at.`,
    checked: "Every row is checked again after every change.",
    checking: "Checking all rows…",
    errors: "Errors: these rows would not be sent",
    warnings: "Warnings: these would, and may not be meant",
    ofFile: "The file as a whole",
    mended: "What was changed",
    more: (/** @type {number} */ n) => `and ${num(n)} more kinds`,
    nothing: "Nothing is wrong.",
    all: "All", show: "Show", fixAll: (/** @type {number} */ n) => (n > 1 ? ` in ${count(n, "row")}` : ""),
    safe: "Mend all that is safe",
    made: { title: "Have passwords made?", text: "The import makes one for everybody whose row has none, and keeps them in a file of their own, for you to hand out. It is a setting of this page; Columns shows it." },
    find: "Find a person, a name, a number",
    replace: "Replace…",
    view: { all: "All", errors: "Errors", warnings: "Warnings", changed: "Changed", dropped: "Taken out", service: "Refused", group: "One kind" },
    row: "row", blank: "blank", set: "set, not shown", secretHint: "set; type a new one to replace it",
    dropped: "taken out", takeOut: "Take the row out", putBack: "Put it back", addRow: "Add a row",
    ragged: "The cells of this row cannot be told apart. Type them anew, or take the row out.",
    names: (/** @type {string} */ name, /** @type {number|null} */ days) =>
      `Names of ${name}${days === null ? "" : days === 0 ? ", read today" : `, read ${count(days, "day")} ago`}`,
    noNames: "Names of the instance are not known here",
    keys: { edit: "edit", next: "next fault", undo: "undo", paste: "paste cells", all: "all keys" },
    another: (/** @type {number} */ n) => `One of the ${num(n)} there…`,
    why: "Why?",
    changedCells: (/** @type {number} */ n) => `${count(n, "cell")} changed`,
    clipped: (/** @type {number} */ n) => `${count(n, "cell")} fell outside and were left out`,
    noFault: "no further fault",
    none: "No row is like that.",
    original: (/** @type {string} */ text) => `the file has ${text === "" ? "nothing" : `“${text}”`}`,
    passedOver: "This row is nobody's: it is passed over.",
    outOfFile: "A column that the map adds: it is changed under Columns.",
    preview: { title: "What would change", would: (/** @type {number} */ cells, /** @type {number} */ rows) => `${count(cells, "cell")} in ${count(rows, "row")}`,
      drops: (/** @type {number} */ n) => `${count(n, "row")} taken out`, mends: (/** @type {number} */ n) => `${count(n, "fault")} go`,
      adds: (/** @type {number} */ n) => `${count(n, "fault")} come that were not there`, do: "Do it" },
    replaceDialog: { title: "Replace", find: "Find", with: "Replace by", col: "in", anyCol: "all columns", whole: "whole cells only", case: "upper and lower case differ", look: "Look", do: "Replace" },
    phone: { title: "Numbers of which country?", text: "National numbers are written in full, as numbers of this country.", country: "Country, as in DE or US" },
    choose: "Choose",
    fileChanged: { title: "The file was changed in another program", text: "There are changes here too. Which are to count?", theirs: "Read the file again, give up what was changed here", ours: "Keep what is here" },
    readAgain: "The file was changed and is read again",
    gone: "The file is gone from the folder. What is here can still be saved.",
    unreadable: "The file is being written, and is looked at again",
    recover: (/** @type {number} */ n, /** @type {string} */ time) => `${count(n, "change")} of ${time} were not saved. Take them up again?`,
    takeUp: "Take them up", leave: "No",
  },
  save: {
    title: "Save a copy", as: "as", note: "The roster itself is never written. The copy has all of it, with what was changed.",
    lost: "The copy does not have:", do: "Save",
    bad: "The name is taken or cannot be one:",
  },
  keys: {
    title: "Keys",
    list: [
      ["arrows, Home, End, Page Up, Page Down", "go from cell to cell; with Ctrl to the edge"],
      ["Enter, F2", "edit the cell"], ["Esc", "give an edit up"], ["F8, Shift F8", "the next fault, the one before"],
      ["Alt Enter", "take the first fix of the cell"], ["Shift and arrows", "pick several cells"],
      ["Ctrl C, X, V", "copy, cut, paste, also from Excel"], ["Delete", "empty the cells"], ["Ctrl -", "take the row out, or put it back"], ["Ctrl Z, Ctrl Y", "undo, do again"],
      ["Ctrl F", "find"], ["Ctrl H", "replace"], ["Tab", "leave the rows"], ["?", "these lines"],
    ],
  },
  plan: {
    rehearsal: "Rehearsal",
    why: "Nothing here is real: a Connect inside of this program stands in for the instance. No user is created, and no credentials are in reach.",
    first: "Save first", firstText: "What is rehearsed is a file: save the changes, and go on.",
    make: "Look what would be done",
    settings: "How it is rehearsed", weather: "The service", calm: "answers well", rough: "throttles, and loses answers", skip: "Leave rows with errors out",
    title: (/** @type {number} */ n, /** @type {string} */ time) => `${count(n, "user")} would be created, in about ${time}`,
    lead: "Nothing has been sent. This is what headcount found when it held your rows against the rehearsal's instance.",
    rowByRow: "Row by row", create: "to create", createNote: "new on the instance", there: "there already", thereNote: "stay as they are",
    out: "left out", outNote: "with errors: mend them now, or send them later", doneRows: "done already", doneNote: "by an earlier run of this ledger",
    room: "Is there room?", thereUsers: (/** @type {number} */ n) => `${num(n)} there`, toCome: (/** @type {number} */ n) => `${num(n)} to come`,
    left: (/** @type {number} */ n, /** @type {number} */ all) => `${num(n)} left of ${num(all)}`, unknown: "not known",
    odd: "To look at", names: "What the rows name", routing: "routing profiles", security: "security profiles", hierarchy: "hierarchy groups",
    terminal: "The same on a real instance, in a terminal", terminalNote: "Put your instance's ARN, as the AWS console shows it, in place of YOUR-INSTANCE.",
    again: "The same rehearsal in a terminal",
    go: (/** @type {number} */ n) => `Rehearse with ${count(n, "user")}…`, again2: "Plan anew",
    ask: (/** @type {number} */ n) => `Rehearse creating ${count(n, "user")}?`,
    askText: "On the embedded Connect. No real instance is touched.", yes: "Rehearse",
    mend: "Mend them",
  },
  run: {
    done: (/** @type {number} */ n, /** @type {number} */ all) => `${num(n)} of ${count(all, "user")} ${are(n)} done`,
    states: { running: "running", pausing: "pausing: what is under way is awaited", paused: "paused", ended: "ended", stopped: "stopped", elsewhere: "at work in another program" },
    left: "left", pace: "of late", throttles: "waited out", created: "created", recovered: (/** @type {number} */ n) => `${num(n)} of them found again after the answer was lost`,
    exists: "there already", rejected: "refused", invalid: "left out, with errors", doubt: "in doubt", doubtNote: "the answer was lost: headcount is finding out whether the user is there", pending: "to come",
    pause: "Pause", goOn: "Go on", log: "What happened", nothing: "Nothing yet.",
    safe: "Nothing is lost if this stops. Each request is written down before it leaves. Pause, close the page or switch the computer off: the next start goes on from here.",
    terminal: "The same run in a terminal", none: "No run yet.", toPlan: "To the plan", toResult: "To the result",
  },
  result: {
    all: (/** @type {number} */ n) => `All ${count(n, "user")} are created`,
    some: (/** @type {number} */ n, /** @type {number} */ failed) => `${count(n, "user")} created, ${num(failed)} not`,
    stopped: "The run stopped before it was done",
    rehearsed: "This was a rehearsal: nobody was created anywhere.",
    causes: "Why rows failed", mend: (/** @type {number} */ n) => `Mend ${num(n)}`, again: "Send again",
    report: "Save a report", formats: { html: "page", xlsx: "workbook", md: "ticket" }, reported: (/** @type {string} */ name) => `The report is ${name}, in the folder`,
    real: "For real", realText: "The same on a real instance, in a terminal, by whoever has AWS credentials. Put the instance's ARN in place of YOUR-INSTANCE.",
  },
};

/** @type {[string, string][] | null} */
let named = null;

/** All countries by their two letters, with their names in order. @returns {[string, string][]} */
export function countries() {
  if (named) return named;
  const names = new Intl.DisplayNames(["en"], { type: "region", fallback: "none" });
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  // What is no country of numbers is refused by the program.
  const none = new Set(["EU", "EZ", "UN", "ZZ", "XA", "XB", "QO", "AC", "CP", "CQ", "DG", "EA", "IC", "TA", "AQ", "BV", "HM", "GS", "TF", "UM", "PN"]);
  named = letters.flatMap((one) => letters.map((other) => one + other)).flatMap((code) => {
    const isOne = !none.has(code) && Intl.getCanonicalLocales(`und-${code}`)[0] === `und-${code}`;
    const name = isOne ? names.of(code) : undefined;
    return name ? [/** @type {[string, string]} */ ([code, name])] : [];
  });
  named.sort(([, one], [, other]) => one.localeCompare(other, "en"));
  return named;
}
