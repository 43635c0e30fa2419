"""What libhls's packagers write, re-read by FFmpeg: packets, times, decoding; and MPEG-TS by its own rules."""

import fractions
import functools
import json
import pathlib
import subprocess

import pytest

import hls_media
import hls_rules
import hls_validate
from conftest import program, require

PICTURE = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=7"]
SLOW = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=2:duration=12"]
SOUND = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=7"]
H264 = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"]
H265 = ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-x265-params"]
AAC = ["-c:a", "aac", "-b:a", "64k"]

# name: how the ffmpeg command line makes it
SOURCES = {
    "h264_b_frames": [*PICTURE, *SOUND, *H264, "-g", "50", "-bf", "2", *AAC],
    "h264_baseline_mono": [*PICTURE, *SOUND, *H264, "-g", "25", "-profile:v", "baseline", *AAC, "-ac", "1", "-ar", "16000"],
    "h264_alone": [*PICTURE, *H264, "-g", "50"],
    "h264_long_gop": [*PICTURE, *H264, "-g", "400", "-sc_threshold", "0", "-bf", "0"],
    "h264_slow": [*SLOW, *SOUND, *H264, "-g", "4", *AAC],
    "h265_b_frames": [*PICTURE, *SOUND, *H265, "log-level=0:keyint=50:bframes=3", *AAC],
    "h265_open_gop": [*PICTURE, *H265, "log-level=0:keyint=50:min-keyint=50:open-gop=1:scenecut=0"],
    "aac_alone": [*SOUND, *AAC],
}


def run(*args, **options):
    done = subprocess.run([str(a) for a in args], capture_output=True, check=False, **options)
    assert done.returncode == 0, f"{args}\n{done.stderr.decode(errors='replace')}"
    return done


@pytest.fixture(scope="module", params=SOURCES)
def packaged(request, tmp_path_factory):
    """(source file, folder with everything that was packaged from it)"""
    require("ffmpeg", "ffprobe")
    folder = tmp_path_factory.mktemp(request.param)
    source = folder / "source.mp4"
    run("ffmpeg", "-v", "error", *SOURCES[request.param], source)
    run(program("hls_package"), source, folder)
    return source, folder


def segments(folder, playlist):
    parsed, findings = hls_rules.check_text((folder / playlist).read_bytes())
    assert not findings
    return parsed


@functools.cache
def packets(path, kind):
    """(pts, dts, size, key) of each packet; of playlist.m3u8 those of its segments put together."""
    if path.name == "playlist.m3u8":
        # FFmpeg's HLS reader gives the second frame of an audio PES packet the time of the first.
        whole = path.with_name("whole.ts")
        whole.write_bytes(b"".join((path.parent / s.uri).read_bytes() for s in segments(path.parent, path.name).segments))
        path = whole
    shown = run("ffprobe", "-v", "error", "-select_streams", kind[0], "-show_entries",
                "packet=pts_time,dts_time,size,flags", "-of", "json", path)
    assert not shown.stderr, shown.stderr
    found = json.loads(shown.stdout)["packets"]
    return [(float(p["pts_time"]), float(p["dts_time"]), int(p["size"]), "K" in p["flags"]) for p in found]


@pytest.mark.parametrize("playlist", ["playlist.m3u8", "index.m3u8"])
def test_every_packet_comes_back(packaged, playlist):
    source, folder = packaged
    for kind in ("video", "audio"):
        expected, found = packets(source, kind), packets(folder / playlist, kind)
        if kind == "audio" and packets(source, "video"):
            # What sounds before the first picture is left out.
            assert len(expected) - len(found) <= 2
            expected = expected[len(expected) - len(found):]
        assert len(found) == len(expected)
        if not expected:
            continue
        shift = found[0][1] - expected[0][1]
        for (pts, dts, size, key), (old_pts, old_dts, old_size, old_key) in zip(found, expected):
            assert dts == pytest.approx(old_dts + shift, abs=0.002)
            assert pts == pytest.approx(old_pts + shift, abs=0.002)
            if kind == "audio":
                assert size in (old_size, old_size + 7) or playlist == "playlist.m3u8"
            elif playlist == "playlist.m3u8":
                assert key == old_key


def test_tracks_stay_together(packaged):
    source, folder = packaged
    if not (packets(source, "video") and packets(source, "audio")):
        return
    apart = [packets(path, "video")[-1][0] - packets(path, "audio")[-1][0]
             for path in (source, folder / "playlist.m3u8", folder / "index.m3u8")]
    assert apart[1] == pytest.approx(apart[0], abs=0.002)
    assert apart[2] == pytest.approx(apart[0], abs=0.002)


