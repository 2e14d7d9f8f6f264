/*
 * The page at "/". It follows /events, and where that is refused asks /health
 * and /status now and then. All texts of the feed go in as text, never as HTML.
 */
"use strict";

const POINTS_MAX = 600; // of the charts: five minutes
const OLD_MS = 2000;    // without news: four are missing
const ASK_MS = 2000;    // between two questions where there are no events
const NAMED_MAX = 6;    // stale instruments that are named at once, more on request
const LIVE = "live";

const byId = (id) => document.getElementById(id);
let health = null;  // the newest verdict
let stale = null;   // the newest list of stale instruments
let before = null;  // the status before the one on the screen
let heard = 0;      // performance.now() of the last news
let lost = false;   // the connection is broken
let asking = false; // /events is refused: news come when we ask
let paused = "";    // since when, or "": it is not

/* ---- words and numbers -------------------------------------------------------------- */

const whole = new Intl.NumberFormat("en", {maximumFractionDigits: 0});

function count(n) {
  return n === null || n === undefined ? "–" : whole.format(n);
}

function percent(permille) {
  return permille === null || permille === undefined ? "–" : (permille / 10).toFixed(1) + " %";
}

function score(permille) {
  return permille === null || permille === undefined ? "–" : (permille / 1000).toFixed(2);
}

function span(ns) {
  if (ns === null || ns === undefined)
    return "–";
  const units = [[86400e9, "d"], [3600e9, "h"], [60e9, "min"], [1e9, "s"], [1e6, "ms"], [1e3, "µs"]];
  const found = units.find(([size]) => Math.abs(ns) >= size);
  if (!found)
    return count(ns) + " ns";
  const n = ns / found[0];
  return (n < 10 ? n.toFixed(1) : n.toFixed(0)) + " " + found[1];
}

/* For how long something has been: nobody needs fractions of a second. */
function duration(ns) {
  return ns < 1e9 ? "less than 1 s" : span(ns);
}

function bytes(n) {
  return n === null || n === undefined ? "–" : (n / 1e6).toFixed(1) + " MB";
}

function clock(ns) {
  return new Date(ns / 1e6).toISOString().slice(11, 23);
}

function spaced(word) {
  return word.replaceAll("_", " ");
}

/* ---- pieces ---------------------------------------------------------------------------- */

function element(tag, text, kind) {
  const e = document.createElement(tag);
  if (text !== undefined)
    e.textContent = text;
  if (kind)
    e.className = kind;
  return e;
}

/* Rows: {cells: [text or [text, class]], kind}. Only what changed is touched. */
function fillTable(id, rows) {
  const body = byId(id).tBodies[0];
  const heads = byId(id).tHead.rows[0].cells;
  while (body.rows.length > rows.length)
    body.deleteRow(-1);
  rows.forEach((row, i) => {
    const tr = body.rows[i] || body.insertRow();
    tr.className = row.kind || "";
    row.cells.forEach((cell, n) => {
      const td = tr.cells[n] || tr.insertCell();
      const [text, kind] = Array.isArray(cell) ? cell : [cell, ""];
      if (td.textContent !== text)
        td.textContent = text;
      td.className = (heads[n].className + " " + kind).trim();
    });
  });
}

/* Triples of name, value and class. */
function fillList(id, pairs) {
  const list = byId(id);
  while (list.children.length > pairs.length)
    list.lastChild.remove();
  pairs.forEach(([name, value, kind], i) => {
    if (!list.children[i])
      list.appendChild(element("div")).append(element("dt"), element("dd"));
    const [dt, dd] = list.children[i].children;
    if (dt.textContent !== name)
      dt.textContent = name;
    if (dd.textContent !== value)
      dd.textContent = value;
    dd.className = kind || "";
  });
}

/* ---- charts ------------------------------------------------------------------------------ */

function makeChart(id, names, scale) {
  const colors = ["#6cb6ff", "#f0b429"];
  const grid = {color: "#232c38"};
  const ticks = {color: "#93a1b1", maxTicksLimit: 5, maxRotation: 0};
  return new Chart(byId(id), {
    type: "line",
    data: {
      labels: [],
      datasets: names.map((name, i) => ({label: name, data: [], borderColor: colors[i],
        backgroundColor: colors[i], borderWidth: 1.5, pointRadius: 0})),
    },
    options: {
      animation: false, maintainAspectRatio: false, responsive: true,
      interaction: {mode: "index", intersect: false},
      scales: {x: {grid, ticks}, y: Object.assign({grid, ticks}, scale)},
      plugins: {legend: {labels: {color: "#d6dde6", boxWidth: 14, boxHeight: 2}}},
    },
  });
}

