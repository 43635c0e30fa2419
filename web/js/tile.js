// One camera of the grid: its picture, what is known of it, and what to do with it.
import { clockText, codecName, durationText, factsOf, fileName, kStatusLabels, modelOf, nameOf, toDate, vlcPlaylist } from "./format.js";
import { Panel } from "./panel.js";
import { Player } from "./player.js";

const kPatience = 5000; // ms: a camera that comes back within them is not called offline
const kPhone = /Android|iPhone|iPad|iPod/i.test(navigator.userAgent);

export class Tile {
  #camera;
  #player;
  #panel;
  #playerState = "stopped";
  #playerText = "";
  #visible = false;
  #hadPicture = false;
  #offlineSince = null;
  #awaySince = 0; // when it was first heard of as not live, on the page's own clock; 0: it is
  #parts;
  #vlcUrl = "";
  #vlcText = "";
  #notify;

  /** engine: the one that the user chose, or empty (player.js). notify(text) shows a short message to the user. */
  constructor(camera, engine, notify) {
    this.#notify = notify;
    this.element = document.getElementById("tile").content.firstElementChild.cloneNode(true);
    const find = (selector) => this.element.querySelector(selector);
    this.#parts = {
      video: find("video"), cover: find(".cover"), coverIcon: find(".cover-icon use"), coverTitle: find(".cover-title"),
      coverText: find(".cover-text"), coverTime: find(".cover-time"), badge: find(".badge"), sound: find(".sound"), control: find(".control"),
      full: find(".full"), stage: find(".stage"), name: find(".name"), model: find(".model"), facts: find(".facts"),
      copy: find(".copy"), vlc: find(".vlc"),
    };
    this.element.dataset.camera = camera.id;
    const id = encodeURIComponent(camera.id);
    const urls = { live: `/api/cameras/${id}/live`, hls: `/hls/${id}/index.m3u8` };
    this.#player = new Player(this.#parts.video, urls, engine, (state, text) => this.#playerChanged(state, text));
    this.#panel = new Panel(find(".panel"), camera, notify);
    this.#wire();
    this.update(camera);
  }

  /** Takes a new record of the camera. */
  update(camera) {
    const before = this.#camera?.status;
    this.#camera = camera;
    this.#awaySince = camera.status === "live" || camera.status === "idle" ? 0 : this.#awaySince || performance.now();
    if (camera.status === "live") this.#offlineSince = null;
    else if (before === "live" || !this.#offlineSince) this.#offlineSince = toDate(camera.last_frame) ?? this.#offlineSince;
    this.#panel.update(camera);
    this.#parts.control.hidden = !Panel.serves(camera);
    if (this.#parts.control.hidden) this.#openPanel(false);
    this.#control();
    this.#draw();
  }

  /** The camera is live, and yet there is no picture here: the browser can't play it, or the server may not. */
  get inTrouble() {
    return this.#camera.status === "live" && ["undecodable", "limited", "failed"].includes(this.#playerState);
  }

  /** Only cameras on screen play. */
  setVisible(visible) {
    this.#visible = visible;
    this.#control();
  }

  remove() {
    this.#openPanel(false);
    this.#player.stop();
    if (this.#vlcUrl) URL.revokeObjectURL(this.#vlcUrl);
    this.element.remove();
  }

  /** The server is back after a break: its streams may have begun anew. */
  reconnect() {
    this.#player.restart();
  }

  // What the page shows: a short break is no matter, once there was a picture.
  get #status() {
    const { status } = this.#camera;
    const short = status === "offline" && this.#hadPicture && performance.now() - this.#awaySince < kPatience;
    return short ? "connecting" : status ?? "connecting";
  }

  // Plays while there is something to play; a short break ("connecting") is left to the player's buffer. An idle
  // camera is connected by the player's request.
  #control() {
    const status = this.#status;
    if (this.#visible && (status === "live" || status === "idle")) this.#player.start();
    else if (!this.#visible || status !== "connecting") this.#player.stop();
  }

  #playerChanged(state, text) {
    this.#playerState = state;
    this.#playerText = text;
    if (state === "playing") this.#hadPicture = true;
    else if (state !== "waiting") this.#hadPicture = false;
    this.#draw();
  }

  #openPanel(open) {
    this.#panel.toggle(open);
    this.#parts.control.setAttribute("aria-expanded", String(this.#panel.open));
  }

  #wire() {
    const { copy, vlc, sound, full, stage, video, control } = this.#parts;
    control.addEventListener("click", () => this.#openPanel(!this.#panel.open));
    copy.addEventListener("click", async () => {
      const copied = await copyText(this.#camera.rtsp_url);
      this.#notify(copied ? `Copied ${this.#camera.rtsp_url}` : `Copy it by hand: ${this.#camera.rtsp_url}`);
    });
    vlc.addEventListener("click", () => {
      if (!kPhone) this.#notify(`Open ${vlc.download} with VLC; it may ask for the camera's password`);
    });
    sound.addEventListener("click", () => {
      video.muted = !video.muted;
    });
    video.addEventListener("volumechange", () => this.#drawSound());
    video.addEventListener("resize", () => this.#draw());
    full.addEventListener("click", () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else if (stage.requestFullscreen) stage.requestFullscreen().catch(() => {});
      else video.webkitEnterFullscreen?.(); // iPhones have it for videos only
    });
    stage.addEventListener("dblclick", (event) => {
      if (!event.target.closest("button, .panel")) full.click();
    });
    full.setAttribute("aria-label", "Full screen");
    full.title = "Full screen (double-click)";
    this.#drawSound();
  }

  #draw() {
    const camera = this.#camera;
    const { name, model, badge, video, copy } = this.#parts;
    const status = this.#status;
    setText(name, nameOf(camera));
    name.title = nameOf(camera);
    setText(model, modelOf(camera));
    model.title = modelOf(camera);
    this.element.dataset.status = status;
    this.element.setAttribute("aria-label", `${nameOf(camera)}: ${kStatusLabels[status] ?? status}`);
    setText(badge, kStatusLabels[status] ?? status);
    video.setAttribute("aria-label", `Live picture of ${nameOf(camera)}`);
    copy.disabled = !camera.rtsp_url;
    copy.title = camera.rtsp_url ?? "";
    this.#drawFacts();
    this.#drawVlc();
    this.#drawCover(status);
  }

  #drawFacts() {
    const { facts, video } = this.#parts;
    const { codecs, rendition } = this.#player;
    const list = factsOf(this.#camera, { width: video.videoWidth, height: video.videoHeight, ...codecs, ...rendition });
    const key = JSON.stringify(list);
    if (facts.dataset.key === key) return;
    facts.dataset.key = key;
    facts.replaceChildren(...list.map((fact) => {
      const item = document.createElement("li");
      item.title = fact.label;
      item.textContent = fact.text;
      return item;
    }));
  }

  // Phones hand vlc:// to VLC; desktops know VLC as the program for .m3u files.
  #drawVlc() {
    const { vlc } = this.#parts;
    const camera = this.#camera;
    const text = kPhone ? `vlc://${camera.rtsp_url}` : vlcPlaylist(camera, location.href);
    if (text === this.#vlcText) return;
    this.#vlcText = text;
    if (kPhone) {
      vlc.href = text;
      return;
    }
    if (this.#vlcUrl) URL.revokeObjectURL(this.#vlcUrl);
    this.#vlcUrl = URL.createObjectURL(new Blob([text], { type: "audio/x-mpegurl" }));
    vlc.href = this.#vlcUrl;
    vlc.download = fileName(camera);
    vlc.title = `Saves ${vlc.download}, which VLC opens`;
  }

  #drawSound() {
    const { sound, video } = this.#parts;
    const label = video.muted ? "Sound on" : "Sound off";
    sound.setAttribute("aria-label", label);
    sound.setAttribute("aria-pressed", String(!video.muted));
    sound.title = label;
    sound.querySelector("use").setAttribute("href", video.muted ? "#icon-muted" : "#icon-sound");
  }

  #drawCover(status) {
    const { cover, coverIcon, coverTitle, coverText, coverTime } = this.#parts;
    const content = this.#coverContent(status);
    cover.hidden = !content;
    if (!content) return;
    cover.dataset.kind = content.kind;
    coverIcon.setAttribute("href", { wait: "#icon-wait", off: "#icon-off", alert: "#icon-alert" }[content.kind]);
    setText(coverTitle, content.title);
    setText(coverText, content.text ?? "");
    setText(coverTime, content.time ?? "");
  }

  // What covers the picture; nothing while it moves.
  #coverContent(status) {
    const { reason, hint } = this.#camera;
    if (status === "offline" || status === "error") {
      const since = this.#offlineSince;
      const next = sentence(hint) || "Trying again by itself.";
      return {
        kind: status === "error" ? "alert" : "off",
        title: status === "error" ? "Camera can't be shown" : "Camera offline",
        text: sentence(reason) || "The camera does not answer.",
        time: since ? `Last picture ${clockText(since)}, ${durationText(since)} ago. ${next}` : `No picture yet. ${next}`,
      };
    }
    if (status === "idle" && !this.#visible) return { kind: "wait", title: "Connected when it is watched" };
    if (status !== "live" && !this.#hadPicture) {
      return { kind: "wait", title: "Connecting to the camera…", text: sentence(reason) };
    }
    if (this.#playerState === "undecodable") {
      const codec = codecName(this.#playerText) || "this camera";
      return {
        kind: "alert",
        title: `This browser can't play ${codec}`,
        text: "Open the camera in VLC or another browser, or choose H.264 in the camera's settings.",
      };
    }
    if (this.#playerState === "limited") {
      return { kind: "wait", title: "Waiting for the server", text: sentence(this.#playerText), time: "Trying again by itself." };
    }
    if (this.#playerState === "failed") {
      return { kind: "alert", title: "Picture interrupted", text: sentence(this.#playerText), time: "Trying again by itself." };
    }
    if (!this.#hadPicture) return { kind: "wait", title: "Loading the picture…" };
    return null;
  }
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function sentence(text) {
  if (!text) return "";
  const trimmed = String(text).trim();
  return trimmed[0].toUpperCase() + trimmed.slice(1) + (/[.!?…]$/.test(trimmed) ? "" : ".");
}

// The clipboard's interface needs HTTPS or localhost; the older way works elsewhere.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "offscreen";
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}