@pytest.mark.parametrize("playlist", ["playlist.m3u8", "index.m3u8"])
def test_decodes_without_error(packaged, playlist):
    _, folder = packaged
    done = run("ffmpeg", "-v", "warning", "-xerror", "-err_detect", "explode", "-i", folder / playlist, "-f", "null", "-")
    assert b"rror" not in done.stderr and b"orrupt" not in done.stderr, done.stderr


def test_segments_stand_alone(packaged):
    _, folder = packaged
    for playlist in ("playlist.m3u8", "media.m3u8"):
        found = []
        parsed = segments(folder, playlist)
        checker = hls_validate.MediaPlaylist("file:", lambda _url, finding: found.append(finding))
        for segment in parsed.segments:
            data = (folder / segment.uri).read_bytes()
            init = None
            if segment.map_uri:
                init = (folder / segment.map_uri).read_bytes()
                assert hls_validate.mp4_init_is_right(init)
                assert hls_validate.mp4_segment_is_right(data)
            else:
                assert hls_validate.ts_tables_are_right(data)
            checker.check_times(segment, parsed, hls_media.units(data, init))
        assert not found


def test_codecs_are_what_ffprobe_sees(packaged):
    source, folder = packaged
    parsed, findings = hls_rules.check_text((folder / "index.m3u8").read_bytes())
    assert not findings
    streams = json.loads(run("ffprobe", "-v", "error", "-show_streams", "-of", "json", source).stdout)["streams"]
    attributes = parsed.variants[0].attributes
    codecs = hls_rules.unquoted(attributes["CODECS"]).split(",")
    assert len(codecs) == len(streams)
    for stream, codec in zip(sorted(streams, key=lambda s: s["codec_type"], reverse=True), codecs):
        assert codec.startswith({"h264": "avc1.", "hevc": "hvc1.", "aac": "mp4a.40.2"}[stream["codec_name"]])
        if stream["codec_name"] == "h264":
            assert int(codec[-2:], 16) == stream["level"]
        if stream["codec_name"] == "hevc":
            assert f".L{stream['level']}." in codec
        if stream["codec_type"] == "video":
            assert attributes["RESOLUTION"] == f"{stream['width']}x{stream['height']}"
            assert float(attributes["FRAME-RATE"]) == pytest.approx(float(fractions.Fraction(stream["avg_frame_rate"])), rel=0.02)


def crc32_mpeg(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04c11db7 if crc & 0x80000000 else crc << 1) & 0xffffffff
    return crc


def test_transport_stream_rules(packaged):
    """ISO 13818-1: sync, tables with CRC, counters across segments, clock references."""
    _, folder = packaged
    counters, last_pcr = {}, None
    for segment in segments(folder, "playlist.m3u8").segments:
        data = (folder / segment.uri).read_bytes()
        for at in range(0, len(data), 188):
            packet = data[at:at + 188]
            assert packet[0] == 0x47
            assert not packet[1] & 0x80
            pid, control = (packet[1] & 0x1f) << 8 | packet[2], packet[3] >> 4 & 3
            body = 4
            if control & 2:
                body += 1 + packet[4]
                if packet[4] and packet[5] & 0x10:
                    pcr = int.from_bytes(packet[6:10], "big") << 1 | packet[10] >> 7
                    if last_pcr is not None:
                        assert 0 < pcr - last_pcr <= (9000 if at > 376 + 188 else 90000)
                    last_pcr = pcr
            if control & 1:
                if pid in counters:
                    assert packet[3] & 15 == (counters[pid] + 1) % 16, (segment.uri, at, pid)
                counters[pid] = packet[3] & 15
            if pid in (0, 0x1000):
                section = packet[body + 1:]
                length = 3 + ((section[1] & 0xf) << 8 | section[2])
                assert crc32_mpeg(section[:length]) == 0
                assert set(section[length:]) <= {0xff}


def test_an_outage_is_a_discontinuity(tmp_path):
    require("ffmpeg", "ffprobe")
    source = tmp_path / "source.mp4"
    run("ffmpeg", "-v", "error", *SOURCES["h264_b_frames"], source)
    run(program("hls_package"), source, tmp_path, 2000, 400)
    for playlist in ("playlist.m3u8", "media.m3u8"):
        parsed = segments(tmp_path, playlist)
        assert [s.discontinuity for s in parsed.segments].count(True) == 1
        before, after = next((a, b) for a, b in zip(parsed.segments, parsed.segments[1:]) if b.discontinuity)
        assert after.number == before.number + 1
        assert 4 < (after.date - before.date).total_seconds() - float(before.duration) < 8
        run("ffmpeg", "-v", "error", "-i", tmp_path / playlist, "-f", "null", "-")
    assert pathlib.Path(tmp_path / "init-0.mp4").exists()
