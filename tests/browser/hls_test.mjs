// Low-latency HLS by hls.js in a real Chromium, through faults of the cameras: it goes on by itself, near live.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { assertMoving, findChromium, openPage, videoStates, waitFor, withBrowser } from "./browser.mjs";
import { artifacts, cameraRecord, freePort, makeFilm, makeFolder, startOpenCameras, startServer, stopAll } from "./camctl.mjs";
import { CameraClock, framesShown, percentile } from "./picture_clock.mjs";

const kSkipped = 77; // ctest's SKIP_RETURN_CODE
if (!findChromium()) {
  console.log("SKIPPED [1] tests/browser/hls_test.mjs: no Chromium here");
  process.exit(kSkipped);
}

const kWatch = 36000;   // ms: two of each fault at the least
const kNearLive = 5;    // seconds behind the newest, loosely; 0.6 to 1.2 on a quiet machine
const kFaults = [
  ["Plain", []],
  ["Drops", ["--drop-every", "13s"]],
  ["Stalls", ["--stall-every", "14s", "--stall-for", "4s"]],
  ["Leaps", ["--timestamp-jump", "7s"]],
];
const block = `127.${64 + ((process.pid >> 8) & 127)}.${process.pid & 255}`;
const addresses = kFaults.map((_, index) => `${block}.${index + 1}`);
const ids = kFaults.map((_, index) => `stream_${index}`);

test("low-latency HLS", { timeout: 280000 }, async (t) => {
  const folder = makeFolder();
  t.after(async () => {
    await stopAll();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  const programs = await Promise.all(kFaults.map(([, flags], index) => startOpenCameras(folder, addresses[index], 1, ...flags)));
  const port = await freePort();
  const server = await startServer(folder, kFaults.map(([name], index) => cameraRecord(addresses[index], index, name)), port);
  const url = `http://127.0.0.1:${port}/`;

  await withBrowser(async (browser) => {
    const page = await openPage(browser, "about:blank");
    const requested = { part: {}, seg: {} }; // how many of each camera
    page.on("request", (request) => {
      const [, id, kind] = /\/hls\/([^/]+)\/.*\/(part|seg)[^/]*$/.exec(request.url()) ?? [];
      if (id) requested[kind][id] = (requested[kind][id] ?? 0) + 1;
    });
    await page.goto(`${url}?engine=hls`, { waitUntil: "domcontentloaded" });
    await page.evaluate(() => { window.opened = "once"; });
    t.after(() => page.screenshot({ path: path.join(artifacts, "hls-end.png") }).catch(() => {}));

    await t.test("it plays parts, near live", async () => {
      await assertMoving(page, ids, "four cameras");
      await waitFor("parts of each camera", () => ids.every((id) => requested.part[id] > 10));
      const clock = await CameraClock.open(addresses[0]);
      await waitFor("the camera's clock", () => clock.ready);
      const ages = (await framesShown(page, `[data-camera="${ids[0]}"] video`, 4000)).map(([index, at]) => clock.age(index, at));
      clock.close();
      t.diagnostic(`age of ${ages.length} pictures when they show, ms modulo 2000 (5 / 50 / 95 %): ` +
        [0.05, 0.5, 0.95].map((share) => Math.round(percentile(ages, share))).join(" / "));
      const states = await videoStates(page);
      for (const id of ids) {
        assert.match(states[id].engine, /^hls\.js/, id);
        assert.ok(states[id].behind < kNearLive, `${id} is ${states[id].behind} s behind`);
      }
    });

    await t.test("through drops, stalls and leaps of timestamps", async () => {
      const before = await videoStates(page);
      const sources = ids.map((id) => new Set([before[id].source]));
      const standing = ids.map(() => ({ time: -1, since: Date.now(), longest: 0 }));
      const end = Date.now() + kWatch;
      while (Date.now() < end) {
        const now = await videoStates(page);
        ids.forEach((id, index) => {
          const still = standing[index];
          if (now[id].source) sources[index].add(now[id].source);
          if (now[id].time !== still.time) Object.assign(still, { time: now[id].time, since: Date.now() });
          still.longest = Math.max(still.longest, Date.now() - still.since);
        });
        await new Promise((done) => setTimeout(done, 200));
      }
      ids.forEach((id, index) => t.diagnostic(`${kFaults[index][0]}: stood still for ${standing[index].longest} ms at most, ` +
        `${sources[index].size} players, ${requested.part[id]} parts, ${requested.seg[id] ?? 0} segments`));
      for (const id of [ids[1], ids[3]]) {
        const playlist = await (await fetch(`${url}hls/${id}/main/media.m3u8`)).text();
        assert.match(playlist, /#EXT-X-DISCONTINUITY\n|#EXT-X-DISCONTINUITY-SEQUENCE:[1-9]/, `${id} had its faults`);
      }
      await assertMoving(page, ids, "after the faults");
    });

    await t.test("back at the live edge", async () => {
      await waitFor("all near live", async () => Object.values(await videoStates(page)).every(({ behind, cover }) => behind < kNearLive && cover === ""), 30000);
      assert.equal(await page.evaluate(() => window.opened), "once", "without reloading the page");
    });

    await t.test("through a change of the picture's size", async () => {
      await programs[0].stop("SIGKILL");
      programs[0] = await startOpenCameras(folder, addresses[0], 1, "--video", makeFilm(folder, 640, 480));
      await waitFor("the new picture", async () => (await videoStates(page))[ids[0]].height === 480, 40000);
      await assertMoving(page, ids.slice(0, 1), "after the change");
      await waitFor("near live", async () => (await videoStates(page))[ids[0]].behind < kNearLive, 30000);
      assert.equal(await page.evaluate(() => window.opened), "once", "without reloading the page");
    });
  });
  await Promise.all([server, ...programs].map((program) => program.stop()));
});
