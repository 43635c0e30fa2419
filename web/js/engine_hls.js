// Plays an HLS address: by hls.js wherever the browser has Media Source Extensions, by the browser's own HLS elsewhere.

const kMediaErrorPause = 5000; // a second decoding error within this time: start over
const kBehind = 3;             // seconds behind where the playlist wants it: more is jumped, less played faster
const kBehindStalled = 0.5;    // the same while the picture stands still
const kLowerPause = 3000;      // ms that a lower level has to prove itself before live is jumped to
const kTooMuch = 0.6;          // of a level's bit rate: what is estimated of a network that does not carry it
const kBack = 1;               // seconds that somebody goes back on purpose; players nudge by less

// How far behind live it plays is the playlist's word: PART-HOLD-BACK. (hls.js allows no bound of its own beside it.)
const kConfig = {
  workerPath: "/vendor/hls.worker.js",
  lowLatencyMode: true,
  liveSyncOnStallIncrease: 0.2, // seconds more behind after each stall, up to a target duration: a camera's outage is one
  highBufferWatchdogPeriod: 1,  // seconds until it nudges a picture that stands still although there is media
  maxLiveSyncPlaybackRate: 1.25,
  maxBufferLength: 20,
  backBufferLength: 20,
};

let hlsModule = null;

/** hls.js, fetched when it is first needed; a failed fetch is tried again the next time. */
function loadHls() {
  hlsModule ??= import("/vendor/hls.mjs").then((module) => module.default, (error) => {
    hlsModule = null;
    throw error;
  });
  return hlsModule;
}

export class HlsEngine {
  name = "hls.js";
  #video;
  #handlers;
  #Hls = null;
  #hls = null;
  #closed = false;
  #lastMediaError = -Infinity;
  #loweredAt = -Infinity;
  #following = true; // false: somebody went back, and stays there
  #shown = 0;        // where the picture was last
  #events = new AbortController();

