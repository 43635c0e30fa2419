"""Right playlists, and how to break each rule that a playlist's text, or two versions of it, can break."""

import re

MEDIA = """#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:1
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init-0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:00:00.000Z
#EXTINF:4.00000,
seg7.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:00:04.000Z
#EXTINF:4.40000,
seg8.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:01:00.000Z
#EXTINF:4.00000,
seg9.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:01:04.000Z
#EXTINF:4.00000,
seg10.m4s
"""

MULTIVARIANT = """#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1800000,CODECS="avc1.640028,mp4a.40.2",RESOLUTION=1920x1080,FRAME-RATE=25.000
media.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=500000,CODECS="hvc1.1.6.L93.B0"
sub/media.m3u8
"""

LOW_LATENCY = """#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.66000,HOLD-BACK=6,CAN-SKIP-UNTIL=12
#EXT-X-PART-INF:PART-TARGET=0.22000
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-SKIP:SKIPPED-SEGMENTS=2
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:00:00.000Z
#EXT-X-PART:DURATION=0.20000,URI="part9.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.10000,URI="part9.1.m4s"
#EXTINF:0.30000,
seg9.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:00:00.300Z
#EXT-X-PART:DURATION=0.20000,URI="part10.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.20000,URI="part10.1.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part10.2.m4s"
#EXT-X-RENDITION-REPORT:URI="../sub/media.m3u8",LAST-MSN=10,LAST-PART=1
"""

# rule, what to replace, by what (in LOW_LATENCY)
BROKEN_LOW_LATENCY = [
    ("part-inf", "#EXT-X-PART-INF:PART-TARGET=0.22000\n", ""),
    ("part-inf", "PART-TARGET=0.22000", "PART-TARGET=0.22000\n#EXT-X-PART-INF:PART-TARGET=0.22000"),
    ("part-attributes", 'DURATION=0.20000,URI="part10.1.m4s"', 'URI="part10.1.m4s"'),
    ("part-attributes", 'DURATION=0.20000,URI="part10.1.m4s"', 'DURATION=0.20000,URI=""'),
    ("part-longest", 'DURATION=0.20000,URI="part10.0', 'DURATION=0.22010,URI="part10.0'),
    ("part-longest", 'DURATION=0.10000,URI="part9.1', 'DURATION=0.22010,URI="part9.1'),
    ("part-least", 'DURATION=0.20000,URI="part9.0', 'DURATION=0.18000,URI="part9.0'),
    ("part-least", 'DURATION=0.20000,URI="part10.1', 'DURATION=0.18000,URI="part10.1'),
    ("part-tags", "#EXTINF:0.30000,", '#EXT-X-MAP:URI="init-1.mp4"\n#EXTINF:0.30000,'),
    ("part-unique", "part10.0.m4s", "part9.0.m4s"),
    ("server-control", "CAN-BLOCK-RELOAD=YES", "CAN-BLOCK-RELOAD=TRUE"),
    ("server-control", "HOLD-BACK=6", "HOLD-BACK=six"),
    ("server-control", "#EXT-X-PART-INF", "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n#EXT-X-PART-INF"),
    ("hold-back", ",HOLD-BACK=6", ",HOLD-BACK=5.9"),
    ("part-hold-back", "PART-HOLD-BACK=0.66000", "PART-HOLD-BACK=0.40000"),
    ("part-hold-back", "PART-HOLD-BACK=0.66000,", ""),
    ("skip-until", "CAN-SKIP-UNTIL=12", "CAN-SKIP-UNTIL=11"),
    ("block-reload", "CAN-BLOCK-RELOAD=YES,", ""),
    ("hint", "part10.2.m4s", "part10.1.m4s"),
    ("hint", "TYPE=PART,", ""),
    ("hint", "#EXT-X-RENDITION", '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="x"\n#EXT-X-RENDITION'),
    ("skip", "SKIPPED-SEGMENTS=2", "SKIPPED-SEGMENTS=0"),
    ("skip", "SKIPPED-SEGMENTS=2", "SKIPPED-SEGMENTS=1\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1"),
    ("version-enough", "VERSION:9", "VERSION:8"),
    ("report", "LAST-MSN=10,", ""),
    ("report", ",LAST-PART=1", ""),
    ("report", "../sub/media.m3u8", "http://camera/sub/media.m3u8"),
    ("report", "#EXT-X-RENDITION", '#EXT-X-RENDITION-REPORT:URI="../sub/media.m3u8",LAST-MSN=10,LAST-PART=1\n#EXT-X-RENDITION'),
    ("part-flags", "INDEPENDENT=YES", "INDEPENDENT=NO"),
    ("part-flags", 'URI="part10.1.m4s"', 'URI="part10.1.m4s",GAP=1'),
    ("part-sum", "#EXTINF:0.30000,", "#EXTINF:0.32000,"),
    ("skip-offered", ",CAN-SKIP-UNTIL=12", ""),
    ("skip-offered", "CAN-SKIP-UNTIL=12", "CAN-SKIP-DATERANGES=YES"),
    ("low-latency-dates", LOW_LATENCY, re.sub("#EXT-X-PROGRAM-DATE-TIME.*\n", "", LOW_LATENCY)),
]

