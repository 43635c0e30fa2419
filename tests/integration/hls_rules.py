"""The rules of RFC 8216 that a server must keep, and checks of playlists against them.

Every check names its rule; a rule is the clause it comes from. `check_text` looks at one playlist,
`check_reload` at two versions of one, `hls_validate.py` does both on a live server.
"""

import dataclasses
import datetime
import decimal
import re
import unicodedata

import hls_rules_ll
import hls_rules_tags

# rule -> clause and what it demands of the server
RULES = {
    "utf8": "§4: a playlist is UTF-8 without BOM and without control characters other than CR and LF",
    "extm3u": "§4.3.1.1: the first line is EXTM3U",
    "line": "§4.1: a line is blank, a comment, a tag or a URI, without white space inside a tag's name",
    "one-kind": "§4.1: a playlist holds media segments or variants, never both, and no tag of the other kind",
    "version-once": "§4.3.1.2: at most one EXT-X-VERSION",
    "version-enough": "§7: the version covers the features that are used",
    "attributes": "§4.2: attribute lists are NAME=value, names in capitals, none twice, values of their type",
    "target-present": "§4.3.3.1: a media playlist has one EXT-X-TARGETDURATION",
    "target-integer": "§4.3.3.1: the target duration is a decimal integer of seconds",
    "extinf-target": "§4.3.3.1: EXTINF, rounded to the nearest integer, is at most the target duration",
    "extinf-present": "§4.3.2.1: each media segment has an EXTINF",
    "extinf-number": "§4.3.2.1: the duration is a decimal number",
    "extinf-uri": "§4.3.2: tags of a media segment stand before its URI",
    "sequence-place": "§4.3.3.2: EXT-X-MEDIA-SEQUENCE stands once, before the first segment",
    "discontinuity-sequence-place": "§4.3.3.3: EXT-X-DISCONTINUITY-SEQUENCE stands once, before the first segment and any EXT-X-DISCONTINUITY",
    "once": "§4.3.3, §4.3.5: a tag that applies to the whole playlist stands at most once",
    "map-uri": "§4.3.2.5: EXT-X-MAP has a URI",
    "map-needed": "§3.3: fragmented MP4 segments have an EXT-X-MAP",
    "date": "§4.3.2.6: EXT-X-PROGRAM-DATE-TIME is an ISO 8601 date and time with a time zone",
    "date-runs": "§4.3.2.6: dates go on with the durations between two discontinuities",
    "playlist-type": "§4.3.3.5: EXT-X-PLAYLIST-TYPE is EVENT or VOD",
    "unique-uri": "§4.3.2: segments of one playlist have different URIs (or byte ranges)",
    "variant-uri": "§4.3.4.2: EXT-X-STREAM-INF is followed by a URI",
    "bandwidth": "§4.3.4.2: each EXT-X-STREAM-INF has a BANDWIDTH in bits per second",
    "average-bandwidth": "§4.3.4.2: AVERAGE-BANDWIDTH is a decimal integer and not above BANDWIDTH",
    "codecs": "§4.3.4.2: CODECS is a quoted list of RFC 6381 formats",
    "resolution": "§4.3.4.2: RESOLUTION is widthxheight",
    "frame-rate": "§4.3.4.2: FRAME-RATE is a decimal number of at most three decimals",
    # Two versions of one playlist.
    "target-constant": "§4.3.3.1, §6.2.1: the target duration does not change",
    "sequence-grows": "§6.2.2: the media sequence number never decreases and grows by one for each segment removed",
    "segment-constant": "§6.2.1: a segment keeps its URI, duration, map and date; only its place changes",
    "append-only": "§6.2.1: segments are removed at the front and appended at the end",
    "discontinuity-counts": "§6.2.2: the discontinuity sequence number grows by one for each EXT-X-DISCONTINUITY removed",
    "long-enough": "§6.2.2: nothing is removed that leaves less than three target durations",
    "event-keeps": "§4.3.3.5, §6.2.1: from an EVENT playlist nothing is removed, and a VOD playlist does not change",
    "endlist-final": "§6.2.1, §4.3.3.4: a playlist that has ended does not change",
    "header-constant": "§6.2.1: version, independence and type do not change",
    # What only a live server shows.
    "in-time": "§6.2.2: a new version comes at most one and a half target durations after the last",
    "available": "§6.2.1, §6.2.2: what is listed, or was until a playlist's length ago, can be fetched",
    "content-type": "§4: playlists are application/vnd.apple.mpegurl or audio/mpegurl",
    "bytes-constant": "§6.2.1: the bytes behind a URI do not change",
    "variants-target": "§6.2.4: all media playlists of a multivariant playlist have the same target duration",
    "variants-type": "§6.2.4: they have the same EXT-X-PLAYLIST-TYPE, or none of them has one",
    "variants-dates": "§6.2.4: where one has EXT-X-PROGRAM-DATE-TIME all have, and map the same times to the same dates",
    "variants-discontinuities": "§6.2.4: what is the same content has the same discontinuity sequence number",
    "tracks": "§4.3.2.3: EXT-X-DISCONTINUITY stands where the number, type or coding of tracks changes",
    "directives": "bis §6.2.5: delivery directives that the server does not know are ignored",
    "ts-tables": "§3.2: an MPEG-TS segment starts with a PAT and a PMT",
    "mp4-boxes": "§3.3: a segment has a moof with tfdt and default-base-is-moof, an initialisation segment ftyp and moov",
    "independent": "§4.3.5.1: with EXT-X-INDEPENDENT-SEGMENTS each segment starts with a key frame",
    "duration-true": "§4.3.2.1: EXTINF is the segment's duration",
    "timeline": "§4.3.2.3: times go on from segment to segment unless EXT-X-DISCONTINUITY stands between",
    "bandwidth-true": "§4.3.4.2: BANDWIDTH is not below the peak segment bit rate",
    "decodes": "§3: segments decode without error",
    **hls_rules_ll.RULES,
    **hls_rules_tags.RULES,
}

