// Plays the server's WebSocket stream: half a second behind the camera at most, the first picture at once.
import { LiveBuffer, plays } from "./live_buffer.js";
import { LiveEdge } from "./live_edge.js";
import { LiveSocket } from "./live_socket.js";
import { keyFrameTime, videoTimescales } from "./mp4.js";

const kReconnect = 200; // ms

export class LiveEngine {
  name = "live";
  #video;
  #path;
  #handlers;
  #buffer;
  #edge;
  #events = new AbortController(); // of the video
  #socket = null;
  #reconnectTimer = 0;
  #timescales = new Map();
  #fresh = true;       // this connection has brought no media yet
  #positioned = false; // the picture is within this connection's media

  /** See player.js for the handlers. */
  constructor(video, path, handlers) {
    this.#video = video;
    this.#path = path;
    this.#handlers = handlers;
    this.#buffer = new LiveBuffer(video, {
      appended: () => this.#appended(),
      failed: (reason) => this.#fail("media", reason),
    });
    this.#edge = new LiveEdge(video, () => this.#buffer.newest);
    const { signal } = this.#events;
    video.addEventListener("error", () => this.#fail("media", "the browser could not decode it"), { signal });
    video.addEventListener("waiting", () => this.#edge.starved(), { signal });
    // The first key frame shows before what follows it is decoded.
    video.addEventListener("loadeddata", () => this.#edge.jump(), { signal });
    this.#connect();
  }

  close() {
    this.suspend();
    this.#events.abort();
    this.#video.playbackRate = 1;
    this.#buffer.close();
  }

  /** Nobody looks: the connection ends, the last picture stays. */
  suspend() {
    clearTimeout(this.#reconnectTimer);
    this.#socket?.close();
    this.#socket = null;
  }

  /** Somebody looks again. */
  resume() {
    if (this.#socket) this.#edge.jump();
    else this.#connect();
  }

  get behind() {
    return (this.#buffer.newest?.end ?? this.#video.currentTime) - this.#video.currentTime;
  }

  #connect() {
    clearTimeout(this.#reconnectTimer);
    this.#fresh = true;
    this.#socket = new LiveSocket(this.#path, {
      onInit: (about, bytes) => this.#setFormat(about, bytes),
      onFragment: (bytes) => {
        this.#edge.sample();
        this.#buffer.append(bytes, keyFrameTime(bytes, this.#timescales));
      },
      onClose: ({ opened }) => this.#closed(opened),
    });
  }

  #setFormat({ mime }, init) {
    const codecs = codecsOf(mime);
    if (!plays(mime)) return this.#fail("codec", "", codecs);
    if (this.#fresh) {
      this.#buffer.clear(); // the server's times begin anew when it does
      this.#positioned = false;
    }
    this.#fresh = false;
    this.#timescales = videoTimescales(init);
    this.#buffer.setFormat(mime, init);
    this.#handlers.started(codecs);
  }

  // A connection that brought media is followed by another at once: the camera was changed, or the server or the
  // network was away for a moment.
  #closed(opened) {
    this.#socket = null;
    if (this.#fresh) return this.#fail(opened ? "network" : "refused", "the server can't be reached");
    this.#reconnectTimer = setTimeout(() => this.#connect(), kReconnect);
  }

  #appended() {
    const stretch = this.#buffer.newest;
    if (!stretch) return;
    if (this.#positioned) return this.#edge.follow();
    this.#positioned = true;
    if (this.#video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) this.#edge.jump();
    else this.#video.currentTime = stretch.start;
  }

  #fail(kind, reason, codecs) {
    this.suspend();
    this.#events.abort();
    this.#handlers.failed({ kind, reason, codecs });
  }
}

/** {videoCodec, audioCodec} of a MIME type with its codecs; empty for what is not there. */
function codecsOf(mime) {
  const list = /codecs="([^"]*)"/.exec(mime)?.[1].split(",").map((codec) => codec.trim()) ?? [];
  const isVideo = (codec) => /^(avc|hvc|hev)/.test(codec);
  return { videoCodec: list.find(isVideo) ?? "", audioCodec: list.find((codec) => !isVideo(codec)) ?? "" };
}
