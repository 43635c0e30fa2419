"""The validator itself: a corpus of playlists, each with one rule broken, that it must reject."""

import dataclasses
import gzip
import http.server
import pathlib
import re
import subprocess
import sys
import threading

import pytest

import hls_live_ll
import hls_rules
import hls_rules_ll
import hls_validate

MEDIA = """#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:1
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init-0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:00:00.000Z
#EXTINF:4.00000,
seg7.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:00:04.000Z
#EXTINF:4.40000,
seg8.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:01:00.000Z
#EXTINF:4.00000,
seg9.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:01:04.000Z
#EXTINF:4.00000,
seg10.m4s
"""

MULTIVARIANT = """#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1800000,CODECS="avc1.640028,mp4a.40.2",RESOLUTION=1920x1080,FRAME-RATE=25.000
media.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=500000,CODECS="hvc1.1.6.L93.B0"
sub/media.m3u8
"""

LOW_LATENCY = """#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.66000,HOLD-BACK=6,CAN-SKIP-UNTIL=12
#EXT-X-PART-INF:PART-TARGET=0.22000
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-SKIP:SKIPPED-SEGMENTS=2
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:00:00.000Z
#EXT-X-PART:DURATION=0.20000,URI="part9.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.10000,URI="part9.1.m4s"
#EXTINF:0.30000,
seg9.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:00:00.300Z
#EXT-X-PART:DURATION=0.20000,URI="part10.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.20000,URI="part10.1.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part10.2.m4s"
#EXT-X-RENDITION-REPORT:URI="../sub/media.m3u8",LAST-MSN=10,LAST-PART=1
"""

# rule, what to replace, by what (in LOW_LATENCY)
BROKEN_LOW_LATENCY = [
    ("part-inf", "#EXT-X-PART-INF:PART-TARGET=0.22000\n", ""),
    ("part-inf", "PART-TARGET=0.22000", "PART-TARGET=0.22000\n#EXT-X-PART-INF:PART-TARGET=0.22000"),
    ("part-attributes", 'DURATION=0.20000,URI="part10.1.m4s"', 'URI="part10.1.m4s"'),
    ("part-attributes", 'DURATION=0.20000,URI="part10.1.m4s"', 'DURATION=0.20000,URI=""'),
    ("part-longest", 'DURATION=0.20000,URI="part10.0', 'DURATION=0.22010,URI="part10.0'),
    ("part-longest", 'DURATION=0.10000,URI="part9.1', 'DURATION=0.22010,URI="part9.1'),
    ("part-least", 'DURATION=0.20000,URI="part9.0', 'DURATION=0.18000,URI="part9.0'),
    ("part-least", 'DURATION=0.20000,URI="part10.1', 'DURATION=0.18000,URI="part10.1'),
    ("part-tags", "#EXTINF:0.30000,", '#EXT-X-MAP:URI="init-1.mp4"\n#EXTINF:0.30000,'),
    ("part-unique", "part10.0.m4s", "part9.0.m4s"),
    ("server-control", "CAN-BLOCK-RELOAD=YES", "CAN-BLOCK-RELOAD=TRUE"),
    ("server-control", "HOLD-BACK=6", "HOLD-BACK=six"),
    ("server-control", "#EXT-X-PART-INF", "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n#EXT-X-PART-INF"),
    ("hold-back", ",HOLD-BACK=6", ",HOLD-BACK=5.9"),
    ("part-hold-back", "PART-HOLD-BACK=0.66000", "PART-HOLD-BACK=0.40000"),
    ("part-hold-back", "PART-HOLD-BACK=0.66000,", ""),
    ("skip-until", "CAN-SKIP-UNTIL=12", "CAN-SKIP-UNTIL=11"),
    ("block-reload", "CAN-BLOCK-RELOAD=YES,", ""),
    ("hint", "part10.2.m4s", "part10.1.m4s"),
    ("hint", "TYPE=PART,", ""),
    ("hint", "#EXT-X-RENDITION", '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="x"\n#EXT-X-RENDITION'),
    ("skip", "SKIPPED-SEGMENTS=2", "SKIPPED-SEGMENTS=0"),
    ("skip", "SKIPPED-SEGMENTS=2", "SKIPPED-SEGMENTS=1\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1"),
    ("version-enough", "VERSION:9", "VERSION:8"),
    ("report", "LAST-MSN=10,", ""),
    ("report", ",LAST-PART=1", ""),
    ("report", "../sub/media.m3u8", "http://camera/sub/media.m3u8"),
    ("report", "#EXT-X-RENDITION", '#EXT-X-RENDITION-REPORT:URI="../sub/media.m3u8",LAST-MSN=10,LAST-PART=1\n#EXT-X-RENDITION'),
    ("part-flags", "INDEPENDENT=YES", "INDEPENDENT=NO"),
    ("part-flags", 'URI="part10.1.m4s"', 'URI="part10.1.m4s",GAP=1'),
    ("part-sum", "#EXTINF:0.30000,", "#EXTINF:0.32000,"),
    ("skip-offered", ",CAN-SKIP-UNTIL=12", ""),
    ("skip-offered", "CAN-SKIP-UNTIL=12", "CAN-SKIP-DATERANGES=YES"),
    ("low-latency-dates", LOW_LATENCY, re.sub("#EXT-X-PROGRAM-DATE-TIME.*\n", "", LOW_LATENCY)),
]

