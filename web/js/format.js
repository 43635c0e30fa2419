// A camera's record in the words of the page.

const kCodecs = {
  h264: "H.264", avc: "H.264", avc1: "H.264", avc3: "H.264",
  h265: "H.265", hevc: "H.265", hvc1: "H.265", hev1: "H.265",
  mjpeg: "MJPEG", jpeg: "MJPEG", mpeg4: "MPEG-4", av1: "AV1", av01: "AV1",
  aac: "AAC", mp4a: "AAC", pcmu: "G.711 µ-law", pcma: "G.711 A-law", g711: "G.711", g726: "G.726", opus: "Opus",
};

export const kStatusLabels = { live: "Live", connecting: "Connecting", offline: "Offline", error: "Error", idle: "Idle" };

export function codecName(codec) {
  if (!codec) return "";
  const key = String(codec).split(".")[0].toLowerCase();
  return kCodecs[key] ?? String(codec).toUpperCase();
}

export function bitrateText(kbps) {
  if (!(kbps > 0)) return "";
  return kbps >= 1000 ? `${(kbps / 1000).toFixed(kbps >= 10000 ? 0 : 1)} Mbit/s` : `${Math.round(kbps)} kbit/s`;
}

export function fpsText(fps) {
  if (!(fps > 0)) return "";
  return `${fps >= 10 ? Math.round(fps) : Number(fps.toFixed(1))} fps`;
}

export function nameOf(camera) {
  return camera.name || camera.model || camera.ip || camera.id || "Camera";
}

export function modelOf(camera) {
  const model = camera.model ?? "";
  const maker = camera.manufacturer ?? "";
  const device = maker && !model.toLowerCase().startsWith(maker.toLowerCase()) ? `${maker} ${model}`.trim() : model;
  return [device, camera.ip].filter(Boolean).join(" · ");
}

/** The profile that is shown: the one the server names, else the first. */
function profileOf(camera) {
  const profiles = Array.isArray(camera.profiles) ? camera.profiles : [];
  return profiles.find((profile) => profile.name === camera.profile_name) ?? profiles[0] ?? {};
}

/**
 * What the stream is, as short texts: measured values before declared ones. `picture` is what is on screen,
 * {width, height, videoCodec, audioCodec, fps, bitrate_kbps}, each empty where it is not known; the last two are of
 * a rendition beside the main stream.
 */
export function factsOf(camera, picture) {
  const profile = profileOf(camera);
  const video = profile.video ?? {};
  const audio = profile.audio ?? {};
  const width = picture.width || video.width;
  const height = picture.height || video.height;
  const live = camera.status === "live";
  return [
    width && height ? { label: "Resolution", text: `${width}×${height}` } : null,
    { label: "Video codec", text: codecName(picture.videoCodec || video.codec) },
    { label: "Frame rate", text: fpsText(picture.fps || (live && camera.fps) || video.fps) },
    { label: "Bitrate", text: bitrateText(picture.bitrate_kbps || (live && camera.bitrate_kbps) || video.bitrate_kbps) },
    { label: "Audio codec", text: codecName(picture.audioCodec || audio.codec) },
  ].filter((fact) => fact && fact.text);
}

/** A Date from what an API may give: ISO 8601, or seconds or milliseconds since 1970. Null for nothing. */
export function toDate(value) {
  if (value === null || value === undefined || value === "" || value === 0) return null;
  const date = typeof value === "number" ? new Date(value < 1e11 ? value * 1000 : value) : new Date(value);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** "for 3 min", as long as it is since `date`. */
export function durationText(date, now = new Date()) {
  const seconds = Math.max(0, Math.round((now - date) / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

/** "14:03:22", with the day where it was not today. */
export function clockText(date, now = new Date()) {
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  if (date.toDateString() === now.toDateString()) return time;
  return `${date.toLocaleDateString([], { day: "numeric", month: "short" })} ${time}`;
}

/** A playlist for VLC: the camera itself and, where that can't be reached, this server's HLS of it. */
export function vlcPlaylist(camera, origin) {
  const title = nameOf(camera).replace(/[\r\n]+/g, " ");
  const hls = camera.hls_url ? new URL(camera.hls_url, origin).href : "";
  const entries = [camera.rtsp_url, hls].filter(Boolean);
  return ["#EXTM3U", ...entries.flatMap((url) => [`#EXTINF:-1,${title}`, url]), ""].join("\n");
}

export function fileName(camera) {
  return `${nameOf(camera).replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|-+$/g, "") || camera.id}.m3u`;
}
