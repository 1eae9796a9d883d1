// The one way to the program: every request has the key, and what changes something says which tab asks.

import { Feed, wait } from "./feed.js";

const KEPT = "headcount-key";

/** @type {string | null} */
let key = null;
let lease = 0;

export class ApiError extends Error {
  /** @param {number} status @param {string} code @param {string} what @param {string | null} hint @param {string[]} [sheets] */
  constructor(status, code, what, hint, sheets = []) {
    super(what);
    /** Of which one is to be named. */
    this.sheets = sheets;
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

/**
 * The session: by the code in the address, which goes from it at once, else by the key that this tab has.
 * @returns {Promise<boolean>} whether there is one
 */
export async function begin() {
  const code = /^#c=([0-9a-f]+)$/.exec(location.hash)?.[1];
  if (code) {
    history.replaceState(null, "", "/");
    const told = await call("POST", "/api/session", { body: { code } });
    key = told.key;
    lease = told.lease;
    try {
      sessionStorage.setItem(KEPT, JSON.stringify({ key, nonce: told.version.nonce }));
    } catch {
      // A browser that keeps nothing: a reload ends the page.
    }
    return true;
  }
  const kept = sessionStorage.getItem(KEPT);
  if (!kept) return false;
  const { key: known, nonce } = JSON.parse(kept);
  key = known;
  const state = await call("GET", "/api/state");
  // Another program on the same port has another one.
  if (state.version.nonce !== nonce) throw new ApiError(401, "wrong-key", "another program", null);
  await take();
  return true;
}

/** Forgets all that lets anybody in. */
export function forget() {
  key = null;
  sessionStorage.removeItem(KEPT);
}

/** Goes on in this tab. */
export async function take() {
  lease = (await call("POST", "/api/lease", { body: {} })).lease;
}

/** Which tab this is. */
export const ours = () => lease;

/**
 * @param {string} method @param {string} path
 * @param {{query?: Record<string, string | number | undefined>, body?: unknown, octets?: Blob}} [with_]
 * @returns {Promise<any>}
 */
export async function call(method, path, { query, body, octets } = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (key) headers["X-Headcount"] = key;
  if (lease) headers["X-Headcount-Lease"] = String(lease);
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (octets) headers["Content-Type"] = "application/octet-stream";
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) asked.set(name, String(value));
  const text = asked.toString();
  let answer;
  try {
    answer = await fetch(text ? `${path}?${text}` : path, {
      method, headers, body: octets ?? (body === undefined ? undefined : JSON.stringify(body)),
      cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer",
    });
  } catch {
    throw new ApiError(0, "offline", "the program does not answer", null);
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  const { code = "failed", what = `the program answered ${answer.status}`, hint = null, sheets = [] } = told.error ?? {};
  throw new ApiError(answer.status, code, what, hint, sheets);
}

/**
 * Follows what happens, until `stop`: after a break it goes on from the last that it was told.
 * @param {(event: string, data: any) => void} hear
 * @param {(isThere: boolean) => void} there
 * @returns {() => void} stops it
 */
export function follow(hear, there) {
  const over = new AbortController();
  let after = "";
  let failed = 0;
  const run = async () => {
    while (!over.signal.aborted) {
      try {
        /** @type {Record<string, string>} */
        const headers = { "X-Headcount": key ?? "", "X-Headcount-Lease": String(lease) };
        const path = after ? `/api/events?after=${after}` : "/api/events";
        const answer = await fetch(path, { headers, signal: over.signal, cache: "no-store", credentials: "omit" });
        if (answer.status === 401) return hear("bye", { why: "none" });
        if (answer.status === 423) return hear("lease", { lease: -1 });
        if (!answer.ok || !answer.body) throw new Error(String(answer.status));
        failed = 0;
        there(true);
        const feed = new Feed();
        const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        for (;;) {
          const { value, done } = await reader.read();
          if (done) break;
          for (const told of feed.take(value)) {
            if (told.id) after = told.id;
            hear(told.event, JSON.parse(told.data));
          }
        }
      } catch {
        if (over.signal.aborted) return;
      }
      failed += 1;
      if (failed > 3) there(false);
      await new Promise((done) => setTimeout(done, wait(failed)));
    }
  };
  void run();
  return () => over.abort();
}
