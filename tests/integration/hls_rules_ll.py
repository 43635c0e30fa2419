"""The rules that RFC 8216bis adds for low latency: parts, blocking reloads, delta updates, hints, reports.

hls_rules.py reads playlists with the class here mixed into its reader, and lists these rules among its own.
"""

import dataclasses
import decimal
import re
import urllib.parse

# rule -> clause of draft-pantos-hls-rfc8216bis and what it demands of the server
RULES = {
    "part-inf": "bis §4.4.3.7: a playlist with EXT-X-PART has one EXT-X-PART-INF with a PART-TARGET in seconds",
    "part-attributes": "bis §4.4.4.9: EXT-X-PART has a URI and a DURATION in seconds",
    "part-flags": "bis §4.4.4.9: INDEPENDENT and GAP of a part are YES where they stand",
    "part-sum": "bis §4.4.4.9: a segment's parts together last as long as the segment",
    "part-longest": "bis §4.4.4.9: a part's duration is at most the part target duration",
    "part-least": "bis §4.4.4.9: and at least 85 % of it, except a segment's last part and gaps",
    "part-tags": "bis §4.4.4.9: tags of a segment stand before its first EXT-X-PART",
    "part-unique": "bis §4.4.4.9: parts of one playlist have different URIs",
    "server-control": "bis §4.4.3.8: EXT-X-SERVER-CONTROL stands at most once, its values are YES or seconds",
    "hold-back": "bis §4.4.3.8: HOLD-BACK is at least three target durations",
    "part-hold-back": "bis §4.4.3.8: with parts there is PART-HOLD-BACK, at least two and better three part targets",
    "skip-until": "bis §4.4.3.8: CAN-SKIP-UNTIL is at least six target durations",
    "block-reload": "bis Appendix B.1: a low-latency playlist says CAN-BLOCK-RELOAD=YES",
    "hint": "bis §4.4.5.3: EXT-X-PRELOAD-HINT has TYPE and URI, once for each type, of nothing that is listed",
    "skip": "bis §4.4.5.2: EXT-X-SKIP stands once, in a delta update, with SKIPPED-SEGMENTS and version 9",
    "skip-offered": "bis §4.4.3.8, §6.2.5.1: delta updates, and CAN-SKIP-DATERANGES, only beside CAN-SKIP-UNTIL",
    "report": "bis §4.4.5.4: EXT-X-RENDITION-REPORT has a relative URI, once for each, LAST-MSN, and LAST-PART where there are parts",
    "low-latency-dates": "bis Appendix B.1: a low-latency playlist has EXT-X-PROGRAM-DATE-TIME",
    # Two versions of one playlist.
    "part-constant": "bis §6.2.1: a part keeps its URI, duration and independence while it is listed",
    "control-constant": "bis §4.4.3.7, §4.4.3.8: the part target and what the server offers do not change",
    # What only a live server shows.
    "blocking": "bis §6.2.5.2: a blocking reload gets a playlist with what it asked for",
    "blocking-refused": "bis §6.2.5.2: _HLS_part without _HLS_msn, and _HLS_msn more than two ahead, get 400",
    "hint-true": "bis §6.2.6: a request for a hinted part waits for it, and gets it",
    "gzip": "bis Appendix B.1: playlists are offered in gzip coding, with the same content",
    "delta": "bis §6.2.5.1: a delta update leaves out segments before the Skip Boundary and nothing else",
    "part-media": "bis §3.2: a segment's parts hold its media, with its times",
    "part-independent": "bis §4.4.4.9: a part with INDEPENDENT=YES starts with a key frame",
}
ONCE_TAGS = {"EXT-X-PART-INF", "EXT-X-SERVER-CONTROL", "EXT-X-SKIP"}
# Which rule is broken by a second one.
ONCE_RULES = {"EXT-X-PART-INF": "part-inf", "EXT-X-SERVER-CONTROL": "server-control", "EXT-X-SKIP": "skip"}
DECIMAL = re.compile(r"\d+(\.\d+)?$")
INTEGER = re.compile(r"\d{1,20}$")
# EXTINF and DURATION are rounded.
ROUNDING = decimal.Decimal("0.00002")
# A part is published before the frame behind it comes: by so much that one may be later than expected.
JITTER = decimal.Decimal("0.01")


