// The rows, drawn as a real table of which only the part that is seen is there. It decides nothing: it shows what the program
// has told, and tells whoever made it what somebody does.

import { PAGE, ROW, drawn, letters, scrolledTo, spacers, wanted } from "./window.js";
import { format } from "./tsv.js";
import { words } from "./words.js";

/**
 * @typedef {{n: number, c: (string | null)[], f: Record<string, {code: string, severity: string}[]>, ch: number[], drop: boolean, out: string | null, ragged: boolean}} Row
 * @typedef {{col: number, letter: string, header: string, label: string, secret: boolean, added: boolean}} Column
 * @typedef {{at: number, col: number}} Spot
 */

/** The most cells that are drawn at once, so that a page of many columns stays as light as one of few. */
const CELLS = 1900;
/** Pages of rows that are kept. */
const PAGES = 40;

export class Grid {
  /** @type {Column[]} */
  columns = [];
  total = 0;
  /** @type {Spot} */
  spot = { at: 0, col: 0 };
  /** @type {Spot | null} where a range was begun */
  anchor = null;
  /** @type {Map<number, Row[]>} */
  #pages = new Map();
  /** @type {Map<number, Row[]>} pages of before a change: better than none until the new ones are there */
  #stale = new Map();
  /** @type {Set<number>} */
  #asked = new Set();
  /** @type {Map<number, HTMLTableRowElement>} */
  #rows = new Map();
  /** @type {HTMLTableRowElement[]} */
  #free = [];
  #epoch = 0;
  #due = false;
  #lastTop = 0;
  #lastAt = 0;
  #speed = 0;
  #isDragging = false;
  /** @type {number | null} the column in which to go to the last row when it is there */
  #toLast = null;

