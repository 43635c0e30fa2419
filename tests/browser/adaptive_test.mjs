// Any camera in any browser, at the quality that its network takes: hls.js between main and sub stream, and H.265
// cameras in a Chromium that can't play H.265.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { assertMoving, findChromium, openPage, videoStates, waitFor, withBrowser } from "./browser.mjs";
import { artifacts, cameraRecord, freePort, makeFolder, startOpenCameras, startServer, stopAll } from "./camctl.mjs";

const kSkipped = 77; // ctest's SKIP_RETURN_CODE
if (!findChromium()) {
  console.log("SKIPPED [1] tests/browser/adaptive_test.mjs: no Chromium here");
  process.exit(kSkipped);
}

const kSlow = 120_000;   // bytes a second: less than the main stream's 250,000, more than the sub stream's 70,000
const kLongestStill = 12; // seconds without a new picture that a change of the network may cost; 5 beside other work
const block = `127.${64 + ((process.pid >> 8) & 127)}.${process.pid & 255}`;
const host = (index) => `${block}.${index + 1}`;

/** The record of a camera with a main stream, and a sub stream on another RTSP port. */
function withSub(index, name, codec, subPort = 5543) {
  const record = cameraRecord(host(index), index, name);
  const profile = (n, url, video) => ({ token: `P${n}`, name: `P${n}`, rtsp_url: url, video: { fps: 25, gop: 50, ...video } });
  record.profiles = [
    profile(1, record.rtsp_url, { codec, width: 1920, height: 1080 }),
    profile(2, `rtsp://${host(index)}:${subPort}/live/channel1`, { codec: "h264", width: 640, height: 360 }),
  ];
  return record;
}

test("adaptive", { timeout: 240000 }, async (t) => {
  const folder = makeFolder();
  fs.appendFileSync(path.join(folder, "camctl.yaml"), "max_transcodes: 1\n");
  t.after(async () => {
    await stopAll();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const shot = (page, name) => page.screenshot({ path: path.join(artifacts, `adaptive-${name}.png`) }).catch(() => {});
  const engine = async (page, id) => (await videoStates(page))[id].engine;
  const height = async (page, id) => (await videoStates(page))[id].height;

  await t.test("hls.js changes to the sub stream and back, and the picture goes on", async (t) => {
    t.after(stopAll);
    await startOpenCameras(folder, host(0), 1);
    await startServer(folder, [withSub(0, "Two streams", "h264")], port);
    await withBrowser(async (browser) => {
      const page = await openPage(browser, `${url}?engine=hls`);
      await assertMoving(page, ["stream_0"], "at first");
      await waitFor("the main stream", async () => await height(page, "stream_0") === 1080, 30000);
      await page.evaluate(() => {
        const video = document.querySelector(".tile video");
        window.source = video.currentSrc;
        window.still = 0;
        let last = performance.now();
        const look = () => {
          window.still = Math.max(window.still, performance.now() - last);
          last = performance.now();
          video.requestVideoFrameCallback(look);
        };
        video.requestVideoFrameCallback(look);
      });
      await page.emulateNetworkConditions({ download: kSlow, upload: kSlow, latency: 20 });
      await waitFor("the sub stream", async () => await height(page, "stream_0") === 360, 40000);
      await assertMoving(page, ["stream_0"], "throttled");
      await page.emulateNetworkConditions(null);
      await waitFor("the main stream again", async () => await height(page, "stream_0") === 1080, 60000);
      await assertMoving(page, ["stream_0"], "not throttled any more");
      const { still, same } = await page.evaluate(() => ({
        still: window.still / 1000, same: window.source === document.querySelector(".tile video").currentSrc,
      }));
      t.diagnostic(`stood still for ${still.toFixed(1)} s at most`);
      assert.ok(same, "one player all the time");
      assert.ok(still < kLongestStill, `stood still for ${still} s`);
    });
  });

  await t.test("H.265 cameras play: by their H.264 sub stream, by a tier, and one that may not says why", async (t) => {
    t.after(stopAll);
    await Promise.all([
      startOpenCameras(folder, host(0), 3, "--codec", "h265"),
      startOpenCameras(folder, host(0), 1, "--rtsp-port", "5544", "--onvif-port", "8001"),
    ]);
    const cameras = [withSub(0, "With a sub stream", "h265", 5544), ...[1, 2].map((index) => cameraRecord(host(index), index, `H.265 ${index}`))];
    await startServer(folder, cameras, port);
    await withBrowser(async (browser) => {
      const page = await openPage(browser, url);
      t.after(() => shot(page, "end"));
      await assertMoving(page, ["stream_0"], "the sub stream");
      assert.equal(await height(page, "stream_0"), 360);
      assert.match(await engine(page, "stream_0"), /^hls\.js/, "which the page has chosen by itself");

      const tiers = ["stream_1", "stream_2"];
      const [plays, waits] = await waitFor("one to play", async () => {
        const now = await videoStates(page);
        const playing = tiers.find((id) => now[id].height === 720 && now[id].time > 0);
        return playing && [playing, tiers.find((id) => id !== playing)];
      }, 40000);
      await assertMoving(page, [plays], "the tier");
      const cover = await waitFor("the reason", async () => /This server already transcodes as many streams as it may \(1\)\./
        .exec((await videoStates(page))[waits].cover)?.input, 20000);
      assert.match(cover, /Trying again by itself/);
      await shot(page, "limit");

      // Its turn comes when the other has gone.
      const gone = await fetch(`${url}api/cameras/${plays}`, { method: "DELETE" });
      assert.equal(gone.status, 204);
      await assertMoving(page, [waits], "the other tier");
      assert.equal(await height(page, waits), 720);
    });
  });
});