# rule, what to replace, by what, in a next version of it
BROKEN_LOW_LATENCY_RELOADS = [
    ("part-constant", 'DURATION=0.20000,URI="part10.0', 'DURATION=0.21000,URI="part10.0'),
    ("part-constant", '#EXT-X-PART:DURATION=0.20000,URI="part10.1.m4s"\n', ""),
    ("part-constant", '"part9.0.m4s",INDEPENDENT=YES', '"part9.0.m4s"'),
    ("control-constant", "PART-TARGET=0.22000", "PART-TARGET=0.23000"),
    ("control-constant", "HOLD-BACK=6,", "HOLD-BACK=7,"),
]

# rule, what to replace, by what (in MEDIA)
BROKEN_MEDIA = [
    ("utf8", "seg7.m4s", "seg7.m4s\x00"),
    ("utf8", "#EXTM3U", "\ufeff#EXTM3U"),
    ("extm3u", "#EXTM3U\n", ""),
    ("extm3u", "#EXTM3U\n", "\n#EXTM3U\n"),
    ("line", "#EXT-X-VERSION:6", "#EXT-X-VERSION :6"),
    ("one-kind", "#EXT-X-INDEPENDENT-SEGMENTS", '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="b"'),
    ("version-once", "#EXT-X-VERSION:6", "#EXT-X-VERSION:6\n#EXT-X-VERSION:6"),
    ("version-enough", "#EXT-X-VERSION:6", "#EXT-X-VERSION:5"),
    ("version-enough", "#EXT-X-VERSION:6\n", ""),
    ("attributes", 'URI="init-0.mp4"', 'URI="init-0.mp4",URI="init-1.mp4"'),
    ("attributes", 'URI="init-0.mp4"', 'uri="init-0.mp4"'),
    ("attributes", 'URI="init-0.mp4"', 'URI="init-0.mp4",'),
    ("target-present", "#EXT-X-TARGETDURATION:4\n", ""),
    ("target-present", "#EXT-X-TARGETDURATION:4", "#EXT-X-TARGETDURATION:4\n#EXT-X-TARGETDURATION:4"),
    ("target-integer", "#EXT-X-TARGETDURATION:4", "#EXT-X-TARGETDURATION:4.5"),
    ("extinf-target", "#EXTINF:4.40000,", "#EXTINF:4.50000,"),
    ("extinf-present", "#EXTINF:4.00000,\nseg7", "seg7"),
    ("extinf-number", "#EXTINF:4.40000,", "#EXTINF:4.40000"),
    ("extinf-number", "#EXTINF:4.40000,", "#EXTINF:-4.40000,"),
    ("extinf-uri", "seg10.m4s\n", ""),
    ("sequence-place", "seg7.m4s\n", "seg7.m4s\n#EXT-X-MEDIA-SEQUENCE:8\n"),
    ("sequence-place", "#EXT-X-MEDIA-SEQUENCE:7", "#EXT-X-MEDIA-SEQUENCE:x"),
    ("discontinuity-sequence-place", "#EXT-X-DISCONTINUITY-SEQUENCE:1", "#EXT-X-DISCONTINUITY\n#EXT-X-DISCONTINUITY-SEQUENCE:1"),
    ("once", "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-INDEPENDENT-SEGMENTS"),
    ("once", "seg10.m4s\n", "seg10.m4s\n#EXT-X-ENDLIST\n#EXT-X-ENDLIST\n"),
    ("map-uri", 'URI="init-0.mp4"', 'BYTERANGE="10@0"'),
    ("map-needed", '#EXT-X-MAP:URI="init-0.mp4"\n', ""),
    ("date", "2026-11-22T20:00:00.000Z", "2026-11-22 20:00:00"),
    ("date", "2026-11-22T20:00:00.000Z", "2026-11-22T20:00:00.000"),
    ("date-runs", "20:00:04.000Z", "20:00:04.200Z"),
    ("playlist-type", "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-PLAYLIST-TYPE:LIVE"),
    ("unique-uri", "seg10.m4s", "seg9.m4s"),
]

