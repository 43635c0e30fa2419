// Going back in a long window by hls.js in a real Chromium: what is on disk plays, and live is there again afterwards.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { assertMoving, findChromium, openPage, videoStates, waitFor, withBrowser } from "./browser.mjs";
import { artifacts, cameraRecord, freePort, makeFolder, startOpenCameras, startServer, stopAll } from "./camctl.mjs";

const kSkipped = 77; // ctest's SKIP_RETURN_CODE
if (!findChromium()) {
  console.log("SKIPPED [1] tests/browser/dvr_test.mjs: no Chromium here");
  process.exit(kSkipped);
}

const kBack = 60; // seconds
const kInMemory = 20; // seconds at the most, with 1 MiB
const address = `127.${64 + ((process.pid >> 8) & 127)}.${process.pid & 255}.1`;
const id = "stream_0";

/** How much a playlist lists, in seconds. */
async function listed(url) {
  const text = await (await fetch(url)).text();
  return [...text.matchAll(/#EXTINF:([\d.]+)/g)].reduce((sum, [, length]) => sum + Number(length), 0);
}

test("going back", { timeout: 240000 }, async (t) => {
  const folder = makeFolder();
  t.after(async () => {
    await stopAll();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  fs.appendFileSync(path.join(folder, "camctl.yaml"), `dvr: 90s\ndvr_memory: 1M\ndvr_dir: ${folder}/dvr\n`);
  const camera = await startOpenCameras(folder, address, 1);
  const port = await freePort();
  const server = await startServer(folder, [cameraRecord(address, 0, "Camera")], port);
  const url = `http://127.0.0.1:${port}/`;
  const media = `${url}hls/${id}/main/media.m3u8`;

  await withBrowser(async (browser) => {
    await waitFor("a long window", async () => await listed(media) > kBack + 10, 120000);
    const page = await openPage(browser, `${url}?engine=hls`);
    t.after(() => page.screenshot({ path: path.join(artifacts, "dvr-end.png") }).catch(() => {}));
    await assertMoving(page, [id], "live");
    const live = (await videoStates(page))[id];
    assert.ok(live.behind < 5, `live begins ${live.behind} s behind`);

    const selector = `[data-camera="${id}"] video`;
    const segments = [];
    page.on("request", (request) => {
      const [, number] = /\/seg(\d+)\.m4s/.exec(request.url()) ?? [];
      if (number) segments.push(Number(number));
    });
    const newest = Number([...(await (await fetch(media)).text()).matchAll(/seg(\d+)\.m4s/g)].at(-1)[1]);
    const wanted = await page.$eval(selector, (video, back) => {
      const time = video.currentTime - back;
      if (time < video.seekable.start(0)) throw new Error(`only from ${video.seekable.start(0)} on, not ${time}`);
      video.currentTime = time;
      return time;
    }, kBack);
    await waitFor("the picture of a minute ago", async () => {
      const time = await page.$eval(selector, (video) => (video.seeking ? 0 : video.currentTime));
      return time > wanted + 3 && time < wanted + 30;
    }, 30000);
    assert.ok(Math.min(...segments) < newest - kInMemory, `${segments} came from disk, ${newest} is the newest`);
    // It stays there: a reloaded playlist does not take it back to live.
    await assertMoving(page, [id], "a minute ago");
    assert.ok((await videoStates(page))[id].behind > kBack - 20, "still a minute ago");

    await page.$eval(selector, (video) => { video.currentTime = video.seekable.end(0) - 1; });
    await waitFor("live again", async () => (await videoStates(page))[id].behind < 5, 30000);
    await assertMoving(page, [id], "live again");
  });
  await Promise.all([server, camera].map((program) => program.stop()));
});
