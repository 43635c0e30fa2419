// Plays one camera in one <video>, and goes on whatever happens. The live stream over WebSocket where it can be had,
// HLS where not: where a proxy lets no WebSocket through, the codec needs another rendition, or sound has to be
// converted, which only HLS does.
import { HlsEngine, NativeEngine } from "./engine_hls.js";
import { LiveEngine } from "./engine_live.js";
import { kLivePossible, socketOpens } from "./live_socket.js";

// An engine is made with (video, url, handlers) and plays until close(); suspend() when the page is hidden, resume()
// when it is shown; `behind` is how many seconds of media lie between the picture and the newest. It calls
//   started({videoCodec, audioCodec}) when it knows what comes, as RFC 6381 names it (empty: none),
//   switched({videoCodec, audioCodec, fps, bitrate_kbps}) when another rendition shows, null for the main one, and
//   failed({kind, reason, codecs}) once, when it can't go on by itself. kind: "refused" (the live stream can't be
//   reached), "codec" (the browser can't decode it), "limit" (the server may not do more), "network" or "media".

const kRetryFirst = 1000;
const kRetryMax = 10000;
const kRetryCodec = 30000;     // the camera's format may be changed
const kWatch = 1000;           // how often progress is looked at
const kStallLimit = 8000;      // no progress for so long: start over
const kHiddenGrace = 5000;     // a page that is hidden for longer loads nothing
const kSocketPause = 60000;    // where no WebSocket came through, the next try
const kLiveTroubles = 2;       // so often broken…
const kTroubleTime = 300000;   // …within this time: HLS, until that fails, too

const hasMediaSource = Boolean((globalThis.ManagedMediaSource ?? globalThis.MediaSource)
  ?.isTypeSupported('video/mp4; codecs="avc1.42E01E,mp4a.40.2"'));

// No WebSocket comes through to this page's server until then, as far as is known; of all players.
let socketPausedUntil = 0;

export class Player {
  #video;
  #urls;
  #wanted;
  #onState;
  #engine = null;
  #fallback = ""; // why the engine is HLS and not the live stream
  #retryTimer = 0;
  #watchTimer = 0;
  #hiddenTimer = 0;
  #retries = 0;
  #lasting = ""; // "undecodable" or "limited": the page says so while it tries again
  #liveTroubles = 0;
  #lastTrouble = 0;
  #soundByHls = false;
  #silent = false; // HLS has no sound of this camera either
  #progress = { time: 0, at: 0 };

  /** Of the stream that plays, as RFC 6381 names them; empty where the browser plays HLS by itself. */
  codecs = { videoCodec: "", audioCodec: "" };
  /** What shows where it is not the main stream: {videoCodec, audioCodec, fps, bitrate_kbps}; else null. */
  rendition = null;

