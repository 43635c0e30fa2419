// The dashboard in a real Chromium, with real cameras (virtual ones) and a real server.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { assertMoving, findChromium, openPage, videoStates, waitFor, withBrowser } from "./browser.mjs";
import { artifacts, cameraRecord, freePort, kPassword, makeFolder, startCameras, startServer, stopAll } from "./camctl.mjs";

const kSkipped = 77; // ctest's SKIP_RETURN_CODE
if (!findChromium()) {
  console.log("SKIPPED [1] tests/browser/dashboard_test.mjs: no Chromium here");
  process.exit(kSkipped);
}

// Addresses of this run, so that it may run beside others.
const block = `127.${64 + ((process.pid >> 8) & 127)}.${process.pid & 255}`;
const names = ["Front door", "Garden", "Garage", "Warehouse"];
const ids = names.map((_, index) => `stream_${index}`);
const last = ids[3];

const shot = (page, name) => page.screenshot({ path: path.join(artifacts, `dashboard-${name}.png`) });

test("dashboard", { timeout: 240000 }, async (t) => {
  const folder = makeFolder();
  t.after(async () => {
    await stopAll();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const addresses = [1, 2, 3, 20].map((host) => `${block}.${host}`);
  const cameras = addresses.map((address, index) => cameraRecord(address, index, names[index]));
  Object.assign(cameras[0], { onvif_url: `http://${addresses[0]}:8000/onvif/device_service`, ptz: true, events: true });
  const three = await startCameras(folder, addresses[0], 3);
  let fourth = await startCameras(folder, addresses[3], 1);
  let server = await startServer(folder, cameras, port);

  await withBrowser(async (browser) => {
    const page = await openPage(browser, `${url}?engine=hls`);
    await page.evaluate(() => { window.opened = "once"; });
    t.after(() => shot(page, "end").catch(() => {}));

    await t.test("four videos advance, by hls.js", async () => {
      await assertMoving(page, ids, "four cameras");
      for (const [id, state] of Object.entries(await videoStates(page))) {
        assert.match(state.engine, /^hls\.js \d/, id);
        assert.match(state.source, /^blob:/, id);
        assert.ok(state.width > 0 && state.height > 0, id);
        assert.equal(state.status, "live", id);
      }
      assert.equal(await page.$eval("#summary", (e) => e.textContent), "4 of 4 live");
      await shot(page, "1280");
    });

    await t.test("four cameras make 2x2, one column on a phone", async () => {
      const columns = () => page.$$eval(".tile", (tiles) => new Set(tiles.map((tile) => Math.round(tile.getBoundingClientRect().x))).size);
      const overflow = () => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      for (const [width, height, wanted] of [[1280, 800, 2], [1920, 1080, 2], [390, 844, 1]]) {
        await page.setViewport({ width, height });
        await waitFor(`${wanted} columns at ${width}`, async () => await columns() === wanted, 3000);
        assert.equal(await overflow(), false, `nothing beyond the right edge at ${width}`);
        if (width !== 1280) {
          const visible = width === 390 ? ids.slice(0, 1) : ids;
          await assertMoving(page, visible, `at ${width}`);
          await shot(page, width);
        }
      }
      await page.setViewport({ width: 1280, height: 800 });
      await assertMoving(page, ids, "back at 1280");
    });

    await t.test("information on each camera", async () => {
      await waitFor("fps and bitrate", () => page.$$eval(".facts", (all) => all.every((e) => /H\.264/.test(e.textContent) && /AAC/.test(e.textContent) && /fps/.test(e.textContent) && /bit\/s/.test(e.textContent))));
      const tiles = await page.$$eval(".tile", (all) => all.map((tile) => ({
        name: tile.querySelector(".name").textContent, model: tile.querySelector(".model").textContent,
        facts: [...tile.querySelectorAll(".facts li")].map((item) => item.textContent).join(" "),
      })));
      tiles.forEach((tile, index) => {
        assert.equal(tile.name, names[index]);
        assert.match(tile.model, /Virtual camera/);
        assert.match(tile.facts, /\d{3,4}×\d{3,4}/);
      });
    });

    await t.test("Copy RTSP URL", async () => {
      await browser.defaultBrowserContext().overridePermissions(url, ["clipboard-read", "clipboard-write"]);
      await page.bringToFront();
      await page.click(`[data-camera="${ids[1]}"] .copy`);
      await waitFor("the clipboard", async () => await page.evaluate(() => navigator.clipboard.readText()) === cameras[1].rtsp_url, 5000);
      assert.match(await page.$eval("#toast", (e) => e.textContent), /Copied rtsp:/);
    });

    await t.test("Open in VLC", async () => {
      const client = await page.createCDPSession();
      await client.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: folder });
      await page.click(`[data-camera="${ids[2]}"] .vlc`);
      const file = path.join(folder, "Garage.m3u");
      await waitFor("the download", () => fs.existsSync(file), 5000);
      const lines = fs.readFileSync(file, "utf8").split("\n");
      assert.equal(lines[0], "#EXTM3U");
      assert.ok(lines.includes(cameras[2].rtsp_url), "the camera's own address");
      assert.ok(lines.includes(`${url}hls/${ids[2]}/playlist.m3u8`), "the server's address");
    });

    await t.test("sound, full screen and theme", async () => {
      const tile = `[data-camera="${ids[0]}"]`;
      const muted = () => page.$eval(`${tile} video`, (video) => video.muted);
      assert.equal(await muted(), true);
      await page.hover(`${tile} .stage`);
      await page.click(`${tile} .sound`);
      assert.equal(await muted(), false);
      await page.click(`${tile} .sound`);
      assert.equal(await muted(), true);
      await page.click(`${tile} .full`);
      await waitFor("full screen", () => page.evaluate(() => document.fullscreenElement?.className === "stage"), 5000);
      await page.evaluate(() => document.exitFullscreen());
      await waitFor("the page again", () => page.evaluate(() => !document.fullscreenElement), 5000);
      const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const seen = new Set();
      for (let i = 0; i < 3; i++) {
        await page.click("#theme");
        seen.add(await background());
      }
      assert.equal(seen.size, 2, "a light and a dark theme");
    });

    await t.test("turning a camera, its presets and its events", async () => {
      const tile = `[data-camera="${ids[0]}"]`;
      const position = () => page.evaluate(async (id) => (await fetch(`/api/cameras/${id}/ptz`)).json(), ids[0]);
      const controls = await page.$$eval(".control", (all) => all.filter((e) => !e.hidden).length);
      assert.equal(controls, 1, "only where there is ONVIF");
      await page.hover(`${tile} .stage`);
      await page.click(`${tile} .control`);
      await waitFor("an event", () => page.$eval(`${tile} .events`, (e) => /Motion Alarm/.test(e.textContent)), 10000);
      const { x, y } = await (await page.$(`${tile} [data-pan="1"]`)).clickablePoint();
      await page.mouse.move(x, y);
      await page.mouse.down();
      await waitFor("the camera to turn", async () => (await position()).moving, 5000);
      await page.mouse.up();
      await waitFor("the camera to stop", async () => !(await position()).moving, 1000);
      assert.ok((await position()).pan > 0);
      page.once("dialog", (dialog) => dialog.accept("Gate"));
      await page.click(`${tile} .save`);
      await waitFor("the preset", () => page.$$eval(`${tile} option`, (all) => all.some((e) => e.textContent === "Gate")), 5000);
      await shot(page, "panel");
      await page.hover(`${tile} .stage`);
      await page.click(`${tile} .control`);
      assert.equal(await page.$eval(`${tile} .panel`, (e) => e.hidden), true);
    });

    await t.test("every control has a name", async () => {
      const nameless = await page.$$eval("button, a", (all) => all
        .filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim())).map((e) => e.outerHTML));
      assert.deepEqual(nameless, []);
    });

    await t.test("nothing went wrong, nothing asked of other hosts, no password", async () => {
      assert.deepEqual(page.problems, []);
      assert.deepEqual(page.foreignRequests, []);
      const seen = await page.evaluate(async () => document.documentElement.outerHTML + await (await fetch("/api/cameras")).text());
      assert.ok(!seen.includes(kPassword));
    });

    await t.test("a camera that stops shows so, the others go on, and it comes back by itself", async () => {
      await fourth.stop("SIGKILL");
      const offline = await waitFor("the camera shown offline", async () => {
        const state = (await videoStates(page))[last];
        return state.status === "offline" && state.cover && state;
      }, 45000);
      assert.match(offline.cover, /offline/i);
      assert.match(offline.cover, /last picture/i);
      assert.equal(await page.$eval("#summary", (e) => e.textContent), "3 of 4 live");
      await assertMoving(page, ids.slice(0, 3), "the other cameras");
      await shot(page, "offline");
      fourth = await startCameras(folder, addresses[3], 1);
      await assertMoving(page, ids, "after the camera's return");
      assert.equal(await page.$eval("#summary", (e) => e.textContent), "4 of 4 live");
    });

    await t.test("a server that stops shows so, and the page goes on after its return", async () => {
      await server.stop();
      await waitFor("the banner", () => page.$eval("#banner", (e) => !e.hidden && /Trying again/.test(e.textContent)), 15000);
      assert.equal(await page.$eval("#summary", (e) => e.textContent), "No connection");
      await shot(page, "no-server");
      server = await startServer(folder, cameras, port);
      await waitFor("the banner gone", () => page.$eval("#banner", (e) => e.hidden), 20000);
      await assertMoving(page, ids, "after the server's return");
      assert.equal(await page.evaluate(() => window.opened), "once", "without reloading the page");
    });

    await t.test("a refused password: what to correct, and where", async () => {
      await server.stop();
      const wrong = { ...cameras[0], rtsp_url: cameras[0].rtsp_url.replace("://", "://viewer:wrong@") };
      server = await startServer(folder, [wrong], port);
      const cover = await waitFor("the refusal", async () => {
        const text = (await videoStates(page))[ids[0]]?.cover;
        return /refuse/i.test(text) && text;
      }, 20000);
      assert.match(cover, /Correct its user and password/);
      assert.doesNotMatch(cover, /by itself|wrong/);
    });

    await t.test("no cameras: the page says what to do", async () => {
      await server.stop();
      server = await startServer(folder, [], port);
      await waitFor("the hint", () => page.$eval("#empty", (e) => !e.hidden && /camctl scan/.test(e.textContent)), 20000);
      await shot(page, "empty");
    });
  });
  assert.deepEqual(await Promise.all([server.stop(), three.stop(), fourth.stop()]), [0, 0, 0], "ended cleanly");
});
