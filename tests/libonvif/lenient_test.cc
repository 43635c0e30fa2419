#include "libonvif/lenient.h"

#include <doctest/doctest.h>

using namespace camctl::onvif;
using namespace std::chrono_literals;
using std::chrono::system_clock;

namespace {
std::int64_t ms(system_clock::time_point t) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count();
}
}  // namespace

TEST_CASE("numbers as devices write them") {
  struct Case {
    const char* text;
    std::optional<unsigned> value;
  };
  for (const Case& c : {Case{"25", 25u},
                        Case{"25.0", 25u},
                        Case{" 25\n", 25u},
                        Case{"+25", 25u},
                        Case{"2.5e1", 25u},
                        Case{"29.97", 30u},
                        Case{"25 fps", 25u},
                        Case{"2048kbps", 2048u},
                        Case{"0", 0u},
                        Case{"007", 7u},
                        Case{"2147483647", 2147483647u},
                        Case{"", {}},
                        Case{"N/A", {}},
                        Case{"nan", {}},
                        Case{"inf", {}},
                        Case{"-1", {}},
                        Case{"4294967296", {}},
                        Case{"1e999", {}},
                        Case{"25 of many", {}},
                        Case{"1920x1080", {}},
                        Case{"--", {}},
                        Case{"+", {}}}) {
    CAPTURE(c.text);
    CHECK(parse_count(c.text) == c.value);
  }
  CHECK(*parse_number("29.97") == doctest::Approx(29.97));
}

TEST_CASE("booleans as devices write them") {
  for (const char* text : {"true", "True", " TRUE ", "1", "yes", "on", "ture"})
    CHECK(parse_bool(text) == true);
  for (const char* text : {"false", "False", "0", "no", "off"}) CHECK(parse_bool(text) == false);
  for (const char* text : {"", "2", "maybe"}) CHECK_FALSE(parse_bool(text));
}

TEST_CASE("date and time") {
  struct Case {
    const char* text;
    std::optional<std::int64_t> unix_ms;
  };
  constexpr std::int64_t kNewYear = 1'767'225'600'000;  // 2026-01-01T00:00:00Z
  for (const Case& c : {Case{"2026-01-01T00:00:00Z", kNewYear},
                        Case{"2026-01-01T00:00:00", kNewYear},
                        Case{"2026-01-01 00:00:00", kNewYear},
                        Case{"2026-01-01T08:00:00+08:00", kNewYear},
                        Case{"2025-12-31T19:00:00-05:00", kNewYear},
                        Case{"2025-12-31T19:00:00-0500", kNewYear},
                        Case{"2026-01-01T00:00:00.5Z", kNewYear + 500},
                        Case{"2026-01-01T00:00:00.123456789Z", kNewYear + 123},
                        Case{"2025-12-31T24:00:00Z", kNewYear},
                        Case{"2025-12-31T23:59:60Z", kNewYear},
                        Case{"20260101T000000Z", kNewYear},
                        Case{" 2026-1-1T0:0:0Z ", kNewYear},
                        Case{"2026-01-01T00:00Z", kNewYear},
                        Case{"", {}},
                        Case{"2026-01-01", {}},
                        Case{"2026-13-01T00:00:00Z", {}},
                        Case{"2026-02-30T00:00:00Z", {}},
                        Case{"00:61:16Z", {}},
                        Case{"2026-01-01T00:61:16Z", {}},
                        Case{"2023-05-15T-07:10:32Z", {}},
                        Case{"2485-13-13T00:00:00Z", {}},
                        Case{"0000-00-00T00:00:00Z", {}},
                        Case{"2026-01-01T00:00:00Zebra", {}},
                        Case{"99999999999999999999", {}}}) {
    CAPTURE(c.text);
    const auto time = parse_date_time(c.text);
    CHECK(time.has_value() == c.unix_ms.has_value());
    if (time && c.unix_ms) CHECK(ms(*time) == *c.unix_ms);
  }
  CHECK(ms(*make_date_time({"2026", "1", "1", "0", "0", "0"})) == kNewYear);
  CHECK(ms(*make_date_time({"2026", "01", "01", "00", "00", ""})) == kNewYear);
  CHECK_FALSE(make_date_time({"2026", "13", "1", "0", "0", "0"}));
  CHECK_FALSE(make_date_time({"2026", "1", "1", "25", "0", "0"}));
  CHECK_FALSE(make_date_time({"", "", "", "", "", ""}));
  CHECK_FALSE(make_date_time({"1", "1", "1", "0", "0", "0"}));
}

