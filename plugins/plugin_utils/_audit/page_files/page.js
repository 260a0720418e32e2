// Copyright (c) 2026, the devfleet.pip authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Makes the page from the report that it holds. Every element is made by element(), whose children are elements
// or text: what a host calls itself never becomes markup.
"use strict";

const PAGE_ROWS = 25;
const STATES = {
  as_wanted: "as wanted", drift: "drift", failed: "failed", unreachable: "unreachable", not_compared: "not compared",
};
// What is worst comes first.
const ORDER = ["unreachable", "failed", "drift", "not_compared", "as_wanted"];
const CACHE_ORDER = ["refused", "off", "used"];
const DRIFT = {
  missing: "missing", different: "different", unwanted: "to be removed", repeated: "stands twice", overridden: "overridden",
  mode: "file mode", old_place: "old place", text: "other text", cache: "cache",
};
const SIZES = [
  ["empty", 1], ["< 10 MB", 1e7], ["10 to 100 MB", 1e8], ["100 MB to 1 GB", 1e9], ["1 to 5 GB", 5e9], ["> 5 GB", Infinity],
];

const report = JSON.parse(document.getElementById("report").textContent);
const isCompared = report.hosts.some((host) => host.audit_of);
const hosts = new Map(report.hosts.map((host) => [host.name, host]));
const noFilter = { text: "", state: "", host: "", pip: "", python: "" };
const filter = { ...noFilter, words: [] };

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

const byId = (id) => document.getElementById(id);
const grouped = (number) => (number === null ? "" : number.toLocaleString("en"));
const counted = (number, word) => `${grouped(number)} ${word}${number === 1 ? "" : "s"}`;
const badge = (kind, text) => element("span", { class: `badge ${kind}` }, text);
const compare = new Intl.Collator("en", { numeric: true }).compare;