# rule, what to replace, by what, in a next version of it
BROKEN_LOW_LATENCY_RELOADS = [
    ("part-constant", 'DURATION=0.20000,URI="part10.0', 'DURATION=0.21000,URI="part10.0'),
    ("part-constant", '#EXT-X-PART:DURATION=0.20000,URI="part10.1.m4s"\n', ""),
    ("part-constant", '"part9.0.m4s",INDEPENDENT=YES', '"part9.0.m4s"'),
    ("control-constant", "PART-TARGET=0.22000", "PART-TARGET=0.23000"),
    ("control-constant", "HOLD-BACK=6,", "HOLD-BACK=7,"),
]

# rule, what to replace, by what (in MEDIA)
BROKEN_MEDIA = [
    ("utf8", "seg7.m4s", "seg7.m4s\x00"),
    ("utf8", "#EXTM3U", "\ufeff#EXTM3U"),
    ("extm3u", "#EXTM3U\n", ""),
    ("extm3u", "#EXTM3U\n", "\n#EXTM3U\n"),
    ("line", "#EXT-X-VERSION:6", "#EXT-X-VERSION :6"),
    ("one-kind", "#EXT-X-INDEPENDENT-SEGMENTS", '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="b"'),
    ("version-once", "#EXT-X-VERSION:6", "#EXT-X-VERSION:6\n#EXT-X-VERSION:6"),
    ("version-enough", "#EXT-X-VERSION:6", "#EXT-X-VERSION:5"),
    ("version-enough", "#EXT-X-VERSION:6\n", ""),
    ("attributes", 'URI="init-0.mp4"', 'URI="init-0.mp4",URI="init-1.mp4"'),
    ("attributes", 'URI="init-0.mp4"', 'uri="init-0.mp4"'),
    ("attributes", 'URI="init-0.mp4"', 'URI="init-0.mp4",'),
    ("target-present", "#EXT-X-TARGETDURATION:4\n", ""),
    ("target-present", "#EXT-X-TARGETDURATION:4", "#EXT-X-TARGETDURATION:4\n#EXT-X-TARGETDURATION:4"),
    ("target-integer", "#EXT-X-TARGETDURATION:4", "#EXT-X-TARGETDURATION:4.5"),
    ("extinf-target", "#EXTINF:4.40000,", "#EXTINF:4.50000,"),
    ("extinf-present", "#EXTINF:4.00000,\nseg7", "seg7"),
    ("extinf-number", "#EXTINF:4.40000,", "#EXTINF:4.40000"),
    ("extinf-number", "#EXTINF:4.40000,", "#EXTINF:-4.40000,"),
    ("extinf-uri", "seg10.m4s\n", ""),
    ("sequence-place", "seg7.m4s\n", "seg7.m4s\n#EXT-X-MEDIA-SEQUENCE:8\n"),
    ("sequence-place", "#EXT-X-MEDIA-SEQUENCE:7", "#EXT-X-MEDIA-SEQUENCE:x"),
    ("discontinuity-sequence-place", "#EXT-X-DISCONTINUITY-SEQUENCE:1", "#EXT-X-DISCONTINUITY\n#EXT-X-DISCONTINUITY-SEQUENCE:1"),
    ("once", "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-INDEPENDENT-SEGMENTS"),
    ("once", "seg10.m4s\n", "seg10.m4s\n#EXT-X-ENDLIST\n#EXT-X-ENDLIST\n"),
    ("map-uri", 'URI="init-0.mp4"', 'BYTERANGE="10@0"'),
    ("map-needed", '#EXT-X-MAP:URI="init-0.mp4"\n', ""),
    ("date", "2026-11-22T20:00:00.000Z", "2026-11-22 20:00:00"),
    ("date", "2026-11-22T20:00:00.000Z", "2026-11-22T20:00:00.000"),
    ("date-runs", "20:00:04.000Z", "20:00:04.200Z"),
    ("playlist-type", "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-PLAYLIST-TYPE:LIVE"),
    ("unique-uri", "seg10.m4s", "seg9.m4s"),
]

