// Starting and ending camctl's programs for the browser tests.
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { waitFor } from "./browser.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const binDir = process.env.CAMCTL_BIN_DIR ?? path.join(root, "build/release/bin");
export const artifacts = process.env.CAMCTL_ARTIFACTS ?? path.join(root, "build/artifacts");
export const kUser = "admin";
export const kPassword = "Secret-4711";
const kPictures = 90000; // ms: the first time, pictures are encoded

fs.mkdirSync(artifacts, { recursive: true });

/** A folder of this run, with the configuration and the password file that the programs read. */
export function makeFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "camctl-browser-"));
  fs.writeFileSync(path.join(folder, "password"), kPassword, { mode: 0o600 });
  fs.writeFileSync(path.join(folder, "camctl.yaml"),
    `credentials:\n  - host: 127.0.0.0/8\n    user: ${kUser}\n    password_file: password\n`, { mode: 0o600 });
  return folder;
}

const running = new Set();
process.on("exit", () => running.forEach((program) => program.child.kill("SIGKILL")));

/** Ends whatever still runs, after a failure too. */
export function stopAll() {
  return Promise.all([...running].map((program) => program.stop()));
}

export class Program {
  constructor(folder, name, args) {
    this.log = path.join(artifacts, `browser-${name}.log`);
    const out = fs.openSync(this.log, "a");
    this.child = spawn(path.join(binDir, `camctl-${name}`), args, { cwd: folder, stdio: ["ignore", out, out] });
    fs.closeSync(out);
    this.ended = new Promise((resolve) => this.child.once("exit", (code, signal) => resolve(code ?? signal)));
    running.add(this);
    this.ended.then(() => running.delete(this));
  }

  /** Sends the signal and waits for the end; SIGKILL after 5 s. */
  async stop(signal = "SIGTERM") {
    this.child.kill(signal);
    const timer = setTimeout(() => this.child.kill("SIGKILL"), 5000);
    const status = await this.ended;
    clearTimeout(timer);
    return status;
  }
}

export function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export function listening(address, port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, address);
    socket.setTimeout(1000, () => socket.destroy());
    socket.once("connect", () => socket.destroy(resolve(true)));
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
  });
}

/** Virtual cameras at `address` and up, once they listen. They demand kUser and kPassword. */
export function startCameras(folder, address, count, ...flags) {
  return startOpenCameras(folder, address, count, "--auth", "both", "--user", kUser, "--password-file", "password", ...flags);
}

/** The same, and they let everybody in. */
export async function startOpenCameras(folder, address, count, ...flags) {
  const program = new Program(folder, "simulate", ["--count", count, "--address", address, "--no-discovery", ...flags]);
  await waitFor(`the virtual cameras at ${address}`, () => listening(address, 5543), kPictures);
  return program;
}

/** A film for `simulate --video`, another picture than its own. */
export function makeFilm(folder, width, height) {
  const film = path.join(folder, `film-${width}.mp4`);
  execFileSync("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", `testsrc2=size=${width}x${height}:rate=25`, "-t", "4",
    "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "50", "-pix_fmt", "yuv420p", film]);
  return film;
}

/** The record of a virtual camera, as discover would write it. */
export function cameraRecord(address, index, name) {
  return {
    ip: address, port: 8000, rtsp_url: `rtsp://${address}:5543/live/channel0`, profile_name: "PROFILE_1",
    hls_url: `/hls/stream_${index}/playlist.m3u8`, id: `stream_${index}`, name, manufacturer: "camctl", model: "Virtual camera",
  };
}

export async function startServer(folder, cameras, port) {
  fs.writeFileSync(path.join(folder, "cameras.json"), JSON.stringify(cameras));
  const program = new Program(folder, "serve", ["--cameras", "cameras.json", "--listen", `127.0.0.1:${port}`]);
  await waitFor("the server", () => listening("127.0.0.1", port));
  return program;
}
