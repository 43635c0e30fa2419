// Logging in and out in a real Chromium, and a dashboard of some cameras only.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { assertMoving, findChromium, openPage, waitFor, withBrowser } from "./browser.mjs";
import { artifacts, binDir, cameraRecord, freePort, makeFolder, startCameras, startServer, stopAll } from "./camctl.mjs";

const kSkipped = 77; // ctest's SKIP_RETURN_CODE
if (!findChromium()) {
  console.log("SKIPPED [1] tests/browser/login_test.mjs: no Chromium here");
  process.exit(kSkipped);
}

const kGuest = "a quiet word or two";
const address = `127.${64 + ((process.pid >> 8) & 127)}.${process.pid & 255}.1`;

test("log-in", { timeout: 180000 }, async (t) => {
  const folder = makeFolder();
  t.after(async () => {
    await stopAll();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  const hash = execFileSync(path.join(binDir, "camctl-passwd"), { input: kGuest }).toString().trim();
  fs.appendFileSync(path.join(folder, "camctl.yaml"),
    `users:\n  - {name: guest, hash: "${hash}", cameras: [stream_0]}\n`);
  await startCameras(folder, address, 1);
  const port = await freePort();
  const cameras = [cameraRecord(address, 0, "Front door"), { ...cameraRecord(address, 1, "Secret garden"), on_demand: true }];
  await startServer(folder, cameras, port);
  const url = `http://127.0.0.1:${port}/`;

  await withBrowser(async (browser) => {
    const page = await openPage(browser, `${url}?engine=hls`);
    t.after(() => page.screenshot({ path: path.join(artifacts, "login-end.png") }).catch(() => {}));
    const at = (pathname) => waitFor(`the page ${pathname}`, () => new URL(page.url()).pathname === pathname);
    const logIn = async (user, password) => {
      for (const [field, text] of [["#user", user], ["#password", password]]) {
        await page.waitForSelector(field);
        await page.$eval(field, (input) => { input.value = ""; });
        await page.type(field, text);
      }
      await page.click("button[type=submit]");
    };

    await t.test("the page sends whoever is not logged in to the log-in page", async () => {
      await at("/login");
      await page.waitForSelector("#user");
      await page.screenshot({ path: path.join(artifacts, "login.png") });
    });

    await t.test("a wrong password is told", async () => {
      await logIn("guest", "wrong password");
      await waitFor("the refusal", () => page.$eval("#trouble", (e) => e.textContent.includes("wrong")));
    });

    await t.test("the right one leads on to what was asked for, with the user's cameras", async () => {
      await logIn("guest", kGuest);
      await at("/");
      assert.equal(new URL(page.url()).search, "?engine=hls");
      await assertMoving(page, ["stream_0"], "the guest's camera");
      assert.deepEqual(await page.$$eval(".tile", (tiles) => tiles.map((tile) => tile.dataset.camera)), ["stream_0"]);
      await waitFor("the user's name", () => page.$eval("#logout", (e) => !e.hidden && e.textContent.trim() === "guest"));
      assert.equal(await page.evaluate(() => document.cookie), "", "no script reads the session");
    });

    await t.test("whoever is logged in does not see the log-in page", async () => {
      await page.goto(`${url}login?next=//evil.example/`);
      await at("/");
      assert.equal(new URL(page.url()).host, `127.0.0.1:${port}`);
    });

    await t.test("logging out ends it", async () => {
      await page.waitForSelector("#logout:not([hidden])");
      await page.click("#logout");
      await at("/login");
      assert.equal(await page.evaluate(async () => (await fetch("/api/cameras")).status), 401);
    });
  });
});