  /**
   * urls: {live, hls}; wanted: the engine that the user chose, "hls" or "live", or empty. onState(state, text):
   * "stopped", "loading", "playing", "waiting", "failed" or "limited" (with the reason), "undecodable" (with the codec).
   */
  constructor(video, urls, wanted, onState) {
    this.#video = video;
    this.#urls = urls;
    this.#wanted = wanted;
    this.#onState = onState;
    video.addEventListener("playing", () => this.#hasProgress());
    video.addEventListener("timeupdate", () => this.#hasProgress());
    video.addEventListener("waiting", () => this.#engine && this.#onState("waiting", ""));
    video.addEventListener("volumechange", () => this.#soundChanged());
    document.addEventListener("visibilitychange", () => this.#visibilityChanged());
  }

  get #active() {
    return this.#watchTimer !== 0;
  }

  start() {
    if (this.#active) return;
    this.#watchTimer = setInterval(() => this.#watch(), kWatch);
    this.#begin();
  }

  /** Ends loading. The last picture stays where the browser keeps it. */
  stop() {
    if (!this.#active) return;
    clearInterval(this.#watchTimer);
    clearTimeout(this.#hiddenTimer);
    this.#watchTimer = 0;
    this.#close();
    this.#onState("stopped", "");
  }

  /** Loads anew at once, where it plays or waits to try again. */
  restart() {
    if (!this.#active) return;
    socketPausedUntil = 0;
    this.#begin();
  }

  #begin() {
    this.#retries = 0;
    this.#liveTroubles = 0;
    this.#lasting = "";
    this.#open();
  }

  #open(fallback = "") {
    this.#close();
    performance.clearMarks(this.#urls.live);
    performance.mark(this.#urls.live); // the time to the first picture counts from here
    this.#progress = { time: -1, at: performance.now() };
    this.#fallback = fallback || this.#whyNotLive();
    if (!this.#lasting) this.#onState("loading", "");
    const Engine = !hasMediaSource ? NativeEngine : this.#fallback ? HlsEngine : LiveEngine;
    const engine = new Engine(this.#video, Engine === LiveEngine ? this.#urls.live : this.#urls.hls, {
      started: (codecs) => engine === this.#engine && this.#started(codecs),
      switched: (rendition) => {
        if (engine === this.#engine) this.rendition = rendition;
      },
      failed: (failure) => engine === this.#engine && this.#failed(failure),
    });
    this.#engine = engine;
  }

  #whyNotLive() {
    if (this.#wanted) return this.#wanted === "live" ? "" : "wanted";
    if (!kLivePossible) return "no WebSocket";
    if (this.#soundByHls) return "sound";
    if (performance.now() < socketPausedUntil) return "refused";
    return this.#liveTroubles >= kLiveTroubles ? "trouble" : "";
  }

  #close() {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = 0;
    this.#engine?.close();
    this.#engine = null;
    this.rendition = null;
    delete this.#video.dataset.engine;
  }

  #started(codecs) {
    this.codecs = codecs;
    this.#video.dataset.engine = this.#engine.name;
    if (this.#fallback === "refused") socketPausedUntil = Math.max(socketPausedUntil, performance.now() + kSocketPause);
    if (this.#fallback === "sound" && !codecs.audioCodec) {
      this.#silent = true;
      this.#soundByHls = false;
      this.#open();
      return;
    }
    this.#soundChanged();
    this.#play();
  }

  // The live stream carries sound as the camera sends it, and AAC only.
  #soundChanged() {
    if (!this.#active || !this.#engine || this.#wanted) return;
    if (this.#video.muted) {
      if (!this.#soundByHls) return;
      this.#soundByHls = false;
    } else {
      if (this.#fallback || this.#silent || !this.codecs.videoCodec || this.codecs.audioCodec) return;
      this.#soundByHls = true;
    }
    this.#open();
  }

  async #play() {
    try {
      await this.#video.play();
    } catch (error) {
      // Sound without a click is refused: go on without it.
      if (error.name !== "NotAllowedError" || this.#video.muted) return;
      this.#video.muted = true;
      this.#video.play().catch(() => {});
    }
  }

  #failed({ kind, reason, codecs }) {
    if (codecs) this.codecs = codecs;
    if (!this.#fallback && !this.#wanted && (kind === "refused" || kind === "codec")) return this.#open(kind);
    if (kind === "media") this.#countTrouble();
    this.#close();
    this.#lasting = { codec: "undecodable", limit: "limited" }[kind] ?? "";
    const delay = kind === "codec" ? kRetryCodec : Math.min(kRetryFirst * 2 ** this.#retries, kRetryMax);
    this.#retries += 1;
    this.#retryTimer = setTimeout(() => this.#open(), delay);
    this.#onState(this.#lasting || "failed", kind === "codec" ? this.codecs.videoCodec : reason);
  }

  // Of the engine that played.
  #countTrouble() {
    const now = performance.now();
    if (this.#fallback || now - this.#lastTrouble > kTroubleTime) this.#liveTroubles = 0;
    if (!this.#fallback) this.#liveTroubles += 1;
    this.#lastTrouble = now;
  }

  #hasProgress() {
    const time = this.#video.currentTime;
    if (!this.#active || time === this.#progress.time || this.#video.paused) return;
    this.#progress = { time, at: performance.now() };
    this.#retries = 0;
    this.#lasting = "";
    this.#onState("playing", "");
  }

  #watch() {
    if (document.hidden || this.#retryTimer) {
      this.#progress.at = performance.now();
      return;
    }
    if (this.#engine) this.#video.dataset.behind = this.#engine.behind.toFixed(2);
    if (this.#video.paused && this.#video.readyState > 2) this.#play();
    if (performance.now() - this.#progress.at > kStallLimit) {
      this.#countTrouble();
      this.#open();
    } else if (this.#fallback === "refused") {
      this.#probeSocket();
    }
  }

  // Behind a proxy that has learned to let WebSockets through, all players go back to them.
  async #probeSocket() {
    if (socketPausedUntil !== 0 && performance.now() < socketPausedUntil) return;
    if (socketPausedUntil !== 0) {
      socketPausedUntil = performance.now() + kSocketPause;
      if (!await socketOpens(this.#urls.live)) return;
      socketPausedUntil = 0;
    }
    if (this.#active && this.#fallback === "refused") this.#open();
  }

  #visibilityChanged() {
    clearTimeout(this.#hiddenTimer);
    if (!this.#active || !this.#engine) return;
    if (document.hidden) {
      this.#hiddenTimer = setTimeout(() => this.#engine?.suspend(), kHiddenGrace);
      return;
    }
    this.#progress.at = performance.now();
    this.#engine.resume();
    this.#play();
  }
}
