// Values as devices write them (quirk 39): nothing here fails, a value that makes no sense is absent.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace camctl::onvif {

// "25", "25.0", " 25 ", "+25", "25 fps" and "2.5e1" are 25; "", "N/A", "NaN", "-1", "1e99" are nothing.
std::optional<double> parse_number(std::string_view text);
// The same, rounded to a whole number that fits.
std::optional<unsigned> parse_count(std::string_view text);
// A number that may be negative: "-0.5".
std::optional<double> parse_position(std::string_view text);
// "true", "True", "1", "yes", "on", "ture" (sic) / their opposites.
std::optional<bool> parse_bool(std::string_view text);

// xs:dateTime with or without T, fraction and zone; without a zone it is UTC. Years 1970 to 2261.
std::optional<std::chrono::system_clock::time_point> parse_date_time(std::string_view text);
// A date and time from its parts (tt:DateTime); nothing for month 13 or hour 25 (quirk 46). A leap second is
// taken for the second after.
struct DateTimeParts {
  std::string_view year, month, day, hour, minute, second;
};
std::optional<std::chrono::system_clock::time_point> make_date_time(const DateTimeParts& parts);
// xs:duration as devices write it: "PT60S", "PT1M", "P1DT2H", and a bare "60" in seconds.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// The offset from UTC of a POSIX TZ string in the forms of quirk 48: "CST-8" is +8 h (POSIX signs are
// reversed), "UTC", "GMT+00:00". Daylight saving is not looked at.
std::optional<std::chrono::seconds> parse_tz_offset(std::string_view text);

// Text of a device made clean: trimmed, at most kMaxText bytes, control characters and bytes that are not
// UTF-8 replaced by U+FFFD, so that every writer of JSON takes it.
std::string clean_text(std::string_view text);
inline constexpr std::size_t kMaxText = 512;  // a name, a model, a reason: longer is an attack or a mistake
// Whether all of it is UTF-8 (RFC 3629).
bool is_utf8(std::string_view text);

// Codec names of Media 1 and 2 and of Media Types (RFC 6838) as camctl's own: "h264", "h265", "mjpeg",
// "mpeg4", "aac", "g711", "g726", "opus"; others in lower case.
std::string codec_name(std::string_view encoding);

}  // namespace camctl::onvif
