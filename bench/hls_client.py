"""A client that plays HLS or LL-HLS of any server as players do, and tells how old the frames are that it gets."""

import http.client
import re
import statistics
import sys
import threading
import time
import urllib.parse

import rig

sys.path.insert(0, str(rig.ROOT / "tests/integration"))
from rtsp_client import Rtp, RtspClient  # noqa: E402

KEY = 400            # bytes at a frame's end by which it is known; fMP4 keeps them together
FRAGMENT_HEADER = 2  # RFC 6184 §5.8; of a whole NAL unit it is left out as well
REMEMBERED = 7       # seconds of frames; a virtual camera repeats itself after 8
SETTLED = 0.5        # seconds that bytes may be here before the camera's reader has them
POLL = 0.02          # between looks at a playlist that takes no blocking reloads


class SentFrames:
    """Reads a virtual camera (RTSP over TCP) and remembers when the last packet of each frame came."""

    def __init__(self, address, port=5543):
        self.client = RtspClient(address, port)
        self.frames = {}  # last bytes -> time
        self.stopped = False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.client.play()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped = True
        self.thread.join(5)
        self.client.close()

    def run(self):
        while not self.stopped:
            channel, data = self.client.packet()
            if channel == 0 and (packet := Rtp(data)).marker:
                self.frames[packet.payload[FRAGMENT_HEADER:][-KEY:]] = time.monotonic()

    def found(self, body, got):
        """When the frames were sent that are in these bytes, which came at `got`; in order."""
        return sorted(at for end, at in list(self.frames.items()) if -SETTLED < got - at < REMEMBERED and end in body)


class Client:
    def __init__(self, url):
        self.url = url
        parts = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)

    def get(self, url):
        """Status, bytes, and when the last of them came."""
        parts = urllib.parse.urlsplit(url)
        self.connection.request("GET", parts.path + ("?" + parts.query if parts.query else ""))
        answer = self.connection.getresponse()
        return answer.status, answer.read(), time.monotonic()

    def playlist(self):
        """The media playlist; of a multivariant one, its first variant's is what is asked for from then on."""
        status, text, _ = self.get(self.url)
        if status == 200 and b"#EXT-X-STREAM-INF" in text:
            self.url = self.absolute(re.search(r"^[^#\s].*$", text.decode(), re.M)[0].strip())
            return self.playlist()
        return text.decode() if status == 200 else ""

    def absolute(self, uri):
        return urllib.parse.urljoin(self.url, uri)

    def newest(self):
        """The address of what comes next (LL-HLS), else of the newest segment; "" where there is none."""
        text = self.playlist()
        if hint := re.search(r'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="([^"]+)"', text):
            return self.absolute(hint[1])
        segments = re.findall(r"^[^#\s].*$", text, re.M)
        return self.absolute(segments[-1].strip()) if segments else ""


def ages(url, sent, seconds):
    """ms from the camera's sending to here, of the first and the last frame of each part or segment that comes new."""
    client, seen, got = Client(url), "", []
    rig.until("something to play", client.newest, step=0.1)
    client.get(client.newest())  # what is under way is not new
    end = time.monotonic() + seconds
    first, last = [], []

    def count():
        """Once the reader of the camera has surely seen the frames, too."""
        while got and (time.monotonic() - got[0][1] > SETTLED or time.monotonic() > end):
            body, at = got.pop(0)
            if frames := sent.found(body, at):
                first.append(1000 * (at - frames[0]))
                last.append(1000 * (at - frames[-1]))

    while time.monotonic() < end:
        if (media := client.newest()) == seen:
            time.sleep(POLL)
            continue
        seen = media
        status, body, at = client.get(media)
        if status == 200:
            got.append((body, at))
        count()
    time.sleep(SETTLED)
    count()
    return first, last


def percentile(values, percent):
    """None where there are too few to tell."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) >= 5 else None


def spread(values):
    return ", ".join(f"{percent} % {percentile(values, percent) or float('nan'):.1f}" for percent in (5, 50, 95))
