// A question in front of the page, by the browser's own dialog: it keeps the focus and gives it back. And the focus of the page itself.

import { html, nothing, render } from "./lit-html/lit-html.js";
import { words } from "./words.js";

/**
 * Shows a dialog and waits for its end.
 * @param {string} title
 * @param {(end: (answer: string) => void, again: () => void) => unknown} body
 * @param {{yes?: string, no?: string | null, isBad?: boolean}} [buttons]
 * @returns {Promise<string>} `yes`, `no`, or what the body ended with
 */
export function ask(title, body, { yes, no = words.cancel } = {}) {
  return new Promise((done) => {
    const dialog = document.createElement("dialog");
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    const end = (/** @type {string} */ answer) => {
      dialog.close();
      dialog.remove();
      before?.focus?.();
      done(answer);
    };
    const draw = () =>
      render(
        html`<form method="dialog" @submit=${(/** @type {Event} */ event) => {
          event.preventDefault();
          end("yes");
        }}>
          <h2 id="asked">${title}</h2>
          <div class="asked">${body(end, draw)}</div>
          <div class="go">
            ${yes ? html`<button class="first" type="submit">${yes}</button>` : nothing}
            ${no ? html`<button type="button" @click=${() => end("no")}>${no}</button>` : nothing}
          </div>
        </form>`,
        dialog,
      );
    dialog.setAttribute("aria-labelledby", "asked");
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      end("no");
    });
    draw();
    document.body.append(dialog);
    dialog.showModal();
    const first = /** @type {HTMLElement | null} */ (dialog.querySelector("[autofocus], input, select, button.first, button"));
    first?.focus();
  });
}

/** The keys of the rows. */
export const keys = () =>
  ask(
    words.keys.title,
    () => html`<dl class="facts keylist">${words.keys.list.map(([key, what]) => html`<dt><kbd>${key}</kbd></dt><dd>${what}</dd>`)}</dl>`,
    { no: words.close },
  );

// The focus is not lost with the control that had it: a button that waits or is gone gives it to what stands in its place.

/** The control that had the focus last, and what it stands in. @type {HTMLElement[]} */
let path = [];

addEventListener("focusin", (event) => {
  const at = /** @type {HTMLElement} */ (event.target);
  if (at.closest("dialog")) return;
  path = [];
  for (let one = /** @type {HTMLElement | null} */ (at); one && one.id !== "app"; one = one.parentElement) path.push(one);
});
// Whoever clicks beside all controls means none of them.
addEventListener("pointerdown", () => (path = []), true);

/** What is to have the focus in a part of the page, the main thing to do first. @param {Element} part */
function within(part) {
  for (const what of [".go .first", ".first", "button", "select", "input", "a[href]"]) {
    const found = [...part.querySelectorAll(what)].find((one) => !one.matches(":disabled, .skip, .unseen") && one.getClientRects().length);
    if (found) return /** @type {HTMLElement} */ (found);
  }
  return null;
}

/** Gives the focus back, after the page was drawn: not while something is awaited, as buttons wait with it. @param {boolean} isBusy */
export function keep(isBusy) {
  if (isBusy || !path.length || document.activeElement !== document.body || document.querySelector("dialog[open]")) return;
  const [at, ...around] = path;
  if (at.isConnected) {
    // One that only waits has it again when it does not.
    if (!at.matches(":disabled")) at.focus({ preventScroll: true });
    return;
  }
  const part = around.find((one) => one.isConnected);
  (part ? within(part) : document.getElementById("main"))?.focus({ preventScroll: true });
}
