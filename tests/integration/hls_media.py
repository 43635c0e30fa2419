"""What is in a segment, read by a few lines of our own: quick enough to look at every segment of a live server.

`units(data)` gives {"video": [(dts, key), ...], "audio": [...]}, times in seconds; key is told of the first video unit
only, by its NAL units. ValueError where the bytes are not what they should be.
"""

import struct

VIDEO_TYPES, AUDIO_TYPES = {0x1b: "h264", 0x24: "h265"}, {0x0f, 0x03, 0x04}


def boxes(data):
    """(type, body) of each box at the top of `data` (ISO 14496-12 §4.2)."""
    at = 0
    while len(data) - at >= 8:
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8 or size > len(data) - at:
            return
        yield kind.decode("latin-1"), data[at + 8:at + size]
        at += size


def inner(data, *path):
    """The bodies of all boxes at `path` below `data`."""
    found = [data]
    for kind in path:
        found = [body for outer in found for name, body in boxes(outer) if name == kind]
    return found


def is_key(codec, nals):
    """Whether coded picture data of a random access point is among the NAL units (ISO 14496-10, ISO 23008-2 Table 7-1)."""
    if codec == "h264":
        return any(nal[0] & 31 == 5 for nal in nals if nal)
    return any(16 <= nal[0] >> 1 & 63 <= 21 for nal in nals if nal)


def _tracks(init):
    """track id -> (kind, timescale, codec) of an initialisation segment."""
    out = {}
    for trak in inner(init, "moov", "trak"):
        (tkhd,), (mdhd,), (hdlr,) = inner(trak, "tkhd"), inner(trak, "mdia", "mdhd"), inner(trak, "mdia", "hdlr")
        (stsd,) = inner(trak, "mdia", "minf", "stbl", "stsd")
        kind = {b"vide": "video", b"soun": "audio"}[hdlr[8:12]]
        codec = {b"avc1": "h264", b"hvc1": "h265"}.get(stsd[12:16])
        out[struct.unpack_from(">I", tkhd, 12)[0]] = kind, struct.unpack_from(">I", mdhd, 12)[0], codec
    return out


def tracks(init):
    """What the tracks of an initialisation segment are: sorted (kind, timescale, codec); ValueError as units()."""
    try:
        return sorted((kind, timescale, codec or "") for kind, timescale, codec in _tracks(init).values())
    except (IndexError, KeyError, struct.error) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def mp4_units(init, segment):
    tracks, out = _tracks(init), {"video": [], "audio": []}
    moof_at = segment.index(b"moof") - 4
    for traf in inner(segment, "moof", "traf"):
        (tfhd,), (tfdt,), (trun,) = inner(traf, "tfhd"), inner(traf, "tfdt"), inner(traf, "trun")
        kind, timescale, codec = tracks[struct.unpack_from(">I", tfhd, 4)[0]]
        dts = struct.unpack_from(">Q" if tfdt[0] else ">I", tfdt, 4)[0]
        flags, count = struct.unpack_from(">I", trun)[0] & 0xffffff, struct.unpack_from(">I", trun, 4)[0]
        if flags & 0x301 != 0x301:
            raise ValueError("trun without offset, durations or sizes")
        offset, at = struct.unpack_from(">i", trun, 8)[0], 12 + (4 if flags & 4 else 0)
        step = 4 * bin(flags & 0xf00).count("1")
        for i in range(count):
            duration, size = struct.unpack_from(">II", trun, at)
            key = True
            if kind == "video" and i == 0:
                sample, nals = segment[moof_at + offset:moof_at + offset + size], []
                while len(sample) > 4:
                    length = struct.unpack_from(">I", sample)[0]
                    nals.append(sample[4:4 + length])
                    sample = sample[4 + length:]
                key = is_key(codec, nals)
            out[kind].append((dts / timescale, key))
            dts, at = dts + duration, at + step
    return out


def _time(field):
    return ((field[0] >> 1 & 7) << 30 | field[1] << 22 | field[2] >> 1 << 15 | field[3] << 7 | field[4] >> 1) / 90000


def ts_units(data):
    """By ISO 13818-1 §2.4."""
    out, pmt, streams, first_video = {"video": [], "audio": []}, None, {}, None
    for at in range(0, len(data), 188):
        packet = data[at:at + 188]
        if packet[0] != 0x47:
            raise ValueError("no sync byte")
        pid, start, control = (packet[1] & 31) << 8 | packet[2], packet[1] & 0x40, packet[3] >> 4 & 3
        body = packet[5 + packet[4] if control & 2 else 4:] if control & 1 else b""
        if pid == 0 and start:
            pmt = (body[11] & 31) << 8 | body[12]
        elif pid == pmt and start:
            section = body[1 + body[0]:]
            end, i = 3 + ((section[1] & 15) << 8 | section[2]) - 4, 12 + ((section[10] & 15) << 8 | section[11])
            while i < end:
                streams[(section[i + 1] & 31) << 8 | section[i + 2]] = section[i]
                i += 5 + ((section[i + 3] & 15) << 8 | section[i + 4])
        elif pid in streams and body:
            kind = "video" if streams[pid] in VIDEO_TYPES else "audio"
            if start:
                if body[:3] != b"\0\0\1" or not body[7] & 0x80:
                    raise ValueError("PES packet without start code or PTS")
                out[kind].append((_time(body[14:19] if body[7] & 0x40 else body[9:14]), True))
            if kind == "video" and len(out["video"]) == 1:
                first_video = (first_video or b"") + (body[9 + body[8]:] if start else body)
    if first_video:
        codec = next(VIDEO_TYPES[t] for t in streams.values() if t in VIDEO_TYPES)
        out["video"][0] = out["video"][0][0], is_key(codec, first_video.split(b"\0\0\1")[1:])
    return out


def units(data, init=None):
    try:
        return mp4_units(init, data) if init else ts_units(data)
    except (IndexError, KeyError, struct.error, StopIteration) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