  /** See player.js for the handlers. */
  constructor(video, url, handlers) {
    this.#video = video;
    this.#handlers = handlers;
    const { signal } = this.#events;
    video.addEventListener("timeupdate", () => { this.#shown = video.currentTime; }, { signal });
    video.addEventListener("seeking", () => this.#sought(), { signal });
    loadHls().then((Hls) => this.#open(Hls, url), () => this.#fail("network", "the player could not be loaded"));
  }

  #open(Hls, url) {
    if (this.#closed) return;
    this.#Hls = Hls;
    this.#hls = new Hls(kConfig);
    this.name = `hls.js ${Hls.version}`;
    this.#hls.on(Hls.Events.MANIFEST_PARSED, (_, { levels }) => {
      this.#handlers.started({ videoCodec: levels[0]?.videoCodec ?? "", audioCodec: levels[0]?.audioCodec ?? "" });
    });
    this.#hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => this.#handlers.switched?.(shownOf(this.#hls.levels[level])));
    this.#hls.on(Hls.Events.LEVEL_UPDATED, () => this.#toLive());
    this.#hls.on(Hls.Events.ERROR, (_, error) => this.#error(error));
    this.#hls.loadSource(url);
    this.#hls.attachMedia(this.#video);
  }

  close() {
    this.#closed = true;
    this.#events.abort();
    this.#hls?.destroy();
    this.#hls = null;
    if (this.#video.hasAttribute("src")) {
      this.#video.removeAttribute("src");
      this.#video.load();
    }
  }

  /** It goes on loading while nobody looks. */
  suspend() {}

  resume() {
    this.#toLive();
  }

  get behind() {
    return this.#hls?.latency ?? 0;
  }

  /** Who goes back in the window (`--dvr`) stays there until he is near live again. */
  #sought() {
    const video = this.#video, live = this.#hls?.liveSyncPosition ?? 0;
    if (live - video.currentTime <= kBehind) this.#following = true;
    else if (video.currentTime < this.#shown - kBack) this.#following = false;
  }

  #toLive() {
    const video = this.#video, wanted = this.#hls?.liveSyncPosition;
    if (!this.#following || !wanted || video.seeking || video.readyState === HTMLMediaElement.HAVE_NOTHING) return;
    const stalled = video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
    if (wanted - video.currentTime <= (stalled ? kBehindStalled : kBehind)) return;
    if (!this.#lowers()) video.currentTime = wanted;
  }

  // A picture that falls behind may be too much for the network. Where there is a lower level hls.js is told so: a jump
  // would end what is being loaded, and with it the measuring, again and again. True: it may have helped.
  #lowers() {
    const now = performance.now();
    const hls = this.#hls;
    if (now - this.#loweredAt < kLowerPause) return true;
    if (!hls.autoLevelEnabled || hls.loadLevel <= hls.minAutoLevel) return false;
    this.#loweredAt = now;
    hls.bandwidthEstimate = hls.levels[hls.loadLevel].maxBitrate * kTooMuch;
    return true;
  }

  #error(error) {
    if (!error.fatal || this.#closed) return;
    const Hls = this.#Hls;
    const { kind, reason } = this.#describe(error);
    if (kind === "media") {
      const now = performance.now();
      const repeated = now - this.#lastMediaError < kMediaErrorPause;
      this.#lastMediaError = now;
      if (!repeated && error.type === Hls.ErrorTypes.MEDIA_ERROR) return this.#hls.recoverMediaError();
    }
    this.#fail(kind, reason);
  }

  #describe(error) {
    const { ErrorDetails: details, ErrorTypes: types } = this.#Hls;
    const codecErrors = [
      details.MANIFEST_INCOMPATIBLE_CODECS_ERROR,
      details.BUFFER_ADD_CODEC_ERROR,
      details.BUFFER_INCOMPATIBLE_CODECS_ERROR,
    ];
    if (codecErrors.includes(error.details)) return { kind: "codec", reason: "" };
    if (error.type !== types.NETWORK_ERROR) return { kind: "media", reason: "the browser could not decode it" };
    const code = error.response?.code;
    const refusal = refusalOf(error.networkDetails);
    if (refusal?.code === "limit") return { kind: "limit", reason: sentences(refusal.message, refusal.hint) };
    if (refusal?.message) return { kind: "network", reason: refusal.message };
    return { kind: "network", reason: code ? `the server answered ${code}` : "the server can't be reached" };
  }

  #fail(kind, reason) {
    if (!this.#closed) this.#handlers.failed({ kind, reason });
  }
}

/** What is known of a level by its playlist; nothing of the camera's main stream, which is measured. */
function shownOf(level) {
  if (!level || /\/main(-\d+)?\/media\.m3u8$/.test(new URL(level.uri, location.href).pathname)) return null;
  return {
    videoCodec: level.videoCodec ?? "", audioCodec: level.audioCodec ?? "", fps: level.frameRate,
    bitrate_kbps: (level.averageBitrate || level.bitrate) / 1000,
  };
}

/** What the server says of a playlist that it can't give: {code, message, hint}; null where it says nothing. */
function refusalOf(request) {
  try {
    return JSON.parse(request.responseText).error ?? null;
  } catch {
    return null; // no request, no answer, or another server's
  }
}

function sentences(...texts) {
  return texts.filter(Boolean).map((text) => text[0].toUpperCase() + text.slice(1)).join(". ");
}

export class NativeEngine {
  name = "native";
  #video;
  #events = new AbortController();

  constructor(video, url, { started, failed }) {
    this.#video = video;
    if (!video.canPlayType("application/vnd.apple.mpegurl")) {
      const reason = "this browser plays neither Media Source Extensions nor HLS";
      queueMicrotask(() => this.#events.signal.aborted || failed({ kind: "media", reason }));
      return;
    }
    const { signal } = this.#events;
    video.addEventListener("error", () => {
      failed({ kind: "media", reason: video.error?.message || "the browser can't play it" });
    }, { signal });
    video.src = url;
    queueMicrotask(() => this.#events.signal.aborted || started({ videoCodec: "", audioCodec: "" }));
  }

  close() {
    this.#events.abort();
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  suspend() {}
  resume() {}

  get behind() {
    return 0; // it does not say
  }
}
