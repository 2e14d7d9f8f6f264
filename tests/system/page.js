/*
 * The page at "/" in a real browser: loads without an error and without asking another
 * host, updates by itself, works with the keyboard, fits 1280 and 390 px, shows a killed
 * line as down within 2 s, and says within 3 s that the feed stands or is gone.
 *
 * usage: node page.js URL CONTROL PID FOLDER
 * CONTROL: of exchange-sim; PID: of feedd; FOLDER: for the screenshots. Finds
 * playwright-core through NODE_PATH. CHROMIUM: the browser.
 */
"use strict";

const assert = require("node:assert");
const path = require("node:path");
const {chromium} = require("playwright-core");

const [url, control, pid, folder] = process.argv.slice(2);
const WITHIN_MS = 30000; // loaded machines are slow
const DOWN_WITHIN_MS = 2000;
const OLD_WITHIN_MS = 3000;

const cell = (page, row, n) =>
  page.locator(`#line-table tbody tr:nth-child(${row}) td:nth-child(${n})`);
const tile = (page, name) => page.evaluate((wanted) => {
  const dt = [...document.querySelectorAll("#tiles dt")].find((e) => e.textContent === wanted);
  return dt ? dt.nextElementSibling.textContent : null;
}, name);

async function until(what, ready) {
  const deadline = Date.now() + WITHIN_MS;
  while (Date.now() < deadline) {
    if (await ready())
      return;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail("not in time: " + what);
}

async function fault(line) {
  const answer = await fetch(`http://127.0.0.1:${control}/fault`, {method: "POST", body: line});
  assert.ok(answer.ok, await answer.text());
}

async function loads(page) {
  const answer = await page.goto(url);
  assert.equal(answer.status(), 200);
  await until("the feed's name", async () =>
    (await page.locator("#feed").textContent()).startsWith("test-"));
  await until("all lines are live", async () => {
    const states = await page.locator("#line-table tbody td:nth-child(2)").allTextContents();
    return states.length > 1 && states.every((s) => s === "live");
  });
  assert.equal(await page.locator("#news").textContent(), "live");
}

async function updates(page) {
  const first = await tile(page, "running for");
  await until("messages come", async () => parseInt(await tile(page, "messages/s"), 10) > 0);
  await until("time goes on", async () => await tile(page, "running for") !== first);
  const points = () => page.evaluate(() => charts.throughput.data.labels.length);
  const before = await points();
  await until("the chart grows", async () => await points() > before + 1);
  assert.ok(await page.evaluate(() => {
    const canvas = document.getElementById("throughput");
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return pixels.some((n) => n > 0);
  }), "the chart is empty");
}

async function takesKeys(page) {
  const news = (begins) => until(`news: ${begins}`, async () =>
    (await page.locator("#news").textContent()).startsWith(begins));
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "pause");
  await page.keyboard.press("Enter");
  await news("paused at ");
  await page.keyboard.press("p");
  await news("live");
  const seen = [];
  for (let i = 0; i < 8; i++) {
    await page.keyboard.press("Tab");
    seen.push(await page.evaluate(() => {
      const e = document.activeElement;
      const visible = getComputedStyle(e).outlineStyle !== "none" && e.getClientRects().length > 0;
      return (e.getAttribute("aria-labelledby") || e.getAttribute("href")) +
        (visible ? "" : ", unseen");
    }));
  }
  assert.deepEqual(seen.slice(0, 7), ["lines-title", "endpoints-title", "changes-title",
    "/health", "/status", "/metrics", "/config"]);
  await page.evaluate(() => document.activeElement.blur());
}

async function fits(page, width, name) {
  await page.setViewportSize({width, height: 900});
  await new Promise((done) => setTimeout(done, 700)); // charts follow
  assert.ok(await page.evaluate(() =>
    document.documentElement.scrollWidth <= document.documentElement.clientWidth),
  `at ${width} px the page is wider than its window`);
  await page.evaluate(() => scrollTo(0, 0)); // the header stands where the page is scrolled to
  await page.screenshot({path: path.join(folder, name), fullPage: true});
}

async function showsKilledLine(page) {
  await fault("0 refuse\n0 rst conn=1\n");
  await within(DOWN_WITHIN_MS, "a killed line is shown as down", async () =>
    await page.locator("#line-table tbody tr.down").count() > 0);
  assert.notEqual(await cell(page, 1, 2).textContent(), "live");
  await until("there is a reason", async () =>
    !(await page.locator("#reasons").textContent()).includes("all is well"));
  await fits(page, 1280, "page-1280-down.png");
  await fetch(`http://127.0.0.1:${control}/clear`, {method: "POST"});
  await until("it is up again", async () =>
    await page.locator("#line-table tbody tr.down").count() === 0);
}

