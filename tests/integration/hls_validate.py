#!/usr/bin/env python3
"""Reads live HLS playlists for a while and checks each rule of hls_rules.py.

    hls_validate.py --seconds 30 http://127.0.0.1:8080/hls/stream_0/playlist.m3u8 …/index.m3u8

Media and multivariant playlists alike; of the latter every variant is followed. Prints a line for each finding and
one for each playlist; exits 1 where anything was found. --decode has FFmpeg decode each segment, too.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import hashlib
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import hls_live_ll
import hls_media
import hls_rules
from hls_media import boxes
from hls_rules import Finding

CONTENT_TYPES = {"application/vnd.apple.mpegurl", "audio/mpegurl", "application/x-mpegurl"}
# How far a segment's own length may differ from EXTINF, and its start from the last one's end.
TIME_TOLERANCE = 0.1
# A new version may be late by what a machine under load adds.
LATENESS = 1.0
# By how much two variants' dates of the same moment may differ, in seconds: each is what the server's clock showed when
# the picture came.
SAME_DATE = 1.0


@dataclasses.dataclass
class Fetched:
    status: int
    content_type: str
    body: bytes
    coding: str = ""


def fetch(url, headers=None, timeout=10):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=timeout) as reply:
            return Fetched(reply.status, reply.headers.get_content_type(), reply.read(),
                           reply.headers.get("Content-Encoding", ""))
    except urllib.error.HTTPError as error:
        return Fetched(error.code, error.headers.get_content_type(), b"")
    except (urllib.error.URLError, OSError) as error:
        return Fetched(0, str(error), b"")


def mp4_init_is_right(data):
    kinds = [kind for kind, _ in boxes(data)]
    return kinds[:1] == ["ftyp"] and "moov" in kinds


def mp4_segment_is_right(data):
    kinds = dict(boxes(data))
    if "moof" not in kinds or "mdat" not in kinds:
        return False
    fragments = [body for kind, body in boxes(kinds["moof"]) if kind == "traf"]
    for fragment in fragments:
        inner = dict(boxes(fragment))
        if "tfdt" not in inner or "tfhd" not in inner or not inner["tfhd"][1] & 2:
            return False
    return bool(fragments)


def ts_tables_are_right(data):
    """A PAT in the first packet, and the PMT that it names in the second (ISO 13818-1 §2.4.4)."""
    if len(data) < 376 or data[0] != 0x47 or data[188] != 0x47 or len(data) % 188:
        return False
    first, second = ((data[at + 1] & 0x1f) << 8 | data[at + 2] for at in (0, 188))
    pmt = (data[15] & 0x1f) << 8 | data[16]
    return first == 0 and second == pmt


class MediaPlaylist:
    """One media playlist, polled."""

    def __init__(self, url, report, bandwidth=None, decode=False, parent=None):
        self.url, self.report, self.bandwidth, self.decode, self.parent = url, report, bandwidth, decode, parent
        self.current = None
        self.changed_at = self.next_poll = time.monotonic()
        self.digests = {}     # URL -> digest of its bytes
        self.inits = {}       # URL -> bytes
        self.removed = []     # (when to look again, URL)
        self.last_end = None  # where the last segment's video ended
        self.last_tracks = None
        self.axis = {}        # discontinuity sequence number -> date of its times' zero, in seconds; of fMP4
        self.versions = self.segments = 0
        self.low_latency = hls_live_ll.LowLatencyWatch(url, fetch, self.found)

    def poll(self):
        now = time.monotonic()
        self.next_poll = now + 0.5
        got = fetch(self.url)
        if got.status != 200:
            return self.found("available", f"the playlist: {got.status} {got.content_type if not got.status else ''}")
        if got.content_type.lower() not in CONTENT_TYPES:
            self.found("content-type", got.content_type)
        new, findings = hls_rules.check_text(got.body)
        for finding in findings:
            self.report(self.url, finding)
        old = self.current
        if old is not None and new == old:
            if not old.ended and now - self.changed_at > 1.5 * old.target + LATENESS:
                self.found("in-time", f"unchanged for {now - self.changed_at:.1f} s, target {old.target} s")
                self.changed_at = now
            return self.look_at_removed()
        self.changed_at = now
        self.versions += 1
        fresh = new.segments
        if old is not None:
            for finding in hls_rules.check_reload(old, new):
                self.report(self.url, finding)
            known = {s.number for s in old.segments}
            fresh = [s for s in new.segments if s.number not in known]
            # §6.2.2: for the segment's duration and that of the longest playlist that held it.
            for segment in old.segments:
                if segment.number < new.sequence and not segment.gap:
                    self.removed.append((now + 0.8 * float(segment.duration + old.duration), self.absolute(segment.uri)))
        self.current = new
        for segment in fresh:
            if segment.gap:  # bis §4.4.4.7: nothing is behind its URI
                self.last_end = None
                continue
            self.low_latency.take_parts(segment.number, segment.parts, self.init(segment.map_uri), self.get)
            self.check_segment(segment, new)
        newest_map = new.segments[-1].map_uri if new.segments else None
        self.low_latency.take_parts(new.next_number, new.low_latency.open_parts, self.init(newest_map), self.get)
        self.low_latency.look(new)
        self.look_at_removed()

    def init(self, uri):
        """The bytes of an initialisation segment, or None."""
        if uri and uri not in self.inits:
            init = self.get(uri)
            if init is None:
                return None
            if not mp4_init_is_right(init):
                self.found("mp4-boxes", uri)
            self.inits[uri] = init
        return self.inits.get(uri)

    def absolute(self, uri):
        return urllib.parse.urljoin(self.url, uri)

    def found(self, rule, message):
        self.report(self.url, Finding(rule, message))

    def get(self, uri):
        """The bytes behind `uri`, or None; the same ones each time."""
        url = self.absolute(uri)
        got = fetch(url)
        if got.status != 200:
            return self.found("available", f"{uri}: {got.status} {got.content_type if not got.status else ''}")
        digest = hashlib.sha256(got.body).digest()
        if self.digests.setdefault(url, digest) != digest:
            self.found("bytes-constant", uri)
        return got.body

    def look_at_removed(self):
        now = time.monotonic()
        due = [url for when, url in self.removed if when <= now]
        self.removed = [(when, url) for when, url in self.removed if when > now]
        for url in due:
            self.get(url)

    def check_segment(self, segment, playlist):
        data = self.get(segment.uri)
        if data is None:
            return
        self.segments += 1
        if segment.map_uri:
            init = self.init(segment.map_uri)
            if init is None:
                return
            if not mp4_segment_is_right(data):
                self.found("mp4-boxes", segment.uri)
            self.check_tracks(segment, init)
        else:
            if not ts_tables_are_right(data):
                self.found("ts-tables", segment.uri)
            init = None
        rate = 8 * len(data) / max(float(segment.duration), 0.001)
        # §4.1: the peak counts segments of at least half a target duration.
        if self.bandwidth and segment.duration * 2 >= playlist.target and rate > 1.1 * self.bandwidth:
            self.found("bandwidth-true", f"{segment.uri}: {rate:.0f} bit/s, BANDWIDTH {self.bandwidth}")
        try:
            units = hls_media.units(data, init)
            self.check_times(segment, playlist, units)
            self.low_latency.compare(segment, units)
        except ValueError as error:
            self.found("decodes", f"{segment.uri}: {error}")
        if self.decode:
            whole = (init or b"") + data
            done = subprocess.run(["ffmpeg", "-v", "error", "-xerror", "-i", "-", "-f", "null", "-"], input=whole,
                                  capture_output=True, check=False)
            if done.returncode or done.stderr.strip():
                self.found("decodes", f"{segment.uri}: {done.stderr.decode(errors='replace').strip()[-300:]}")

    def check_tracks(self, segment, init):
        try:
            tracks = hls_media.tracks(init)
        except ValueError as error:
            return self.found("mp4-boxes", f"{segment.map_uri}: {error}")
        if self.last_tracks not in (None, tracks) and not segment.discontinuity:
            self.found("tracks", f"{segment.uri}: {self.last_tracks}, then {tracks}")
        self.last_tracks = tracks

    def check_times(self, segment, playlist, found):
        kind = "video" if found["video"] else "audio"
        own = found[kind]
        if not own:
            return self.found("decodes", f"{segment.uri}: nothing in it")
        if playlist.independent and not own[0][1]:
            self.found("independent", segment.uri)
        start, end = own[0][0], own[-1][0]
        step = (end - start) / (len(own) - 1) if len(own) > 1 else 0.0
        end += step
        # The last frame's own length is not in an MPEG-TS segment: a frame more or less is the reader's guess.
        tolerance = max(TIME_TOLERANCE, 1.5 * step)
        if abs(end - start - float(segment.duration)) > tolerance:
            self.found("duration-true", f"{segment.uri}: EXTINF {segment.duration}, {kind} of {end - start:.3f} s")
        if self.last_end is not None and not segment.discontinuity:
            gap = (start - self.last_end + 2 ** 33 / 180000) % (2 ** 33 / 90000) - 2 ** 33 / 180000
            if abs(gap) > tolerance:
                self.found("timeline", f"{segment.uri}: begins {gap:+.3f} s after the last one's end")
        self.last_end = end
        if segment.map_uri and segment.date:
            self.axis[segment.discontinuity_sequence] = segment.date.timestamp() - start


def open_playlists(url, report, decode=False):
    """The media playlists behind `url`."""
    got = fetch(url)
    if got.status != 200:
        report(url, Finding("available", f"{got.status} {got.content_type if not got.status else ''}"))
        return []
    playlist, findings = hls_rules.check_text(got.body)
    if not playlist.multivariant:
        return [MediaPlaylist(url, report, decode=decode)]
    for finding in findings:
        report(url, finding)
    if got.content_type.lower() not in CONTENT_TYPES:
        report(url, Finding("content-type", got.content_type))
    out = []
    for variant in playlist.variants:
        bandwidth = variant.attributes.get("BANDWIDTH", "")
        out.append(MediaPlaylist(urllib.parse.urljoin(url, variant.uri), report,
                                 int(bandwidth) if bandwidth.isdigit() else None, decode, url))
    return out


def validate(urls, seconds, decode=False, report=None):
    """Follows the playlists for so long; (findings as (url, Finding), the playlists)."""
    findings = []

    def keep(url, finding):
        findings.append((url, finding))
        if report:
            report(url, finding)

    playlists = [playlist for url in urls for playlist in open_playlists(url, keep, decode)]
    deadline = time.monotonic() + seconds
    if playlists:
        # One thread each: blocking reloads of one must not keep another waiting.
        with concurrent.futures.ThreadPoolExecutor(len(playlists)) as pool:
            for done in [pool.submit(follow, playlist, playlists, deadline) for playlist in playlists]:
                done.result()
    return findings, playlists


def follow(playlist, playlists, deadline):
    while time.monotonic() < deadline:
        time.sleep(max(0.0, min(playlist.next_poll, deadline) - time.monotonic()))
        if playlist.next_poll <= time.monotonic():
            playlist.poll()
            check_siblings(playlist, playlists)


def check_siblings(playlist, playlists):
    """What the media playlists of one multivariant playlist must have in common."""
    for other in playlists:
        if other is playlist or other.parent is None or other.parent != playlist.parent:
            continue
        if not (other.current and playlist.current):
            continue
        check_pair(playlist.current, other.current, lambda rule, message: playlist.found(rule, f"{message}, {other.url}"))
        for number in playlist.axis.keys() & other.axis.keys():
            apart = playlist.axis[number] - other.axis[number]
            if abs(apart) > SAME_DATE:
                playlist.found("variants-dates", f"{apart:+.3f} s apart from {other.url} behind break {number}")


def check_pair(one, other, found):
    """Two media playlists of one presentation, read within moments of each other."""
    if one.target != other.target:
        found("variants-target", f"{one.target} s and {other.target} s")
    if one.playlist_type != other.playlist_type:
        found("variants-type", f"{one.playlist_type} and {other.playlist_type}")
    dated = [[s for s in playlist.segments if s.date] for playlist in (one, other)]
    if bool(dated[0]) != bool(dated[1]) and one.segments and other.segments:
        found("variants-dates", "only one of them has dates")
    # A break is signalled in each at its own next key frame: what lies between is at most a target duration.
    differing = collections.Counter()
    for a in dated[0]:
        for b in dated[1]:
            if a.gap or b.gap or a.discontinuity_sequence == b.discontinuity_sequence:
                continue
            begin = max(a.date.timestamp(), b.date.timestamp())
            end = min(s.date.timestamp() + float(s.duration) for s in (a, b))
            differing[a.discontinuity_sequence, b.discontinuity_sequence] += max(0.0, end - begin)
    for (ours, theirs), seconds in differing.items():
        if seconds > one.target + TIME_TOLERANCE:
            found("variants-discontinuities", f"{seconds:.1f} s have number {ours} and {theirs}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("urls", nargs="+", metavar="URL")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--decode", action="store_true", help="decode every segment, too")
    options = parser.parse_args()
    findings, playlists = validate(options.urls, options.seconds, options.decode,
                                   lambda url, finding: print(f"{url}\n  {finding}", flush=True))
    for playlist in playlists:
        print(f"{playlist.url}: {playlist.versions} versions, {playlist.segments} segments"
              f", {playlist.low_latency.checked} compared with their parts")
    print(f"{len(findings)} findings")
    return 1 if findings or not playlists else 0


if __name__ == "__main__":
    sys.exit(main())