MEDIA_TAGS = {
    "EXTINF", "EXT-X-BYTERANGE", "EXT-X-DISCONTINUITY", "EXT-X-KEY", "EXT-X-MAP", "EXT-X-PROGRAM-DATE-TIME",
    "EXT-X-DATERANGE", "EXT-X-TARGETDURATION", "EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE",
    "EXT-X-ENDLIST", "EXT-X-PLAYLIST-TYPE", "EXT-X-I-FRAMES-ONLY", "EXT-X-GAP", "EXT-X-PART-INF", "EXT-X-SERVER-CONTROL",
    "EXT-X-PART", "EXT-X-PRELOAD-HINT", "EXT-X-SKIP", "EXT-X-RENDITION-REPORT", "EXT-X-BITRATE",
}
MULTIVARIANT_TAGS = {
    "EXT-X-MEDIA", "EXT-X-STREAM-INF", "EXT-X-I-FRAME-STREAM-INF", "EXT-X-SESSION-DATA", "EXT-X-SESSION-KEY",
    "EXT-X-CONTENT-STEERING",
}
ONCE_TAGS = {
    "EXT-X-ENDLIST", "EXT-X-PLAYLIST-TYPE", "EXT-X-I-FRAMES-ONLY", "EXT-X-INDEPENDENT-SEGMENTS", "EXT-X-START",
}
ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)')
INTEGER = re.compile(r"\d{1,20}$")
DECIMAL = re.compile(r"\d+(\.\d+)?$")
CODEC = re.compile(r"(avc1\.[0-9A-F]{6}|avc3\.[0-9A-F]{6}|h(vc|ev)1\.[ABC]?\d+\.[0-9A-F]+\.[LH]\d+(\.[0-9A-F]+)*|"
                   r"mp4a\.40\.\d+|opus|ac-3|ec-3)$")
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$")
# How far dates may differ from the durations between them: durations are rounded, clocks are followed.
DATE_TOLERANCE = 0.05


@dataclasses.dataclass(frozen=True)
class Finding:
    rule: str
    message: str

    def __str__(self):
        return f"{self.rule}: {self.message}  [RFC 8216 {RULES[self.rule]}]"


@dataclasses.dataclass
class Segment:
    uri: str
    number: int
    duration: decimal.Decimal
    discontinuity: bool
    discontinuity_sequence: int
    map_uri: str | None
    date: datetime.datetime | None
    parts: list = dataclasses.field(default_factory=list)
    gap: bool = False


@dataclasses.dataclass
class Variant:
    uri: str
    attributes: dict


