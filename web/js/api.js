// The server's list of cameras, asked for every two seconds while the page is visible.
import { goToLogIn } from "./session.js";

const kInterval = 2000;
const kTimeout = 8000;
const kMaxInterval = 10000;

/**
 * Calls onCameras(array) after each answer and onFailure(text) after each failure, until the page goes.
 * Stops while the page is hidden, and asks at once when it is shown again.
 */
export function pollCameras({ onCameras, onFailure }) {
  let timer = 0;
  let failures = 0;
  let running = false;

  async function ask() {
    if (running) return;
    running = true;
    clearTimeout(timer);
    try {
      onCameras(await fetchCameras());
      failures = 0;
    } catch (error) {
      failures += 1;
      onFailure(error.message);
    }
    running = false;
    if (!document.hidden) timer = setTimeout(ask, Math.min(kInterval * Math.max(1, failures), kMaxInterval));
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden) ask();
  });
  addEventListener("online", ask);
  ask();
}

async function fetchCameras() {
  let response;
  try {
    response = await fetch("/api/cameras", {
      headers: { accept: "application/json" },
      cache: "no-store",
      signal: AbortSignal.timeout(kTimeout),
    });
  } catch (error) {
    throw new Error(error.name === "TimeoutError" ? "the server does not answer" : "the server can't be reached");
  }
  if (response.status === 401) goToLogIn(); // the session has ended
  if (!response.ok) throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
  let cameras;
  try {
    cameras = await response.json();
  } catch {
    throw new Error("the server's answer is not JSON");
  }
  if (!Array.isArray(cameras)) throw new Error("the server's answer is not a list of cameras");
  return cameras;
}
