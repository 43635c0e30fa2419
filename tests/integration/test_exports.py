"""camctl discover -o FORMAT: what other programs read, read again by parsers that are not ours, and held to what
those programs' documentation demands."""

import csv
import io
import json
import os
import re
import subprocess
import urllib.parse

import pytest

from conftest import program

yaml = pytest.importorskip("yaml")

KEY = re.compile(r"[a-zA-Z0-9_-]+")  # Frigate's rule for names of cameras, the strictest of all
PASSWORD = "s3cr3t @:/{x}%"
HOSTILE = ["Front \"door\": 'a' # b", "two\nlines\r\n- item: [x]", "=HYPERLINK(\"http://evil\")", "Дверь 🎥",
           "no", "12:30:45", "x" * 4000, "{{ states('x') }} !secret y", "all others", "\u0000\u0085\u2028\uffff", "&a *b"]


def entry(number, name, **more):
    host = f"10.0.0.{number + 1}"
    stream = {"token": "a", "name": "main", "rtsp_url": f"rtsp://{host}:554/main",
              "video": {"codec": "h265", "width": 1920, "height": 1080, "fps": 25}}
    sub = {"token": "b", "name": "sub", "rtsp_url": f"rtsp://{host}:554/sub?a=1&b={{HOME}}",
           "video": {"codec": "h264", "width": 640, "height": 360, "fps": 12.5}}
    return {"ip": host, "port": 80, "rtsp_url": stream["rtsp_url"], "profile_name": "main", "id": f"stream_{number}",
            "name": name, "manufacturer": "-Maker, \"Inc\"", "auth": "wsse", "profiles": [stream, sub], **more}


CAMERAS = [entry(number, name) for number, name in enumerate(HOSTILE)] + [
    entry(50, "Front door", credentials={"user": "admin", "password": PASSWORD}),
    entry(51, "Front door", profiles=[], auth="none")]


@pytest.fixture
def export(tmp_path):
    """export(*args) -> (exit code, stdout, stderr) with CAMERAS as cameras.json."""
    (tmp_path / "cameras.json").write_text(json.dumps(CAMERAS))

    def run(*args, stdin=None):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("CAMCTL_")}
        done = subprocess.run([program("camctl-discover"), "--offline", *args], input=stdin, capture_output=True,
                              cwd=tmp_path, env={**clean, "XDG_CONFIG_HOME": str(tmp_path)}, timeout=60)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return run


def read(export, *args):
    code, out, err = export(*args)
    assert (code, err) == (0, "")
    return out


def check_address(address, host):
    assert address == address.strip() and not re.search(r"[\s{}'\"#]", re.sub(r"\$?\{\w+\}:\$?\{\w+\}@", "", address))
    parts = urllib.parse.urlsplit(re.sub(r"\$?\{\w+\}:\$?\{\w+\}@", "user:password@", address))
    assert (parts.scheme, parts.hostname, parts.port) == ("rtsp", host, 554)
    return parts


def check_keys(names):
    assert all(isinstance(name, str) and KEY.fullmatch(name) and len(name) < 64 for name in names)
    assert "front_door" in names and "front_door_2" in names and "all_others" not in names


def main_and_sub(streams):
    """The addresses of each camera, from {name: address, name_sub: address} in the order of CAMERAS."""
    result = []
    for name, address in streams.items():
        if address.partition("?")[0].endswith("/sub"):
            result[-1].append(address)
        else:
            result.append([address])
    return result


@pytest.mark.parametrize("name", ["mediamtx", "go2rtc"])
def test_streams_of_mediamtx_and_go2rtc(export, name):
    out = read(export, "-o", name)
    document = yaml.safe_load(out)
    if name == "mediamtx":
        assert list(document) == ["paths"]
        assert all(list(path) == ["source"] for path in document["paths"].values())
        streams = {key: path["source"] for key, path in document["paths"].items()}
        assert not any("@" in address for address in streams.values())
    else:
        assert list(document) == ["streams"]
        streams = document["streams"]
        assert "rtsp://${RTSP_USER}:${RTSP_PASSWORD}@10.0.0.51:554/main" in streams.values()
    check_keys(streams)
    cameras = main_and_sub(streams)
    assert [len(addresses) for addresses in cameras] == [2] * (len(CAMERAS) - 1) + [1]
    for addresses, camera in zip(cameras, CAMERAS):
        for address in addresses:
            check_address(address, camera["ip"])
    assert PASSWORD not in out and "s3cr3t" not in out


def test_frigate(export, monkeypatch):
    document = yaml.safe_load(read(export, "-o", "frigate"))
    assert document["mqtt"] == {"enabled": False} and document["record"] == {"enabled": True}
    assert set(document) == {"mqtt", "record", "cameras"}
    check_keys(document["cameras"])
    assert len(document["cameras"]) == len(CAMERAS)
    variables = {"FRIGATE_RTSP_USER": "admin", "FRIGATE_RTSP_PASSWORD": "pw"}
    for entry, camera in zip(document["cameras"].values(), CAMERAS):
        inputs = entry["ffmpeg"]["inputs"]
        roles = [role for each in inputs for role in each["roles"]]
        assert sorted(roles) == ["detect", "record"]  # each once, as Frigate demands
        for each in inputs:
            assert set(each) == {"path", "roles"}
            address = each["path"].format(**variables)  # what Frigate does with it; fails on a stray brace
            assert check_address(address, camera["ip"]).username == (None if camera["auth"] == "none" else "admin")
        assert entry["detect"]["enabled"] is True
        if len(inputs) == 2:
            assert inputs[1]["roles"] == ["detect"] and "/sub" in inputs[1]["path"]
            assert (entry["detect"]["width"], entry["detect"]["height"]) == (640, 360)