const charts = {
  throughput: makeChart("throughput", ["messages", "ticks"], {beginAtZero: true}),
  latency: makeChart("latency", ["p50", "p99"], {type: "logarithmic"}),
};

function addPoint(chart, label, values) {
  chart.data.labels.push(label);
  chart.data.datasets.forEach((set, i) => set.data.push(values[i]));
  if (chart.data.labels.length > POINTS_MAX) {
    chart.data.labels.shift();
    chart.data.datasets.forEach((set) => set.data.shift());
  }
  chart.update("none");
}

/* Where there was no news the lines have a hole. */
function drawCharts(s) {
  const at = clock(s.at_ns).slice(0, 8);
  if (before && s.at_ns - before.at_ns > OLD_MS * 1e6)
    Object.values(charts).forEach((chart) => addPoint(chart, at, [null, null]));
  addPoint(charts.throughput, at, [s.messages_per_s, s.ticks_per_s]);
  const timed = s.publish_ns.count > 0;
  addPoint(charts.latency, at,
    timed ? [s.publish_ns.p50 / 1e3, s.publish_ns.p99 / 1e3] : [null, null]);
}

/* ---- parts of the page ---------------------------------------------------------------------- */

/* What a share is a share of, where the text of the reason says the opposite. */
const SHARES = {connection_success: " succeed", heartbeat: " in time"};

function reasonText(r) {
  const of = r.class ? ` (${r.class})` : r.line !== null ? ` (line ${r.line})` : "";
  const units = {permille: percent, bytes, ns: duration};
  const word = units[r.unit] || count;
  const limit = r.limit > 0 && r.unit !== "ns" ? `, limit ${word(r.limit)}` : "";
  const value = r.value === undefined ? "" :
    `: ${word(r.value)}${SHARES[r.reason] || ""}${limit}`;
  return spaced(r.text) + of + value;
}

function drawHealth() {
  const level = byId("level");
  level.textContent = health.level;
  level.className = "badge " + health.level;
  byId("score").textContent = score(health.score);
  document.title = `${health.level}: ${health.feed}`;
  const list = byId("reasons");
  list.replaceChildren(...health.reasons.map((r) => {
    const li = element("li");
    const word = r.level === "ok" ? "note" : r.level;
    li.append(element("b", word, (r.level === "ok" ? "info" : r.level) + "-word"), " ",
      reasonText(r));
    return li;
  }));
  if (health.reasons.length === 0)
    list.append(element("li", "all is well", "ok-word"));
}

/* A feed that raises no alerts has none to show. */
function drawAlerts(s) {
  byId("alerts-part").hidden = s.alerts === undefined;
  if (s.alerts === undefined)
    return;
  byId("alerts").replaceChildren(...s.alerts.map((a) => {
    const li = element("li");
    const word = a.severity.toLowerCase();
    li.append(element("b", word, word + "-word"),
      ` ${spaced(a.alert)}: ${a.text}, for ${duration(s.at_ns - a.since_ns)}`);
    return li;
  }));
  if (s.alerts.length === 0)
    byId("alerts").append(element("li", "none is active", "quiet"));
}

function drawTiles(s) {
  const c = s.control;
  fillList("tiles", [
    ["messages/s", count(s.messages_per_s)],
    ["ticks/s", count(s.ticks_per_s)],
    ["lines live", `${count(health.lines_live)} of ${count(health.lines)}`,
      health.lines_live < health.lines ? "warning-word" : ""],
    ["fresh streams", percent(health.fresh_permille),
      health.fresh_permille !== null && health.fresh_permille < 1000 ? "warning-word" : ""],
    ["receipt to ring p50", s.publish_ns.count > 0 ? span(s.publish_ns.p50) : "–"],
    ["receipt to ring p99", s.publish_ns.count > 0 ? span(s.publish_ns.p99) : "–"],
    ["exchange to us p50", s.arrival_ns.count > 0 ? span(s.arrival_ns.p50) : "–"],
    ["connects succeed", percent(health.success_permille)],
    ["PINGs in time", percent(health.heartbeat_permille)],
    ["memory", bytes(c.memory_bytes)],
    ["processor", percent(c.cpu_permille)],
    ["running for", span(s.at_ns - s.started_ns)],
    ...(c.books > 0 ? [["books in sync", `${count(c.books_live)} of ${count(c.books)}`,
      c.books_live < c.books ? "warning-word" : ""]] : []),
  ]);
}