@dataclasses.dataclass
class Part:
    uri: str
    duration: decimal.Decimal
    independent: bool
    gap: bool


@dataclasses.dataclass
class LowLatency:
    """What a media playlist says besides its segments."""
    part_target: decimal.Decimal | None = None
    control: dict = dataclasses.field(default_factory=dict)
    open_parts: list = dataclasses.field(default_factory=list)
    hints: dict = dataclasses.field(default_factory=dict)
    skipped: int = 0
    reports: list = dataclasses.field(default_factory=list)


def unquoted(value):
    return value[1:-1] if value is not None and len(value) >= 2 and value[0] == '"' == value[-1] else None


class LowLatencyTags:
    """Handlers for hls_rules' reader."""

    def start_low_latency(self):
        self.ll = self.playlist.low_latency
        self.parts = []

    def once_low_latency(self, name):
        if name in ONCE_RULES and self.seen[name] == 2:
            self.found(ONCE_RULES[name], f"{name} stands twice")

    def tag_ext_x_part_inf(self, number, value):
        target = self.attributes(number, value).get("PART-TARGET", "")
        if not DECIMAL.match(target):
            return self.found("part-inf", f"line {number}: {value!r}")
        self.ll.part_target = decimal.Decimal(target)

    def tag_ext_x_server_control(self, number, value):
        self.ll.control = self.attributes(number, value)
        for name, text in self.ll.control.items():
            seconds = name in ("HOLD-BACK", "PART-HOLD-BACK", "CAN-SKIP-UNTIL")
            if seconds and not DECIMAL.match(text) or name.startswith("CAN-") and not seconds and text != "YES":
                self.found("server-control", f"line {number}: {name}={text}")
                self.ll.control = {k: v for k, v in self.ll.control.items() if k != name}

    def tag_ext_x_part(self, number, value):
        attributes = self.attributes(number, value)
        uri, duration = unquoted(attributes.get("URI")), attributes.get("DURATION", "")
        if not uri or not DECIMAL.match(duration):
            return self.found("part-attributes", f"line {number}: {value!r}")
        for flag in ("INDEPENDENT", "GAP"):
            if attributes.get(flag, "YES") != "YES":
                self.found("part-flags", f"line {number}: {flag}={attributes[flag]}")
        self.parts.append(Part(uri, decimal.Decimal(duration), attributes.get("INDEPENDENT") == "YES",
                               attributes.get("GAP") == "YES"))

    def segment_tag_low_latency(self, number, name):
        if self.parts:
            self.found("part-tags", f"line {number}: {name} behind a part of its segment")

    def tag_ext_x_preload_hint(self, number, value):
        attributes = self.attributes(number, value)
        kind, uri = attributes.get("TYPE"), unquoted(attributes.get("URI"))
        if kind not in ("PART", "MAP") or not uri or kind in self.ll.hints:
            return self.found("hint", f"line {number}: {value!r}")
        self.ll.hints[kind] = uri

    def tag_ext_x_skip(self, number, value):
        skipped = self.attributes(number, value).get("SKIPPED-SEGMENTS", "")
        if not INTEGER.match(skipped) or int(skipped) == 0 or self.playlist.segments:
            return self.found("skip", f"line {number}: {value!r}")
        self.ll.skipped = int(skipped)
        self.needed_version[9] = "EXT-X-SKIP"

    def tag_ext_x_rendition_report(self, number, value):
        attributes = self.attributes(number, value)
        uri = unquoted(attributes.get("URI"))
        if (not uri or urllib.parse.urlsplit(uri).scheme or not INTEGER.match(attributes.get("LAST-MSN", "")) or
                not INTEGER.match(attributes.get("LAST-PART", "0")) or
                uri in [unquoted(report["URI"]) for report in self.ll.reports]):
            return self.found("report", f"line {number}: {value!r}")
        self.ll.reports.append(attributes)


def all_parts(playlist):
    return [part for segment in playlist.segments for part in segment.parts] + playlist.low_latency.open_parts