@dataclasses.dataclass
class Playlist:
    multivariant: bool = False
    version: int = 1
    target: int = 0
    sequence: int = 0
    discontinuity_sequence: int = 0
    independent: bool = False
    playlist_type: str | None = None
    ended: bool = False
    segments: list = dataclasses.field(default_factory=list)
    variants: list = dataclasses.field(default_factory=list)
    low_latency: hls_rules_ll.LowLatency = dataclasses.field(default_factory=hls_rules_ll.LowLatency)

    @property
    def next_number(self):
        """Of the segment that the playlist does not hold whole yet."""
        return self.sequence + self.low_latency.skipped + len(self.segments)

    @property
    def duration(self):
        return sum((s.duration for s in self.segments), decimal.Decimal(0))


def parse_attributes(text):
    """The attributes of a list, or None where it is not one (§4.2)."""
    out, at = {}, 0
    while at < len(text):
        match = ATTRIBUTE.match(text, at)
        if not match or match[1] in out:
            return None
        out[match[1]] = match[2]
        at = match.end()
    return None if not out or text.endswith(",") else out


def unquoted(value):
    return value[1:-1] if value is not None and len(value) >= 2 and value[0] == '"' == value[-1] else None


class _Reader(hls_rules_ll.LowLatencyTags, hls_rules_tags.OtherTags):
    """One pass over the lines of a playlist."""

    def __init__(self, findings):
        self.findings = findings
        self.playlist = Playlist()
        self.seen = {}
        self.needed_version = {}
        # what stands before the next URI
        self.extinf = self.variant = self.map = self.date = None
        self.discontinuity = False
        self.discontinuities = 0
        self.segment_tags = self.gap = False
        self.start_low_latency()
        self.start_other()

    def found(self, rule, message):
        self.findings.append(Finding(rule, message))

    def read(self, lines):
        for number, line in enumerate(lines, 1):
            if not line or line.startswith("#") and not line.startswith("#EXT"):
                continue
            if line.startswith("#EXT"):
                self.tag(number, line)
            else:
                self.uri(number, line)
        self.finish()

    def tag(self, number, line):
        name, _, value = line[1:].partition(":")
        if not re.fullmatch(r"EXT[A-Z0-9-]*", name):
            return self.found("line", f"line {number}: {line[:60]!r}")
        self.seen[name] = self.seen.get(name, 0) + 1
        if name in ONCE_TAGS and self.seen[name] == 2:
            self.found("once", f"line {number}: {name} again")
        self.once_low_latency(name)
        if name in ("EXT-X-DISCONTINUITY", "EXT-X-MAP", "EXT-X-PROGRAM-DATE-TIME", "EXT-X-GAP"):
            self.segment_tag_low_latency(number, name)
        self.other_tag(number, name, value)
        handler = getattr(self, "tag_" + name.replace("-", "_").lower(), None)
        if handler:
            handler(number, value)

    def attributes(self, number, value):
        attributes = parse_attributes(value)
        if attributes is None:
            self.found("attributes", f"line {number}: {value[:80]!r}")
        return attributes or {}

    def tag_ext_x_version(self, number, value):
        if self.seen["EXT-X-VERSION"] == 2:
            self.found("version-once", f"line {number}")
        if INTEGER.match(value):
            self.playlist.version = int(value)

    def tag_ext_x_targetduration(self, number, value):
        if self.seen["EXT-X-TARGETDURATION"] == 2:
            self.found("target-present", f"line {number}: a second one")
        if INTEGER.match(value):
            self.playlist.target = int(value)
        else:
            self.found("target-integer", f"line {number}: {value!r}")

    def tag_ext_x_media_sequence(self, number, value):
        if self.playlist.segments or self.seen["EXT-X-MEDIA-SEQUENCE"] > 1 or not INTEGER.match(value):
            return self.found("sequence-place", f"line {number}: {value!r}")
        self.playlist.sequence = int(value)

    def tag_ext_x_discontinuity_sequence(self, number, value):
        if (self.playlist.segments or "EXT-X-DISCONTINUITY" in self.seen or
                self.seen["EXT-X-DISCONTINUITY-SEQUENCE"] > 1 or not INTEGER.match(value)):
            return self.found("discontinuity-sequence-place", f"line {number}: {value!r}")
        self.playlist.discontinuity_sequence = int(value)

    def tag_ext_x_discontinuity(self, _number, _value):
        self.discontinuity = self.segment_tags = True
        self.discontinuities += 1

    def tag_ext_x_gap(self, _number, _value):
        self.gap = self.segment_tags = True

    def tag_ext_x_endlist(self, _number, _value):
        self.playlist.ended = True

    def tag_ext_x_playlist_type(self, number, value):
        self.playlist.playlist_type = value
        if value not in ("EVENT", "VOD"):
            self.found("playlist-type", f"line {number}: {value!r}")

    def tag_ext_x_independent_segments(self, _number, _value):
        self.playlist.independent = True

    def tag_ext_x_program_date_time(self, number, value):
        self.segment_tags = True
        if not DATE.match(value):
            return self.found("date", f"line {number}: {value!r}")
        self.date = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))

    def tag_ext_x_map(self, number, value):
        attributes = self.attributes(number, value)
        self.map = unquoted(attributes.get("URI"))
        if not self.map:
            self.found("map-uri", f"line {number}: {value!r}")
        if "EXT-X-I-FRAMES-ONLY" not in self.seen:
            self.needed_version[6] = "EXT-X-MAP"

    def tag_extinf(self, number, value):
        self.segment_tags = True
        duration, comma, _ = value.partition(",")
        if not DECIMAL.match(duration) or not comma:
            self.found("extinf-number", f"line {number}: {value!r}")
            self.extinf = decimal.Decimal(0)
            return
        self.extinf = decimal.Decimal(duration)
        if "." in duration:
            self.needed_version[3] = "fractional EXTINF"

    def tag_ext_x_stream_inf(self, number, value):
        if self.variant is not None:
            self.found("variant-uri", f"line {number}: no URI before it")
        self.variant = self.attributes(number, value)
        check_variant(self.variant, number, self.found)

    def uri(self, number, line):
        playlist = self.playlist
        if self.variant is not None:
            playlist.variants.append(Variant(line, self.variant))
            self.variant = None
            return
        if self.extinf is None:
            return self.found("extinf-present", f"line {number}: {line!r} has none")
        self.segment_uri_other(line)
        playlist.segments.append(Segment(
            line, playlist.next_number, self.extinf, self.discontinuity,
            playlist.discontinuity_sequence + self.discontinuities, self.map, self.date, self.parts, self.gap))
        self.extinf = self.date = None
        self.discontinuity = self.segment_tags = self.gap = False
        self.parts = []

    def finish(self):
        playlist = self.playlist
        media = [t for t in self.seen if t in MEDIA_TAGS]
        multivariant = [t for t in self.seen if t in MULTIVARIANT_TAGS]
        playlist.multivariant = bool(multivariant) and not playlist.segments
        if media and multivariant:
            self.found("one-kind", f"{media[0]} beside {multivariant[0]}")
        if self.variant is not None:
            self.found("variant-uri", "the last EXT-X-STREAM-INF has no URI")
        playlist.low_latency.open_parts = self.parts
        if self.segment_tags and not self.parts:
            self.found("extinf-uri", "tags of a segment at the end, without URI")
        for version, why in self.needed_version.items():
            if playlist.version < version:
                self.found("version-enough", f"{why} needs version {version}, the playlist says {playlist.version}")
        self.finish_other()
        if not multivariant:
            check_media(playlist, self.seen, self.found)


