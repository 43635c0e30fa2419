// The server's live stream of one camera: fragmented MP4 over a WebSocket (camctl-serve(1), /api/cameras/{id}/live).

/** Whether this browser can be given media piece by piece. */
export const kLivePossible = "WebSocket" in globalThis &&
  ("MediaSource" in globalThis || "ManagedMediaSource" in globalThis);

export class LiveSocket {
  #socket;
  #handlers;
  #init = null; // announced by text, its bytes come next

  /**
   * Connects at once. Calls, in this order: onOpen(); onInit({mime, width, height}, bytes) before the first media
   * and whenever the tracks change; onFragment(bytes), one access unit each; onClose({opened, code}) once, not
   * after close().
   */
  constructor(path, handlers) {
    const url = new URL(path, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.#handlers = handlers;
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = "arraybuffer";
    let opened = false;
    this.#socket.onopen = () => {
      opened = true;
      handlers.onOpen?.();
    };
    this.#socket.onmessage = ({ data }) => this.#message(data);
    this.#socket.onclose = ({ code }) => handlers.onClose?.({ opened, code });
  }

  close() {
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
  }

  #message(data) {
    if (typeof data === "string") {
      const text = JSON.parse(data);
      if (text.type === "init") this.#init = text; // others may come in later versions
      return;
    }
    const bytes = new Uint8Array(data);
    if (!this.#init) return this.#handlers.onFragment?.(bytes);
    const init = this.#init;
    this.#init = null;
    this.#handlers.onInit?.(init, bytes);
  }
}

/** Resolves to whether a WebSocket to `path` can be opened: a proxy may not let it through. */
export function socketOpens(path) {
  return new Promise((resolve) => {
    const done = (opens) => {
      socket.close();
      resolve(opens);
    };
    const socket = new LiveSocket(path, { onOpen: () => done(true), onClose: () => done(false) });
  });
}
