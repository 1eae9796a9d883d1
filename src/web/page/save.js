// A copy is saved: into the folder, by the program.

import { html, nothing } from "./lit-html/lit-html.js";
import { call } from "./api.js";
import { ask } from "./dialog.js";
import { attempt, say, store } from "./store.js";
import { words } from "./words.js";

/** The name that a copy has unless somebody gives it another. */
function usual() {
  const { state } = store;
  if (state.saved) return state.saved;
  const dot = state.roster.name.lastIndexOf(".");
  const stem = dot > 0 ? state.roster.name.slice(0, dot) : state.roster.name;
  return `${stem}.mended.${state.roster.kind}`;
}

/** @returns {Promise<boolean>} whether it is saved */
export async function saveDialog() {
  let name = usual();
  const answer = await ask(
    words.save.title,
    () => html`<p>${words.save.note}</p>
      <label>${words.save.as} <input autofocus autocomplete="off" spellcheck="false" size="34" .value=${name} @input=${(/** @type {any} */ event) => (name = event.target.value)}></label>`,
    { yes: words.save.do },
  );
  if (answer !== "yes") return false;
  const told = await attempt(() => call("POST", "/api/save", { body: { as: name.trim(), format: store.state.roster.kind } }));
  if (!told) return false;
  say(words.saved(told.name));
  if (told.not_carried.length) {
    await ask(words.saved(told.name), () => html`<p>${words.save.lost}</p><ul>${told.not_carried.map((/** @type {string} */ what) => html`<li>${what}</li>`)}</ul>${nothing}`, { no: words.close });
  }
  return true;
}