def test_home_assistant(export):
    document = yaml.safe_load(read(export, "-o", "homeassistant"))
    assert set(document) == {"ffmpeg", "camera"}
    assert len(document["camera"]) == len(CAMERAS)
    for entry, camera in zip(document["camera"], CAMERAS):
        assert set(entry) == {"platform", "name", "input"} and entry["platform"] == "ffmpeg"
        assert isinstance(entry["name"], str) and "\n" not in entry["name"]
        check_address(entry["input"], camera["ip"])
    assert document["camera"][0]["name"] == HOSTILE[0] and document["camera"][4]["name"] == "no"


def play_list(text):
    lines = text.split("\n")
    assert lines[0] == "#EXTM3U" and lines[-1] == "" and len(lines) % 2 == 0
    for title, address in zip(lines[1:-1:2], lines[2:-1:2]):
        tag = re.fullmatch(r'#EXTINF:-1 tvg-id="(\w+)",(.+)', title)
        yield tag[1], tag[2], address


def test_m3u(export):
    items = list(play_list(read(export, "-o", "m3u")))
    assert [item[0] for item in items] == [camera["id"] for camera in CAMERAS]
    assert items[0] == ("stream_0", HOSTILE[0], "http://127.0.0.1:8080/hls/stream_0/playlist.m3u8")
    items = list(play_list(read(export, "-o", "m3u", "--server", "https://cams.example:8443/")))
    assert items[3] == ("stream_3", HOSTILE[3], "https://cams.example:8443/hls/stream_3/playlist.m3u8")
    items = list(play_list(read(export, "-o", "m3u", "--rtsp")))
    assert [item[2] for item in items] == [camera["rtsp_url"] for camera in CAMERAS]


def test_csv(export):
    out = read(export, "-o", "csv")
    rows = list(csv.DictReader(io.StringIO(out, newline=""), strict=True))
    assert len(rows) == len(CAMERAS)
    for row, camera in zip(rows, CAMERAS):
        assert None not in row and None not in row.values()
        assert (row["id"], row["ip"], row["port"], row["rtsp_url"]) == (
            camera["id"], camera["ip"], "80", camera["rtsp_url"])
        assert row["manufacturer"] == "'-Maker, \"Inc\""
        assert not any(cell[:1] in tuple("=+-@\t\r") for cell in row.values())
    assert rows[2]["name"] == "'" + HOSTILE[2]


def test_yaml_holds_what_json_holds(export):
    from_json = json.loads(read(export, "-o", "json"))
    from_yaml = yaml.safe_load(read(export, "-o", "yaml"))
    plain = [number for number, camera in enumerate(from_json) if camera["name"].isprintable()]
    assert len(plain) > 8
    assert [from_yaml[number] for number in plain] == [from_json[number] for number in plain]
    assert len(from_yaml) == len(from_json)


def test_passwords_on_request_only(export):
    for name in ["mediamtx", "go2rtc", "homeassistant"]:
        out = read(export, "-o", name, "--save-credentials")
        address = re.search(r'"(rtsp://[^"]*@10\.0\.0\.51:554/main)"', out)[1]
        assert urllib.parse.unquote(urllib.parse.urlsplit(address).password) == PASSWORD
        assert len(re.findall("s3cr3t", out)) == (1 if name == "homeassistant" else 2)
    items = list(play_list(read(export, "-o", "m3u", "--rtsp", "--save-credentials")))
    assert urllib.parse.unquote(urllib.parse.urlsplit(items[-2][2]).password) == PASSWORD


def test_what_is_given_counts_as_if_devices_were_asked(export, tmp_path):
    (tmp_path / "pw").write_text("given\n")
    (tmp_path / "pw").chmod(0o600)
    out = read(export, "-o", "mediamtx", "--save-credentials", "--user", "u", "--password-file", "pw")
    assert "rtsp://u:given@10.0.0.1:554/main" in out and "rtsp://u:given@10.0.0.51:554/main" in out


def test_standard_input_and_what_is_wrong(export, tmp_path):
    code, out, _ = export("-o", "go2rtc", "--file", "-", stdin=json.dumps(CAMERAS[-1:]).encode())
    assert (code, yaml.safe_load(out)) == (0, {"streams": {"front_door": "rtsp://10.0.0.52:554/main"}})
    code, out, err = export("-o", "m3u", "--file", "-", stdin=b"[]")
    assert (code, out) == (3, "#EXTM3U\n") and "no camera" in err
    for args, what in [(["10.0.0.1"], "--offline"), (["--prune"], "--offline"), (["--rtsp"], "-o m3u"),
                       (["--server", "http://x"], "-o m3u"), (["-o", "m3u", "--server", "ftp://x"], "ftp://"),
                       (["-o", "m3u", "--server", "http://u:pw1@x"], "password"), (["-o", "xml"], "mediamtx"),
                       (["--file", "missing.json"], "missing.json")]:
        code, out, err = export(*args)
        assert (code, out) == (2, "") and what in err and "pw1" not in err
    before = (tmp_path / "cameras.json").read_bytes()
    read(export, "-o", "frigate")
    assert (tmp_path / "cameras.json").read_bytes() == before