TEST_CASE("durations") {
  struct Case {
    const char* text;
    std::optional<std::chrono::milliseconds> value;
  };
  for (const Case& c :
       {Case{"PT60S", 60s}, Case{"PT1M", 60s}, Case{"PT00H01M00S", 60s}, Case{"60", 60s}, Case{"P1DT2H", 26h},
        Case{"PT0.5S", 500ms}, Case{"pt5s", 5s}, Case{"P1M", 720h}, Case{"", {}}, Case{"P", {}},
        Case{"PT", {}}, Case{"PTS", {}}, Case{"PT5", {}}, Case{"-PT5S", {}}, Case{"P99999999999Y", {}}}) {
    CAPTURE(c.text);
    CHECK(parse_duration(c.text) == c.value);
  }
}

TEST_CASE("time zones of every kind (quirk 48)") {
  struct Case {
    const char* text;
    std::optional<std::chrono::seconds> east;
  };
  for (const Case& c :
       {Case{"CST-08:00", 8h}, Case{"CST5:00:00", -5h}, Case{"EST+5:00:00EDT04:00:00,M3.5.0/02:00:00", -5h},
        Case{"UTC", 0s}, Case{"UTC5UTC", -5h}, Case{"UTC+0", 0s}, Case{"GMT-00:00", 0s},
        Case{"MoroccoStandardTime0", 0s}, Case{"CST6CDT:", -6h}, Case{"IST-5:30", 5h + 30min},
        Case{"<+08>-8", 8h}, Case{"EST5EDT", -5h}, Case{"", {}}, Case{"Europe/Berlin", {}}, Case{"CST", {}},
        Case{"CST99", {}}}) {
    CAPTURE(c.text);
    CHECK(parse_tz_offset(c.text) == c.east);
  }
}

TEST_CASE("text is trimmed, bounded and always UTF-8") {
  CHECK(clean_text("  Café \n") == "Café");
  CHECK(clean_text("a\x1b[31mb\x7f") == "a [31mb");
  CHECK(clean_text("\xC9t\xE9") == "\xEF\xBF\xBDt\xEF\xBF\xBD");        // Latin-1
  CHECK(clean_text("\xC0\xAF") == "\xEF\xBF\xBD\xEF\xBF\xBD");          // overlong
  CHECK(clean_text("\xED\xA0\x80").find('\xED') == std::string::npos);  // a surrogate
  CHECK(clean_text("\xF0\x9F\x93\xB7") == "\xF0\x9F\x93\xB7");
  CHECK(clean_text("\xE2\x82") == "\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(clean_text("x\xC2\x9B"
                   "31m") == "x 31m");  // C1 CSI
  CHECK(clean_text(std::string(5000, 'x')).size() == kMaxText);
  CHECK(clean_text("").empty());
}

TEST_CASE("codec names of Media 1, Media 2 and the field") {
  struct Case {
    const char *theirs, *ours;
  };
  for (const Case& c :
       {Case{"H264", "h264"}, Case{"h264", "h264"}, Case{"H265", "h265"}, Case{"HEVC", "h265"},
        Case{"JPEG", "mjpeg"}, Case{"MPV4-ES", "mpeg4"}, Case{"MPEG4", "mpeg4"}, Case{"AAC", "aac"},
        Case{"MP4A-LATM", "aac"}, Case{"mpeg4-generic", "aac"}, Case{"G711", "g711"}, Case{"g711a", "g711"},
        Case{"PCMU", "g711"}, Case{"G726", "g726"}, Case{"", ""}, Case{" Exotic ", "exotic"}}) {
    CAPTURE(c.theirs);
    CHECK(codec_name(c.theirs) == c.ours);
  }
}
