// The little of fragmented MP4 (ISO 14496-12) that the player must know: where a track's key frames lie.

const kBoxHeader = 8;
const kSampleIsNonSync = 0x10000;                       // §8.8.3.1
const kTfhdOptional = [[0x1, 8], [0x2, 4], [0x8, 4], [0x10, 4]]; // what stands before default_sample_flags (§8.8.7)
const kTfhdFlags = 0x20, kTrunFlags = 0x400;

function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The bodies of the boxes of `type` at the top of `bytes`. */
function* boxes(bytes, type) {
  const view = viewOf(bytes);
  for (let at = 0; bytes.length - at >= kBoxHeader;) {
    const size = view.getUint32(at);
    if (size < kBoxHeader || size > bytes.length - at) return;
    if (String.fromCharCode(...bytes.subarray(at + 4, at + kBoxHeader)) === type) {
      yield bytes.subarray(at + kBoxHeader, at + size);
    }
    at += size;
  }
}

/** The first body at `path` below `bytes`; empty where there is none. */
function find(bytes, ...path) {
  let body = bytes;
  for (const type of path) body = boxes(body, type).next().value ?? new Uint8Array(0);
  return body;
}

/** Track id -> ticks a second, of the video tracks of an initialisation segment. */
export function videoTimescales(init) {
  const scales = new Map();
  for (const track of boxes(find(init, "moov"), "trak")) {
    const header = find(track, "tkhd"), media = find(track, "mdia", "mdhd"), handler = find(track, "mdia", "hdlr");
    if (header.length < 24 || media.length < 24 || handler.length < 12) continue;
    if (String.fromCharCode(...handler.subarray(8, 12)) !== "vide") continue;
    const wide = (body) => (body[0] === 1 ? 8 : 0); // two dates of 64 bits instead of 32
    scales.set(viewOf(header).getUint32(12 + wide(header)), viewOf(media).getUint32(12 + wide(media)));
  }
  return scales;
}

/** The decoding time in seconds of the key frame that a fragment begins with; null where it begins with none. */
export function keyFrameTime(fragment, timescales) {
  for (const track of boxes(find(fragment, "moof"), "traf")) {
    const header = find(track, "tfhd"), time = find(track, "tfdt"), run = find(track, "trun");
    if (header.length < 8 || time.length < 8 || run.length < 8) continue;
    const timescale = timescales.get(viewOf(header).getUint32(4));
    if (!timescale || firstSampleFlags(header, run) & kSampleIsNonSync) continue;
    const ticks = time[0] === 1 && time.length >= 12 ? Number(viewOf(time).getBigUint64(4)) : viewOf(time).getUint32(4);
    return ticks / timescale;
  }
  return null;
}

// Flags of the run's first sample: its own, else the fragment's (§8.8.7, §8.8.8).
function firstSampleFlags(header, run) {
  const flags = viewOf(run).getUint32(0) & 0xffffff;
  if (flags & kTrunFlags) {
    const at = 8 + (flags & 0x1 ? 4 : 0) + (flags & 0x4 ? 4 : 0) + (flags & 0x100 ? 4 : 0) + (flags & 0x200 ? 4 : 0);
    return at + 4 <= run.length ? viewOf(run).getUint32(at) : 0;
  }
  const defaults = viewOf(header).getUint32(0) & 0xffffff;
  let at = 8;
  for (const [flag, size] of kTfhdOptional) if (defaults & flag) at += size;
  return defaults & kTfhdFlags && at + 4 <= header.length ? viewOf(header).getUint32(at) : 0;
}
