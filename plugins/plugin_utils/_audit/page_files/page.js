// Copyright (c) 2026, the devfleet.pip authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Makes the page from the report that it holds. Every element is made by element(), whose children are elements
// or text: what a host calls itself never becomes markup.
"use strict";

const PAGE_ROWS = 25;
const STATES = {
  as_wanted: "as wanted",
  drift: "drift",
  failed: "failed",
  unreachable: "unreachable",
  not_compared: "not compared",
};
// What is worst comes first.
const ORDER = ["unreachable", "failed", "drift", "not_compared", "as_wanted"];
const CACHE_ORDER = ["refused", "off", "used"];
const DRIFT = {
  missing: "missing",
  different: "different",
  unwanted: "to be removed",
  repeated: "stands twice",
  overridden: "overridden",
  mode: "file mode",
  old_place: "old place",
  text: "other text",
  cache: "cache",
};
const SIZES = [
  ["empty", 1],
  ["< 10 MB", 1e7],
  ["10 to 100 MB", 1e8],
  ["100 MB to 1 GB", 1e9],
  ["1 to 5 GB", 5e9],
  ["> 5 GB", Infinity],
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
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

const byId = (id) => document.getElementById(id);
const counted = (number, one, many) => `${grouped(number)} ${number === 1 ? one : many}`;
const grouped = (number) => (number === null ? "" : number.toLocaleString("en"));
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

// A long path is broken behind a separator.
function breakable(text) {
  return element("span", {}, ...text.split(/(?<=[/\\])/).flatMap((part) => [part, element("wbr")]).slice(0, -1));
}

// What is at the top

function stack(counts) {
  const states = Object.keys(STATES).filter((state) => counts[state]);
  const parts = states.map((state) => {
    const part = element("span", { class: state });
    part.style.flexGrow = counts[state];
    return part;
  });
  return element("div", { class: "stack", "aria-hidden": "true" }, ...parts);
}

function legend(counts, withButtons) {
  const items = Object.keys(STATES).filter((state) => counts[state]).map((state) => {
    const text = `${grouped(counts[state])} ${STATES[state]}`;
    const content = [element("span", { class: `dot ${state}`, "aria-hidden": "true" }), text];
    if (!withButtons) return element("li", {}, ...content);
    return element("li", {}, facetButton("state", state, ...content));
  });
  return element("ul", { class: "legend" }, ...items);
}

function facetButton(facet, value, ...content) {
  return element("button", {
    type: "button", class: "plain", "data-facet": facet, "data-value": value, "aria-pressed": "false",
    onclick: () => choose({ [facet]: filter[facet] === value ? "" : value }),
  }, ...content);
}

function tile(title, place, number, of, ...more) {
  const suffix = of === null ? null : element("small", {}, ` of ${grouped(of)}`);
  const value = element("div", { class: "number" }, grouped(number), suffix);
  return element("article", { class: "tile" }, element("h3", {}, element("a", { href: `#${place}` }, title)), value, ...more);
}

function fillOverview() {
  const { hosts: ofHosts, users, drift, problems, caches } = report.summary;
  const drifting = report.hosts.filter((host) => host.drift.length).length;
  const note = (text) => element("p", {}, text);
  byId("overview").append(
    tile("Hosts as wanted", "hosts", ofHosts.as_wanted, ofHosts.total, stack(ofHosts), legend(ofHosts, true)),
    tile("Users as wanted", "users", users.as_wanted, users.total, stack(users), legend(users, false)),
    tile("Drift", "drift", drift, null, note(isCompared ? `on ${counted(drifting, "host", "hosts")}` : "no host was compared")),
    tile("Problems", "problems", problems.error + problems.warning, null,
      note(`${counted(problems.error, "error", "errors")}, ${counted(problems.warning, "warning", "warnings")}`)),
    tile("Caches refused", "caches", caches.refused, caches.total, note(`${size(caches.bytes)} in all caches`)),
  );
}

function chart(title, bars, facet) {
  const most = Math.max(1, ...bars.map((bar) => bar.number));
  const items = bars.map((bar) => {
    const fill = element("span", { class: "fill" });
    fill.style.width = `${(100 * bar.number) / most}%`;
    const label = facet ? facetButton(facet, bar.label, bar.label) : bar.label;
    return element("li", {},
      element("span", { class: "label" }, label),
      element("span", { class: "track", "aria-hidden": "true" }, bar.number ? fill : ""),
      element("span", { class: "value" }, grouped(bar.number)));
  });
  const content = bars.length ? element("ul", { class: "bars" }, ...items) : element("p", { class: "none" }, "None found.");
  return element("article", { class: "chart" }, element("h3", {}, title), content);
}

function fillCharts() {
  const versions = (found) => found.map((entry) => ({ label: entry.version, number: entry.hosts }));
  const caches = report.hosts.flatMap((host) => host.caches).filter((cache) => cache.bytes !== null);
  const sizes = SIZES.map(([label, below], index) => {
    const from = index ? SIZES[index - 1][1] : 0;
    return { label, number: caches.filter((cache) => cache.bytes >= from && cache.bytes < below).length };
  });
  byId("charts").append(
    chart("Cache sizes (caches)", caches.length ? sizes : []),
    chart("pip versions (hosts)", versions(report.summary.pips), "pip"),
    chart("Python versions (hosts)", versions(report.summary.pythons), "python"),
  );
}

// The tables

const hostCell = (row) => element("button", {
  type: "button", class: "plain link", title: "Show this host only", onclick: () => choose({ host: row.host }),
}, row.host);
const LONG_NAME = 40;
const longest = Math.max(0, ...report.hosts.map((host) => host.name.length));
const hostColumn = {
  title: "Host", value: (row) => row.host, cell: hostCell, head: true, style: longest > LONG_NAME ? "wide" : "short",
};
const number = (title, name) => ({ title, value: (row) => row[name], cell: (row) => grouped(row[name]), number: true });
const text = (title, name, style = "") => ({ title, value: (row) => row[name] ?? "", style });
const path = (title, name) => ({ ...text(title, name, "path"), cell: (row) => breakable(row[name] ?? "") });
const optional = (column) => ({ ...column, optional: true });
const state = (title) => ({
  title, style: "short", value: (row) => ORDER.indexOf(row.state),
  cell: (row) => badge(row.state, STATES[row.state]), words: (row) => STATES[row.state],
});
const value = (title, name) => ({
  title, style: "value", value: (row) => [row[name] ?? ""].flat().map(String).join(" "), cell: (row) => shown(row[name]),
});

// Nothing is known of a host that could not be reached: that is no 0.
const known = (host, number) => (host.state === "unreachable" ? null : number);
const NOT_COMPARED = "No host was compared: 'audit_of' says what a host is held against.";

const TABLES = [
  {
    id: "hosts", title: "Hosts", none: "The inventory has no host.", first: 1,
    columns: [
      hostColumn, state("State"), optional(text("Held against", "audit_of", "short")), number("Users", "users"),
      number("Drift", "drift"), number("Problems", "problems"), number("Caches refused", "refused"),
      text("pip", "pips"), text("Python", "python", "short"), optional(text("Why it failed", "why", "wide")),
    ],
    rows: report.hosts.map((host) => ({
      host: host.name, state: host.state, audit_of: host.audit_of, users: known(host, host.users.length),
      drift: host.state === "not_compared" ? null : known(host, host.drift.length), problems: known(host, host.problems.length),
      refused: known(host, host.caches.filter((cache) => cache.refused).length),
      pips: [...new Set(host.pips.map((pip) => pip.version))].join(", "), python: host.python,
      why: host.failures.map((failure) => failure.message).join(" "),
    })),
  },
  {
    id: "drift", title: "Drift", none: isCompared || !hosts.size ? "Nothing drifts." : NOT_COMPARED, first: 0,
    columns: [
      hostColumn, text("User", "user", "short"), text("Level", "level", "short"),
      { title: "What", style: "short", value: (row) => DRIFT[row.kind], cell: (row) => badge("drift", DRIFT[row.kind]) },
      { title: "Option", style: "value", value: (row) => row.option, cell: (row) => shown(row.option || null) },
      value("Wanted", "wanted"), value("Found", "found"), optional(text("Who wins", "winner", "path")), path("File", "path"),
    ],
    rows: report.hosts.flatMap((host) => host.drift.map((entry) => ({
      ...entry, host: host.name, option: [entry.section && `[${entry.section}]`, entry.key].filter(Boolean).join(" "),
    }))),
  },
  {
    id: "problems", title: "Problems", none: "Nothing is wrong with what is there.", first: 1,
    columns: [
      hostColumn,
      {
        title: "Severity", style: "short", value: (row) => ["error", "warning"].indexOf(row.severity),
        cell: (row) => badge(row.severity, row.severity), words: (row) => row.severity,
      },
      text("Users", "users"), { title: "Kind", style: "short", value: (row) => row.kind.replaceAll("_", " ") },
      text("What is wrong", "message", "wide"),
    ],
    rows: report.hosts.flatMap((host) => host.problems.map((problem) => ({
      ...problem, host: host.name, users: problem.users.join(", "),
    }))),
  },
  {
    id: "caches", title: "Caches", none: "No cache was found.", first: 2,
    columns: [
      hostColumn, text("Users", "users"),
      {
        title: "State", style: "short", value: (row) => CACHE_ORDER.indexOf(row.state),
        cell: (row) => badge(row.state, row.state), words: (row) => row.state,
      },
      path("Directory", "path"), { ...number("Size", "bytes"), cell: (row) => size(row.bytes) }, number("Files", "files"),
      optional(text("Why pip would not use it", "why", "wide")),
    ],
    rows: report.hosts.flatMap((host) => host.caches.map((cache) => ({
      host: host.name, users: [...new Set(cache.users.map((user) => user.user))].join(", "),
      state: cache.path === null ? "off" : cache.refused ? "refused" : "used",
      path: cache.path, bytes: cache.bytes, files: cache.files,
      why: [...new Set(cache.users.filter((user) => !user.usable).map((user) => user.reason))].join("; "),
    }))),
  },
  {
    id: "users", title: "Users", none: "No user was looked at.", first: 2,
    columns: [hostColumn, text("User", "name"), state("State"), number("Drift", "drift"), number("Problems", "problems")],
    rows: report.hosts.flatMap((host) => host.users.map((user) => ({
      ...user, host: host.name,
      drift: host.drift.filter((entry) => entry.user === user.name || entry.user === null).length,
      problems: host.problems.filter((problem) => problem.users.includes(user.name)).length,
    }))),
  },
];

function makeTable(table) {
  // A column in which nothing stands takes room for nothing.
  table.columns = table.columns.filter((column) => !column.optional || table.rows.some((row) => column.value(row)));
  for (const row of table.rows) {
    const words = table.columns.map((column) => (column.words ?? column.value)(row));
    row.searched = words.join("\n").toLowerCase();
  }
  Object.assign(table, { page: 0, sorted: null, descending: false });
  table.count = element("p", { "aria-live": "polite" });
  table.heads = table.columns.map((column, index) => element("th", {
    scope: "col", class: column.number ? "number" : null,
  }, element("button", { type: "button", class: "plain", onclick: () => sortBy(table, index) }, column.title)));
  table.body = element("tbody");
  table.empty = element("p", { class: "empty" });
  const caption = element("caption", { class: "hidden" }, table.title);
  const head = element("thead", {}, element("tr", {}, ...table.heads));
  table.scroll = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": table.title },
    element("table", {}, caption, head, table.body));
  table.previous = element("button", { type: "button", onclick: () => turn(table, -1) }, "Previous");
  table.next = element("button", { type: "button", onclick: () => turn(table, 1) }, "Next");
  table.where = element("span");
  table.pager = element("nav", { class: "pager", "aria-label": `Pages of ${table.title}` },
    table.previous, table.where, table.next);
  return element("section", { class: "table", id: table.id },
    element("header", {}, element("h2", {}, table.title), table.count), table.scroll, table.empty, table.pager);
}

