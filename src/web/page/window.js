// Which rows are drawn, and which are asked for: arithmetic alone, so that it can be tested without a browser.

/** The height of every row, in CSS pixels: the stylesheet says the same. */
export const ROW = 30;
/** Rows that one request asks for. */
export const PAGE = 200;

/**
 * The rows to draw for a place of the scrollbar: what is seen, and some on both sides so that a short scroll shows none
 * that is empty.
 * @param {number} top how far it is scrolled @param {number} height of what is seen
 * @param {number} total rows there are @param {number} [spare] drawn beyond either edge
 * @returns {{from: number, to: number}} `to` is behind the last
 */
export function drawn(top, height, total, spare = 8) {
  const first = Math.floor(Math.max(0, top) / ROW);
  const last = Math.ceil((Math.max(0, top) + Math.max(0, height)) / ROW);
  const to = Math.min(total, last + spare);
  return { from: Math.max(0, Math.min(first - spare, to)), to };
}

/**
 * The heights of what stands in for the rows above and below. A row that is kept although it is out of sight, as the
 * focus is in it, takes the place of the nearest one that is not drawn.
 * @param {number} from @param {number} to @param {number} total
 * @param {number | null} kept the place of the row that must stay
 * @returns {{above: number, below: number, kept: "above" | "below" | null}}
 */
export function spacers(from, to, total, kept) {
  const side = kept === null || kept >= total || (kept >= from && kept < to) ? null : kept < from ? "above" : "below";
  return {
    above: (from - (side === "above" ? 1 : 0)) * ROW,
    below: (total - to - (side === "below" ? 1 : 0)) * ROW,
    kept: side,
  };
}

/**
 * The pages to have, the most urgent first: those that are seen, then one behind for somebody who turns round, and
 * more ahead the faster it goes.
 * @param {number} from @param {number} to @param {number} total
 * @param {number} speed rows a second, negative upwards
 * @returns {number[]}
 */
export function wanted(from, to, total, speed) {
  if (total <= 0) return [];
  const last = Math.floor((total - 1) / PAGE);
  const [a, b] = [Math.floor(from / PAGE), Math.min(last, Math.floor(Math.max(from, to - 1) / PAGE))];
  const ahead = Math.min(4, 1 + Math.floor(Math.abs(speed) / (4 * PAGE)));
  const list = [];
  for (let page = a; page <= b; page += 1) list.push(page);
  if (speed < 0) list.reverse();
  for (let step = 1; step <= ahead; step += 1) list.push(speed < 0 ? a - step : b + step);
  list.push(speed < 0 ? b + 1 : a - 1);
  return list.filter((page) => page >= 0 && page <= last);
}

/**
 * Where to scroll so that a row is seen whole, below the header; null where it is already.
 * @param {number} at @param {number} top @param {number} height of what is seen without the header
 * @returns {number | null}
 */
export function scrolledTo(at, top, height) {
  if (at * ROW < top) return at * ROW;
  const under = (at + 1) * ROW - height;
  return under > top ? under : null;
}

/**
 * The letters that a spreadsheet gives a column.
 * @param {number} col from 0
 */
export function letters(col) {
  let text = "";
  for (let rest = col; rest >= 0; rest = Math.floor(rest / 26) - 1) text = String.fromCharCode(65 + (rest % 26)) + text;
  return text;
}
