"""`camctl serve`: what is there beside HLS, with cameras that really send: snapshots."""

import concurrent.futures
import json
import socket
import subprocess

import pytest

from conftest import require, wait_for
from serving import Server


@pytest.fixture
def start(spawn, tmp_path):
    return lambda *args, **options: Server(spawn, tmp_path, *args, **options)


def picture_size(jpeg, tmp_path):
    path = tmp_path / "snapshot.jpg"
    path.write_bytes(jpeg)
    probe = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "json",
                            path], capture_output=True, check=True)
    stream = json.loads(probe.stdout)["streams"][0]
    assert stream["codec_name"] == "mjpeg"
    return stream["width"], stream["height"]


def test_snapshots(simulate, start, tmp_path):
    require("ffprobe")
    cameras = simulate(1)
    server = start([{"rtsp_url": cameras.rtsp_url()}])
    # The first request waits for the first key frame.
    status, headers, jpeg = server.get("/api/cameras/stream_0/snapshot.jpg")
    assert status == 200, jpeg
    assert headers["content-type"] == "image/jpeg"
    assert picture_size(jpeg, tmp_path) == (1920, 1080)
    for width, size in ((640, (640, 360)), (16, (16, 9)), (5000, (1920, 1080))):
        status, headers, jpeg = server.get(f"/api/cameras/0/snapshot.jpg?width={width}")
        assert status == 200
        assert picture_size(jpeg, tmp_path) == size

    status, headers, _ = server.request("HEAD", "/api/cameras/0/snapshot.jpg")
    assert status == 200 and int(headers["content-length"]) > 1000 and "max-age=1" in headers["cache-control"]
    def unchanged():  # a new key frame may have come in between
        etag = server.get("/api/cameras/0/snapshot.jpg")[1]["etag"]
        return server.get("/api/cameras/0/snapshot.jpg", If_None_Match=etag)[0] == 304
    wait_for("the same picture to be told by its tag", unchanged)

    for query in ("width=0", "width=-1", "width=1e3", "width=999999999999", "width=15", "width=%00"):
        status, _, body = server.get(f"/api/cameras/0/snapshot.jpg?{query}")
        assert status == 400 and "width" in json.loads(body)["error"]["message"], query
    status, _, body = server.get("/api/cameras/9/snapshot.jpg")
    assert status == 404 and json.loads(body)["error"]["code"] == "not_found"

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda i: server.get(f"/api/cameras/0/snapshot.jpg?width={160 + i % 4}")[0], range(80)))
    assert answers.count(200) == 80


def test_snapshot_of_a_camera_that_is_away(simulate, start):
    cameras = simulate(1)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        server = start([{"rtsp_url": cameras.rtsp_url()}, {"rtsp_url": f"rtsp://127.0.0.1:{port}/x"}])
        status, headers, body = server.get("/api/cameras/1/snapshot.jpg")
        assert status == 503 and "retry-after" in headers
        assert "stream_1 is offline" in json.loads(body)["error"]["message"]
    # The last picture of a camera that has gone is not shown as its present one.
    assert server.get("/api/cameras/0/snapshot.jpg")[0] == 200
    cameras.process.stop()
    server.wait_status("stream_0", "offline")
    assert server.get("/api/cameras/0/snapshot.jpg")[0] == 503
