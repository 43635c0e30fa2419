// Holds a picture near live: a cushion of media as small as the network allows lies ahead of what shows.

const kCushion = 0.1;       // seconds, at the least, just before the next frame comes
const kCushionMax = 1;
const kCushionGrowth = 1.5; // after a picture that came too late
const kCushionDecay = 0.99; // in each window without one
const kWindow = 1000;       // ms between decisions
const kTolerated = 0.05;    // seconds beyond the cushion that are left alone
const kJump = 0.5;          // beyond this it jumps instead of playing faster
const kFastest = 1.25;
const kSlower = 0.95;

export class LiveEdge {
  #video;
  #newest;
  #cushion = kCushion;
  #slack = Infinity; // the smallest lead in this window
  #decideAt = 0;

  /** newest(): the stretch of media that the live edge is in, {start, end} or null. */
  constructor(video, newest) {
    this.#video = video;
    this.#newest = newest;
  }

  /** To be called when media comes, before it is appended: then the lead is smallest. */
  sample() {
    const stretch = this.#newest();
    const now = performance.now();
    if (!stretch || this.#video.seeking) return;
    this.#slack = Math.min(this.#slack, stretch.end - this.#video.currentTime);
    if (now < this.#decideAt) return;
    this.#decide(stretch);
    this.#decideAt = now + kWindow;
    this.#slack = Infinity;
  }

  /** The picture stood still for want of media. */
  starved() {
    if (this.#video.seeking || performance.now() < this.#decideAt - kWindow / 2) return; // just jumped
    this.#cushion = Math.min(this.#cushion * kCushionGrowth, kCushionMax);
  }

  /** To be called when media was appended: leaves a hole or a stretch that has ended behind. */
  follow() {
    const stretch = this.#newest();
    if (stretch && !this.#video.seeking && this.#video.currentTime < stretch.start) this.jump();
  }

  /** Shows the newest picture but for the cushion. */
  jump() {
    const stretch = this.#newest();
    if (!stretch) return;
    this.#video.currentTime = Math.max(stretch.start, stretch.end - 2 * this.#cushion);
    this.#video.playbackRate = 1;
    this.#slack = Infinity;
    this.#decideAt = performance.now() + kWindow;
  }

  #decide(stretch) {
    const excess = this.#slack - this.#cushion;
    this.#cushion = Math.max(kCushion, this.#cushion * kCushionDecay);
    let rate = 1;
    if (excess > kJump) {
      this.#video.currentTime = Math.min(this.#video.currentTime + excess, stretch.end);
    } else if (excess > kTolerated) {
      rate = Math.min(1 + excess / 2, kFastest);
    } else if (excess < -this.#cushion / 2) {
      rate = kSlower;
    }
    if (this.#video.playbackRate !== rate) this.#video.playbackRate = rate;
  }
}
