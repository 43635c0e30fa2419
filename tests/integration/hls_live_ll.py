"""What hls_validate.py asks a live server about low latency: blocking reloads, delta updates, parts and their media."""

import gzip
import urllib.parse

import hls_media
import hls_rules
import hls_rules_ll

# A segment's parts are compared with it this closely, in seconds: times are counted in ticks of the same clock.
SAME_TIME = 1e-6


def with_query(url, **directives):
    return url + ("&" if urllib.parse.urlsplit(url).query else "?") + urllib.parse.urlencode(directives)


class LowLatencyWatch:
    """Beside one hls_validate.MediaPlaylist; `fetch(url, headers)` gives status, content type, coding and body."""

    def __init__(self, url, fetch, found):
        self.url, self.fetch, self.found = url, fetch, found
        self.parts = {}  # segment number -> [units of each part, in order]
        self.asked_wrongly = False
        self.checked = self.hinted = 0

    def text(self, **directives):
        got = self.fetch(with_query(self.url, **directives) if directives else self.url)
        return hls_rules.check_text(got.body)[0] if got.status == 200 else got.status

    def look(self, playlist):
        """At each poll, with the newest version."""
        if playlist.low_latency.control.get("CAN-BLOCK-RELOAD") != "YES" or playlist.ended:
            return
        if not self.asked_wrongly:
            self.asked_wrongly = True
            self.ask_wrongly(playlist)
            self.ask_gzip()
        self.block(playlist)
        self.take_hint()
        self.skip()

    def ask_wrongly(self, playlist):
        for directives in ({"_HLS_part": 0}, {"_HLS_msn": playlist.next_number + 10}):
            if self.text(**directives) != 400:
                self.found("blocking-refused", f"{directives}")
        if isinstance(status := self.text(_HLS_unheard_of=1), int):
            self.found("directives", f"{status} for one that nobody knows")

    def ask_gzip(self):
        for _ in range(3):  # until nothing comes between
            before, packed, after = self.fetch(self.url), self.fetch(self.url, {"Accept-Encoding": "gzip"}), self.fetch(self.url)
            if packed.coding != "gzip":
                return self.found("gzip", f"offered {packed.coding or 'as it is'}")
            if before.body == after.body:
                if gzip.decompress(packed.body) != before.body:
                    self.found("gzip", "another content")
                return

    def take_hint(self):
        playlist = self.text()
        uri = None if isinstance(playlist, int) else playlist.low_latency.hints.get("PART")
        if uri is None:
            return
        got = self.fetch(urllib.parse.urljoin(self.url, uri))
        self.hinted += 1
        if got.status == 200 and got.body:
            return
        # It need not come: the camera may have gone, or a segment have ended early.
        later = self.text()
        listed = [] if isinstance(later, int) else [part.uri for part in hls_rules_ll.all_parts(later) if not part.gap]
        if uri in listed:
            self.found("hint-true", f"{uri}: {got.status}, and it is listed")

    def block(self, playlist):
        msn, part = playlist.next_number, len(playlist.low_latency.open_parts)
        got = self.text(_HLS_msn=msn, _HLS_part=part) if playlist.low_latency.part_target else self.text(_HLS_msn=msn)
        if isinstance(got, int):
            return self.found("blocking", f"{got} for {msn}, part {part}")
        # §6.2.5.2: behind a segment's last part comes the first of the next.
        if got.next_number == msn and len(got.low_latency.open_parts) <= part:
            self.found("blocking", f"no part {part} of {msn}")

    def skip(self):
        for _ in range(3):  # until nothing comes between
            before, delta, after = self.text(), self.text(_HLS_skip="YES"), self.text()
            if any(isinstance(one, int) for one in (before, delta, after)):
                return
            if before == after:
                return hls_rules_ll.check_delta(before, delta, self.found)

    def take_parts(self, segment_number, parts, init, get):
        """Fetches parts that are new; `get` tells of those that can't be had."""
        if init is None:
            return
        have = self.parts.setdefault(segment_number, [])
        for part in parts[len(have):]:
            data = None if part.gap else get(part.uri)
            if data is None:
                have.append(None)
                continue
            try:
                units = hls_media.units(data, init)
            except ValueError as error:
                self.found("part-media", f"{part.uri}: {error}")
                units = None
            have.append(units)
            if units and part.independent and units["video"] and not units["video"][0][1]:
                self.found("part-independent", part.uri)

    def compare(self, segment, units):
        """With the segment that is complete now."""
        parts = self.parts.pop(segment.number, None)
        for number in [n for n in self.parts if n < segment.number]:
            del self.parts[number]
        if not parts or None in parts or len(parts) != len(segment.parts):
            return
        self.checked += 1
        for kind in ("video", "audio"):
            whole = [time for time, _ in units[kind]]
            pieces = [time for part in parts for time, _ in part[kind]]
            if len(whole) != len(pieces) or any(abs(a - b) > SAME_TIME for a, b in zip(whole, pieces)):
                self.found("part-media", f"{segment.uri}: {kind} of its parts differs")