function lineRate(s, line) {
  const old = before && before.line[line.line];
  const ns = before ? s.at_mono_ns - before.at_mono_ns : 0;
  if (!old || ns <= 0 || old.messages > line.messages)
    return null;
  return (line.messages - old.messages) * 1e9 / ns;
}

/* Those that are down come first. */
function drawLines(s) {
  const scores = new Map(health.line_scores.map((l) => [l.line, l.score]));
  const used = s.line.filter((l) => l.role !== "free");
  const live = used.filter((l) => l.state === LIVE).length;
  byId("lines-up").textContent = used.length === 0 ? "none yet" :
    live === used.length ? `all ${live} live` : `${used.length - live} of ${used.length} not live`;
  used.sort((a, b) => (a.state === LIVE) - (b.state === LIVE) || a.line - b.line);
  fillTable("line-table", used.map((l) => {
    const up = l.state === LIVE;
    const all = l.wins + l.duplicates;
    return {
      kind: up || l.state === "subscribing" ? "" : "down",
      cells: [
        `${l.line}${l.role === "successor" ? " (next)" : ""}`,
        [spaced(l.state), up ? "ok-word" : "critical-word"],
        score(scores.get(l.line)),
        count(lineRate(s, l)),
        l.last_message_ns === null ? "–" : span(Math.max(0, s.at_ns - l.last_message_ns)),
        `${l.streams_acknowledged}/${l.streams_wanted}`,
        span(l.round_trip_ns),
        all > 0 ? percent(l.wins * 1000 / all) : "–",
        l.retire_at_ns === null ? "–" : span(Math.max(0, l.retire_at_ns - s.at_ns)),
        l.endpoint,
        up && l.connects <= 1 ? "–" : spaced(l.reason),
      ],
    };
  }));
}

function drawStreams(s) {
  fillTable("class-table", s.classes.filter((c) => c.streams > 0).map((c) => ({
    cells: [c.class, count(c.streams), [count(c.stale), c.stale > 0 ? "critical-word" : ""]],
  })));
  if (stale !== null)
    drawStale();
}

/* How many, and by reason which: names of the first hundred come. */
function drawStale() {
  const by = new Map();
  stale.instruments.forEach((i) => {
    by.set(i.reason, [...(by.get(i.reason) || []), i.symbol]);
  });
  const more = stale.stale - stale.instruments.length;
  const lines = [...by].map(([reason, names]) => `${spaced(reason)}: ${names.join(", ")}`);
  if (more > 0)
    lines.push(`and ${count(more)} more`);
  byId("stale").textContent = stale.stale === 0 ? "no instrument is stale" :
    `stale instruments: ${count(stale.stale)}` +
    (stale.stale <= NAMED_MAX ? ` (${lines.join("; ")})` : "");
  byId("stale").className = stale.stale === 0 ? "quiet" : "critical-word";
  byId("stale-names").hidden = stale.stale <= NAMED_MAX;
  const text = lines.join("\n");
  if (byId("stale-list").dataset.text !== text) {
    byId("stale-list").dataset.text = text;
    byId("stale-list").replaceChildren(...lines.map((line) => element("p", line)));
  }
}

function drawBudgets(s) {
  const c = s.control;
  const used = s.line.filter((l) => l.role !== "free");
  const most = (key) => used.reduce((n, l) => Math.max(n, l[key]), 0);
  const rows = [
    [`connection attempts in ${span(c.connects_window_ns)}`, c.connects_used, c.connects_max, 1],
    [`messages of a line in ${span(c.send_window_ns)}, most`, most("sends_used"), c.sends_max, 1],
    ["weight of requests (REST) in a minute", c.rest_used, c.rest_budget, 1],
    ["streams of a line, most", most("streams_wanted"), c.streams_max, 0], // full is no trouble
  ].filter(([, , max]) => max > 0);
  const list = byId("budgets");
  while (list.children.length > rows.length)
    list.lastChild.remove();
  rows.forEach(([name, value, max, warns], i) => {
    let li = list.children[i];
    if (!li) {
      li = list.appendChild(element("li"));
      li.append(element("span"), element("span"), element("meter"));
    }
    const [label, number, meter] = li.children;
    label.textContent = name;
    number.textContent = `${count(value)} of ${count(max)}`;
    meter.setAttribute("aria-label", name);
    Object.assign(meter, {min: 0, max, low: warns ? max * 0.8 : max,
      high: warns ? max * 0.95 : max, optimum: 0, value});
  });
}