BROKEN_MULTIVARIANT = [
    ("variant-uri", "media.m3u8\n#EXT", "#EXT"),
    ("variant-uri", "sub/media.m3u8\n", ""),
    ("bandwidth", "BANDWIDTH=500000,", ""),
    ("bandwidth", "BANDWIDTH=500000", "BANDWIDTH=0.5"),
    ("average-bandwidth", "AVERAGE-BANDWIDTH=1800000", "AVERAGE-BANDWIDTH=2800000"),
    ("codecs", '"avc1.640028,mp4a.40.2"', '"h264,aac"'),
    ("codecs", '"avc1.640028,mp4a.40.2"', "avc1.640028"),
    ("resolution", "1920x1080", "1920:1080"),
    ("frame-rate", "25.000", "25.00001"),
    ("attributes", "FRAME-RATE=25.000", "FRAME-RATE=25.000,RESOLUTION=1x1"),
    ("one-kind", "media.m3u8\n#EXT", "media.m3u8\n#EXT-X-TARGETDURATION:4\n#EXT"),
]

NEXT = (MEDIA.replace("SEQUENCE:7", "SEQUENCE:8", 1)
        .replace("#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:00:00.000Z\n#EXTINF:4.00000,\nseg7.m4s\n", "") +
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:01:08.000Z\n#EXTINF:4.00000,\nseg11.m4s\n")

TAIL = NEXT[NEXT.index("#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:01:04"):]

# rule, what to replace, by what (in NEXT, which follows MEDIA)
BROKEN_RELOADS = [
    ("target-constant", "#EXT-X-TARGETDURATION:4", "#EXT-X-TARGETDURATION:5"),
    ("header-constant", "#EXT-X-VERSION:6", "#EXT-X-VERSION:7"),
    ("sequence-grows", "SEQUENCE:8", "SEQUENCE:6"),
    ("sequence-grows", "SEQUENCE:8", "SEQUENCE:7"),
    ("segment-constant", "#EXTINF:4.40000,", "#EXTINF:4.30000,"),
    ("segment-constant", "seg9.m4s", "other9.m4s"),
    ("segment-constant", "20:00:04.000Z", "20:00:04.020Z"),
    ("segment-constant", 'URI="init-1.mp4"', 'URI="init-2.mp4"'),
    ("append-only", TAIL, ""),
    ("discontinuity-counts", "DISCONTINUITY-SEQUENCE:1", "DISCONTINUITY-SEQUENCE:2"),
    ("long-enough", TAIL, ""),
]


def rules_of(findings):
    return {finding.rule for finding in findings}


@pytest.mark.parametrize("text", [MEDIA, MULTIVARIANT, NEXT, LOW_LATENCY, MEDIA.replace("\n", "\r\n"), MEDIA + "#EXT-X-ENDLIST\n",
                                  MEDIA + "# a comment\n#EXT-X-UNKNOWN:what\n\n"])
def test_right_playlists_pass(text):
    _, findings = hls_rules.check_text(text.encode())
    assert not findings


@pytest.mark.parametrize("rule, old, new", BROKEN_MEDIA)
def test_broken_media_playlist(rule, old, new):
    assert old in MEDIA
    _, findings = hls_rules.check_text(MEDIA.replace(old, new, 1).encode())
    assert rule in rules_of(findings)


@pytest.mark.parametrize("rule, old, new", BROKEN_MULTIVARIANT)
def test_broken_multivariant_playlist(rule, old, new):
    assert old in MULTIVARIANT
    _, findings = hls_rules.check_text(MULTIVARIANT.replace(old, new, 1).encode())
    assert rule in rules_of(findings)


@pytest.mark.parametrize("rule, old, new", BROKEN_LOW_LATENCY)
def test_broken_low_latency_playlist(rule, old, new):
    assert old in LOW_LATENCY
    _, findings = hls_rules.check_text(LOW_LATENCY.replace(old, new, 1).encode())
    assert rule in rules_of(findings)


def test_right_low_latency_reloads_pass():
    before, _ = hls_rules.check_text(LOW_LATENCY.encode())
    more = LOW_LATENCY.replace("part10.2.m4s", "part10.3.m4s").replace(
        "#EXT-X-PRELOAD", '#EXT-X-PART:DURATION=0.20000,URI="part10.2.m4s"\n#EXT-X-PRELOAD')
    whole = LOW_LATENCY.replace("part10.2.m4s", "part11.0.m4s").replace(
        "#EXT-X-PRELOAD", '#EXT-X-PART:DURATION=0.04000,URI="part10.2.m4s"\n#EXTINF:0.44000,\nseg10.m4s\n#EXT-X-PRELOAD')
    for text in (more, whole):
        after, findings = hls_rules.check_text(text.encode())
        assert not findings and not hls_rules.check_reload(before, after)


@pytest.mark.parametrize("rule, old, new", BROKEN_LOW_LATENCY_RELOADS)
def test_broken_low_latency_reload(rule, old, new):
    assert old in LOW_LATENCY
    before, _ = hls_rules.check_text(LOW_LATENCY.encode())
    after, _ = hls_rules.check_text(LOW_LATENCY.replace(old, new, 1).encode())
    assert rule in rules_of(hls_rules.check_reload(before, after))


def test_delta_updates():
    delta, _ = hls_rules.check_text(LOW_LATENCY.encode())
    skipped = "".join(f"#EXTINF:2.00000,\nseg{n}.m4s\n" for n in (7, 8))
    full, _ = hls_rules.check_text(LOW_LATENCY.replace("#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n", skipped).encode())

    def rules(of):
        found = []
        hls_rules_ll.check_delta(full, of, lambda rule, message: found.append(hls_rules.Finding(rule, message)))
        return rules_of(found)

    assert rules(delta) == {"delta"}  # what is left is shorter than the Skip Boundary
    full.low_latency.control["CAN-SKIP-UNTIL"] = "0.7"
    assert not rules(delta)
    assert not rules(full)
    delta.segments[0].uri = "seg8.m4s"
    assert rules(delta) == {"delta"}


def test_right_reload_passes():
    old, _ = hls_rules.check_text(MEDIA.encode())
    new, _ = hls_rules.check_text(NEXT.encode())
    assert not hls_rules.check_reload(old, new)
    assert not hls_rules.check_reload(old, old)


@pytest.mark.parametrize("rule, before, after", BROKEN_RELOADS)
def test_broken_reload(rule, before, after):
    assert before in NEXT
    old, _ = hls_rules.check_text(MEDIA.encode())
    new, _ = hls_rules.check_text(NEXT.replace(before, after, 1).encode())
    assert rule in rules_of(hls_rules.check_reload(old, new))


def test_removed_discontinuity_counts():
    old, _ = hls_rules.check_text(MEDIA.encode())
    text = MEDIA[:MEDIA.index("#EXT-X-MAP")].replace("SEQUENCE:7", "SEQUENCE:10", 1)
    text += '#EXT-X-MAP:URI="init-1.mp4"\n' + MEDIA[MEDIA.index("#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:01:04"):]
    text += "".join(f"#EXTINF:4.00000,\nseg{n}.m4s\n" for n in (11, 12, 13))
    wrong, _ = hls_rules.check_text(text.encode())
    right, _ = hls_rules.check_text(text.replace("DISCONTINUITY-SEQUENCE:1", "DISCONTINUITY-SEQUENCE:2").encode())
    assert "discontinuity-counts" in rules_of(hls_rules.check_reload(old, wrong))
    assert "discontinuity-counts" not in rules_of(hls_rules.check_reload(old, right))


def test_ended_playlist_stays():
    old, _ = hls_rules.check_text((MEDIA + "#EXT-X-ENDLIST\n").encode())
    new, _ = hls_rules.check_text(NEXT.encode())
    assert "endlist-final" in rules_of(hls_rules.check_reload(old, new))


def test_bad_utf8():
    _, findings = hls_rules.check_text(b"#EXTM3U\n\xff\xfe\n")
    assert rules_of(findings) == {"utf8"}


class Files(http.server.ThreadingHTTPServer):
    """Serves a dict of path -> (content type, bytes)."""

    def __init__(self):
        self.files = {}
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        kind, body = self.server.files.get(self.path, (None, b""))
        self.send_response(200 if kind else 404)
        self.send_header("Content-Type", kind or "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def files():
    server = Files()
    yield server
    server.shutdown()


HLS = "application/vnd.apple.mpegurl"
TS = MEDIA.replace("m4s", "ts").replace('#EXT-X-MAP:URI="init-0.mp4"\n', "").replace('#EXT-X-MAP:URI="init-1.mp4"\n', "")
# each file is broken in one way; what the live checks must say
LIVE = [
    ("content-type", {"/p.m3u8": ("text/plain", TS)}),
    ("available", {"/p.m3u8": (HLS, TS)}),
    ("available", {}),
    ("ts-tables", {"/p.m3u8": (HLS, TS), "/seg7.ts": ("video/mp2t", "\x47" + 187 * "x")}),
    ("mp4-boxes", {"/p.m3u8": (HLS, MEDIA), "/init-0.mp4": ("video/mp4", "ftyp"), "/seg7.m4s": ("video/mp4", "moof")}),
    ("decodes", {"/p.m3u8": (HLS, TS), "/seg7.ts": ("video/mp2t", "\x47" + 187 * "x")}),
]


@pytest.mark.parametrize("rule, content", LIVE)
def test_broken_server(files, rule, content):
    files.files = {path: (kind, body.encode("latin-1")) for path, (kind, body) in content.items()}
    findings, _ = hls_validate.validate([files.url + "/p.m3u8"], 1)
    assert rule in {finding.rule for _, finding in findings}


def test_bytes_that_change(files):
    files.files = {"/p.m3u8": (HLS, TS.encode()), "/seg7.ts": ("video/mp2t", b"one")}
    findings = []
    playlist = hls_validate.MediaPlaylist(files.url + "/p.m3u8", lambda _url, finding: findings.append(finding))
    playlist.get("seg7.ts")
    files.files["/seg7.ts"] = ("video/mp2t", b"two")
    playlist.get("seg7.ts")
    assert rules_of(findings) == {"bytes-constant"}


def times(start, frames, step=0.04, key=True):
    return {"video": [(start + i * step, key) for i in range(frames)], "audio": []}


@pytest.mark.parametrize("rule, first, second", [
    (None, times(10, 100), times(14, 110)),
    ("independent", times(10, 100), times(14, 110, key=False)),
    ("duration-true", times(10, 100), times(14, 90)),
    ("timeline", times(10, 100), times(14.5, 110)),
    ("decodes", times(10, 100), times(14, 0)),
])
def test_times_of_segments(rule, first, second):
    findings = []
    playlist, _ = hls_rules.check_text(MEDIA.encode())
    checker = hls_validate.MediaPlaylist("http://x/p.m3u8", lambda _url, finding: findings.append(finding))
    checker.check_times(playlist.segments[0], playlist, first)
    checker.check_times(playlist.segments[1], playlist, second)
    assert rules_of(findings) == ({rule} if rule else set())


# rule, what the parts of segment 9 hold, what the segment holds
BROKEN_PARTS = [
    ("part-media", [times(10, 5), times(10.2, 4)], times(10, 10)),
    ("part-media", [times(10, 5), times(10.21, 5)], times(10, 10)),
    ("part-independent", [times(10, 5, key=False), times(10.2, 5)], times(10, 10)),
    ("blocking-refused", None, None),
    ("blocking", None, None),
    ("gzip", None, None),
    ("hint-true", None, None),
]


@pytest.mark.parametrize("rule, parts, segment", [(None, [times(10, 5), times(10.2, 5)], times(10, 10))] + BROKEN_PARTS)
def test_parts_of_segments(files, monkeypatch, rule, parts, segment):
    findings = []
    files.files = {"/p.m3u8": (HLS, LOW_LATENCY.encode())}
    files.files |= {f"/p.m3u8?{query}": (HLS, LOW_LATENCY.encode()) for query in ("_HLS_part=0", "_HLS_msn=10&_HLS_part=2")}
    checker = hls_validate.MediaPlaylist(files.url + "/p.m3u8", lambda _url, finding: findings.append(finding)).low_latency
    playlist, _ = hls_rules.check_text(LOW_LATENCY.encode())
    listed, _ = hls_rules.check_text(LOW_LATENCY.replace('URI="part10.1', 'URI="part10.2').replace('PART,URI="part10.2', 'PART,URI="part10.3').encode())
    if parts is None:
        checker.ask_wrongly(playlist)
        checker.ask_gzip()
        checker.block(playlist)
        monkeypatch.setattr(checker, "text", iter([playlist, listed]).__next__)
        checker.take_hint()
        assert rule in rules_of(findings)
        return
    media = iter(parts)
    monkeypatch.setattr(hls_live_ll.hls_media, "units", lambda _data, _init: next(media))
    checker.take_parts(9, playlist.segments[0].parts, b"init", lambda _uri: b"part")
    checker.compare(playlist.segments[0], segment)
    assert rules_of(findings) == ({rule} if rule else set())


def test_bandwidth_and_lateness(files):
    files.files = {"/p.m3u8": (HLS, TS.encode()),
                   **{f"/seg{n}.ts": ("video/mp2t", bytes(1_000_000)) for n in range(7, 11)}}
    findings = []
    playlist = hls_validate.MediaPlaylist(files.url + "/p.m3u8", lambda _url, finding: findings.append(finding), 500_000)
    playlist.poll()
    assert "bandwidth-true" in rules_of(findings)
    playlist.changed_at -= 10
    playlist.poll()
    assert "in-time" in rules_of(findings)


def test_gzip_and_hints_that_are_right(files):
    files.files = {"/p.m3u8": (HLS, LOW_LATENCY.encode()), "/part10.2.m4s": ("video/mp4", b"moof")}
    findings = []
    checker = hls_validate.MediaPlaylist(files.url + "/p.m3u8", lambda _url, finding: findings.append(finding)).low_latency
    fetch = checker.fetch
    checker.fetch = lambda url, headers=None: (
        dataclasses.replace(fetch(url), body=gzip.compress(fetch(url).body), coding="gzip") if headers else fetch(url))
    checker.ask_gzip()
    checker.take_hint()
    assert not findings and checker.hinted == 1


def test_variants_with_different_targets(files):
    other = LOW_LATENCY.replace("TARGETDURATION:2", "TARGETDURATION:3").replace("HOLD-BACK=6,CAN-SKIP-UNTIL=12", "HOLD-BACK=9,CAN-SKIP-UNTIL=18")
    files.files = {"/index.m3u8": (HLS, MULTIVARIANT.encode()), "/media.m3u8": (HLS, LOW_LATENCY.encode()),
                   "/sub/media.m3u8": (HLS, other.encode())}
    findings, _ = hls_validate.validate([files.url + "/index.m3u8"], 1.5)
    assert "variants-target" in {finding.rule for _, finding in findings}


def test_a_gap_is_not_fetched(files):
    files.files = {"/p.m3u8": (HLS, TS.replace("seg8.ts", "#EXT-X-GAP\nseg8.ts").encode()),
                   **{f"/seg{n}.ts": ("video/mp2t", b"") for n in (7, 9, 10)}}
    findings = []
    hls_validate.MediaPlaylist(files.url + "/p.m3u8", lambda _url, finding: findings.append(finding)).poll()
    assert not [finding for finding in findings if finding.rule == "available"]


def test_every_rule_is_broken_somewhere():
    tables = (BROKEN_MEDIA, BROKEN_MULTIVARIANT, BROKEN_RELOADS, BROKEN_LOW_LATENCY, BROKEN_LOW_LATENCY_RELOADS, BROKEN_PARTS)
    tested = {rule for table in tables for rule, *_ in table} | {"delta"}
    tested |= {rule for rule, _ in LIVE}
    tested |= {"endlist-final", "bytes-constant", "independent", "duration-true", "timeline", "bandwidth-true", "in-time",
               "variants-target"}
    assert tested == set(hls_rules.RULES)


def test_command_line(files):
    script = pathlib.Path(hls_validate.__file__)
    done = subprocess.run([sys.executable, script, "--seconds", "0.2", files.url + "/p.m3u8"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "available" in done.stdout