function sortBy(table, index) {
  const again = table.sorted === index;
  table.descending = again ? !table.descending : Boolean(table.columns[index].number);
  table.sorted = index;
  table.page = 0;
  const { value: key, number: isNumber } = table.columns[index];
  const order = isNumber ? (a, b) => (key(a) ?? -1) - (key(b) ?? -1) : (a, b) => compare(key(a), key(b));
  table.rows.sort((a, b) => (table.descending ? -1 : 1) * order(a, b) || compare(a.host, b.host));
  table.heads.forEach((head, place) => {
    if (place === index) head.setAttribute("aria-sort", table.descending ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  });
  show(table);
}

function turn(table, by) {
  table.page += by;
  show(table);
  byId(table.id).scrollIntoView({ block: "nearest" });
}

function cellOf(column, row) {
  const content = column.cell ? column.cell(row) : String(column.value(row) ?? "");
  const kind = [column.number && "number", column.number && !column.value(row) && "none", column.style]
    .filter(Boolean).join(" ") || null;
  return column.head ? element("th", { scope: "row", class: kind }, content) : element("td", { class: kind }, content);
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
  const options = Object.entries(STATES).map(([name, title]) => element("option", { value: name }, title));
  byId("tools").append(
    element("label", {}, "Search in all tables",
      element("input", { id: "text", type: "search", autocomplete: "off", oninput: (event) => choose({ text: event.target.value }) })),
    element("label", {}, "Hosts",
      element("select", { id: "state", onchange: (event) => choose({ state: event.target.value }) },
        element("option", { value: "" }, "all states"), ...options)),
    element("button", { type: "button", id: "reset", onclick: () => choose(noFilter) }, "Show all"),
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
