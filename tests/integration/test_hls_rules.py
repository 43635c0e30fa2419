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
from hls_corpus import (BROKEN_GROUPS, BROKEN_LOW_LATENCY, BROKEN_LOW_LATENCY_RELOADS, BROKEN_MEDIA, BROKEN_MULTIVARIANT, BROKEN_OTHER,
                        BROKEN_RELOADS, GROUPS, LOW_LATENCY, MEDIA, MULTIVARIANT, NEXT, OTHER)

def rules_of(findings):
    return {finding.rule for finding in findings}


@pytest.mark.parametrize("text", [MEDIA, MULTIVARIANT, NEXT, LOW_LATENCY, OTHER, GROUPS, MEDIA.replace("\n", "\r\n"), MEDIA + "#EXT-X-ENDLIST\n",
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


@pytest.mark.parametrize("right, rule, old, new", [(OTHER, *one) for one in BROKEN_OTHER] + [(GROUPS, *one) for one in BROKEN_GROUPS])
def test_broken_tags_that_camctl_does_not_write(right, rule, old, new):
    assert old in right
    _, findings = hls_rules.check_text(right.replace(old, new, 1).encode())
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


def test_playlists_of_a_type_stay():
    for kind, changed in (("EVENT", NEXT), ("VOD", MEDIA + "#EXTINF:4.00000,\nseg11.m4s\n")):
        old, _ = hls_rules.check_text(MEDIA.replace("#EXT-X-MAP", f"#EXT-X-PLAYLIST-TYPE:{kind}\n#EXT-X-MAP", 1).encode())
        new, _ = hls_rules.check_text(changed.replace("#EXT-X-MAP", f"#EXT-X-PLAYLIST-TYPE:{kind}\n#EXT-X-MAP", 1).encode())
        assert "event-keeps" in rules_of(hls_rules.check_reload(old, new))
        assert not hls_rules.check_reload(old, old)


# rule, what to replace, by what, in the playlist of the other variant
BROKEN_VARIANTS = [
    ("variants-target", "TARGETDURATION:4", "TARGETDURATION:5"),
    ("variants-type", "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-PLAYLIST-TYPE:EVENT"),
    ("variants-dates", MEDIA, re.sub("#EXT-X-PROGRAM-DATE-TIME.*\n", "", MEDIA)),
    ("variants-discontinuities", "DISCONTINUITY-SEQUENCE:1", "DISCONTINUITY-SEQUENCE:2"),
    ("variants-discontinuities", "#EXT-X-DISCONTINUITY\n", ""),
]


@pytest.mark.parametrize("rule, old, new", [(None, "", "")] + BROKEN_VARIANTS)
def test_variants_that_do_not_match(rule, old, new):
    # A break is signalled at the next key frame of each: a segment later is none too late.
    later = MEDIA.replace("#EXT-X-DISCONTINUITY\n", "").replace("seg9.m4s\n", "seg9.m4s\n#EXT-X-DISCONTINUITY\n")
    one, _ = hls_rules.check_text(MEDIA.encode())
    findings = []
    for other in [MEDIA, later] if rule is None else [MEDIA.replace(old, new, 1)]:
        hls_validate.check_pair(one, hls_rules.check_text(other.encode())[0],
                                lambda found, message: findings.append(hls_rules.Finding(found, message)))
    assert rules_of(findings) == ({rule} if rule else set())


def test_variants_on_different_axes(files):
    findings = []
    pair = [hls_validate.MediaPlaylist(f"{files.url}/{name}", lambda _url, finding: findings.append(finding), parent="m")
            for name in ("a.m3u8", "b.m3u8")]
    playlist, _ = hls_rules.check_text(MEDIA.encode())
    for one, shift in zip(pair, (0, 5)):
        one.current = playlist
        one.check_times(playlist.segments[0], playlist, times(10 + shift, 100))
    hls_validate.check_siblings(pair[0], pair)
    assert rules_of(findings) == {"variants-dates"}


@pytest.mark.parametrize("discontinuity", [False, True])
def test_tracks_that_change(monkeypatch, discontinuity):
    findings = []
    checker = hls_validate.MediaPlaylist("http://x/p.m3u8", lambda _url, finding: findings.append(finding))
    playlist, _ = hls_rules.check_text(MEDIA.encode())
    inits = iter([[("video", 90000, "h264")], [("video", 90000, "h265")]])
    monkeypatch.setattr(hls_validate.hls_media, "tracks", lambda _init: next(inits))
    for segment in playlist.segments[1:3]:
        segment.discontinuity = discontinuity
        checker.check_tracks(segment, b"")
    assert rules_of(findings) == (set() if discontinuity else {"tracks"})


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
    ("directives", None, None),
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
    tables = (BROKEN_MEDIA, BROKEN_MULTIVARIANT, BROKEN_RELOADS, BROKEN_LOW_LATENCY, BROKEN_LOW_LATENCY_RELOADS, BROKEN_PARTS,
              BROKEN_OTHER, BROKEN_GROUPS, [one for one in BROKEN_VARIANTS if one[0]])
    tested = {rule for table in tables for rule, *_ in table} | {"delta"}
    tested |= {rule for rule, _ in LIVE}
    tested |= {"endlist-final", "bytes-constant", "independent", "duration-true", "timeline", "bandwidth-true", "in-time",
               "event-keeps", "tracks", "directives"}
    assert tested == set(hls_rules.RULES)


def test_command_line(files):
    script = pathlib.Path(hls_validate.__file__)
    done = subprocess.run([sys.executable, script, "--seconds", "0.2", files.url + "/p.m3u8"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "available" in done.stdout
