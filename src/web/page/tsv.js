// What spreadsheets put on the clipboard: cells with tabs between them, rows with line ends, and quotes around a cell
// that holds one of these.

/**
 * The cells of a pasted text. A line end behind the last row makes no row, as every spreadsheet writes one.
 * @param {string} text
 * @returns {string[][]}
 */
export function parse(text) {
  if (text === "") return [];
  const rows = [[""]];
  let quoted = false;
  let fresh = true;
  for (let at = 0; at < text.length; at += 1) {
    const c = text[at];
    const row = rows[rows.length - 1];
    if (quoted) {
      if (c !== '"') row[row.length - 1] += c === "\r" && text[at + 1] === "\n" ? "" : c;
      else if (text[at + 1] === '"') {
        row[row.length - 1] += '"';
        at += 1;
      } else quoted = false;
    } else if (c === '"' && fresh && closes(text, at)) quoted = true;
    else if (c === "\t") row.push("");
    else if (c === "\n" || c === "\r") {
      if (c === "\r" && text[at + 1] === "\n") at += 1;
      if (at + 1 < text.length) rows.push([""]);
    } else row[row.length - 1] += c;
    fresh = !quoted && (c === "\t" || c === "\n" || c === "\r");
  }
  return rows;
}

/**
 * Whether the quote at `at` has a closing one before the cell ends: `"Bob" Smith` is a text, not a quoted cell.
 * @param {string} text @param {number} at
 */
function closes(text, at) {
  for (let end = text.indexOf('"', at + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    if (text[end + 1] === '"') end += 1;
    else return end + 1 === text.length || "\t\r\n".includes(text[end + 1]);
  }
  return false;
}

/**
 * The text to copy for cells.
 * @param {string[][]} rows
 */
export function format(rows) {
  const cell = (/** @type {string} */ text) => (/[\t\r\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => row.map(cell).join("\t")).join("\r\n");
}

/** What is seen of a text: without what is invisible, and each letter in one form. @param {string} text */
export const unseen = (text) => text.normalize("NFC").replace(/[\p{Cf}\p{Cc}\p{Z}]+/gu, " ").trim();

/** A text with what is invisible in it as signs. @param {string} text */
export const signs = (text) => text.replace(/[\p{Cf}\p{Cc}]/gu, "▯").replace(/\p{Z}/gu, (one) => (one === " " ? "␣" : "▯"));
