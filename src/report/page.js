
"use strict";
(() => {
  const [ROW, USER, STATE, RECOVERED, CODE, MESSAGE, ID, ATTEMPTS, THROTTLED, AT, CAUSE, WHO] = Array(12).keys();
  const PAGE = 100;
  const byId = (id) => document.getElementById(id);
  const { states, rows } = JSON.parse(byId("data").textContent);
  const [form, find, state, cause, told, table, pages] =
    ["filter", "find", "state", "cause", "told", "table", "pages"].map(byId);
  const [head, body] = [table.tHead.rows[0], table.tBodies[0]];
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const number = new Intl.NumberFormat("en");
  const stateName = (row) => states[row[STATE]][1] + (row[RECOVERED] ? ", recovered" : "");
  const why = (row) => row[CODE] + "\n" + row[MESSAGE];
  // Name, what it is sorted by, and whether that is a number.
  const columns = [
    ["Row", (row) => row[ROW], true],
    ["User", (row) => row[USER], false],
    ["Outcome", stateName, false],
    ["Why", why, false],
    ["Calls", (row) => row[ATTEMPTS], true],
    ["When", (row) => row[AT], false],
    ["User id", (row) => row[ID], false],
  ];
  // What is searched, folded once.
  const texts = rows.map((row) => [row[ROW], row[USER], stateName(row), why(row), row[ID], row[AT], row[WHO]].join("\n").toLowerCase());
  let shown = rows.map((_, at) => at);
  let page = 0;
  let sorted = 0;
  let down = false;

  const cell = (tag, role, text) => {
    const made = document.createElement(tag);
    made.setAttribute("role", role);
    if (text) made.textContent = text;
    return made;
  };

  columns.forEach(([name], at) => {
    const header = cell("th", "columnheader");
    header.scope = "col";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => {
      down = sorted === at && !down;
      sorted = at;
      sort();
      draw(0);
    });
    header.append(button);
    head.append(header);
  });

  const line = (at) => {
    const row = rows[at];
    const made = document.createElement("tr");
    made.setAttribute("role", "row");
    made.className = states[row[STATE]][0];
    const reason = cell("td", "cell");
    if (row[CODE]) {
      const code = document.createElement("code");
      code.textContent = row[CODE];
      reason.append(code);
    }
    if (row[MESSAGE]) {
      const message = document.createElement("bdi");
      message.textContent = row[MESSAGE];
      reason.append(message);
    }
    const user = cell("td", "cell");
    const name = document.createElement("bdi");
    name.textContent = row[USER];
    user.append(name);
    if (row[WHO]) {
      const who = document.createElement("small");
      const names = document.createElement("bdi");
      names.textContent = row[WHO];
      who.append(names);
      user.append(" ", who);
    }
    const calls = cell("td", "cell", String(row[ATTEMPTS]));
    if (row[THROTTLED]) {
      const slowed = document.createElement("small");
      slowed.textContent = row[THROTTLED] + " throttled";
      calls.append(" ", slowed);
    }
    const when = row[AT];
    const cells = [
      cell("td", "cell", String(row[ROW])), user, cell("td", "cell", stateName(row)), reason,
      calls, cell("td", "cell", when), cell("td", "cell", row[ID]),
    ];
    cells.forEach((made, at) => made.setAttribute("data-name", columns[at][0]));
    made.append(...cells);
    return made;
  };

  const sort = () => {
    const [, key, isNumber] = columns[sorted];
    const sign = down ? -1 : 1;
    const keys = rows.map(key);
    const order = isNumber ? (a, b) => keys[a] - keys[b] : (a, b) => collator.compare(keys[a], keys[b]);
    shown.sort((a, b) => sign * order(a, b) || a - b);
    [...head.cells].forEach((header, at) => {
      if (at === sorted) header.setAttribute("aria-sort", down ? "descending" : "ascending");
      else header.removeAttribute("aria-sort");
    });
  };

  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = states.findIndex(([word]) => word === state.value);
    const group = cause.value === "" ? null : Number(cause.value);
    shown = [];
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at];
      if (state.value === "recovered" ? !row[RECOVERED] : wanted >= 0 && row[STATE] !== wanted) continue;
      if (group !== null && row[CAUSE] !== group) continue;
      if (words.every((word) => texts[at].includes(word))) shown.push(at);
    }
    if (sorted !== 0 || down) sort();
    draw(0);
  };

  const draw = (to) => {
    const last = Math.max(0, Math.ceil(shown.length / PAGE) - 1);
    page = Math.min(Math.max(to, 0), last);
    const from = page * PAGE;
    const part = shown.slice(from, from + PAGE);
    body.replaceChildren(...part.map(line));
    const range = shown.length > PAGE ? ", " + number.format(from + 1) + " to " + number.format(from + part.length) + " shown" : "";
    told.textContent = shown.length === rows.length
      ? number.format(rows.length) + (rows.length === 1 ? " row" : " rows") + range
      : number.format(shown.length) + " of " + number.format(rows.length) + " rows" + range;
    pages.hidden = last === 0;
    back.disabled = page === 0;
    on.disabled = page === last;
    place.textContent = "page " + number.format(page + 1) + " of " + number.format(last + 1);
  };

  const step = (name, by) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => {
      draw(page + by);
      byId("rows").scrollIntoView();
    });
    return button;
  };
  const [back, on, place] = [step("Previous", -1), step("Next", 1), document.createElement("span")];
  pages.append(back, place, on);

  find.addEventListener("input", filter);
  state.addEventListener("change", filter);
  cause.addEventListener("change", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  for (const button of document.querySelectorAll("button[data-cause]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      form.reset();
      cause.value = button.getAttribute("data-cause");
      filter();
      byId("rows").focus();
      byId("rows").scrollIntoView();
    });
  }
  // On paper there are no pages to turn: all that the filter lets through is printed.
  addEventListener("beforeprint", () => {
    body.replaceChildren(...shown.map(line));
    document.querySelectorAll("details").forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => draw(page));

  form.hidden = false;
  table.hidden = false;
  head.cells[0].setAttribute("aria-sort", "ascending");
  draw(0);
})();
