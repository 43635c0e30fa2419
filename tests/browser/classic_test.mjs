// hls.js as it is, without the dashboard: classic HLS in both containers, and low-latency HLS of a camera that loses
// packets, through faults of the cameras. Players go on by themselves.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { findChromium, openPage, waitFor, withBrowser } from "./browser.mjs";
import { artifacts, cameraRecord, freePort, makeFolder, startOpenCameras, startServer, stopAll } from "./camctl.mjs";

const kSkipped = 77; // ctest's SKIP_RETURN_CODE
if (!findChromium()) {
  console.log("SKIPPED [1] tests/browser/classic_test.mjs: no Chromium here");
  process.exit(kSkipped);
}

const kWatch = 40000;          // ms: two of each fault at the least
const kLongestStill = 20000;   // ms: an outage of 4 s, a key frame, a segment, and what a busy machine adds
const kFaults = [
  ["drops", ["--drop-every", "13s"]],
  ["stalls", ["--stall-every", "14s", "--stall-for", "4s"]],
  ["leaps", ["--timestamp-jump", "7s"]],
  ["loses", ["--loss", "1"]],
];
const block = `127.${64 + ((process.pid >> 8) & 127)}.${process.pid & 255}`;
const addresses = kFaults.map((_, index) => `${block}.${index + 1}`);

// Each camera twice: with parts, for its TS playlist, and without, for classic fMP4. The last one low-latency, too.
const ids = [...kFaults, ...kFaults].map((_, index) => `stream_${index}`);
const isFmp4 = (index) => index >= kFaults.length;
const players = [
  ...ids.map((id, index) => ({
    name: `${kFaults[index % kFaults.length][0]}, ${isFmp4(index) ? "fMP4" : "TS"}`,
    url: `/hls/${id}/${isFmp4(index) ? "main/media.m3u8" : "playlist.m3u8"}`,
  })),
  { name: "loses, low-latency", url: `/hls/${ids[kFaults.length - 1]}/index.m3u8` },
];

function records() {
  return ids.map((_, index) => {
    const address = addresses[index % kFaults.length];
    // The small stream: nine pictures are decoded at once.
    return { ...cameraRecord(address, index, `camera ${index}`), rtsp_url: `rtsp://${address}:5543/live/channel1` };
  });
}

/** Runs in the page: a video and an hls.js for each URL, with what its documentation says about fatal errors. */
async function play(urls) {
  const { default: Hls } = await import("/vendor/hls.mjs");
  document.body.textContent = "";
  window.videos = urls.map((url) => {
    const video = document.createElement("video");
    video.muted = true;
    video.width = 240;
    document.body.append(video);
    const hls = new Hls({ workerPath: "/vendor/hls.worker.js" });
    video.errors = [];
    hls.on(Hls.Events.ERROR, (_, { fatal, type, details }) => {
      if (!fatal) return;
      video.errors.push(details);
      if (type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
      else if (type === Hls.ErrorTypes.NETWORK_ERROR) hls.startLoad();
    });
    hls.loadSource(url);
    hls.attachMedia(video);
    video.play().catch(() => {});
    return video;
  });
}

const states = (page) => page.evaluate(() => window.videos.map((video) => ({
  time: video.currentTime, frames: video.getVideoPlaybackQuality().totalVideoFrames, errors: video.errors,
})));

/** Waits until every player has shown 30 more pictures over 2 more seconds. */
async function assertAllMove(page, what) {
  const before = await states(page);
  await waitFor(what, async () => (await states(page)).every(({ time, frames }, index) => {
    if (time < before[index].time || frames < before[index].frames) before[index] = { time, frames };
    return time >= before[index].time + 2 && frames >= before[index].frames + 30;
  }), 60000);
}

test("classic HLS", { timeout: 280000 }, async (t) => {
  const folder = makeFolder();
  t.after(async () => {
    await stopAll();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  const cameras = await Promise.all(kFaults.map(([, flags], index) => startOpenCameras(folder, addresses[index], 1, ...flags)));
  const withoutParts = ids.filter((_, index) => isFmp4(index)).map((id) => `  ${id}: {part_duration: 0}\n`);
  fs.appendFileSync(path.join(folder, "camctl.yaml"), `streams:\n${withoutParts.join("")}`);
  const port = await freePort();
  const server = await startServer(folder, records(), port);
  const url = `http://127.0.0.1:${port}`;
  const fetchText = async (address) => (await fetch(url + address)).text();
  for (const id of ids) await waitFor(`a segment of ${id}`, async () => /#EXTINF/.test(await fetchText(`/hls/${id}/playlist.m3u8`)));

  await withBrowser(async (browser) => {
    const page = await openPage(browser, `${url}/healthz`);
    t.after(() => page.screenshot({ path: path.join(artifacts, "classic-end.png") }).catch(() => {}));
    await page.evaluate(play, players.map((player) => player.url));
    await assertAllMove(page, "nine players");

    const still = players.map(() => ({ time: -1, since: Date.now(), longest: 0 }));
    const end = Date.now() + kWatch;
    while (Date.now() < end) {
      (await states(page)).forEach(({ time }, index) => {
        const one = still[index];
        if (time !== one.time) Object.assign(one, { time, since: Date.now() });
        one.longest = Math.max(one.longest, Date.now() - one.since);
      });
      await new Promise((done) => setTimeout(done, 200));
    }
    const after = await states(page);
    players.forEach(({ name }, index) => t.diagnostic(
      `${name}: stood still for ${still[index].longest} ms at most; fatal errors: ${after[index].errors.join(" ") || "none"}`));
    await assertAllMove(page, "all after the faults");
    players.forEach(({ name }, index) => {
      assert.ok(still[index].longest < kLongestStill, `${name} stood still for ${still[index].longest} ms`);
      assert.ok(after[index].errors.length < 3, `${name}: ${after[index].errors.join(" ")}`);
    });
    for (const { name, url: address } of players) {
      const playlist = await fetchText(address.replace("index.m3u8", "main/media.m3u8"));
      assert.match(playlist, /#EXT-X-DISCONTINUITY\n|#EXT-X-DISCONTINUITY-SEQUENCE:[1-9]/, `${name} had its faults`);
    }
  });
  await Promise.all([server, ...cameras].map((program) => program.stop()));
});
