// The dashboard in Firefox: the live stream, HLS, and a camera that comes back.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { assertMoving, findFirefox, firefox, openPage, videoStates, waitFor, withBrowser } from "./browser.mjs";
import { artifacts, cameraRecord, freePort, makeFolder, startOpenCameras, startServer, stopAll } from "./camctl.mjs";

const kSkipped = 77; // ctest's SKIP_RETURN_CODE
if (!findFirefox()) {
  console.log("SKIPPED [1] tests/browser/firefox_test.mjs: no Firefox here");
  process.exit(kSkipped);
}

const block = `127.${64 + ((process.pid >> 8) & 127)}.${process.pid & 255}`;
const addresses = [1, 20].map((host) => `${block}.${host}`);
const ids = addresses.map((_, index) => `stream_${index}`);

test("Firefox", { timeout: 240000 }, async (t) => {
  const folder = makeFolder();
  t.after(async () => {
    await stopAll();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  const cameras = await Promise.all(addresses.map((address) => startOpenCameras(folder, address, 1)));
  const port = await freePort();
  const server = await startServer(folder, addresses.map((address, index) => cameraRecord(address, index, `Camera ${index}`)), port);
  const url = `http://127.0.0.1:${port}/`;

  await withBrowser(async (browser) => {
    const page = await openPage(browser, url);
    await page.evaluate(() => { window.opened = "once"; });
    t.after(() => page.screenshot({ path: path.join(artifacts, "firefox-end.png") }).catch(() => {}));

    await t.test("the live stream plays", async () => {
      await assertMoving(page, ids, "two cameras");
      for (const [id, state] of Object.entries(await videoStates(page))) {
        assert.equal(state.engine, "live", id);
        t.diagnostic(`${id}: the newest media is ${state.behind} s ahead of the picture`);
      }
      assert.deepEqual(page.problems, []);
      await page.screenshot({ path: path.join(artifacts, "firefox-live.png") });
    });

    await t.test("a camera comes back by itself", async () => {
      await cameras[1].stop("SIGKILL");
      cameras[1] = await startOpenCameras(folder, addresses[1], 1, "--codec", "h264", "--audio", "none");
      await assertMoving(page, ids, "after the reboot");
      assert.equal(await page.evaluate(() => window.opened), "once", "without reloading the page");
    });

    await t.test("HLS plays", async () => {
      await page.goto(`${url}?engine=hls`, { waitUntil: "domcontentloaded" });
      await assertMoving(page, ids, "by HLS");
      for (const [id, state] of Object.entries(await videoStates(page))) assert.match(state.engine, /^hls\.js/, id);
      await waitFor("near live", async () => Object.values(await videoStates(page)).every(({ behind }) => behind < 5));
    });
  }, firefox());
  assert.deepEqual(await Promise.all([server, ...cameras].map((program) => program.stop())), [0, 0, 0], "ended cleanly");
});
