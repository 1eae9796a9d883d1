// A question in front of the page, by the browser's own dialog: it keeps the focus and gives it back.

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