function size(bytes) {
  if (bytes === null) return "";
  for (const [unit, factor] of [["TB", 1e12], ["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) {
    if (bytes >= factor) return `${(bytes / factor).toLocaleString("en", { maximumFractionDigits: 1 })} ${unit}`;
  }
  return `${bytes} B`;
}

function shown(value) {
  if (value === null) return element("span", { class: "none" }, "none");
  return element("code", {}, Array.isArray(value) ? value.join("\n") : String(value));
}

function button(text, onclick, attributes = {}) {
  return element("button", { type: "button", onclick, ...attributes }, text);
}

function facetButton(facet, value, text = value) {
  const toggle = () => choose({ [facet]: filter[facet] === value ? "" : value });
  return button(text, toggle, { class: "plain", "data-facet": facet, "data-value": value, "aria-pressed": "false" });
}

// What is at the top

function tile(title, number, of, ...more) {
  const suffix = of === null ? "" : element("small", {}, ` of ${grouped(of)}`);
  const value = element("div", { class: "number" }, grouped(number), suffix);
  return element("article", { class: "tile" }, element("h3", {}, title), value, ...more);
}

function shares(counts, asButtons) {
  const states = Object.keys(STATES).filter((state) => counts[state]);
  const parts = states.map((state) => {
    const part = element("span", { class: state });
    part.style.flexGrow = counts[state];
    return part;
  });
  const items = states.map((state) => {
    const text = `${grouped(counts[state])} ${STATES[state]}`;
    const dot = element("span", { class: `dot ${state}`, "aria-hidden": "true" });
    return element("li", {}, dot, asButtons ? facetButton("state", state, text) : text);
  });
  return [element("div", { class: "stack", "aria-hidden": "true" }, ...parts), element("ul", { class: "legend" }, ...items)];
}

function fillOverview() {
  const { hosts: ofHosts, users, drift, problems, caches } = report.summary;
  const drifting = report.hosts.filter((host) => host.drift.length).length;
  const note = (text) => element("p", {}, text);
  byId("overview").append(
    tile("Hosts as wanted", ofHosts.as_wanted, ofHosts.total, ...shares(ofHosts, true)),
    tile("Users as wanted", users.as_wanted, users.total, ...shares(users, false)),
    tile("Drift", drift, null, note(isCompared ? `on ${counted(drifting, "host")}` : "no host was compared")),
    tile("Problems", problems.error + problems.warning, null,
      note(`${counted(problems.error, "error")}, ${counted(problems.warning, "warning")}`)),
    tile("Caches refused", caches.refused, caches.total, note(`${size(caches.bytes)} in all caches`)),
  );
}

function chart(title, bars, facet) {
  const most = Math.max(1, ...bars.map((bar) => bar.number));
  const items = bars.map(({ label, number }) => {
    const fill = element("span", { class: "fill" });
    fill.style.width = `${(100 * number) / most}%`;
    return element("li", {},
      element("span", { class: "label" }, facet ? facetButton(facet, label) : label),
      element("span", { "aria-hidden": "true" }, number ? fill : ""),
      element("span", { class: "number" }, grouped(number)));
  });
  const content = bars.length ? element("ul", { class: "bars" }, ...items) : element("p", { class: "none" }, "None found.");
  return element("article", { class: "chart" }, element("h3", {}, title), content);
}

function fillCharts() {
  const versions = (found) => found.map((entry) => ({ label: entry.version, number: entry.hosts }));
  const sizes = report.hosts.flatMap((host) => host.caches).map((cache) => cache.bytes).filter((bytes) => bytes !== null);
  const bars = SIZES.map(([label, below], index) => {
    const from = index ? SIZES[index - 1][1] : 0;
    return { label, number: sizes.filter((bytes) => bytes >= from && bytes < below).length };
  });
  byId("charts").append(
    chart("Cache sizes (caches)", sizes.length ? bars : []),
    chart("pip versions (hosts)", versions(report.summary.pips), "pip"),
    chart("Python versions (hosts)", versions(report.summary.pythons), "python"),
  );
}

// The tables: of a column, value() sorts and is searched, unless words() is; cell() is shown.

const text = (title, name, style = "") => ({ title, style, value: (row) => row[name] ?? "" });
const number = (title, name, cell = grouped) => ({
  title, style: "number", isNumber: true, value: (row) => row[name], cell: (row) => cell(row[name]),
});
const value = (title, name) => ({
  title, style: "value", value: (row) => [row[name] ?? ""].flat().map(String).join(" "), cell: (row) => shown(row[name]),
});
// What has an order of its own, the worst first.
const ranked = (title, name, order, names) => ({
  title, style: "short", value: (row) => order.indexOf(row[name]),
  cell: (row) => badge(row[name], names[row[name]] ?? row[name]), words: (row) => names[row[name]] ?? row[name],
});
const optional = (column) => ({ ...column, optional: true });
const state = ranked("State", "state", ORDER, STATES);
const hostColumn = {
  title: "Host", isHead: true, value: (row) => row.host,
  cell: ({ host }) => button(host, () => choose({ host }), { class: "plain", title: "Show this host only" }),
};

// Nothing is known of a host that could not be reached: that is no 0.
const known = (host, number) => (host.state === "unreachable" ? null : number);
const unique = (values) => [...new Set(values)];
const rowsOf = (part, more) => report.hosts.flatMap(
  (host) => host[part].map((entry) => ({ ...entry, host: host.name, ...more(entry, host) })));
const NOT_COMPARED = "No host was compared: 'audit_of' says what a host is held against.";

const TABLES = [
  {
    id: "hosts", title: "Hosts", none: "The inventory has no host.", first: 1,
    columns: [
      hostColumn, state, optional(text("Held against", "audit_of", "short")), number("Users", "users"),
      number("Drift", "drift"), number("Problems", "problems"), number("Caches refused", "refused"),
      text("pip", "pips"), text("Python", "python", "short"), optional(text("Why it failed", "why", "wide")),
    ],
    rows: report.hosts.map((host) => ({
      host: host.name, state: host.state, audit_of: host.audit_of, users: known(host, host.users.length),
      drift: host.state === "not_compared" ? null : known(host, host.drift.length), problems: known(host, host.problems.length),
      refused: known(host, host.caches.filter((cache) => cache.refused).length),
      pips: unique(host.pips.map((pip) => pip.version)).join(", "), python: host.python,
      why: host.failures.map((failure) => failure.message).join(" "),
    })),
  },
  {
    id: "drift", title: "Drift", none: isCompared || !hosts.size ? "Nothing drifts." : NOT_COMPARED, first: 0,
    columns: [
      hostColumn, text("User", "user", "short"), text("Level", "level", "short"), text("What", "what", "short"),
      value("Option", "option"), value("Wanted", "wanted"), value("Found", "found"),
      optional(text("Who wins", "winner", "path")), text("File", "path", "path"),
    ],
    rows: rowsOf("drift", ({ kind, section, key }) => ({
      what: DRIFT[kind], option: [section && `[${section}]`, key].filter(Boolean).join(" ") || null,
    })),
  },
  {
    id: "problems", title: "Problems", none: "Nothing is wrong with what is there.", first: 1,
    columns: [
      hostColumn, ranked("Severity", "severity", ["error", "warning"], {}), text("Users", "users"),
      text("Kind", "kind", "short"), text("What is wrong", "message", "wide"),
    ],
    rows: rowsOf("problems", ({ kind, users }) => ({ kind: kind.replaceAll("_", " "), users: users.join(", ") })),
  },
  {
    id: "caches", title: "Caches", none: "No cache was found.", first: 2,
    columns: [
      hostColumn, text("Users", "users"), ranked("State", "state", CACHE_ORDER, {}), text("Directory", "path", "path"),
      number("Size", "bytes", size), number("Files", "files"), optional(text("Why pip would not use it", "why", "wide")),
    ],
    rows: rowsOf("caches", ({ path, refused, users }) => ({
      users: unique(users.map((user) => user.user)).join(", "),
      state: path === null ? "off" : refused ? "refused" : "used",
      why: unique(users.filter((user) => !user.usable).map((user) => user.reason)).join("; "),
    })),
  },
  {
    id: "users", title: "Users", none: "No user was looked at.", first: 2,
    columns: [hostColumn, text("User", "name"), state, number("Drift", "drift"), number("Problems", "problems")],
    rows: rowsOf("users", ({ name }, host) => ({
      drift: host.drift.filter((entry) => entry.user === name || entry.user === null).length,
      problems: host.problems.filter((problem) => problem.users.includes(name)).length,
    })),
  },
];

function makeTable(table) {
  // A column in which nothing stands takes room for nothing.
  table.columns = table.columns.filter((column) => !column.optional || table.rows.some((row) => column.value(row)));
  for (const row of table.rows) {
    row.searched = table.columns.map((column) => (column.words ?? column.value)(row)).join("\n").toLowerCase();
  }
  Object.assign(table, { page: 0, sorted: null, descending: false });
  table.count = element("p", { "aria-live": "polite" });
  table.heads = table.columns.map((column, index) => element("th", { scope: "col", class: column.isNumber ? "number" : null },
    button(column.title, () => sortBy(table, index), { class: "plain" })));
  table.body = element("tbody");
  table.empty = element("p", { class: "empty" });
  table.scroll = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": table.title },
    element("table", {}, element("caption", { class: "hidden" }, table.title),
      element("thead", {}, element("tr", {}, ...table.heads)), table.body));
  table.previous = button("Previous", () => turn(table, -1));
  table.next = button("Next", () => turn(table, 1));
  table.where = element("span");
  table.pager = element("nav", { class: "pager", "aria-label": `Pages of ${table.title}` }, table.previous, table.where, table.next);
  return element("section", { class: "table", id: table.id },
    element("header", {}, element("h2", {}, table.title), table.count), table.scroll, table.empty, table.pager);
}

function sortBy(table, index) {
  const { value: key, isNumber } = table.columns[index];
  table.descending = table.sorted === index ? !table.descending : Boolean(isNumber);
  table.sorted = index;
  table.page = 0;
  const order = isNumber ? (a, b) => (key(a) ?? -1) - (key(b) ?? -1) : (a, b) => compare(key(a), key(b));
  table.rows.sort((a, b) => (table.descending ? -1 : 1) * order(a, b) || compare(a.host, b.host));
  table.heads.forEach((head) => head.removeAttribute("aria-sort"));
  table.heads[index].setAttribute("aria-sort", table.descending ? "descending" : "ascending");
  show(table);
}

function turn(table, by) {
  table.page += by;
  show(table);
  byId(table.id).scrollIntoView({ block: "nearest" });
}

function cellOf(column, row) {
  const content = column.cell ? column.cell(row) : String(column.value(row) ?? "");
  return column.isHead ? element("th", { scope: "row" }, content) : element("td", { class: column.style || null }, content);
}

function show(table, everything = false) {
  const rows = table.rows.filter(isWanted);
  const pages = Math.max(1, Math.ceil(rows.length / PAGE_ROWS));
  table.page = Math.min(table.page, pages - 1);
  const from = everything ? 0 : table.page * PAGE_ROWS;
  const part = everything ? rows : rows.slice(from, from + PAGE_ROWS);
  table.body.replaceChildren(...part.map((row) => element("tr", {}, ...table.columns.map((column) => cellOf(column, row)))));
  const all = table.rows.length;
  table.count.textContent = rows.length === all ? grouped(all) : `${grouped(rows.length)} of ${grouped(all)}`;
  table.scroll.hidden = !rows.length;
  table.empty.hidden = Boolean(rows.length);
  table.empty.textContent = all ? "The filter leaves none." : table.none;
  table.pager.hidden = pages === 1;
  table.previous.disabled = table.page === 0;
  table.next.disabled = table.page === pages - 1;
  table.where.textContent = `${grouped(from + 1)} to ${grouped(from + part.length)} of ${grouped(rows.length)}`;
}

// The filter

function isWanted(row) {
  const host = hosts.get(row.host);
  return (!filter.state || host.state === filter.state)
    && (!filter.host || host.name === filter.host)
    && (!filter.python || host.python === filter.python)
    && (!filter.pip || host.pips.some((pip) => pip.version === filter.pip))
    && filter.words.every((word) => row.searched.includes(word));
}

function choose(chosen) {
  Object.assign(filter, chosen);
  filter.words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  byId("text").value = filter.text;
  byId("state").value = filter.state;
  const names = { text: "text", state: "state", host: "host", pip: "pip", python: "Python" };
  const used = Object.keys(names).filter((name) => filter[name]);
  const said = used.map((name) => `${names[name]} ${name === "state" ? STATES[filter.state] : filter[name]}`).join(", ");
  byId("said").textContent = said && `Only ${said}`;
  byId("printed").textContent = said && `This print shows only: ${said}.`;
  byId("reset").disabled = !used.length;
  for (const button of document.querySelectorAll("[data-facet]")) {
    button.setAttribute("aria-pressed", String(filter[button.dataset.facet] === button.dataset.value));
  }
  for (const table of TABLES) {
    table.page = 0;
    show(table);
  }
}

function fillTools() {
  const states = Object.entries({ "": "all states", ...STATES });
  const options = states.map(([value, title]) => element("option", { value }, title));
  const search = { id: "text", type: "search", autocomplete: "off", oninput: (event) => choose({ text: event.target.value }) };
  const select = { id: "state", onchange: (event) => choose({ state: event.target.value }) };
  byId("tools").append(
    element("label", {}, "Search in all tables", element("input", search)),
    element("label", {}, "Hosts", element("select", select, ...options)),
    button("Show all", () => choose(noFilter), { id: "reset" }),
    element("output", { id: "said" }),
  );
  byId("tools").addEventListener("submit", (event) => event.preventDefault());
}

fillOverview();
fillCharts();
fillTools();
byId("tables").append(...TABLES.map(makeTable));
TABLES.forEach((table) => sortBy(table, table.first));
choose(noFilter);
// On paper there are no pages to turn.
window.addEventListener("beforeprint", () => TABLES.forEach((table) => show(table, true)));
window.addEventListener("afterprint", () => TABLES.forEach((table) => show(table)));