def check_variant(attributes, number, found):
    bandwidth, average = attributes.get("BANDWIDTH"), attributes.get("AVERAGE-BANDWIDTH")
    if not bandwidth or not INTEGER.match(bandwidth) or int(bandwidth) == 0:
        found("bandwidth", f"line {number}: {bandwidth!r}")
    if average is not None and (not INTEGER.match(average) or INTEGER.match(bandwidth or "") and
                                int(average) > int(bandwidth)):
        found("average-bandwidth", f"line {number}: {average} beside {bandwidth}")
    if "CODECS" in attributes:
        codecs = unquoted(attributes["CODECS"])
        if not codecs or not all(CODEC.match(c.strip()) for c in codecs.split(",")):
            found("codecs", f"line {number}: {attributes['CODECS']}")
    if "RESOLUTION" in attributes and not re.fullmatch(r"[1-9]\d*x[1-9]\d*", attributes["RESOLUTION"]):
        found("resolution", f"line {number}: {attributes['RESOLUTION']}")
    if "FRAME-RATE" in attributes and not re.fullmatch(r"\d+(\.\d{1,3})?", attributes["FRAME-RATE"]):
        found("frame-rate", f"line {number}: {attributes['FRAME-RATE']}")


def check_media(playlist, seen, found):
    if "EXT-X-TARGETDURATION" not in seen:
        found("target-present", "there is none")
    uris = set()
    for segment in playlist.segments:
        rounded = int(segment.duration.to_integral_value(decimal.ROUND_HALF_UP))
        if playlist.target and rounded > playlist.target:
            found("extinf-target", f"{segment.uri}: {segment.duration} s, target {playlist.target} s")
        if segment.uri in uris and "EXT-X-BYTERANGE" not in seen:
            found("unique-uri", segment.uri)
        uris.add(segment.uri)
        if re.search(r"\.(m4s|mp4|cmf[va])(\?|$)", segment.uri) and not segment.map_uri and not playlist.low_latency.skipped:
            found("map-needed", segment.uri)
    for before, after in zip(playlist.segments, playlist.segments[1:]):
        if before.date and after.date and not after.discontinuity:
            off = (after.date - before.date).total_seconds() - float(before.duration)
            if abs(off) > DATE_TOLERANCE:
                found("date-runs", f"{after.uri}: {off:+.3f} s")
    hls_rules_ll.check_media(playlist, seen, found)


