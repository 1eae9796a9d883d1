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
  warning: ["warning", "warnings"], column: ["column", "columns"], fault: ["problem", "problems"], person: ["person", "people"], second: ["second", "seconds"],
  minute: ["minute", "minutes"], hour: ["hour", "hours"], day: ["day", "days"], throttle: ["slow-down", "slow-downs"], proposal: ["proposal", "proposals"],
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
  skip: "Skip to the main part",
  skipToRows: "Skip to the rows",
  stepsLabel: "Steps",
  stepRows: "rows with errors",
  stepColumns: "to decide",
  home: "Files",
  undo: "Undo",
  redo: "Redo",
  saveAs: "Save…",
  saved: (/** @type {string} */ name) => `saved as ${name}`,
  saveChanges: (/** @type {number} */ n) => `Save ${count(n, "change")}…`,
  goOnWith: (/** @type {number} */ n) => `Continue with ${count(n, "row")}`,
  close: "Close",
  cancel: "Cancel",
  ok: "OK",
  copy: "Copy",
  copied: "copied",
  stale: "the roster was changed meanwhile, and this was not done: look at it, and do it again",
  working: "Working…",
  ended: {
    title: "This page has closed",
    quit: "headcount was stopped. Start it again in a terminal: headcount open",
    idle: "It was not used for a long time. Start it again in a terminal: headcount open",
    "code-used-twice": "Its link was opened twice, and one of the two may have been somebody else. Start it again in a terminal: headcount open",
    none: "headcount is no longer running, or was started again. What you saved is in the folder. Start it again in a terminal: headcount open",
  },
  lost: "headcount does not answer. Your changes are kept; this page continues as soon as it does.",
  elsewhere: { title: "The page is open in another tab", text: "You can work in only one of them.", take: "Continue here" },
  files: {
    title: "Which roster?",
    folder: (/** @type {string} */ folder) => `folder: ${folder}`,
    drop: "Drop a roster here, or choose a file",
    choose: "Choose a file…",
    note: "CSV or XLSX. It is copied into this folder and goes nowhere else.",
    here: "In this folder",
    none: "There is no roster in this folder yet.",
    open: "Open", result: "Result", goOn: "Continue",
    mend: (/** @type {number} */ n) => `Mend ${num(n)}`,
    empty: "No roster yet? Create an empty one to fill in:",
    kinds: { connect: "Users sign in to Connect", saml: "Single sign-on (SAML)", directory: "Active Directory" },
    made: (/** @type {string} */ name) => `${name} is now in the folder`,
    created: (/** @type {number} */ n, /** @type {number} */ all, /** @type {boolean} */ rehearsal) =>
      `${rehearsal ? "rehearsed: " : ""}${num(n)} of ${num(all)} created`,
    failed: (/** @type {number} */ n) => `, ${num(n)} refused`,
    changed: (/** @type {string} */ text) => `changed ${text}`,
    whichSheet: "Several sheets of this workbook may be the roster. Which one is it?",
    unsaved: "Your changes are not saved. Discard them and open the other file?",
    discard: "Discard changes",
  },
  columns: {
    title: (/** @type {number} */ read, /** @type {number} */ all, /** @type {number} */ open) =>
      open === 0 ? `All ${count(all, "column")} are decided` : `${num(read)} of ${count(all, "column")} ${are(read)} recognised. ${num(open)} to decide.`,
    known: (/** @type {string} */ template) => `Read as ${template}.`,
    header: "header in row", sheet: "sheet", text: "text as", accept: (/** @type {number} */ n) => `Accept all ${count(n, "proposal")}`,
    col: "column in your file", samples: "first values", is: "means", filled: "filled",
    hidden: "not shown", ignore: "not imported", undecided: "not decided yet", added: "added by the column map",
    perhaps: (/** @type {string} */ field) => `${field}?`,
    translate: (/** @type {string} */ header) => `Words in ${header}`,
    asItIs: "as it is",
    presets: (/** @type {string} */ header) => `Settings by ${header}`,
    presetsNote: "What everyone with this value gets. Where the roster itself has a value, that one counts.",
    inRows: "rows", another: "Add a setting", choose: "choose…", nothingSet: "not set here",
    missing: "Every user needs these, and the file does not have them",
    sameForAll: (/** @type {string} */ field) => `${field}, the same for everyone`,
    saveMap: "Save as a column map", mapSaved: (/** @type {string} */ name) => `The column map is saved as ${name}`,
    mapNote: "The command line reads the same file.",
    toRows: "Continue to the rows",
    top: "The first rows of the file",
    passwords: "Passwords", ofRoster: "from the roster", made: "made by the import",
    users: "Users are known by", told: { "": "detected automatically", connect: "Connect itself", saml: "single sign-on (SAML)", directory: "Active Directory" },
    names: "Names of the instance", namesNote: "Routing profiles, security profiles and so on of your Connect instance, saved to a file.", noDirectory: "none: names are not checked",
    phones: "Phone numbers of", phonesNote: "For numbers without a country code.", noRegion: "none", settings: "Settings",
  },
  rows: {
    cannot: (/** @type {number} */ bad, /** @type {number} */ all) =>
      bad === 0 ? `All ${count(all, "row")} can be sent` : `${num(bad)} of ${count(all, "row")} cannot be sent yet`,
    can: (/** @type {number} */ ok, /** @type {number} */ warned) =>
      warned === 0 ? `${num(ok)} can.` : `${num(ok)} can. ${count(warned, "warning")} to look at.`,
    checked: "Every row is checked again after every change.",
    checking: "Checking all rows…",
    errors: "Errors: these rows would not be sent",
    warnings: "Warnings: these would be sent, but look wrong",
    ofFile: "The file as a whole",
    mended: (/** @type {number} */ n) => `What you changed: ${num(n)}`,
    toMended: (/** @type {number} */ n) => `${count(n, "change")}, to undo one by one`,
    more: (/** @type {number} */ n) => `and ${num(n)} more kinds of problems`,
    nothing: "No problems found.",
    all: "All", show: "Show", fixAll: (/** @type {number} */ n) => (n > 1 ? ` in ${count(n, "row")}` : ""),
    safe: "Mend all that is safe",
    made: { title: "Have passwords made?", text: "The import makes one for everybody whose row has none, and keeps them in a file of their own, for you to hand out. It is a setting of this page; Columns shows it." },
    find: "Find a person, a name, a number",
    replace: "Replace…",
    rowsOf: "Which rows are shown",
    view: { all: "All rows", errors: "With errors", warnings: "With warnings", changed: "Changed", dropped: "Taken out", service: "Refused", group: "One kind" },
    row: "row", blank: "blank", set: "set, not shown", secretHint: "set; type a new one to replace it",
    dropped: "Taken out: it would not be sent.", takeOut: "Take the row out", putBack: "Put it back", addRow: "Add a row",
    ragged: "It is unclear which cell of this row belongs to which column. Type them again, or take the row out.",
    names: (/** @type {string} */ name, /** @type {number|null} */ days) =>
      `Names of ${name}${days === null ? "" : days === 0 ? ", read today" : `, read ${count(days, "day")} ago`}`,
    noNames: "Names of the instance are not checked",
    keys: { edit: "edit", next: "next problem", undo: "undo", paste: "paste cells", all: "all keys" },
    another: (/** @type {number} */ n) => `One of the ${num(n)} there…`,
    why: "Why?",
    changedCells: (/** @type {number} */ n) => `${count(n, "cell")} changed`,
    tookOut: (/** @type {number} */ n) => `${count(n, "row")} taken out`,
    putBackRows: (/** @type {number} */ n) => `${count(n, "row")} put back`,
    added: (/** @type {number} */ n) => `${count(n, "row")} added below all others`,
    clipped: (/** @type {number} */ n) => `${count(n, "cell")} did not fit and ${n === 1 ? "was" : "were"} left out`,
    noFault: "no more problems in this direction",
    none: "No matches",
    original: (/** @type {string} */ text) => `the file has ${text === "" ? "nothing" : `“${text}”`}`,
    passedOver: "This row is not a person: it is skipped.",
    outOfFile: "This column is not in the file. Change it in the step Columns.",
    preview: { title: "What would change", would: (/** @type {number} */ cells, /** @type {number} */ rows) => `changes ${count(cells, "cell")} in ${count(rows, "row")}`,
      drops: (/** @type {number} */ n) => `takes ${count(n, "row")} out`, dropsOne: (/** @type {number} */ n) => `takes row ${n} out`, mends: (/** @type {number} */ n) => `fixes ${count(n, "fault")}`,
      adds: (/** @type {number} */ n) => `This makes ${count(n, "fault")} that ${n === 1 ? "was" : "were"} not there before.`, do: "Apply",
      unseen: "Only invisible characters differ; they are shown as signs here.", sameLetters: "Looks the same: a letter with an accent is stored in another way.",
      more: (/** @type {number} */ n) => `and ${count(n, "cell")} more` },
    replaceDialog: { title: "Replace", find: "Find", with: "Replace with", col: "In", anyCol: "all columns", whole: "Whole cells only", case: "Match case", look: "Preview", do: "Replace" },
    phone: { title: "Phone numbers of which country?", text: "Numbers without a country code are read as numbers of this country, and get its code.", country: "Country, as in DE or US" },
    choose: "Choose",
    fileChanged: { title: "The file was changed in another program", text: "You have changes here too. Which do you want to keep?", theirs: "Read the file again and discard my changes", ours: "Keep my changes" },
    readAgain: "The file was changed and has been read again",
    gone: "The file is no longer in the folder. You can still save what is here.",
    unreadable: "The file is being written and will be read again",
    recover: (/** @type {number} */ n, /** @type {string} */ time) => `${count(n, "change")} from ${time} ${n === 1 ? "was" : "were"} not saved. Restore ${n === 1 ? "it" : "them"}?`,
    takeUp: "Restore", leave: "No",
  },
  save: {
    title: "Save a copy", as: "File name", note: "Your original file is never changed. The copy has everything in it, with your changes.",
    lost: "Not in the copy:", do: "Save",
    bad: "The name is taken or cannot be one:",
  },
  keys: {
    title: "Keys",
    list: [
      ["arrows, Home, End, Page Up, Page Down", "move from cell to cell; with Ctrl to the edge"],
      ["Enter, F2", "edit the cell"], ["Esc", "cancel an edit"], ["F8, Shift F8", "the next problem, the one before"],
      ["Alt Enter", "apply the first fix of the cell"], ["Shift and arrows", "select several cells"],
      ["Ctrl C, X, V", "copy, cut, paste, also from Excel"], ["Delete", "empty the cells"], ["Ctrl -", "take the row out, or put it back"], ["Ctrl Z, Ctrl Y", "undo, redo"],
      ["Ctrl F", "find"], ["Ctrl H", "replace"], ["Tab", "leave the rows"], ["?", "this list"],
    ],
  },
  plan: {
    rehearsal: "Rehearsal",
    why: "Nothing here is real: a make-believe Connect inside this program stands in for your instance. No user is created, and no credentials are used.",
    first: "Save first", firstText: "A rehearsal reads a saved file: save your changes, then continue.",
    make: "See what would happen",
    settings: "How it is rehearsed", weather: "The make-believe service", calm: "answers well", rough: "slows down and loses answers at times", skip: "Leave rows with errors out",
    held: (/** @type {number} */ n) => `${count(n, "row")} ${n === 1 ? "has" : "have"} errors. Nothing is sent until they are mended or left out.`, leaveOut: "Leave them out",
    long: "A rehearsal takes as long as the real thing. You can pause it at any time, and continue later.",
    title: (/** @type {number} */ n, /** @type {string} */ time) => `${count(n, "user")} would be created, in about ${time}`,
    lead: "Nothing has been sent. This is what headcount found when it compared your rows with the rehearsal's instance.",
    rowByRow: "Row by row", create: "to create", createNote: "new on the instance", there: "already there", thereNote: "stay as they are",
    out: "left out", outNote: "with errors: mend them now, or send them later", doneRows: "already done", doneNote: "in an earlier run of the same roster",
    room: "Is there room?", thereUsers: (/** @type {number} */ n) => `${num(n)} there`, toCome: (/** @type {number} */ n) => `${num(n)} to come`,
    left: (/** @type {number} */ n, /** @type {number} */ all) => `${num(n)} left of ${num(all)}`, unknown: "not known",
    odd: "To look at", names: "Names used in the rows", routing: "routing profiles", security: "security profiles", hierarchy: "hierarchy groups",
    terminal: "The same on a real instance, in a terminal", terminalNote: "Put your instance's ARN, as the AWS console shows it, in place of YOUR-INSTANCE.",
    again: "The same rehearsal in a terminal",
    go: (/** @type {number} */ n) => `Rehearse with ${count(n, "user")}…`, again2: "Plan again",
    ask: (/** @type {number} */ n) => `Rehearse creating ${count(n, "user")}?`,
    askText: "In the make-believe Connect inside this program. No real instance is touched.", yes: "Rehearse",
    mend: "Mend them",
  },
  run: {
    done: (/** @type {number} */ n, /** @type {number} */ all) => `${num(n)} of ${count(all, "user")} ${are(n)} done`,
    states: { running: "running", pausing: "pausing: waiting for what is under way", paused: "paused", ended: "finished", stopped: "stopped", elsewhere: "running in another program" },
    left: "left", pace: "recently", throttles: "by the service, waited out", created: "created", recovered: (/** @type {number} */ n) => `for ${num(n)} of them the answer was lost, and headcount found the user there`,
    exists: "already there", rejected: "refused", invalid: "left out, with errors", doubt: "uncertain", doubtNote: "the answer was lost: headcount is finding out whether the user is there", pending: "to come",
    pause: "Pause", goOn: "Continue", log: "What happened", nothing: "Nothing yet.",
    safe: "Nothing is lost if this stops. Each request is written down before it is sent. Pause, close the page or switch the computer off: the next start continues from here.",
    terminal: "The same run in a terminal", none: "No run yet.", toPlan: "Go to the plan", toResult: "See the result",
  },
  result: {
    all: (/** @type {number} */ n) => n === 1 ? "The user was created" : `All ${count(n, "user")} were created`,
    some: (/** @type {number} */ n, /** @type {number} */ failed) => `${count(n, "user")} created, ${num(failed)} not`,
    stopped: "The run stopped before it was finished",
    rehearsed: "This was a rehearsal: nobody was created anywhere.",
    causes: "Why rows failed", mend: (/** @type {number} */ n) => `Mend ${num(n)}`, again: "Send again",
    report: "Save a report", formats: { html: "page", xlsx: "workbook", md: "ticket" }, reported: (/** @type {string} */ name) => `The report is in the folder: ${name}`,
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
