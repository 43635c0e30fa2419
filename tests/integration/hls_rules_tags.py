"""The rules of tags that camctl does not write, or not yet: a validator that skipped them would pass what it can't read.

hls_rules.py reads playlists with the class here mixed into its reader, and lists these rules among its own. Clauses are
those of draft-pantos-hls-rfc8216bis.
"""

import re

RULES = {
    "nfc": "bis §4.1: text is normalized to Unicode form C",
    "start": "bis §4.4.2.2: EXT-X-START has a TIME-OFFSET in seconds, PRECISE is YES or NO",
    "define": "bis §4.4.2.3: EXT-X-DEFINE has one of NAME with VALUE, IMPORT and QUERYPARAM, no name twice",
    "i-frames": "bis §4.4.3.6: segments of an EXT-X-I-FRAMES-ONLY playlist are byte ranges or have an EXT-X-MAP",
    "byterange": "bis §4.4.4.2: EXT-X-BYTERANGE is n or n@o, without o only behind a range of the same resource",
    "key": "bis §4.4.4.4: EXT-X-KEY has a METHOD, and a URI unless that is NONE, which stands alone; IV is 128 bits in hexadecimal",
    "bitrate": "bis §4.4.4.8: EXT-X-BITRATE is a decimal integer of kbit/s",
    "date-range": "bis §4.4.5.1: EXT-X-DATERANGE has ID and START-DATE; it ends behind its start, and with END-ON-NEXT it has a CLASS and no end",
    "date-range-dated": "bis §4.4.5.1: a playlist with EXT-X-DATERANGE has an EXT-X-PROGRAM-DATE-TIME",
    "media": "bis §4.4.6.1: EXT-X-MEDIA has TYPE, GROUP-ID and NAME; subtitles have a URI, closed captions none but an INSTREAM-ID",
    "media-default": "bis §4.4.6.1: what is DEFAULT is AUTOSELECT; FORCED is of subtitles only",
    "media-group": "bis §4.4.6.1.1: names differ within a group, and one member at most is its default",
    "variant-groups": "bis §4.4.6.2: a group that a variant names is there",
    "i-frame-variant": "bis §4.4.6.3: EXT-X-I-FRAME-STREAM-INF has URI and BANDWIDTH, and none of FRAME-RATE, AUDIO, SUBTITLES, CLOSED-CAPTIONS",
    "session-data": "bis §4.4.6.4: EXT-X-SESSION-DATA has a DATA-ID, and VALUE or URI, not both; none twice in a language",
    "session-key": "bis §4.4.6.5: EXT-X-SESSION-KEY is an EXT-X-KEY whose METHOD is not NONE, and stands once",
    "steering": "bis §4.4.6.6: EXT-X-CONTENT-STEERING stands once and has a SERVER-URI",
}

SECONDS, SIGNED, QUOTED = r"\d+(\.\d+)?", r"-?\d+(\.\d+)?", r'"[^"\r\n]+"'
INTEGER, YES_NO = r"\d{1,20}", "YES|NO"
DATE = r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)"'

# tag -> rule, attributes that must be there, what the values of some must look like
TAGS = {
    "EXT-X-START": ("start", ["TIME-OFFSET"], {"TIME-OFFSET": SIGNED, "PRECISE": YES_NO}),
    "EXT-X-DEFINE": ("define", [], {"NAME": r'"[A-Za-z0-9_-]+"', "IMPORT": QUOTED, "QUERYPARAM": QUOTED}),
    "EXT-X-KEY": ("key", ["METHOD"], {"URI": QUOTED, "IV": "0[xX][0-9A-Fa-f]{1,32}", "KEYFORMAT": QUOTED}),
    "EXT-X-DATERANGE": ("date-range", ["ID", "START-DATE"], {
        "ID": QUOTED, "CLASS": QUOTED, "START-DATE": DATE, "END-DATE": DATE, "DURATION": SECONDS,
        "PLANNED-DURATION": SECONDS, "END-ON-NEXT": "YES"}),
    "EXT-X-MEDIA": ("media", ["TYPE", "GROUP-ID", "NAME"], {
        "TYPE": "AUDIO|VIDEO|SUBTITLES|CLOSED-CAPTIONS", "GROUP-ID": QUOTED, "NAME": QUOTED, "URI": QUOTED,
        "DEFAULT": YES_NO, "AUTOSELECT": YES_NO, "FORCED": YES_NO, "INSTREAM-ID": r'"(CC[1-4]|SERVICE\d{1,2})"'}),
    "EXT-X-I-FRAME-STREAM-INF": ("i-frame-variant", ["URI", "BANDWIDTH"], {"URI": QUOTED, "BANDWIDTH": INTEGER}),
    "EXT-X-SESSION-DATA": ("session-data", ["DATA-ID"], {"DATA-ID": QUOTED, "VALUE": QUOTED, "URI": QUOTED}),
    "EXT-X-SESSION-KEY": ("session-key", ["METHOD"], {"METHOD": "(?!NONE$).+", "URI": QUOTED}),
    "EXT-X-CONTENT-STEERING": ("steering", ["SERVER-URI"], {"SERVER-URI": QUOTED, "PATHWAY-ID": QUOTED}),
}
GROUP_KINDS = ("AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS")


