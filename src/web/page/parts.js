// What several screens have: texts with code in them, commands to copy, and what is not decided of columns.

import { html } from "./lit-html/lit-html.js";
import { words } from "./words.js";

/** Whether nobody has decided yet what a column is. @param {any} column */
export const isOpen = (column) => column.use === "unknown" || column.use === "misspelt";

/** What every user needs and nothing gives: what is proposed for a column waits for that to be decided. @param {any} columns */
export const lacking = (columns) =>
  columns.missing.filter((/** @type {any} */ field) => field.needed && !columns.columns.some((/** @type {any} */ column) => isOpen(column) && column.proposed === field.field));

/** A text of the program: what is in backticks is code. @param {string} text */
export const rich = (text) => text.split("`").map((part, at) => (at % 2 ? html`<code><bdi>${part}</bdi></code>` : part));

/** @param {string} text */
export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** A command to copy. @param {string} command */
export function command(command) {
  return html`<pre class="cmd" tabindex="0"><code>${command}</code></pre>`;
}

/** @param {string} text */
export function copyButton(text) {
  return html`<button class="small" type="button" @click=${async (/** @type {any} */ event) => {
    await navigator.clipboard.writeText(text);
    event.target.textContent = words.copied;
  }}>${words.copy}</button>`;
}
