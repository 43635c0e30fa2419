// Plays one HLS address in one <video>, and goes on whatever happens: by hls.js wherever the browser has
// Media Source Extensions (or ManagedMediaSource), by the browser's own HLS only elsewhere.

const kRetryFirst = 1000;
const kRetryMax = 10000;
const kWatch = 1000;           // how often progress is looked at
const kStallLimit = 8000;      // no progress for so long: start over
const kMediaErrorPause = 5000; // a second decoding error within this time: start over

// The segments are 2 s and longer: two behind the edge is enough on a local network.
const kConfig = {
  workerPath: "/vendor/hls.worker.js",
  liveSyncDurationCount: 2,
  liveMaxLatencyDurationCount: 8,
  maxLiveSyncPlaybackRate: 1.25,
  maxBufferLength: 20,
  backBufferLength: 20,
};

const hasMediaSource = "MediaSource" in globalThis || "ManagedMediaSource" in globalThis;

let hlsModule = null;

/** hls.js, fetched when the first camera plays; a failed fetch is tried again the next time. */
function loadHls() {
  hlsModule ??= import("/vendor/hls.mjs").then((module) => module.default, (error) => {
    hlsModule = null;
    throw error;
  });
  return hlsModule;
}

export class Player {
  #video;
  #url;
  #onState;
  #hls = null;
  #generation = 0; // of start and stop: an answer for an earlier one is dropped
  #retryTimer = 0;
  #watchTimer = 0;
  #retries = 0;
  #lastMediaError = -Infinity;
  #progress = { time: 0, at: 0 };

  /** Of the stream that plays, as RFC 6381 names them; empty where the browser plays HLS by itself. */
  codecs = { videoCodec: "", audioCodec: "" };

  /** onState(state, text): "stopped", "loading", "playing", "waiting" or "failed" (with the reason). */
  constructor(video, url, onState) {
    this.#video = video;
    this.#url = url;
    this.#onState = onState;
    video.addEventListener("playing", () => this.#hasProgress());
    video.addEventListener("timeupdate", () => this.#hasProgress());
    video.addEventListener("waiting", () => this.#active && this.#onState("waiting", ""));
    video.addEventListener("error", () => {
      if (this.#active && !this.#hls) this.#fail(video.error?.message || "the browser can't play it");
    });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.#active) this.#toLiveEdge();
    });
  }

  get #active() {
    return this.#watchTimer !== 0;
  }

  start() {
    if (this.#active) return;
    this.#retries = 0;
    this.#watchTimer = setInterval(() => this.#watch(), kWatch);
    this.#open();
  }

  /** Ends loading. The last picture stays where the browser keeps it. */
  stop() {
    if (!this.#active) return;
    clearInterval(this.#watchTimer);
    this.#watchTimer = 0;
    this.#close();
    this.#onState("stopped", "");
  }

  /** Loads anew at once, where it plays or waits to try again. */
  restart() {
    if (!this.#active) return;
    this.#retries = 0;
    this.#open();
  }

  async #open() {
    this.#close();
    const generation = this.#generation;
    this.#progress = { time: -1, at: performance.now() };
    this.#onState("loading", "");
    if (!hasMediaSource) {
      this.#openNative();
      return;
    }
    let Hls;
    try {
      Hls = await loadHls();
    } catch {
      if (generation === this.#generation) this.#fail("the player could not be loaded");
      return;
    }
    if (generation !== this.#generation) return;
    if (!Hls.isSupported()) {
      this.#openNative();
      return;
    }
    const hls = new Hls(kConfig);
    this.#hls = hls;
    hls.on(Hls.Events.MANIFEST_PARSED, (_, { levels }) => {
      this.codecs = { videoCodec: levels[0]?.videoCodec ?? "", audioCodec: levels[0]?.audioCodec ?? "" };
      this.#play();
    });
    hls.on(Hls.Events.ERROR, (_, error) => this.#hlsError(Hls, error));
    hls.loadSource(this.#url);
    hls.attachMedia(this.#video);
    this.#video.dataset.engine = `hls.js ${Hls.version}`;
  }

  #openNative() {
    if (!this.#video.canPlayType("application/vnd.apple.mpegurl")) {
      this.#fail("this browser plays neither Media Source Extensions nor HLS");
      return;
    }
    this.#video.dataset.engine = "native";
    this.#video.src = this.#url;
    this.#play();
  }

  #close() {
    this.#generation += 1;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = 0;
    this.#hls?.destroy();
    this.#hls = null;
    delete this.#video.dataset.engine;
    if (this.#video.hasAttribute("src")) {
      this.#video.removeAttribute("src");
      this.#video.load();
    }
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

  #hlsError(Hls, error) {
    if (!error.fatal) return;
    if (error.type === Hls.ErrorTypes.MEDIA_ERROR && !isCodecError(Hls, error)) {
      const now = performance.now();
      const repeated = now - this.#lastMediaError < kMediaErrorPause;
      this.#lastMediaError = now;
      if (!repeated) {
        this.#hls.recoverMediaError();
        this.#play();
        return;
      }
    }
    this.#fail(reasonOf(Hls, error));
  }

  #fail(reason) {
    this.#close();
    const delay = Math.min(kRetryFirst * 2 ** this.#retries, kRetryMax);
    this.#retries += 1;
    this.#retryTimer = setTimeout(() => this.#open(), delay);
    this.#onState("failed", reason);
  }

  #hasProgress() {
    const time = this.#video.currentTime;
    if (!this.#active || time === this.#progress.time || this.#video.paused) return;
    this.#progress = { time, at: performance.now() };
    this.#retries = 0;
    this.#onState("playing", "");
  }

  #watch() {
    if (document.hidden || this.#retryTimer) {
      this.#progress.at = performance.now();
      return;
    }
    if (this.#video.paused && this.#video.readyState > 2) this.#play();
    if (performance.now() - this.#progress.at > kStallLimit) this.#open();
  }

  // A page that was hidden may have fallen far behind.
  #toLiveEdge() {
    const edge = this.#hls?.liveSyncPosition;
    if (edge && edge - this.#video.currentTime > kConfig.liveMaxLatencyDurationCount) this.#video.currentTime = edge;
    this.#progress.at = performance.now();
    this.#play();
  }
}

function isCodecError(Hls, error) {
  const details = Hls.ErrorDetails;
  return [
    details.MANIFEST_INCOMPATIBLE_CODECS_ERROR,
    details.BUFFER_ADD_CODEC_ERROR,
    details.BUFFER_INCOMPATIBLE_CODECS_ERROR,
  ].includes(error.details);
}

function reasonOf(Hls, error) {
  if (isCodecError(Hls, error)) return "this browser can't decode the camera's format; VLC can";
  if (error.type === Hls.ErrorTypes.NETWORK_ERROR) {
    const code = error.response?.code;
    return code ? `the server answered ${code}` : "the server can't be reached";
  }
  return "the browser could not decode it";
}