BROKEN_MULTIVARIANT = [
    ("variant-uri", "media.m3u8\n#EXT", "#EXT"),
    ("variant-uri", "sub/media.m3u8\n", ""),
    ("bandwidth", "BANDWIDTH=500000,", ""),
    ("bandwidth", "BANDWIDTH=500000", "BANDWIDTH=0.5"),
    ("average-bandwidth", "AVERAGE-BANDWIDTH=1800000", "AVERAGE-BANDWIDTH=2800000"),
    ("codecs", '"avc1.640028,mp4a.40.2"', '"h264,aac"'),
    ("codecs", '"avc1.640028,mp4a.40.2"', "avc1.640028"),
    ("resolution", "1920x1080", "1920:1080"),
    ("frame-rate", "25.000", "25.00001"),
    ("attributes", "FRAME-RATE=25.000", "FRAME-RATE=25.000,RESOLUTION=1x1"),
    ("one-kind", "media.m3u8\n#EXT", "media.m3u8\n#EXT-X-TARGETDURATION:4\n#EXT"),
]

OTHER = """#EXTM3U
#EXT-X-VERSION:11
#EXT-X-TARGETDURATION:4
#EXT-X-START:TIME-OFFSET=-6.5,PRECISE=NO
#EXT-X-DEFINE:NAME="host",VALUE="x"
#EXT-X-DEFINE:QUERYPARAM="token"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:00:00.000Z
#EXT-X-DATERANGE:ID="a",CLASS="motion",START-DATE="2026-11-22T20:00:00Z",END-DATE="2026-11-22T20:00:01Z"
#EXT-X-KEY:METHOD=AES-128,URI="key",IV=0x0123456789ABCDEF0123456789ABCDEF
#EXT-X-BITRATE:2000
#EXT-X-BYTERANGE:1000@0
#EXTINF:4.00000,
all.ts
#EXT-X-BYTERANGE:1000
#EXTINF:4.00000,
all.ts
"""

# rule, what to replace, by what (in OTHER)
BROKEN_OTHER = [
    ("nfc", 'VALUE="x"', 'VALUE="u\u0308"'),
    ("start", "TIME-OFFSET=-6.5", "TIME-OFFSET=now"),
    ("start", "TIME-OFFSET=-6.5,", ""),
    ("define", ',VALUE="x"', ""),
    ("define", 'QUERYPARAM="token"', 'IMPORT="token",QUERYPARAM="token"'),
    ("define", 'QUERYPARAM="token"', 'NAME="host",VALUE="y"'),
    ("version-enough", "VERSION:11", "VERSION:10"),
    ("date-range", 'ID="a",', ""),
    ("date-range", "20:00:01Z", "19:00:01Z"),
    ("date-range", 'CLASS="motion"', "END-ON-NEXT=YES"),
    ("date-range-dated", "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:00:00.000Z\n", ""),
    ("key", "METHOD=AES-128,", ""),
    ("key", "AES-128", "NONE"),
    ("key", ',URI="key"', ""),
    ("key", "0x0123456789", "0x012345678901"),
    ("bitrate", "BITRATE:2000", "BITRATE:2000.5"),
    ("byterange", "BYTERANGE:1000@0", "BYTERANGE:@0"),
    ("byterange", "BYTERANGE:1000@0", "BYTERANGE:1000"),
    ("i-frames", "#EXT-X-START", "#EXT-X-I-FRAMES-ONLY\n#EXTINF:1.0,\nx.ts\n#EXT-X-START"),
]

