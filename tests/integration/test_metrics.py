"""GET /metrics, read by Prometheus's own parser; and the alerts and the dashboard that ask for what it has."""

import json
import os
import pathlib
import re
import time

import pytest
import yaml

from conftest import wait_for
from serving import Server

parser = pytest.importorskip("prometheus_client.parser")

PACKAGING = pathlib.Path(__file__).resolve().parents[2] / "packaging"


def scrape(server):
    """{name: {labels: value}} of all samples, and {family: type}"""
    status, headers, body = server.get("/metrics")
    assert status == 200 and headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples, types = {}, {}
    for family in parser.text_string_to_metric_families(body.decode()):
        types[family.name] = family.type
        for sample in family.samples:
            labels = tuple(sorted(sample.labels.items()))
            assert labels not in samples.setdefault(sample.name, {}), f"{sample.name} twice"
            samples[sample.name][labels] = sample.value
    return samples, types


def of(camera):
    return (("camera", camera),)


def test_cameras(simulate, spawn, tmp_path):
    cameras = simulate(1, "--no-discovery")
    name = 'Yard "north"\\\n2'
    server = Server(spawn, tmp_path, [{"rtsp_url": cameras.rtsp_url(), "name": name},
                                      {"rtsp_url": "rtsp://127.0.0.1:1/none"}])
    server.wait_status("stream_0", "live")
    server.wait_status("stream_1", "offline")
    # The window counts whole segments.
    wait_for("a segment", lambda: scrape(server)[0]["camctl_camera_window_bytes"][of("stream_0")] > 100_000)
    samples, types = scrape(server)
    assert types["camctl_camera_frames"] == "counter" and types["camctl_http_response_seconds"] == "histogram"
    info = {dict(labels)["camera"]: dict(labels)["name"] for labels in samples["camctl_camera_info"]}
    assert info["stream_0"] == name
    assert samples["camctl_camera_up"] == {of("stream_0"): 1, of("stream_1"): 0}
    states = {dict(labels)["camera"]: dict(labels)["state"]
              for labels, value in samples["camctl_camera_state"].items() if value}
    assert states == {"stream_0": "live", "stream_1": "offline"}
    assert 20 < samples["camctl_camera_frames_per_second"][of("stream_0")] < 30
    assert samples["camctl_camera_bits_per_second"][of("stream_0")] > 100_000
    assert 0 <= samples["camctl_camera_last_frame_age_seconds"][of("stream_0")] < 5
    assert of("stream_1") not in samples["camctl_camera_last_frame_age_seconds"], "it never had one"
    frames = samples["camctl_camera_frames_total"][of("stream_0")]
    wait_for("more frames", lambda: scrape(server)[0]["camctl_camera_frames_total"][of("stream_0")] > frames)
    cameras.process.stop()
    server.wait_status("stream_0", "offline", 30)
    assert scrape(server)[0]["camctl_camera_up"][of("stream_0")] == 0
    wait_for("its last picture to grow old",
             lambda: scrape(server)[0]["camctl_camera_last_frame_age_seconds"][of("stream_0")] > 1)


def test_http_and_process(spawn, tmp_path):
    server = Server(spawn, tmp_path, [])
    before, _ = scrape(server)
    for _ in range(3):
        assert server.get("/api/cameras")[0] == 200
    assert server.get("/nowhere")[0] == 404
    _, _, page = server.get("/")
    assert server.raw(b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400")
    after, _ = scrape(server)

    def grown(name, **labels):
        key = tuple(sorted(labels.items()))
        return after[name][key] - before[name][key]

    assert grown("camctl_http_responses_total", content="api", status="2xx") == 4  # three, and the first scrape
    assert grown("camctl_http_responses_total", content="page", status="2xx") == 1
    assert grown("camctl_http_responses_total", content="page", status="4xx") == 2
    assert grown("camctl_http_sent_bytes_total", content="page") > len(page)
    assert grown("camctl_http_response_seconds_count", content="api") == 4
    buckets = [value for labels, value in after["camctl_http_response_seconds_bucket"].items()
               if ("content", "api") in labels]
    assert buckets == sorted(buckets), "each bucket holds those before it"
    assert buckets[-1] == after["camctl_http_response_seconds_count"][(("content", "api"),)]
    assert after["camctl_http_connections"][()] >= 1

    assert abs(after["process_start_time_seconds"][()] - time.time()) < 60
    pid = server.process.pid
    assert abs(after["process_open_fds"][()] - len(os.listdir(f"/proc/{pid}/fd"))) <= 4
    assert after["process_resident_memory_bytes"][()] > 1 << 20
    assert 0 < after["process_cpu_seconds_total"][()] < 60


def asked_for(expression):
    """The metrics that a PromQL expression names."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)', "", expression)
    return {word for word in re.findall(r"[a-z_][a-z0-9_]*", bare) if word.startswith(("camctl_", "process_"))}


def test_alerts_and_dashboard_ask_for_what_there_is(spawn, tmp_path):
    server = Server(spawn, tmp_path, [{"rtsp_url": "rtsp://127.0.0.1:1/none"}])
    _, _, body = server.get("/metrics")
    there = set(re.findall(r"^# TYPE (\S+)", body.decode(), re.MULTILINE))
    there |= {name + suffix for name in set(there) for suffix in ("_bucket", "_sum", "_count")}
    alerts = yaml.safe_load((PACKAGING / "prometheus" / "camctl-alerts.yml").read_text())
    expressions = [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]
    dashboard = json.loads((PACKAGING / "grafana" / "camctl.json").read_text())
    expressions += [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(expressions) > 10
    for expression in expressions:
        assert asked_for(expression) and asked_for(expression) <= there, expression
