"""LL-HLS of `camctl serve` with a virtual camera: parts, blocking reloads, what may be asked for, an outage."""

import concurrent.futures
import gzip
import json
import signal
import time

import pytest

import hls_media
import hls_rules
import hls_validate
from conftest import wait_for
from serving import Server

MEDIA = "/hls/stream_0/main/media.m3u8"


@pytest.fixture
def camera(simulate):
    return simulate(1)


@pytest.fixture
def server(spawn, tmp_path, camera):
    return Server(spawn, tmp_path, cameras=[{"rtsp_url": camera.rtsp_url()}])


def playlist(server, query="", **headers):
    status, headers, body = server.get(MEDIA + query, **headers)
    assert status == 200, body
    text = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
    parsed, findings = hls_rules.check_text(text)
    assert not findings
    return parsed, headers, body


def hinted(parsed):
    """(segment, part) of the hint."""
    number, index = parsed.low_latency.hints["PART"].removeprefix("part").removesuffix(".m4s").split(".")
    return int(number), int(index)


def mdat(data):
    return dict(hls_media.boxes(data))["mdat"]


def test_the_first_playlist_has_parts_before_any_segment_is_complete(server):
    status, headers, body = server.get("/hls/stream_0/index.m3u8")
    assert status == 200 and b"main/media.m3u8" in body and b"CODECS=" in body
    parsed, headers, _ = playlist(server)
    assert headers["cache-control"] == "no-cache"
    ll = parsed.low_latency
    assert not parsed.segments and ll.open_parts[0].independent
    assert float(ll.part_target) == pytest.approx(0.22)
    assert ll.control == {"CAN-BLOCK-RELOAD": "YES", "PART-HOLD-BACK": "0.66000", "HOLD-BACK": str(3 * parsed.target),
                          "CAN-SKIP-UNTIL": str(6 * parsed.target)}
    # The classic playlist waits for its first segment.
    assert b"#EXTINF" in server.get("/hls/stream_0/playlist.m3u8")[2]


def test_blocking_reloads_are_shared(server):
    parsed, _, _ = playlist(server)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for _ in range(15):  # more than a segment
            number, index = hinted(parsed)
            query = f"?_HLS_msn={number}&_HLS_part={index}"
            waiting = [pool.submit(playlist, server, query, **headers)
                       for headers in ({}, {"Accept_Encoding": "gzip, br"}, {"Accept_Encoding": "gzip;q=0"}, {})]
            answers = [one.result() for one in waiting]
            parsed = answers[0][0]
            assert parsed.next_number > number or len(parsed.low_latency.open_parts) > index
            for _, headers, _ in answers:
                assert headers["cache-control"] == f"public, max-age={6 * parsed.target}"
                assert "Accept-Encoding" in headers["vary"]
            assert ["content-encoding" in headers for _, headers, _ in answers] == [False, True, False, False]
            assert answers[1][1]["etag"] not in {answers[0][1]["etag"], answers[2][1]["etag"]}
            assert len(answers[1][2]) < len(answers[0][2])
    # A whole segment may be waited for as well, and what is there already is answered at once.
    number = parsed.next_number
    parsed, _, _ = playlist(server, f"?_HLS_msn={number}")
    assert parsed.next_number > number
    assert playlist(server, f"?_HLS_msn={number}&_HLS_part=0")[0].next_number > number