def check_text(data):
    """(Playlist, findings) of one playlist's bytes."""
    findings = []
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return Playlist(), [Finding("utf8", str(error))]
    if text.startswith("\ufeff") or re.search(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]", text):
        findings.append(Finding("utf8", "BOM or control character"))
        text = text.lstrip("\ufeff")
    if not unicodedata.is_normalized("NFC", text):
        findings.append(Finding("nfc", "it is not"))
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if lines[0] != "#EXTM3U":
        findings.append(Finding("extm3u", f"{lines[0][:40]!r}"))
    reader = _Reader(findings)
    reader.read(lines)
    return reader.playlist, findings


def check_reload(old, new):
    """Findings on a media playlist's next version."""
    findings = []

    def found(rule, message):
        findings.append(Finding(rule, message))

    if new.target != old.target:
        found("target-constant", f"{old.target} s, then {new.target} s")
    for name in ("version", "playlist_type"):
        if getattr(new, name) != getattr(old, name):
            found("header-constant", f"{name}: {getattr(old, name)}, then {getattr(new, name)}")
    if new.independent and not old.independent:
        found("header-constant", "independent segments are claimed later")
    if old.playlist_type and (new.sequence != old.sequence or old.playlist_type == "VOD" and new != old):
        found("event-keeps", f"{old.playlist_type}: {old.sequence}, then {new.sequence}")
    if old.ended and new != old:
        found("endlist-final", "it changed")
    if new.sequence < old.sequence:
        found("sequence-grows", f"{old.sequence}, then {new.sequence}")
        return findings
    numbers = {s.number: s for s in new.segments}
    removed = [s for s in old.segments if s.number < new.sequence]
    for segment in old.segments:
        if segment in removed:
            continue
        now = numbers.get(segment.number)
        if now is None:
            found("append-only", f"{segment.uri} is gone from the end")
        elif now.uri != segment.uri and any(s.uri == segment.uri for s in new.segments):
            found("sequence-grows", f"{segment.uri} had number {segment.number}")
        elif (now.uri, now.duration, now.map_uri, now.date, now.discontinuity) != (
                segment.uri, segment.duration, segment.map_uri, segment.date, segment.discontinuity):
            found("segment-constant", f"number {segment.number}: {segment}, then {now}")
    if old.segments and new.segments:
        last = old.segments[-1]
        if new.sequence <= last.number + 1:
            gone = sum(1 for s in removed if s.discontinuity)
            if new.discontinuity_sequence != old.discontinuity_sequence + gone:
                found("discontinuity-counts", f"{old.discontinuity_sequence} + {gone} removed, then "
                                              f"{new.discontinuity_sequence}")
        elif new.discontinuity_sequence < old.discontinuity_sequence:
            found("discontinuity-counts", "it decreased")
    if removed and not new.ended and new.duration < 3 * new.target:
        found("long-enough", f"{new.duration} s listed, target {new.target} s")
    hls_rules_ll.check_reload(old, new, found)
    return findings
