// Turns one camera and listens to it by npm's `onvif`; prints what it saw as JSON.
// node npm_onvif_drive.mjs HOST PORT USER PASSWORD
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const tests = fileURLToPath(new URL("..", import.meta.url));
const { Cam } = createRequire(tests)("onvif");

const [hostname, port, username, password] = process.argv.slice(2);
const camera = new Cam({ hostname, port: Number(port), username, password, timeout: 10000, autoconnect: false });
const call = (name, ...args) => promisify(camera[name].bind(camera))(...args);
const position = async () => (await call("getStatus", {})).position;
const moving = async () => (await call("getStatus", {})).moveStatus.panTilt;

await call("connect");
await call("continuousMove", { x: 0.5, y: 0, zoom: 0 });
const while_moving = await moving();
await call("stop", { panTilt: true, zoom: true });
const after_stop = await moving();
await call("setPreset", { presetName: "Gate" });
const presets = await call("getPresets", {});
const at_preset = await position();
await call("absoluteMove", { x: -1, y: -1, zoom: 1 });
await call("gotoPreset", { preset: presets.Gate.$.token });
while ((await moving()) === "MOVING") await new Promise((resolve) => setTimeout(resolve, 100));
const back = await position();

await call("createPullPointSubscription");
const events = [];
while (events.length < 2) {
  const pulled = await call("pullMessages", { messageLimit: 10 });
  for (const one of [pulled.notificationMessage].flat()) if (one) events.push(one);
}
await call("renew");
const imaging = await call("getImagingSettings", {});
await call("setImagingSettings", { brightness: 70 });
const after = await call("getImagingSettings", {});
await promisify((callback) => camera.unsubscribe(callback))();
console.log(JSON.stringify({
  while_moving, after_stop, presets: Object.keys(presets), at_preset, back,
  topics: events.map((event) => event.topic._),
  events: events.map((event) => [event.message.message.$.PropertyOperation,
    event.message.message.data.simpleItem.$.Value]),
  brightness: [imaging.brightness, after.brightness],
}));
process.exit(0); // its agent keeps connections
