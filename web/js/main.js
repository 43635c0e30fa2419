// The dashboard: keeps one tile for each camera of the server.
import { pollCameras } from "./api.js";
import { currentSession, logOut } from "./session.js";
import { Tile } from "./tile.js";

const kToastTime = 4000;
// ?engine=hls plays HLS where the live stream would be taken, ?engine=live never falls back.
const kEngine = ["hls", "live"].find((name) => name === new URLSearchParams(location.search).get("engine")) ?? "";

const grid = document.getElementById("grid");
const empty = document.getElementById("empty");
const summary = document.getElementById("summary");
const banner = document.getElementById("banner");
const toast = document.getElementById("toast");
const tiles = new Map(); // by camera id, in the server's order

const onScreen = new IntersectionObserver((entries) => {
  for (const entry of entries) tiles.get(entry.target.dataset.camera)?.setVisible(entry.isIntersecting);
}, { rootMargin: "100px" });

let toastTimer = 0;
function notify(text) {
  toast.textContent = text;
  toast.classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => toast.classList.remove("shown"), kToastTime);
}

function showCameras(cameras) {
  const returned = !banner.hidden;
  banner.hidden = true;
  delete grid.dataset.stale;
  const ids = new Set(cameras.map((camera) => camera.id));
  for (const [id, tile] of tiles) {
    if (ids.has(id)) continue;
    onScreen.unobserve(tile.element);
    tile.remove();
    tiles.delete(id);
  }
  cameras.forEach((camera, index) => {
    let tile = tiles.get(camera.id);
    if (tile) {
      tile.update(camera);
      if (returned) tile.reconnect();
    } else {
      tile = new Tile(camera, kEngine, notify);
      tiles.set(camera.id, tile);
    }
    if (grid.children[index] !== tile.element) {
      grid.insertBefore(tile.element, grid.children[index] ?? null);
      onScreen.observe(tile.element);
    }
  });
  arrange(cameras.length);
  showSummary(cameras);
}

// Few cameras share the screen evenly; many go on below it.
function arrange(count) {
  const columns = count <= 1 ? 1 : count <= 4 ? 2 : count <= 9 ? 3 : 4;
  grid.style.setProperty("--columns", columns);
  grid.style.setProperty("--rows", Math.min(Math.ceil(count / columns), columns) || 1);
  grid.hidden = count === 0;
  empty.hidden = count > 0;
}

function showSummary(cameras) {
  const live = cameras.filter((camera) => camera.status === "live" && !tiles.get(camera.id)?.inTrouble).length;
  summary.dataset.state = live === cameras.length ? "good" : live > 0 ? "partly" : "bad";
  const text = cameras.length === 0 ? "" : `${live} of ${cameras.length} live`;
  if (summary.textContent !== text) summary.textContent = text;
  document.title = cameras.length === 0 ? "camctl" : `${text} – camctl`;
}

function showFailure(reason) {
  banner.textContent = `No news of the cameras: ${reason}. Trying again by itself.`;
  banner.hidden = false;
  grid.dataset.stale = ""; // what the tiles say is old
  if (summary.textContent) {
    summary.dataset.state = "bad";
    summary.textContent = "No connection";
    document.title = "No connection – camctl";
  }
}

pollCameras({ onCameras: showCameras, onFailure: showFailure });

async function showUser() {
  const session = await currentSession();
  if (!session?.user) return; // nobody has to log in here
  const button = document.getElementById("logout");
  button.querySelector(".label").textContent = session.user;
  button.title = `Log out (${session.user}, ${session.role})`;
  button.hidden = false;
  button.addEventListener("click", logOut);
}
showUser().catch(() => {}); // the list of cameras tells that there is no connection
