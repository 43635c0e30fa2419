"""What a server knows of its cameras' time: the target duration, learned from run to run."""

import json
import re

from conftest import wait_for


def target(server):
    status, _, body = server.request("/hls/0/main/media.m3u8", timeout=20)
    assert status == 200, body
    return int(re.search(r"^#EXT-X-TARGETDURATION:(\d+)$", body.decode(), re.M).group(1))


def test_the_target_duration_is_what_the_last_run_learned(simulate, serve, tmp_path):
    cameras = simulate(1, "--no-discovery")
    file = tmp_path / "cameras.json"
    file.write_text(json.dumps([{"rtsp_url": cameras.rtsp_url()}]))
    server = serve(file)
    assert target(server) == 4  # nothing is known
    wait_for("two segments", lambda: server.request("/hls/0/main/media.m3u8")[2].count(b"#EXTINF") >= 2)
    assert target(server) == 4  # and it stays
    assert server.process.stop() in (0, 130)
    assert json.loads((tmp_path / "cameras.learned.json").read_text()) == {"stream_0": 2}
    assert target(serve(file)) == 2


def test_the_target_duration_is_what_the_profiles_say(simulate, serve):
    cameras = simulate(1, "--no-discovery")

    def profile(channel, gop):
        return {"token": f"p{channel}", "name": f"p{channel}", "rtsp_url": cameras.rtsp_url(channel=channel),
                "video": {"codec": "h264", "width": 640, "height": 360, "fps": 10, "bitrate_kbps": 500, "gop": gop}}

    server = serve([{"rtsp_url": cameras.rtsp_url(), "profiles": [profile(0, 20), profile(1, 65)]}])
    assert target(server) == 7  # the longest of main and sub
