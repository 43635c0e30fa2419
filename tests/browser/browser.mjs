// Debian's Chromium and Firefox, headless, for the browser tests.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import puppeteer from "puppeteer-core";

const kChromium = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser"];
const kFirefox = [process.env.FIREFOX, "/usr/bin/firefox-esr", "/usr/bin/firefox"];

const findFirst = (candidates) => candidates.find((candidate) => candidate && fs.existsSync(candidate)) ?? null;

/** Path of Chromium, or null where there is none. */
export const findChromium = () => findFirst(kChromium);
/** Path of Firefox, or null where there is none. */
export const findFirefox = () => findFirst(kFirefox);

const chromium = () => ({
  executablePath: findChromium(),
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-default-apps",
    "--autoplay-policy=no-user-gesture-required", "--mute-audio",
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
  ],
});

/** Options of withBrowser: Firefox, over WebDriver BiDi. */
export const firefox = () => ({
  browser: "firefox",
  executablePath: findFirefox(),
  extraPrefsFirefox: {
    "media.autoplay.default": 0,              // plays at once, as it does for pages that a user has been to
    "network.captive-portal-service.enabled": false,
    "network.connectivity-service.enabled": false,
    "services.settings.server": "data:,#",    // nothing is asked of others
  },
});

/** Runs body(browser) with a fresh profile, which goes afterwards. */
export async function withBrowser(body, options = chromium()) {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "camctl-browser-"));
  const browser = await puppeteer.launch({ headless: true, userDataDir: profile, ...options });
  try {
    return await body(browser);
  } finally {
    await browser.close().catch(() => {});
    fs.rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * A page whose errors, refused requests and requests to other hosts are collected in page.problems. `before` runs in
 * it before its own scripts.
 */
export async function openPage(browser, url, viewport = { width: 1280, height: 800 }, before = () => {}) {
  const page = await browser.newPage();
  await page.evaluateOnNewDocument(before);
  await page.setViewport(viewport);
  page.problems = [];
  page.foreignRequests = [];
  page.on("pageerror", (error) => page.problems.push(`page error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") page.problems.push(`console: ${message.text()} ${message.location().url ?? ""}`);
  });
  page.on("request", (request) => {
    const target = new URL(request.url());
    if (target.protocol.startsWith("http") && target.origin !== new URL(url).origin) page.foreignRequests.push(target.href);
  });
  await page.goto(url, { waitUntil: "domcontentloaded" });
  return page;
}

/** What each <video> of the page shows, by camera id. */
export function videoStates(page) {
  return page.evaluate(() => Object.fromEntries([...document.querySelectorAll(".tile")].map((tile) => {
    const video = tile.querySelector("video");
    return [tile.dataset.camera, {
      status: tile.dataset.status,
      engine: video.dataset.engine ?? "",
      behind: Number(video.dataset.behind),
      source: video.currentSrc,
      time: video.currentTime,
      frames: video.getVideoPlaybackQuality().totalVideoFrames,
      width: video.videoWidth,
      height: video.videoHeight,
      paused: video.paused,
      cover: tile.querySelector(".cover").hidden ? "" : tile.querySelector(".cover").innerText,
    }];
  })));
}

/** Waits until the cameras `wanted` show moving pictures: 30 more, over 2 more seconds of media. */
export async function assertMoving(page, wanted, what) {
  await waitFor(`${what}: pictures`, async () => {
    const now = await videoStates(page);
    return wanted.every((id) => now[id]?.time > 0 && now[id].frames > 0 && now[id].cover === "");
  }, 30000);
  const before = await videoStates(page);
  const moved = (id, now) => {
    if (now.time < before[id].time || now.frames < before[id].frames) before[id] = now; // media of a new start
    return now.time >= before[id].time + 2 && now.frames >= before[id].frames + 30;
  };
  await waitFor(`${what}: moving pictures`, async () => {
    const now = await videoStates(page);
    return wanted.every((id) => moved(id, now[id]));
  }, 20000);
}

/** The first true value of condition(); throws, naming `what`, after `timeout` milliseconds. */
export async function waitFor(what, condition, timeout = 20000, interval = 200) {
  const deadline = Date.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited ${timeout / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}