async function namesStaleInstruments(page) {
  await until("no instrument is stale", async () =>
    await page.locator("#stale").textContent() === "no instrument is stale");
  await fault("0 stall-stream stream=btcusdt@bookTicker\n");
  await until("BTCUSDT is stale", async () => /^stale instruments: 1 \(.*BTCUSDT\)$/.test(
    await page.locator("#stale").textContent()));
  await fetch(`http://127.0.0.1:${control}/clear`, {method: "POST"});
  await until("it is not any more", async () =>
    await page.locator("#stale").textContent() === "no instrument is stale");
}

/* Names of many are not poured over the page: they come when they are asked for. */
async function foldsManyNames(page) {
  const many = {version: 1, stale: 300, instruments: [...Array(100).keys()].map((i) =>
    ({symbol: `COIN${i}USDT`, since_ns: 1, reason: i < 50 ? "peer_reset" : "silent"}))};
  const height = () => page.evaluate(() => document.documentElement.scrollHeight);
  await page.keyboard.press("p");
  const before = await height();
  await page.evaluate((list) => { stale = list; drawStale(); }, many);
  assert.equal(await page.locator("#stale").textContent(), "stale instruments: 300");
  assert.ok(await height() < before + 100, "the page grows by more than a line or two");
  await page.locator("#stale-names summary").focus();
  await page.keyboard.press("Enter");
  assert.deepEqual((await page.locator("#stale-list p").allTextContents()).map((s) =>
    s.slice(0, 18)), ["peer reset: COIN0U", "silent: COIN50USDT", "and 200 more"]);
  assert.ok(await height() < before + 350);
  await page.keyboard.press("Enter");
  await page.keyboard.press("p");
}

async function within(limit, what, ready) {
  const began = Date.now();
  await until(what, ready);
  const ms = Date.now() - began;
  console.log(`page: ${what} after ${ms} ms`);
  assert.ok(ms <= limit, `${what} after ${ms} ms`);
}

async function isOld(page) {
  return await page.evaluate(() => document.body.className === "old" &&
    getComputedStyle(document.querySelector("main")).opacity < 1) &&
    await page.locator("#level").textContent() === "no news";
}

async function saysWhenItIsOld(page) {
  process.kill(Number(pid), "SIGSTOP");
  await within(OLD_WITHIN_MS, "a feed that stands is shown as old", () => isOld(page));
  assert.match(await page.locator("#news").textContent(),
    /^no news for [0-9.]+ s: what stands here is of [0-9:]+ UTC$/);
  process.kill(Number(pid), "SIGCONT");
  await until("news again", async () => await page.locator("#news").textContent() === "live");
  assert.ok(!await isOld(page));
}

async function saysWhenItIsGone(page) {
  process.kill(Number(pid), "SIGKILL");
  await within(OLD_WITHIN_MS, "a feed that is gone is shown as old", () => isOld(page));
  assert.match(await page.locator("#news").textContent(), /^connection lost, .* UTC$/);
  await fits(page, 390, "page-390-gone.png");
}

async function main() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  try {
    const page = await browser.newPage({viewport: {width: 1280, height: 900}});
    const trouble = [];
    page.on("console", (m) => {
      if (m.type() === "error" || m.type() === "warning")
        trouble.push(`${m.type()}: ${m.text()}`);
    });
    page.on("pageerror", (e) => trouble.push(`error: ${e.message}`));
    page.on("requestfailed", (r) => trouble.push(`failed: ${r.url()}`));
    page.on("request", (r) => {
      if (!r.url().startsWith(url))
        trouble.push(`asks another host: ${r.url()}`);
    });
    await loads(page);
    await updates(page);
    await takesKeys(page);
    await fits(page, 390, "page-390.png");
    await fits(page, 1280, "page-1280.png");
    await showsKilledLine(page);
    await namesStaleInstruments(page);
    await foldsManyNames(page);
    await saysWhenItIsOld(page);
    assert.deepEqual(trouble, []);
    await saysWhenItIsGone(page); // the browser itself complains of that
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  console.log("page:", error.message);
  process.exit(1);
});