def test_parts_can_be_asked_for_before_they_are_there_and_hold_their_segment_s_media(server):
    parsed, _, _ = playlist(server)
    number, _ = hinted(parsed)
    parsed, _, _ = playlist(server, f"?_HLS_msn={number + 1}&_HLS_part=0")
    number, pieces = parsed.next_number, []
    while parsed.next_number == number:
        index = len(pieces)
        status, headers, body = server.get(f"/hls/stream_0/main/part{number}.{index}.m4s")
        if status == 404:  # the segment ended without it
            break
        assert status == 200 and headers["content-type"] == "video/mp4" and "immutable" in headers["cache-control"]
        pieces.append(body)
        parsed, _, _ = playlist(server)
    parsed, _, _ = playlist(server, f"?_HLS_msn={number}")
    segment = next(s for s in parsed.segments if s.number == number)
    pieces += [server.get(f"/hls/stream_0/main/{part.uri}")[2] for part in segment.parts[len(pieces):]]
    assert len(pieces) == len(segment.parts) >= 5
    whole = server.get(f"/hls/stream_0/main/{segment.uri}")[2]
    # In a segment stands all of its video, then all of its sound.
    assert len(mdat(whole)) == sum(len(mdat(piece)) for piece in pieces)
    for part, piece in zip(segment.parts, pieces):
        assert server.get(f"/hls/stream_0/main/{part.uri}")[2] == piece


def test_what_is_refused(server):
    parsed, _, _ = playlist(server)
    number = parsed.next_number
    for query, status in ((f"_HLS_msn={number + 3}", 400), ("_HLS_part=0", 400), ("_HLS_msn=x", 400), ("_HLS_msn=", 400),
                          ("_HLS_msn=-1", 400), (f"_HLS_msn={number}&_HLS_msn={number}", 400),
                          (f"_HLS_msn={number}&_HLS_part=90", 400), ("_HLS_msn=99999999999999999999", 400),
                          ("_HLS_msn=0", 200), ("_HLS_skip=NO", 200), ("_HLS_new=1&x=2", 200), ("&&=", 200)):
        got, headers, body = server.get(f"{MEDIA}?{query}")
        assert got == status, query
        if status == 400:
            assert json.loads(body)["error"]["code"] and headers["cache-control"] == "no-store"
    for path in (f"part{number}.99.m4s", f"part{number + 2}.0.m4s", f"part{number - 2}.0.m4s", f"part{number}.00.m4s"):
        assert server.get(f"/hls/stream_0/main/{path}")[0] == 404, path
    for rendition in ("sub", "main-1", "main-0", "main-01", "mainx", "main-99999999999999999999"):
        assert server.get(f"/hls/stream_0/{rendition}/media.m3u8")[0] == 404, rendition


def test_without_parts(spawn, tmp_path, camera):
    server = Server(spawn, tmp_path, cameras=[{"rtsp_url": camera.rtsp_url()}], args=["--part-duration", "0"])
    parsed, headers, _ = playlist(server, "?_HLS_msn=5")
    assert parsed.segments and not parsed.low_latency.control and headers["cache-control"] == "no-cache"


def test_the_validator_finds_nothing_and_an_outage_is_a_gap(server, camera):
    url = f"http://{server.address}:{server.port}/hls/stream_0"
    findings, watched = hls_validate.validate([f"{url}/index.m3u8"], 7)
    assert not findings and watched[0].low_latency.checked
    camera.process.popen.send_signal(signal.SIGSTOP)
    try:
        parsed, _, _ = playlist(server)
        number = parsed.next_number
        # The segment that was being built ends, and then one without media comes: the reload is not held for ever.
        start = time.monotonic()
        parsed, _, _ = playlist(server, f"?_HLS_msn={number + 1}")
        assert time.monotonic() - start < 3 * parsed.target
        gap = next(s for s in parsed.segments if s.number == number + 1)
        assert gap.gap and gap.duration == parsed.target and not gap.parts
        assert server.get(f"/hls/stream_0/main/{gap.uri}")[0] == 404
        assert b"GAP" not in server.get("/hls/stream_0/playlist.m3u8")[2]
    finally:
        camera.process.popen.send_signal(signal.SIGCONT)

    def back():
        parsed, _, _ = playlist(server)
        return any(s.discontinuity and s.number > number for s in parsed.segments) and parsed

    parsed = wait_for("pictures behind the gap", back, 30)
    assert float(parsed.low_latency.part_target) == pytest.approx(0.22)
    findings, _ = hls_validate.validate([f"{url}/index.m3u8", f"{url}/playlist.m3u8"], 4)
    assert not findings
