// How old a picture is when it shows: camctl simulate's picture has a bar that says which frame it is, and the
// camera's own stream, read here, says when that frame was sent. Both clocks are this machine's.
import net from "node:net";
import { performance } from "node:perf_hooks";

// Of camctl simulate's default picture (apps/simulate/virtual_media.h, picture.cc).
const kFrames = 200, kGroup = 50, kFrameTime = 40;
const kGroupTime = kGroup * kFrameTime; // key frames tell groups' beginnings: ages are known modulo this

const now = () => performance.timeOrigin + performance.now();

/** Reads the camera at `address` over RTSP (it must demand no password); keyTime() is when key frames are sent, modulo kGroupTime. */
export class CameraClock {
  #socket;
  #buffer = Buffer.alloc(0);
  #replies = [];
  #keys = [];
  #key = false;

  static async open(address, path = "/live/channel0", port = 5543) {
    const clock = new CameraClock();
    const url = `rtsp://${address}:${port}${path}`;
    clock.#socket = net.connect(port, address);
    clock.#socket.on("data", (data) => clock.#receive(data));
    clock.#socket.on("error", () => {});
    const description = await clock.#ask(`DESCRIBE ${url} RTSP/1.0\r\nAccept: application/sdp`);
    const base = /^Content-Base: *(\S+)/mi.exec(description)?.[1] ?? `${url}/`;
    const control = /^m=video[^]*?^a=control:(\S+)/m.exec(description)[1];
    const track = /^rtsp:/.test(control) ? control : base + control;
    const setup = await clock.#ask(`SETUP ${track} RTSP/1.0\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1`);
    const session = /^Session: *([^;\s]+)/mi.exec(setup)[1];
    await clock.#ask(`PLAY ${url} RTSP/1.0\r\nSession: ${session}\r\nRange: npt=0-`);
    return clock;
  }

  /** Age in ms, modulo kGroupTime, of frame `index` at the time `at` (ms since 1970); null until it is known. */
  age(index, at) {
    const keys = this.#keys.slice(1); // the first is of a group that had begun before
    if (keys.length === 0) return null;
    // The least late reading: this program is not always on time.
    const phases = keys.map((time) => time - Math.round((time - keys[0]) / kGroupTime) * kGroupTime);
    const sent = Math.min(...phases) + (index % kGroup) * kFrameTime;
    return (((at - sent) % kGroupTime) + kGroupTime) % kGroupTime;
  }

  get ready() {
    return this.#keys.length >= 3;
  }

  close() {
    this.#socket.destroy();
  }

  #ask(request) {
    this.#socket.write(`${request}\r\nCSeq: ${Math.floor(performance.now()) + 1}\r\n\r\n`);
    return new Promise((resolve) => this.#replies.push(resolve));
  }

  #receive(data) {
    this.#buffer = Buffer.concat([this.#buffer, data]);
    for (;;) {
      const size = this.#buffer[0] === 0x24 ? this.#frame() : this.#reply();
      if (!size) return;
      this.#buffer = this.#buffer.subarray(size);
    }
  }

  #reply() {
    const end = this.#buffer.indexOf("\r\n\r\n");
    if (end < 0) return 0;
    const length = Number(/^Content-Length: *(\d+)/mi.exec(this.#buffer.subarray(0, end).toString())?.[1] ?? 0);
    const size = end + 4 + length;
    if (this.#buffer.length < size) return 0;
    this.#replies.shift()?.(this.#buffer.subarray(0, size).toString());
    return size;
  }

  #frame() {
    if (this.#buffer.length < 4 || this.#buffer.length < 4 + this.#buffer.readUInt16BE(2)) return 0;
    const size = 4 + this.#buffer.readUInt16BE(2);
    const packet = this.#buffer.subarray(4, size);
    if (this.#buffer[1] === 0 && packet.length > 14) {
      const payload = packet.subarray(12 + 4 * (packet[0] & 15));
      const type = payload[0] & 31;
      if (type === 5 || (type === 28 && (payload[1] & 31) === 5)) this.#key = true; // RFC 6184: IDR, whole or in pieces
      if (packet[1] & 0x80) { // the marker: the picture is complete
        if (this.#key) this.#keys.push(now());
        this.#key = false;
      }
    }
    return size;
  }
}

/** Runs in the page: which frame each picture of the <video> at `selector` was, for so long: [[index, when it shows]]. */
export function framesShown(page, selector, milliseconds) {
  return page.$eval(selector, (video, { duration, frames }) => new Promise((resolve) => {
    const seen = [], canvas = document.createElement("canvas");
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const end = performance.now() + duration;
    const look = (_, picture) => {
      const { videoWidth: width, videoHeight: height } = video;
      const unit = Math.max(1, Math.floor(height / 360));
      canvas.width = width;
      canvas.height = 1;
      context.drawImage(video, 0, height - 32 * unit, width, 1, 0, 0, width, 1); // a line through the bar
      const pixels = context.getImageData(0, 0, width, 1).data;
      const bar = [];
      for (let x = 0; x < width; x++) if (pixels[4 * x] > 170 && pixels[4 * x + 2] < 120) bar.push(x);
      if (bar.length > 0) {
        const left = bar.reduce((sum, x) => sum + x, 0) / bar.length - 4 * unit;
        seen.push([Math.round(left * frames / width), performance.timeOrigin + picture.expectedDisplayTime]);
      }
      if (performance.now() < end) video.requestVideoFrameCallback(look);
      else resolve(seen);
    };
    video.requestVideoFrameCallback(look);
    setTimeout(() => resolve(seen), duration + 2000);
  }), { duration: milliseconds, frames: kFrames });
}

export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
