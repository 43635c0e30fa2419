"""A camera's profiles as one adaptive stream: variants on one axis, each received while somebody plays it."""

import re

from conftest import wait_for
from test_restream import readers_of


def profiles(cameras, index=0):
    sizes = ((1920, 1080), (640, 360))
    return [{"token": f"Profile_{n + 1}", "name": f"P{n + 1}", "rtsp_url": cameras.rtsp_url(index, channel=n),
             "video": {"codec": "h264", "width": width, "height": height, "fps": 25, "bitrate_kbps": 2000, "gop": 50}}
            for n, (width, height) in enumerate(sizes)]


def camera(cameras, **more):
    return {"rtsp_url": cameras.rtsp_url(), "profiles": profiles(cameras), **more}


def variants(server):
    status, _, body = server.request("/hls/0/index.m3u8", timeout=20)
    assert status == 200, body
    lines = body.decode().splitlines()
    return {lines[i + 1]: line for i, line in enumerate(lines) if line.startswith("#EXT-X-STREAM-INF")}


def playlist(server, rendition):
    status, _, body = server.request(f"/hls/0/{rendition}/media.m3u8", timeout=20)
    assert status == 200, (rendition, body)
    return body.decode()


def tag(text, name):
    found = re.search(rf"^#{name}:(.*)$", text, re.M)
    return found and found.group(1)


def sessions(cameras):
    return readers_of(cameras.addresses[0], cameras.rtsp_port)


def test_main_and_sub_are_one_stream(simulate, serve):
    cameras = simulate(1, "--no-discovery")
    server = serve([camera(cameras)])
    listed = variants(server)
    assert list(listed) == ["main/media.m3u8", "sub/media.m3u8"]
    main, sub = listed.values()
    assert "RESOLUTION=1920x1080" in main and "RESOLUTION=640x360" in sub
    assert all('CODECS="avc1.' in line for line in listed.values())

    main, sub = playlist(server, "main"), playlist(server, "sub")
    assert tag(main, "EXT-X-TARGETDURATION") == tag(sub, "EXT-X-TARGETDURATION")
    assert 'RENDITION-REPORT:URI="../main/media.m3u8"' in sub
    wait_for("the report of the sub stream", lambda: "../sub/media.m3u8" in playlist(server, "main"))
    segment = wait_for("a segment", lambda: re.search(r"^seg\d+\.m4s$", playlist(server, "sub"), re.M))
    init = re.search(r'MAP:URI="([^"]+)"', playlist(server, "sub")).group(1)
    for name in (segment.group(0), init):
        status, headers, body = server.request(f"/hls/0/sub/{name}")
        assert (status, headers["Content-Type"]) == (200, "video/mp4") and body
    assert server.request("/hls/0/sub2/media.m3u8")[0] == 404

    # Nobody plays the sub stream any more: it is left, and listed all the same.
    wait_for("the sub stream to be left", lambda: sessions(cameras) == 1, 40)
    assert list(variants(server)) == ["main/media.m3u8", "sub/media.m3u8"]
    playlist(server, "sub")
    assert sessions(cameras) == 2


def test_a_break_in_one_is_signalled_in_both(simulate, serve):
    cameras = simulate(1, "--no-discovery", "--drop-every", "6s")
    server = serve([camera(cameras)])

    def breaks():
        numbers = []
        for rendition in ("main", "sub"):
            text = playlist(server, rendition)
            numbers.append(int(tag(text, "EXT-X-DISCONTINUITY-SEQUENCE") or 0) +
                           len(re.findall("^#EXT-X-DISCONTINUITY$", text, re.M)))
        return numbers

    wait_for("both to have the same breaks", lambda: (n := breaks())[0] == n[1] >= 2, 60)


def test_adaptive_off_and_on_demand(simulate, serve, tmp_path):
    cameras = simulate(2, "--no-discovery")
    config = tmp_path / "camctl.yaml"
    config.write_text("streams: {stream_1: {adaptive: false}}\n")
    second = {"rtsp_url": cameras.rtsp_url(1), "profiles": profiles(cameras, 1)}
    server = serve([camera(cameras, on_demand=True), second], "--config", config)
    server.wait_status("idle")
    assert sessions(cameras) == 0
    assert list(variants(server)) == ["main/media.m3u8", "sub/media.m3u8"]
    status, _, body = server.request("/hls/1/index.m3u8", timeout=20)
    assert status == 200 and b"sub/" not in body