def check_media(playlist, seen, found):
    ll = playlist.low_latency
    parts = all_parts(playlist)
    if parts and ll.part_target is None:
        found("part-inf", "there are parts and no part target")
    uris = set()
    for run in [s.parts for s in playlist.segments] + [ll.open_parts]:
        last = run[-1] if run and run is not ll.open_parts else None
        for part in run:
            if part.uri in uris:
                found("part-unique", part.uri)
            uris.add(part.uri)
            if ll.part_target is None:
                continue
            if part.duration > ll.part_target + ROUNDING:
                found("part-longest", f"{part.uri}: {part.duration} s, part target {ll.part_target} s")
            if part is not last and not part.gap and part.duration < ll.part_target * 85 / 100 - ROUNDING:
                found("part-least", f"{part.uri}: {part.duration} s, part target {ll.part_target} s")
    for segment in playlist.segments:
        total = sum((part.duration for part in segment.parts), decimal.Decimal(0))
        if segment.parts and abs(total - segment.duration) > JITTER:
            found("part-sum", f"{segment.uri}: {segment.duration} s, its parts {total} s")
    if ll.hints.get("PART") in uris:
        found("hint", f"{ll.hints['PART']} is listed")
    if parts:
        if "EXT-X-PROGRAM-DATE-TIME" not in seen:
            found("low-latency-dates", "there are none")
        for report in ll.reports:
            if "LAST-PART" not in report:
                found("report", f"{report['URI']}: parts and no LAST-PART")
    check_control(playlist, seen, found)


def check_control(playlist, seen, found):
    ll = playlist.low_latency
    seconds = {name: decimal.Decimal(text) for name, text in ll.control.items() if DECIMAL.match(text)}
    if seconds.get("HOLD-BACK", 3 * playlist.target) < 3 * playlist.target:
        found("hold-back", f"{seconds['HOLD-BACK']} s, target {playlist.target} s")
    if seconds.get("CAN-SKIP-UNTIL", 6 * playlist.target) < 6 * playlist.target:
        found("skip-until", f"{seconds['CAN-SKIP-UNTIL']} s, target {playlist.target} s")
    for what, there in (("EXT-X-SKIP", ll.skipped), ("CAN-SKIP-DATERANGES", "CAN-SKIP-DATERANGES" in ll.control)):
        if there and "CAN-SKIP-UNTIL" not in ll.control:
            found("skip-offered", what)
    if ll.part_target is None:
        return
    if seconds.get("PART-HOLD-BACK", decimal.Decimal(0)) < 3 * ll.part_target - ROUNDING:
        found("part-hold-back", f"{seconds.get('PART-HOLD-BACK')} s, part target {ll.part_target} s")
    if ll.control.get("CAN-BLOCK-RELOAD") != "YES":
        found("block-reload", f"{ll.control}")


def check_reload(old, new, found):
    before, after = old.low_latency, new.low_latency
    if (before.part_target, before.control) != (after.part_target, after.control):
        found("control-constant", f"{before.part_target} {before.control}, then {after.part_target} {after.control}")
    # A segment being built keeps its parts when it is complete.
    now = {s.number: s.parts for s in new.segments}
    now[new.next_number] = after.open_parts
    then = {s.number: s.parts for s in old.segments}
    then[old.next_number] = before.open_parts
    for number, parts in then.items():
        listed = now.get(number)
        if not listed:  # parts leave together, or with their segment
            continue
        if listed[:len(parts)] != parts or number < old.next_number and listed != parts:
            found("part-constant", f"of segment {number}: {parts}, then {listed}")


def check_delta(full, delta, found):
    """`delta` is an update to what `full` says, of the same state."""
    ll = delta.low_latency
    kept = full.segments[ll.skipped:]
    boundary = decimal.Decimal(full.low_latency.control.get("CAN-SKIP-UNTIL", "0"))
    after = sum((s.duration for s in kept), decimal.Decimal(0)) + sum((p.duration for p in ll.open_parts), decimal.Decimal(0))
    if ll.skipped and after < boundary - ROUNDING:
        found("delta", f"only {after} s are left, the Skip Boundary is {boundary} s")
    strip = [(s.uri, s.number, s.duration, s.discontinuity, s.parts) for s in delta.segments]
    if strip != [(s.uri, s.number, s.duration, s.discontinuity, s.parts) for s in kept]:
        found("delta", "it says otherwise than the whole playlist")
