"""GStreamer as a reader of RTSP."""

import subprocess

from conftest import require


def gst_reads(url, *properties, codec="h264", pictures=50):
    """Asserts that rtspsrc with these properties reads so many pictures and then ends without an error."""
    require("gst-launch-1.0")
    done = subprocess.run(
        ["gst-launch-1.0", "rtspsrc", f"location={url}", *properties, "!", f"rtp{codec}depay", "!", f"{codec}parse", "!",
         f"video/x-{codec},alignment=au", "!", "identity", f"eos-after={pictures}", "!", "fakesink"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    # Once it has its pictures it shuts down, and now and then its CLOSE flushes its own PAUSE, which it reports as an
    # error of writing (GST_DEBUG=rtspsrc:5 says "connection flush busy PAUSE"): that is no matter of the server's.
    played, end, _ = done.stdout.partition("Got EOS")
    assert end and "ERROR" not in played, done.stdout