GROUPS = """#EXTM3U
#EXT-X-VERSION:6
#EXT-X-CONTENT-STEERING:SERVER-URI="steer.json"
#EXT-X-SESSION-DATA:DATA-ID="com.example.title",VALUE="Door"
#EXT-X-SESSION-KEY:METHOD=AES-128,URI="key"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="one",DEFAULT=YES,AUTOSELECT=YES,URI="one.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="two",URI="two.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="de",FORCED=NO,URI="de.m3u8"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="cc",INSTREAM-ID="CC1"
#EXT-X-STREAM-INF:BANDWIDTH=2000000,AUDIO="a",SUBTITLES="s",CLOSED-CAPTIONS="c"
media.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=20000,URI="i.m3u8"
"""

# rule, what to replace, by what (in GROUPS)
BROKEN_GROUPS = [
    ("media", 'TYPE=AUDIO,GROUP-ID="a",NAME="two"', 'TYPE=SOUND,GROUP-ID="a",NAME="two"'),
    ("media", ',URI="de.m3u8"', ""),
    ("media", 'INSTREAM-ID="CC1"', 'URI="cc.m3u8"'),
    ("media-default", "DEFAULT=YES,AUTOSELECT=YES", "DEFAULT=YES,AUTOSELECT=NO"),
    ("media-default", 'NAME="two"', 'NAME="two",FORCED=YES'),
    ("media-group", 'NAME="two"', 'NAME="one"'),
    ("media-group", 'NAME="two"', 'NAME="two",DEFAULT=YES'),
    ("variant-groups", 'SUBTITLES="s",', 'SUBTITLES="t",'),
    ("i-frame-variant", ',URI="i.m3u8"', ""),
    ("i-frame-variant", 'URI="i.m3u8"', 'URI="i.m3u8",AUDIO="a"'),
    ("session-data", ',VALUE="Door"', ""),
    ("session-data", 'VALUE="Door"', 'VALUE="Door",URI="x"'),
    ("session-key", "METHOD=AES-128", "METHOD=NONE"),
    ("session-key", "#EXT-X-SESSION-KEY", '#EXT-X-SESSION-KEY:METHOD=AES-128,URI="k"\n#EXT-X-SESSION-KEY'),
    ("steering", 'SERVER-URI="steer.json"', 'PATHWAY-ID="a"'),
    ("steering", "#EXT-X-SESSION-DATA", '#EXT-X-CONTENT-STEERING:SERVER-URI="x"\n#EXT-X-SESSION-DATA'),
]

NEXT = (MEDIA.replace("SEQUENCE:7", "SEQUENCE:8", 1)
        .replace("#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:00:00.000Z\n#EXTINF:4.00000,\nseg7.m4s\n", "") +
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:01:08.000Z\n#EXTINF:4.00000,\nseg11.m4s\n")

TAIL = NEXT[NEXT.index("#EXT-X-PROGRAM-DATE-TIME:2026-11-22T20:01:04"):]

# rule, what to replace, by what (in NEXT, which follows MEDIA)
BROKEN_RELOADS = [
    ("target-constant", "#EXT-X-TARGETDURATION:4", "#EXT-X-TARGETDURATION:5"),
    ("header-constant", "#EXT-X-VERSION:6", "#EXT-X-VERSION:7"),
    ("sequence-grows", "SEQUENCE:8", "SEQUENCE:6"),
    ("sequence-grows", "SEQUENCE:8", "SEQUENCE:7"),
    ("segment-constant", "#EXTINF:4.40000,", "#EXTINF:4.30000,"),
    ("segment-constant", "seg9.m4s", "other9.m4s"),
    ("segment-constant", "20:00:04.000Z", "20:00:04.020Z"),
    ("segment-constant", 'URI="init-1.mp4"', 'URI="init-2.mp4"'),
    ("append-only", TAIL, ""),
    ("discontinuity-counts", "DISCONTINUITY-SEQUENCE:1", "DISCONTINUITY-SEQUENCE:2"),
    ("long-enough", TAIL, ""),
]
