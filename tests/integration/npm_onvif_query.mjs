// Asks one camera by npm's `onvif` and prints what it says as JSON.
// node npm_onvif_query.mjs HOST PORT USER PASSWORD
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const tests = fileURLToPath(new URL("..", import.meta.url));
const { Cam } = createRequire(tests)("onvif");

const [hostname, port, username, password] = process.argv.slice(2);
const camera = new Cam({ hostname, port: Number(port), username, password, timeout: 10000, autoconnect: false });
const call = (name, ...args) => promisify(camera[name].bind(camera))(...args);

await call("connect");
const information = await call("getDeviceInformation");
const profiles = [];
for (const profile of camera.profiles) {
  const profileToken = profile.$.token;
  profiles.push({
    token: profileToken,
    name: profile.name,
    rtsp_url: (await call("getStreamUri", { protocol: "RTSP", profileToken })).uri,
    snapshot_url: (await call("getSnapshotUri", { profileToken })).uri,
  });
}
console.log(JSON.stringify({ serial: information.serialNumber, media2: camera.media2Support, profiles }));