class OtherTags:
    """Handlers for hls_rules' reader."""

    def start_other(self):
        self.defined, self.groups, self.group_names, self.session_data = set(), {}, set(), set()
        self.range = self.range_resource = None

    def other_tag(self, number, name, value):
        if name not in TAGS:
            return
        rule, needed, shapes = TAGS[name]
        attributes = self.attributes(number, value)
        broken = [one for one in needed if one not in attributes]
        broken += [one for one, shape in shapes.items() if one in attributes and not re.fullmatch(shape, attributes[one])]
        if broken:
            self.found(rule, f"line {number}: {', '.join(broken)}")
        check = getattr(self, "check_" + rule.replace("-", "_"), None)
        if check:
            check(number, attributes)

    def check_define(self, number, attributes):
        kinds = [kind for kind in ("NAME", "IMPORT", "QUERYPARAM") if kind in attributes]
        if len(kinds) != 1 or (kinds == ["NAME"]) != ("VALUE" in attributes) or attributes[kinds[0]] in self.defined:
            return self.found("define", f"line {number}: {attributes}")
        self.defined.add(attributes[kinds[0]])
        self.needed_version[11 if kinds == ["QUERYPARAM"] else 8] = "EXT-X-DEFINE"

    def check_key(self, number, attributes):
        none = attributes.get("METHOD") == "NONE"
        if none and len(attributes) > 1 or not none and "URI" not in attributes:
            self.found("key", f"line {number}: {attributes}")
        if "IV" in attributes:
            self.needed_version[2] = "IV of EXT-X-KEY"
        if "KEYFORMAT" in attributes:
            self.needed_version[5] = "KEYFORMAT of EXT-X-KEY"

    def check_date_range(self, number, attributes):
        open_end = "END-ON-NEXT" in attributes and (
            "CLASS" not in attributes or "DURATION" in attributes or "END-DATE" in attributes)
        if open_end or attributes.get("END-DATE", "~") < attributes.get("START-DATE", ""):
            self.found("date-range", f"line {number}: {attributes}")

    def check_media(self, number, attributes):
        kind = attributes.get("TYPE")
        captions = kind == "CLOSED-CAPTIONS"
        if captions == ("URI" in attributes) and (captions or kind == "SUBTITLES") or captions != ("INSTREAM-ID" in attributes):
            self.found("media", f"line {number}: {attributes}")
        default = attributes.get("DEFAULT") == "YES"
        if default and attributes.get("AUTOSELECT") == "NO" or "FORCED" in attributes and kind != "SUBTITLES":
            self.found("media-default", f"line {number}: {attributes}")
        group = kind, attributes.get("GROUP-ID")
        if (group, attributes.get("NAME")) in self.group_names or default and self.groups.get(group):
            self.found("media-group", f"line {number}: {attributes}")
        self.group_names.add((group, attributes.get("NAME")))
        self.groups[group] = self.groups.get(group, False) or default

    def check_i_frame_variant(self, number, attributes):
        if {"FRAME-RATE", "AUDIO", "SUBTITLES", "CLOSED-CAPTIONS"} & attributes.keys():
            self.found("i-frame-variant", f"line {number}: {attributes}")

    def check_session_data(self, number, attributes):
        name = attributes.get("DATA-ID"), attributes.get("LANGUAGE")
        if ("VALUE" in attributes) == ("URI" in attributes) or name in self.session_data:
            self.found("session-data", f"line {number}: {attributes}")
        self.session_data.add(name)

    def check_session_key(self, number, _attributes):
        if self.seen["EXT-X-SESSION-KEY"] == 2:
            self.found("session-key", f"line {number}: a second one")

    def check_steering(self, number, _attributes):
        if self.seen["EXT-X-CONTENT-STEERING"] == 2:
            self.found("steering", f"line {number}: a second one")

    def tag_ext_x_bitrate(self, number, value):
        if not re.fullmatch(INTEGER, value):
            self.found("bitrate", f"line {number}: {value!r}")

    def tag_ext_x_byterange(self, number, value):
        match = re.fullmatch(r"(\d+)(@\d+)?", value)
        if not match:
            return self.found("byterange", f"line {number}: {value!r}")
        self.range = number, match[2] is not None
        self.needed_version[4] = "EXT-X-BYTERANGE"

    def tag_ext_x_i_frames_only(self, _number, _value):
        self.needed_version[4] = "EXT-X-I-FRAMES-ONLY"

    def segment_uri_other(self, uri):
        """A segment's URI, behind its tags."""
        if self.range and not self.range[1] and uri != self.range_resource:
            self.found("byterange", f"line {self.range[0]}: no offset, and no range of {uri} before it")
        if "EXT-X-I-FRAMES-ONLY" in self.seen and not self.range and not self.map:
            self.found("i-frames", uri)
        self.range_resource = uri if self.range else None
        self.range = None

    def finish_other(self):
        for variant in self.playlist.variants:
            for kind in GROUP_KINDS:
                group = variant.attributes.get(kind)
                if group and group != "NONE" and (kind, group) not in self.groups:
                    self.found("variant-groups", f"{variant.uri}: {kind}={group}")
        if "EXT-X-DATERANGE" in self.seen and "EXT-X-PROGRAM-DATE-TIME" not in self.seen:
            self.found("date-range-dated", "there is none")
