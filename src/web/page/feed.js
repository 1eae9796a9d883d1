// The format of server-sent events, taken apart by hand: `EventSource` cannot send a header, and the key is in one.

/** @typedef {{id: string, event: string, data: string}} Told */

export class Feed {
  #rest = "";
  #id = "";
  #event = "";
  /** @type {string[]} */
  #data = [];

  /** The id of the last event, to ask for what comes after it. */
  get last() {
    return this.#id;
  }

  /**
   * Takes what has come, in whatever pieces, and gives the events that are whole by now.
   * @param {string} text
   * @returns {Told[]}
   */
  take(text) {
    const all = this.#rest + text;
    // A carriage return at the very end may be half of a line end.
    const held = all.endsWith("\r") ? 1 : 0;
    const lines = all.slice(0, all.length - held).split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? "") + all.slice(all.length - held);
    const told = [];
    for (const line of lines) {
      const event = this.#line(line);
      if (event) told.push(event);
    }
    return told;
  }

  /**
   * @param {string} line
   * @returns {Told | null}
   */
  #line(line) {
    if (line === "") {
      const whole = this.#data.length
        ? { id: this.#id, event: this.#event || "message", data: this.#data.join("\n") }
        : null;
      this.#event = "";
      this.#data = [];
      return whole;
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "event") this.#event = value;
    else if (name === "data") this.#data.push(value);
    return null;
  }
}

/**
 * How long to wait before the next try to reach the server, in milliseconds.
 * @param {number} failed tries that failed in a row
 */
export function wait(failed) {
  return Math.min(5000, 500 * 2 ** Math.max(0, failed - 1));
}
