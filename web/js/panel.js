// What opens over a camera's picture: turning it, its presets, and what it has told lately.
import { clockText, kStatusLabels, toDate } from "./format.js";

const kMove = 1500; // ms: how long the camera turns if this page goes away
const kRepeat = 700; // ms: how often a held button says that it is still held
const kTap = 300; // ms: what one press of a key turns
const kSpeed = 0.5;
const kEvents = 6;

export class Panel {
  #camera;
  #base;
  #parts;
  #notify;
  #events = [];
  #source = null;
  #holding = 0;
  #busy = Promise.resolve(); // one request after the other: a stop must not overtake its move
  #pending = 0;

  /** element: the template's .panel. notify(text) shows a short message to the user. */
  constructor(element, camera, notify) {
    this.element = element;
    this.#notify = notify;
    this.#base = `/api/cameras/${encodeURIComponent(camera.id)}`;
    const find = (selector) => element.querySelector(selector);
    this.#parts = { pad: find(".pad"), presets: find(".presets"), choice: find("select"), save: find(".save"), events: find(".events") };
    for (const button of this.#parts.pad.querySelectorAll("button")) this.#wire(button);
    this.#parts.choice.addEventListener("change", () => this.#goto());
    this.#parts.save.addEventListener("click", () => this.#keep());
    this.update(camera);
  }

  /** Whether a camera has anything to show here. */
  static serves(camera) {
    return Boolean(camera.onvif_url) && (camera.ptz !== false || camera.events !== false);
  }

  update(camera) {
    this.#camera = camera;
    this.#parts.pad.hidden = this.#parts.presets.hidden = camera.ptz !== true;
    this.#parts.events.hidden = camera.events === false;
  }

  get open() {
    return !this.element.hidden;
  }

  toggle(open = !this.open) {
    if (open === this.open) return;
    this.element.hidden = !open;
    if (!open) {
      this.#release();
      this.#source?.close();
      this.#source = null;
      return;
    }
    if (this.#camera.ptz === true) this.#listPresets();
    if (this.#camera.events !== false) this.#listen();
  }

  // ---- Turning

  #wire(button) {
    const { pan, tilt, zoom, action } = button.dataset;
    if (action) {
      button.addEventListener("click", () => this.#order({ action }));
      return;
    }
    const way = {};
    for (const [axis, sign] of Object.entries({ pan, tilt, zoom })) if (sign) way[axis] = Number(sign) * kSpeed;
    button.addEventListener("pointerdown", (event) => {
      button.setPointerCapture(event.pointerId);
      this.#hold(way);
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) button.addEventListener(end, () => this.#release());
    button.addEventListener("click", (event) => {
      if (event.detail === 0) this.#order({ action: "move", ...way, for_ms: kTap }); // a key
    });
  }

  #hold(way) {
    this.#release();
    const move = () => {
      if (this.#pending < 2) this.#order({ action: "move", ...way, for_ms: kMove });
    };
    this.#holding = setInterval(move, kRepeat);
    move();
  }

  #release() {
    if (!this.#holding) return;
    clearInterval(this.#holding);
    this.#holding = 0;
    this.#order({ action: "stop" });
  }

  #order(order) {
    return this.#ask("POST", "/ptz", order);
  }

  // ---- Presets

  async #listPresets() {
    const presets = await this.#ask("GET", "/presets");
    if (!Array.isArray(presets)) return;
    const options = presets.map((preset) => new Option(preset.name || preset.token, preset.token));
    this.#parts.choice.replaceChildren(new Option(presets.length ? "Preset…" : "No presets", ""), ...options);
    this.#parts.choice.disabled = presets.length === 0;
  }

  #goto() {
    const preset = this.#parts.choice.value;
    this.#parts.choice.value = "";
    if (preset) this.#order({ action: "goto", preset });
  }

  async #keep() {
    const name = prompt("Keep where the camera looks as:")?.trim();
    if (name && await this.#ask("POST", "/presets", { name })) this.#listPresets();
  }

  // The answer's JSON, true for an answer without one; nothing where it failed, which is said.
  #ask(method, path, body) {
    this.#pending += 1;
    const answer = this.#busy.then(async () => {
      try {
        const options = body ? { body: JSON.stringify(body), headers: { "content-type": "application/json" } } : {};
        const response = await fetch(this.#base + path, { method, cache: "no-store", ...options });
        const json = response.status === 204 ? true : await response.json();
        if (response.ok) return json;
        if (response.status !== 409) this.#notify(json.error?.message ?? response.statusText); // 409: a later order took its place
      } catch {
        this.#notify("The server can't be reached");
      }
      return null;
    });
    this.#busy = answer.finally(() => { this.#pending -= 1; });
    return answer;
  }

  // ---- Events

  async #listen() {
    this.#events = [];
    this.#drawEvents();
    let after = "";
    try {
      const response = await fetch(`${this.#base}/events?limit=${kEvents}`, { cache: "no-store" });
      const lately = response.ok ? await response.json() : [];
      for (const event of lately) this.#take(event);
      if (lately.length > 0) after = `&after=${lately.at(-1).id}`;
    } catch { /* the stream says more */ }
    if (!this.open || this.#source) return;
    this.#source = new EventSource(`/api/events/stream?camera=${encodeURIComponent(this.#camera.id)}${after}`);
    this.#source.addEventListener("message", (message) => this.#take(JSON.parse(message.data)));
  }

  #take(event) {
    const text = eventText(event);
    if (!text) return;
    this.#events.unshift({ time: toDate(event.received ?? event.time), text, kind: event.state ? "on" : "" });
    this.#events.length = Math.min(this.#events.length, kEvents);
    this.#drawEvents();
  }

  #drawEvents() {
    const items = this.#events.map(({ time, text, kind }) => {
      const item = document.createElement("li");
      item.dataset.kind = kind;
      item.textContent = `${time ? clockText(time) : ""} ${text}`.trim();
      return item;
    });
    if (items.length === 0) {
      const none = document.createElement("li");
      none.textContent = "Nothing has happened yet";
      items.push(none);
    }
    this.#parts.events.replaceChildren(...items);
  }
}

// An event in a few words; nothing for what says nothing to people.
function eventText(event) {
  if (event.type === "state") return kStatusLabels[event.status] ?? event.status;
  if (event.type === "subscription") return event.listening ? "" : `No events: ${event.reason}`;
  if (event.type === "lost" || !event.topic) return "";
  const what = event.topic.split("/").at(-1).replace(/([a-z])([A-Z])/g, "$1 $2");
  if (typeof event.state === "boolean") return `${what}: ${event.state ? "yes" : "no"}`;
  return [what, ...Object.entries(event.data ?? {}).slice(0, 2).map(([name, value]) => `${name} ${value}`)].join(" ");
}
