// A MediaSource with one SourceBuffer that is fed piece by piece: operations in their order, one at a time.

const Media = globalThis.ManagedMediaSource ?? globalThis.MediaSource;

const kKeptBehind = 4;      // seconds of media behind the picture
const kTrimStep = 4;        // removed at a time, so that it is not done for each frame
const kMaxWaiting = 32 << 20; // bytes that the browser has not taken: it never will

/** Whether this browser can decode `mime`. */
export function plays(mime) {
  return Media.isTypeSupported(mime);
}

export class LiveBuffer {
  #video;
  #media = new Media();
  #source = null;
  #handlers;
  #waiting = []; // operations
  #waitingBytes = 0;
  #keys = [];    // times of key frames that are buffered
  #closed = false;

  /** Calls appended() after each change of what is buffered, failed(text) once when it can't go on. */
  constructor(video, handlers) {
    this.#video = video;
    this.#handlers = handlers;
    video.disableRemotePlayback = true; // ManagedMediaSource wants it
    const url = URL.createObjectURL(this.#media);
    this.#media.addEventListener("sourceopen", () => {
      URL.revokeObjectURL(url);
      this.#next();
    }, { once: true });
    video.src = url;
  }

  /** The newest stretch without a hole: {start, end}, or null. */
  get newest() {
    const { buffered } = this.#video;
    const last = buffered.length - 1;
    return last < 0 ? null : { start: buffered.start(last), end: buffered.end(last) };
  }

  /** Forgets all media: what comes next may have other times. */
  clear() {
    this.#waiting = [{ clear: true }];
    this.#waitingBytes = 0;
    this.#next();
  }

  /** The format of what follows: `mime` with its codecs, and the initialisation segment. */
  setFormat(mime, init) {
    this.#waiting.push({ mime, bytes: init });
    this.#next();
  }

  /** `key`: the time in seconds of the key frame that it begins with, else null. */
  append(bytes, key) {
    this.#waiting.push({ bytes, key });
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > kMaxWaiting) return this.#fail("the browser is too slow");
    this.#next();
  }

  close() {
    this.#closed = true;
    this.#waiting = [];
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  #fail(reason) {
    if (this.#closed) return;
    this.#waiting = [];
    this.#closed = true;
    this.#handlers.failed(reason);
  }

  #next() {
    if (this.#closed || this.#media.readyState !== "open" || this.#source?.updating || this.#waiting.length === 0) return;
    try {
      this.#run(this.#waiting[0]);
    } catch (error) {
      if (error.name === "QuotaExceededError" && this.#trim(0)) return; // the operation is still first in line
      this.#fail(error.message);
    }
  }

  #run(operation) {
    if (operation.clear) {
      this.#waiting.shift();
      this.#keys = [];
      if (!this.#source) return this.#next();
      this.#source.abort(); // drops what it has of a fragment that was cut
      this.#source.remove(0, Infinity);
      return;
    }
    if (operation.mime) {
      if (this.#source) this.#source.changeType(operation.mime);
      else this.#addSource(operation.mime);
      this.#source.appendBuffer(operation.bytes);
      this.#waiting.shift();
      return;
    }
    // All that waits up to the next change of format, in one go.
    const end = this.#waiting.findIndex((other) => other.mime || other.clear);
    const taken = end < 0 ? this.#waiting : this.#waiting.slice(0, end);
    this.#source.appendBuffer(joined(taken.map(({ bytes }) => bytes)));
    this.#keys.push(...taken.map(({ key }) => key).filter((key) => key !== null));
    this.#waitingBytes -= taken.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#waiting = this.#waiting.slice(taken.length);
  }

  #addSource(mime) {
    this.#source = this.#media.addSourceBuffer(mime);
    this.#media.duration = Infinity;
    this.#source.addEventListener("updateend", () => {
      if (this.#closed) return;
      this.#handlers.appended();
      if (!this.#trim(kTrimStep)) this.#next();
    });
  }

  // Whole groups of pictures only: removing a key frame takes what depends on it along. True: something goes.
  #trim(step) {
    if (this.#closed || this.#source.updating || this.#media.readyState !== "open") return false;
    const { buffered, currentTime } = this.#video;
    const key = this.#keys.findLast((time) => time <= currentTime - kKeptBehind);
    if (key === undefined || buffered.length === 0 || buffered.start(0) >= key - step) return false;
    this.#keys = this.#keys.filter((time) => time >= key);
    this.#source.remove(0, key);
    return true;
  }
}

function joined(pieces) {
  if (pieces.length === 1) return pieces[0];
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