function drawEndpoints(s) {
  fillTable("endpoint-table", s.endpoint.map((e) => ({
    cells: [e.name, [spaced(e.circuit), e.circuit === "closed" ? "" : "warning-word"],
      score(e.score), count(e.lines), count(e.ups), count(e.failures)],
  })));
}

function drawCounters(s) {
  const names = ["gaps", "gap_ids", "malformed", "unfit", "oversize", "binary", "unknown", "late",
    "no_instrument", "id_resets", "error_replies", "connect_failures", "disconnects",
    "capture_dropped", "log_dropped"];
  const shown = names.filter((n) => s.counters[n] > 0);
  fillList("counters", shown.length === 0 ? [["since the start", "none"]] :
    shown.map((n) => [spaced(n), count(s.counters[n])]));
}

function drawChanges(s) {
  const newest = s.transition.slice(-20).reverse();
  fillTable("change-table", newest.map((t) => ({
    cells: [clock(t.at_ns), count(t.line), `${spaced(t.from)} → ${spaced(t.to)}`,
      spaced(t.reason)],
  })));
}

function draw(s) {
  heard = performance.now();
  lost = false;
  if (health === null)
    return;
  if (!paused) {
    byId("feed").textContent = s.feed;
    byId("release").textContent = `${s.release}, ${s.transport}`;
    drawHealth();
    drawAlerts(s);
    drawTiles(s);
    drawLines(s);
    drawStreams(s);
    drawBudgets(s);
    drawEndpoints(s);
    drawCounters(s);
    drawChanges(s);
    drawCharts(s);
  }
  before = s;
  showNews();
}

/* ---- news -------------------------------------------------------------------------------------- */

/*
 * Old figures must not pass for new ones. Returns why they are old, or "": nothing comes
 * from the feed, or what comes says that the thread that makes them does not work.
 */
function oldBecause() {
  const ms = performance.now() - heard;
  const of = before === null ? "" : `: what stands here is of ${clock(before.at_ns).slice(0, 8)} UTC`;
  if (lost)
    return `connection lost, no news for ${span(ms * 1e6)}${of}`;
  if (ms > OLD_MS + (asking ? 2 * ASK_MS : 0))
    return `no news for ${span(ms * 1e6)}${of}`;
  return before !== null && !health.alive ? `the feed thread does not work${of}` : "";
}

function showNews() {
  const why = oldBecause();
  const old = document.body.classList.contains("old");
  document.body.classList.toggle("old", why !== "");
  byId("news").textContent = why || (heard === 0 ? "no news yet" : paused || "live");
  if (why !== "" && (heard === 0 || health.alive)) {
    byId("level").textContent = "no news";
    byId("score").textContent = "–";
    document.title = "no news: " + byId("feed").textContent;
  } else if (old && health !== null) {
    drawHealth();
  }
}

async function ask() {
  asking = true;
  try {
    health = await (await fetch("/health")).json();
    stale = await (await fetch("/stale")).json();
    draw(await (await fetch("/status")).json());
  } catch (error) {
    lost = true;
    showNews();
  }
  setTimeout(follow, ASK_MS);
}

function follow() {
  const source = new EventSource("/events");
  source.addEventListener("health", (e) => { health = JSON.parse(e.data); });
  source.addEventListener("stale", (e) => { stale = JSON.parse(e.data); });
  source.addEventListener("status", (e) => {
    asking = false;
    draw(JSON.parse(e.data));
  });
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) { // it answers, but not with events
      ask();
      return;
    }
    lost = heard !== 0;
    showNews();
  };
}

function pause() {
  paused = paused || before === null ? "" : `paused at ${clock(before.at_ns).slice(0, 8)} UTC`;
  byId("pause").setAttribute("aria-pressed", String(paused !== ""));
  byId("pause").textContent = paused ? "Go on" : "Pause";
  showNews();
}

byId("pause").addEventListener("click", pause);
document.addEventListener("keydown", (e) => {
  if (e.key === "p" && !e.ctrlKey && !e.altKey && !e.metaKey)
    pause();
});
setInterval(showNews, 250);
follow();