  /**
   * @param {{
   *   rows: (from: number, count: number) => Promise<{revision: number, total: number, rows: Row[]} | null>,
   *   moved: (row: Row | null, col: number) => void,
   *   edit: (text: string | null) => void,
   *   key: (event: KeyboardEvent) => boolean,
   *   paste: (n: number, col: number, tsv: string) => void,
   *   clear: (cells: {n: number, col: number}[]) => void,
   * }} does
   */
  constructor(does) {
    this.does = does;
    this.host = document.createElement("div");
    this.host.className = "scroll";
    this.table = document.createElement("table");
    this.table.className = "grid";
    this.table.id = "grid";
    this.table.tabIndex = 0;
    for (const [name, value] of Object.entries({ role: "grid", translate: "no", spellcheck: "false", "aria-multiselectable": "true" })) {
      this.table.setAttribute(name, value);
    }
    this.widths = document.createElement("colgroup");
    this.head = document.createElement("thead");
    this.body = document.createElement("tbody");
    this.head.setAttribute("role", "rowgroup");
    this.body.setAttribute("role", "rowgroup");
    this.above = spacer();
    this.below = spacer();
    this.body.append(this.above, this.below);
    this.table.append(this.widths, this.head, this.body);
    this.host.append(this.table);
    this.host.addEventListener("scroll", () => this.#draw(), { passive: true });
    this.table.addEventListener("keydown", (event) => this.#key(event));
    this.table.addEventListener("copy", (event) => this.#copy(event, false));
    this.table.addEventListener("cut", (event) => this.#copy(event, true));
    this.table.addEventListener("paste", (event) => this.#paste(event));
    this.body.addEventListener("mousedown", (event) => this.#down(event));
    this.body.addEventListener("mouseover", (event) => this.#over(event));
    this.body.addEventListener("dblclick", () => this.does.edit(null));
    addEventListener("mouseup", () => (this.#isDragging = false));
    new ResizeObserver(() => this.#draw()).observe(this.host);
  }

  /** @param {Column[]} columns @param {string} label */
  setColumns(columns, label) {
    this.columns = columns;
    this.table.setAttribute("aria-label", label);
    this.table.setAttribute("aria-colcount", String(columns.length + 1));
    const widths = [66, ...columns.map((column) => widthOf(column))];
    this.widths.replaceChildren(...widths.map((width) => {
      const col = document.createElement("col");
      col.style.width = `${width}px`;
      return col;
    }));
    // Of a fixed layout the columns are as wide as they are told only where the table is told too.
    this.table.style.width = `${widths.reduce((sum, width) => sum + width, 0)}px`;
    const row = document.createElement("tr");
    row.setAttribute("role", "row");
    row.setAttribute("aria-rowindex", "1");
    const corner = document.createElement("th");
    corner.className = "no";
    corner.setAttribute("role", "columnheader");
    corner.setAttribute("aria-colindex", "1");
    corner.textContent = words.rows.row;
    row.append(corner);
    columns.forEach((column, at) => {
      const th = document.createElement("th");
      th.setAttribute("role", "columnheader");
      th.setAttribute("scope", "col");
      th.setAttribute("aria-colindex", String(at + 2));
      const [b, small, letter] = ["b", "small", "span"].map((name) => document.createElement(name));
      b.textContent = column.label;
      small.textContent = column.header;
      letter.className = "ltr";
      letter.textContent = column.letter;
      letter.setAttribute("aria-hidden", "true");
      th.title = column.header;
      th.append(b, small, letter);
      row.append(th);
    });
    this.head.replaceChildren(row);
    this.#rows.forEach((tr) => tr.remove());
    this.#rows.clear();
    this.#free = [];
    this.spot.col = Math.min(this.spot.col, Math.max(0, columns.length - 1));
    this.#draw();
  }

  /** Marks the headers of columns with faults. @param {Map<number, string>} marks */
  mark(marks) {
    const heads = this.head.rows[0]?.cells;
    if (!heads) return;
    this.columns.forEach((column, at) => {
      const severity = marks.get(column.col);
      heads[at + 1].className = severity ? `marked ${severity === "error" ? "" : "w"}` : "";
    });
  }

  /** Reads the rows anew; those that are shown stay until the new ones are there. @param {boolean} isOtherView */
  async reload(isOtherView) {
    this.#epoch += 1;
    // Of two changes in a row the pages between them were never there.
    if (isOtherView) this.#stale = new Map();
    else for (const [page, rows] of this.#pages) this.#stale.set(page, rows);
    this.#pages = new Map();
    this.#asked.clear();
    if (isOtherView) {
      this.host.scrollTop = 0;
      this.spot = { at: 0, col: this.spot.col };
      this.anchor = null;
    }
    await this.#ask(Math.floor(this.host.scrollTop / ROW / PAGE));
    if (!this.#pages.size && this.host.scrollTop > 0) await this.#ask(0);
    // Pages of before that nobody looks at are not kept for ever.
    if (this.#stale.size > PAGES) this.#stale = new Map();
    this.#draw();
    this.#tell();
  }

  /** Reads the rows anew and goes to the last of them, whichever answer is the one that counts. @param {number} col */
  goLast(col) {
    this.#toLast = col;
    return this.reload(false);
  }

  /** Rows as they are now, without asking. @param {Row[]} rows */
  patch(rows) {
    const by = new Map(rows.map((row) => [row.n, row]));
    for (const pages of [this.#pages, this.#stale]) {
      for (const page of pages.values()) page.forEach((row, at) => (page[at] = by.get(row.n) ?? row));
    }
    // At once, and not with the next frame: it is seen with the next frame then, and not with the one after it.
    for (const [at, tr] of this.#rows) this.#fill(tr, at);
    this.#tell();
  }

  /** @param {number} at @returns {Row | null} */
  row(at) {
    const page = Math.floor(at / PAGE);
    return (this.#pages.get(page) ?? this.#stale.get(page))?.[at % PAGE] ?? null;
  }

  /** Goes to a cell. @param {number} at @param {number} col @param {boolean} [isRange] */
  go(at, col, isRange = false) {
    if (isRange) this.anchor ??= { ...this.spot };
    else this.anchor = null;
    this.spot = { at: clamp(at, 0, Math.max(0, this.total - 1)), col: clamp(col, 0, Math.max(0, this.columns.length - 1)) };
    const view = this.host.clientHeight - this.head.offsetHeight;
    const top = scrolledTo(this.spot.at, this.host.scrollTop, view);
    if (top !== null) this.host.scrollTop = top;
    const th = this.head.rows[0]?.cells[this.spot.col + 1];
    if (th) {
      const left = th.offsetLeft - 66;
      if (left < this.host.scrollLeft) this.host.scrollLeft = left;
      else if (th.offsetLeft + th.offsetWidth > this.host.scrollLeft + this.host.clientWidth) {
        this.host.scrollLeft = th.offsetLeft + th.offsetWidth - this.host.clientWidth;
      }
    }
    this.#draw();
    this.#tell();
  }

  focus() {
    this.table.focus({ preventScroll: true });
  }

  /** The cells that are picked, by rows. */
  picked() {
    const from = this.anchor ?? this.spot;
    const [top, bottom] = [Math.min(from.at, this.spot.at), Math.max(from.at, this.spot.at)];
    const [left, right] = [Math.min(from.col, this.spot.col), Math.max(from.col, this.spot.col)];
    return { top, bottom, left, right };
  }

  #tell() {
    this.does.moved(this.row(this.spot.at), this.spot.col);
  }

  /** @param {number} page */
  async #ask(page) {
    if (this.#asked.has(page) || this.#pages.has(page)) return;
    this.#asked.add(page);
    const epoch = this.#epoch;
    const told = await this.does.rows(page * PAGE, PAGE);
    if (epoch !== this.#epoch) return;
    this.#asked.delete(page);
    if (!told) return;
    this.#pages.set(page, told.rows);
    this.#stale.delete(page);
    if (this.#pages.size > PAGES) {
      // The farthest from what is seen.
      const now = this.host.scrollTop / ROW / PAGE;
      const far = [...this.#pages.keys()].sort((a, b) => Math.abs(b - now) - Math.abs(a - now))[0];
      this.#pages.delete(far);
    }
    if (this.total !== told.total) {
      this.total = told.total;
      this.table.setAttribute("aria-rowcount", String(told.total + 1));
      this.spot.at = clamp(this.spot.at, 0, Math.max(0, told.total - 1));
    }
    if (this.#toLast !== null) {
      const col = this.#toLast;
      this.#toLast = null;
      // What is not drawn yet cannot be scrolled to.
      this.#paint(performance.now());
      return this.go(this.total - 1, col);
    }
    this.#draw();
    if (this.spot.at >= page * PAGE && this.spot.at < (page + 1) * PAGE) this.#tell();
  }

  #draw() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame((now) => {
      this.#due = false;
      this.#paint(now);
    });
  }

  /** @param {number} now */
  #paint(now) {
    const top = this.host.scrollTop;
    const passed = now - this.#lastAt;
    if (passed > 0 && passed < 500) this.#speed = ((top - this.#lastTop) / ROW / passed) * 1000;
    else this.#speed = 0;
    [this.#lastTop, this.#lastAt] = [top, now];
    const height = this.host.clientHeight;
    const most = Math.max(8, Math.floor(CELLS / (this.columns.length + 1)));
    const spare = clamp(Math.floor((most - height / ROW) / 2), 2, 10);
    const range = drawn(top, height, this.total, spare);
    const kept = this.spot.at < this.total ? this.spot.at : null;
    const space = spacers(range.from, range.to, this.total, kept);
    for (const [at, tr] of this.#rows) {
      if ((at >= range.from && at < range.to) || (space.kept && at === kept)) continue;
      this.#rows.delete(at);
      this.#free.push(tr);
    }
    const place = (/** @type {number} */ at, /** @type {Element | null} */ before) => {
      let tr = this.#rows.get(at);
      if (!tr) {
        tr = this.#free.pop() ?? this.#newRow();
        this.#rows.set(at, tr);
      }
      this.#fill(tr, at);
      if (tr.nextElementSibling !== before || tr.parentNode !== this.body) this.body.insertBefore(tr, before);
      return tr;
    };
    // From below, so that each row knows what stands behind it.
    /** @type {Element} */
    let next = this.below;
    if (space.kept === "below" && kept !== null) place(kept, null);
    for (let at = range.to - 1; at >= range.from; at -= 1) next = place(at, next);
    if (space.kept === "above" && kept !== null) place(kept, this.above);
    this.#free.forEach((tr) => tr.remove());
    setHeight(this.above, space.above);
    setHeight(this.below, space.below);
    this.table.setAttribute("aria-activedescendant", kept === null ? "" : `c${kept}-${this.spot.col}`);
    for (const page of wanted(range.from, range.to, this.total, this.#speed)) void this.#ask(page);
  }

  #newRow() {
    const tr = document.createElement("tr");
    tr.setAttribute("role", "row");
    const th = document.createElement("th");
    th.className = "no";
    th.setAttribute("role", "rowheader");
    th.setAttribute("aria-colindex", "1");
    tr.append(th);
    this.columns.forEach((_, at) => {
      const td = document.createElement("td");
      td.setAttribute("role", "gridcell");
      td.setAttribute("aria-colindex", String(at + 2));
      td.dir = "auto";
      tr.append(td);
    });
    return tr;
  }

  /** @param {HTMLTableRowElement} tr @param {number} at */
  #fill(tr, at) {
    const row = this.row(at);
    const { top, bottom, left, right } = this.picked();
    const isPicked = at >= top && at <= bottom;
    const shown = tr.dataset;
    const mark = `${this.#epoch} ${at} ${isPicked ? `${left}-${right}-${at === this.spot.at ? this.spot.col : ""}` : ""}`;
    const held = /** @type {any} */ (tr);
    if (held.row === row && shown.mark === mark) return;
    const isSame = held.row === row && held.at === at;
    held.row = row;
    held.at = at;
    shown.mark = mark;
    if (!isSame) {
      tr.setAttribute("aria-rowindex", String(at + 2));
      tr.className = `row${row?.drop ? " gone" : ""}${row?.out ? " out" : ""}`;
      const worst = row ? severityOf(row) : null;
      const th = /** @type {HTMLElement} */ (tr.cells[0]);
      th.textContent = row ? String(row.n) : "";
      th.className = `no${worst ? ` ${worst === "error" ? "e" : "w"}` : ""}`;
      if (worst) th.setAttribute("aria-label", `${row?.n}, ${worst}`);
      else th.removeAttribute("aria-label");
    }
    for (let c = 0; c < this.columns.length; c += 1) {
      const td = /** @type {HTMLElement} */ (tr.cells[c + 1]);
      const column = this.columns[c];
      if (!isSame) {
        const text = row ? row.c[column.col] : "";
        td.textContent = row === null ? "" : text === null ? "••••••••" : (text ?? "");
        td.id = `c${at}-${c}`;
      }
      const faults = row?.f[column.col];
      const severity = faults ? (faults.some((fault) => fault.severity === "error") ? "e" : "w") : "";
      const isAt = at === this.spot.at && c === this.spot.col;
      const name = `${severity}${row?.ch.includes(column.col) ? " c" : ""}${row?.c[column.col] === null ? " s" : ""}${isAt ? " at" : ""}${isPicked && c >= left && c <= right && (top !== bottom || left !== right) ? " in" : ""}`;
      if (td.className !== name) td.className = name;
      setOr(td, "aria-invalid", severity === "e" ? "true" : null);
      setOr(td, "aria-describedby", isAt && faults ? "why" : null);
      setOr(td, "aria-selected", isPicked && c >= left && c <= right ? "true" : null);
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing || event.defaultPrevented) return;
    const ctrl = event.ctrlKey || event.metaKey;
    const { at, col } = this.spot;
    const seen = Math.max(1, Math.floor((this.host.clientHeight - this.head.offsetHeight) / ROW) - 1);
    const last = this.columns.length - 1;
    /** @type {Record<string, [number, number]>} */
    const to = {
      ArrowUp: [ctrl ? 0 : at - 1, col], ArrowDown: [ctrl ? this.total - 1 : at + 1, col],
      ArrowLeft: [at, ctrl ? 0 : col - 1], ArrowRight: [at, ctrl ? last : col + 1],
      Home: [ctrl ? 0 : at, 0], End: [ctrl ? this.total - 1 : at, last], PageUp: [at - seen, col], PageDown: [at + seen, col],
    };
    if (!event.altKey && to[event.key]) {
      event.preventDefault();
      this.go(...to[event.key], event.shiftKey);
      return;
    }
    if (this.does.key(event)) {
      event.preventDefault();
      return;
    }
    if (event.key === "Enter" || event.key === "F2") {
      event.preventDefault();
      if (!event.altKey && !ctrl) this.does.edit(null);
    } else if ((event.key === "Delete" || event.key === "Backspace") && !ctrl && !event.altKey) {
      event.preventDefault();
      this.#clear();
    } else if (event.key === "Escape" && this.anchor) {
      this.go(at, col);
    } else if (event.key.length === 1 && !ctrl && !event.altKey && event.key !== "?" ) {
      // What is typed takes the place of what is there, as in every spreadsheet.
      event.preventDefault();
      this.does.edit(event.key);
    }
  }

  #clear() {
    const { top, bottom, left, right } = this.picked();
    const cells = [];
    for (let at = top; at <= bottom; at += 1) {
      const row = this.row(at);
      for (let c = left; row && c <= right; c += 1) if (!this.columns[c].added) cells.push({ n: row.n, col: this.columns[c].col });
    }
    this.does.clear(cells);
  }

  /** @param {ClipboardEvent} event @param {boolean} isCut */
  #copy(event, isCut) {
    const { top, bottom, left, right } = this.picked();
    const rows = [];
    for (let at = top; at <= bottom; at += 1) {
      const row = this.row(at);
      // A secret goes nowhere, and least of all where any program reads it.
      rows.push(this.columns.slice(left, right + 1).map((column) => row?.c[column.col] ?? ""));
    }
    event.clipboardData?.setData("text/plain", format(rows));
    event.preventDefault();
    if (isCut) this.#clear();
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    const text = event.clipboardData?.getData("text/plain");
    const { top, left } = this.picked();
    const row = this.row(top);
    event.preventDefault();
    if (text && row) this.does.paste(row.n, this.columns[left].col, text);
  }

  /** @param {Event} event @returns {Spot | null} */
  #spotOf(event) {
    const td = /** @type {Element} */ (event.target).closest?.("td, th");
    const tr = /** @type {any} */ (td?.closest("tr"));
    if (!td || tr?.at === undefined) return null;
    return { at: tr.at, col: Math.max(0, /** @type {HTMLTableCellElement} */ (td).cellIndex - 1) };
  }

  /** @param {MouseEvent} event */
  #down(event) {
    if (event.button !== 0) return;
    const spot = this.#spotOf(event);
    if (!spot) return;
    event.preventDefault();
    this.focus();
    this.#isDragging = true;
    this.go(spot.at, spot.col, event.shiftKey);
  }

  /** @param {MouseEvent} event */
  #over(event) {
    const spot = this.#isDragging && event.buttons === 1 ? this.#spotOf(event) : null;
    if (spot && (spot.at !== this.spot.at || spot.col !== this.spot.col)) this.go(spot.at, spot.col, true);
  }
}

/** @param {Row} row */
function severityOf(row) {
  let worst = null;
  for (const faults of Object.values(row.f)) {
    for (const fault of faults) if (fault.severity === "error") return "error";
    worst = "warning";
  }
  return worst;
}

/** @param {Column} column */
function widthOf(column) {
  const wide = { "email address": 210, "secondary email": 210, "security profiles": 190, hierarchy: 240, tags: 190, "routing profile": 170 };
  return /** @type {Record<string, number>} */ (wide)[column.label] ?? clamp(40 + 8 * Math.max(column.label.length, Math.min(18, column.header.length)), 96, 190);
}

/** @param {number} value @param {number} least @param {number} most */
const clamp = (value, least, most) => Math.max(least, Math.min(most, value));

function spacer() {
  const tr = document.createElement("tr");
  tr.className = "space";
  tr.setAttribute("aria-hidden", "true");
  return tr;
}

/** @param {HTMLElement} element @param {number} height */
function setHeight(element, height) {
  const text = `${height}px`;
  if (element.style.height !== text) element.style.height = text;
}

/** @param {Element} element @param {string} name @param {string | null} value */
function setOr(element, name, value) {
  if (value === null) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

export { letters };
