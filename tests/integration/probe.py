"""What ffprobe says of media that we wrote."""

import json
import subprocess


def streams(path_or_url, *options, stdin=None):
    """{codec_type: stream} with nb_read_packets, of a file or address; `stdin` are bytes instead."""
    source = "pipe:0" if stdin is not None else str(path_or_url)
    result = subprocess.run(
        ["ffprobe", "-v", "error", "-count_packets", "-show_streams", "-of", "json", *options, source],
        input=stdin, capture_output=True, timeout=30, check=False)
    assert result.returncode == 0, result.stderr.decode(errors="replace")
    return {stream["codec_type"]: stream for stream in json.loads(result.stdout)["streams"]}


def decode_errors(path, *options):
    """What ffmpeg complains about when it decodes everything; empty where all is well."""
    result = subprocess.run(["ffmpeg", "-v", "error", *options, "-i", str(path), "-f", "null", "-"],
                            capture_output=True, timeout=60, check=False)
    return result.stderr.decode(errors="replace")
