// What may stand between a browser and the server: a TCP proxy that can cut, hold back, or refuse WebSockets.
import net from "node:net";

export class Proxy {
  #server;
  #pairs = new Set();
  #target;
  refusesUpgrades = false; // answers them with 502, as proxies do that were not told of WebSockets

  /** Listens on a port of its own, and passes on to `target` of 127.0.0.1. */
  static async open(target) {
    const proxy = new Proxy();
    proxy.#target = target;
    proxy.#server = net.createServer((client) => proxy.#accept(client));
    await new Promise((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port() {
    return this.#server.address().port;
  }

  /** Ends all connections at once, without a word. */
  cut() {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.destroy();
    }
  }

  /** Passes nothing on over the connections that are open now, as a network that has silently gone. */
  hold() {
    for (const { client, server } of this.#pairs) {
      client.pause();
      server.pause();
    }
  }

  close() {
    this.cut();
    this.#server.close();
  }

  #accept(client) {
    const server = net.connect(this.#target, "127.0.0.1");
    const pair = { client, server };
    this.#pairs.add(pair);
    const end = () => {
      client.destroy();
      server.destroy();
      this.#pairs.delete(pair);
    };
    for (const socket of [client, server]) socket.on("error", end).on("close", end);
    server.on("data", (data) => client.write(data) || server.pause());
    client.on("drain", () => server.resume());
    client.on("data", (data) => {
      if (this.refusesUpgrades && /^upgrade: *websocket/mi.test(data.toString("latin1"))) {
        client.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      } else {
        server.write(data);
      }
    });
  }
}
