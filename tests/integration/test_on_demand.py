"""`on_demand`: a camera is connected while somebody watches, and 10 s longer."""

import json
import time

import pytest

from conftest import require, wait_for
from serving import Server
from test_restream import Restreamer, decode, readers_of
from test_serve_live import watch  # noqa: F401 (a fixture)


@pytest.fixture
def start(spawn, tmp_path):
    return lambda *args, **options: Server(spawn, tmp_path, *args, **options)


def sessions(cameras):
    return readers_of(cameras.addresses[0], cameras.rtsp_port)


def status(server, camera="stream_0"):
    return server.json(f"/api/cameras/{camera}")["status"]


def test_connected_by_the_first_request_and_left_after_the_last(simulate, start):
    cameras = simulate(1, "--no-discovery")
    server = start([{"rtsp_url": cameras.rtsp_url()}, {"rtsp_url": cameras.rtsp_url(channel=1), "on_demand": False}],
                   ["--on-demand"])
    server.wait_status("stream_1", "live")  # its entry says otherwise
    assert status(server) == "idle"
    assert sessions(cameras) == 1
    assert server.json("/api/cameras")[0]["status"] == "idle"  # looking at the list is not watching

    code, _, playlist = server.get("/hls/0/playlist.m3u8")  # held until the camera has sent
    assert code == 200, playlist
    asked = time.monotonic()
    assert status(server) == "live"
    assert sessions(cameras) == 2
    first = server.segments("/hls/0/playlist.m3u8")
    wait_for("the camera to be left", lambda: status(server) == "idle", 30)
    assert time.monotonic() - asked > 9
    wait_for("the session to be closed", lambda: sessions(cameras) == 1)

    # Nothing of the last time is shown as present, and no name comes back.
    assert server.get(f"/hls/0/{first[-1]}")[0] == 404
    second = server.segments("/hls/0/playlist.m3u8")
    assert second and not set(first) & set(second)


def test_a_snapshot_connects(simulate, start):
    cameras = simulate(1, "--no-discovery")
    server = start([{"rtsp_url": cameras.rtsp_url(), "on_demand": True}])
    server.wait_status("stream_0", "idle")
    code, headers, body = server.get("/api/cameras/0/snapshot.jpg?width=160")
    assert code == 200 and headers["content-type"] == "image/jpeg"
    assert status(server) == "live"


def test_a_websocket_keeps_it(simulate, start, watch, tmp_path):  # noqa: F811
    cameras = simulate(1, "--no-discovery")
    server = start([{"rtsp_url": cameras.rtsp_url(), "on_demand": True}])
    server.wait_status("stream_0", "idle")
    client = watch(f"ws://{server.address}:{server.port}/api/cameras/0/live", 14, tmp_path / "viewer")
    server.wait_status("stream_0", "live")
    seen = client.result()
    assert seen["close"] == 1000 and seen["media"] > 200
    assert status(server) == "live"  # for a while
    wait_for("the camera to be left", lambda: status(server) == "idle", 30)


def test_an_rtsp_reader_connects_and_keeps_it(simulate, spawn, tmp_path):
    require("ffmpeg")
    cameras = simulate(1, "--no-discovery")
    server = Restreamer(spawn, tmp_path, [{"rtsp_url": cameras.rtsp_url(channel=1)}, {"rtsp_url": "rtsp://127.0.0.1:9/x"}],
                        "--on-demand")
    server.wait_status("stream_0", "idle")
    server.wait_status("stream_1", "idle")
    assert server.describe("stream_1").status == 503
    with server.client() as client:  # a request behind the one that is held
        client.send(f"DESCRIBE {client.url('/stream_0')} RTSP/1.0\r\nCSeq: 1\r\n\r\n"
                    f"OPTIONS {client.url('/stream_0')} RTSP/1.0\r\nCSeq: 2\r\n\r\n")
        replies = [client.reply(), client.reply()]
        assert [reply.status for reply in replies] == [200, 200]
        assert [reply.header("CSeq") for reply in replies] == ["1", "2"]
    complaints, video, _ = decode(server.url(), "tcp", 300)  # 12 s
    assert complaints == "" and video == 200  # the clip is 8 s long, and comes again
    assert status(server) == "live"
    wait_for("the camera to be left", lambda: status(server) == "idle", 30)
    assert sessions(cameras) == 0


def test_a_camera_that_is_away_is_tried_while_somebody_asks(start):
    server = start([{"rtsp_url": "rtsp://127.0.0.1:9/x"}], ["--on-demand"])
    server.wait_status("stream_0", "idle")
    code, _, body = server.get("/hls/0/playlist.m3u8")
    assert code == 503 and "offline" in json.loads(body)["error"]["message"]
    wait_for("it to be left alone", lambda: status(server) == "idle", 30)


def test_it_is_changed_over_the_api(simulate, start):
    cameras = simulate(1, "--no-discovery")
    server = start([{"rtsp_url": cameras.rtsp_url()}])
    server.wait_status("stream_0", "live")
    code, _, camera = server.change("PATCH", "/api/cameras/0", {"on_demand": True})
    assert code == 200 and camera["on_demand"] is True
    server.wait_status("stream_0", "idle")
    assert json.loads(server.cameras.read_text())[0]["on_demand"] is True
    code, _, error = server.change("PATCH", "/api/cameras/0", {"on_demand": "yes"})
    assert code == 400 and error["error"]["message"] == '"on_demand" must be true or false'
    assert server.change("PATCH", "/api/cameras/0", {"on_demand": False})[0] == 200
    server.wait_status("stream_0", "live")
