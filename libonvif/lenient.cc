#include "libonvif/lenient.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.h"

namespace camctl::onvif {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using text::lower;
using text::trim;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Reads `text` from the left.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(trim(text)) {}

  bool done() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  std::string_view rest() const { return rest_; }

  bool skip(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_all(std::string_view any_of) {
    while (skip(any_of)) {
    }
  }
  template <class Predicate>
  std::string_view take_while(Predicate predicate) {
    std::size_t n = 0;
    while (n < rest_.size() && predicate(rest_[n])) ++n;
    const auto taken = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return taken;
  }
  // 1 to `most` digits.
  std::optional<int> number(std::size_t most) {
    std::size_t n = 0;
    while (n < rest_.size() && n < most && is_digit(rest_[n])) ++n;
    int value = 0;
    if (n == 0 || std::from_chars(rest_.data(), rest_.data() + n, value).ec != std::errc{})
      return std::nullopt;
    rest_.remove_prefix(n);
    return value;
  }

 private:
  std::string_view rest_;
};

std::optional<std::chrono::sys_seconds> make_time(int year, int month, int day, int hour, int minute,
                                                  int second) {
  constexpr int kFirstYear = 1970, kLastYear = 2261;  // what system_clock's nanoseconds hold
  if (year < kFirstYear || year > kLastYear || month < 1 || day < 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || hour < 0 || hour > 24 || minute < 0 || minute > 59 || second < 0 || second > 60)
    return std::nullopt;
  if (hour == 24 && (minute != 0 || second != 0)) return std::nullopt;
  return std::chrono::sys_days{date} + hours{hour} + minutes{minute} + seconds{second};
}

std::optional<int> whole(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number > 1e6) return std::nullopt;
  return static_cast<int>(*number);
}

// ".123456" as milliseconds; the scanner stands after the dot.
milliseconds fraction(Scanner& in) {
  const auto digits = in.take_while(is_digit);
  int value = 0;
  for (std::size_t i = 0; i < 3; ++i) value = value * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  return milliseconds{value};
}

// "Z", "+08:00", "-0800", "" as seconds east of UTC.
std::optional<seconds> zone(Scanner& in) {
  if (in.done() || in.skip("Zz")) return seconds{0};
  const bool west = in.peek() == '-';
  if (!in.skip("+-")) return std::nullopt;
  const auto h = in.number(2);
  in.skip(":");
  const auto m = in.number(2);
  if (!h || *h > 14) return std::nullopt;
  const seconds offset = hours{*h} + minutes{m.value_or(0)};
  return west ? -offset : offset;
}

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// Bytes of the UTF-8 character that `text` begins with (RFC 3629 §4); 0 if there is none.
std::size_t utf8_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  // Overlong forms, surrogates, and what is beyond U+10FFFF.
  const unsigned char second = byte(1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second >= 0x90))
    return 0;
  return size;
}

// C0, DEL and C1: what would move a terminal's cursor.
bool is_control(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  return first < 0x20 || first == 0x7f ||
         (first == 0xc2 && text.size() > 1 && static_cast<unsigned char>(text[1]) < 0xa0);
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  text = trim(text);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || !std::isfinite(value) || value < 0) return std::nullopt;
  // A unit may follow ("25 fps", "2048kbps"), another number or a sentence may not.
  const std::string_view unit = trim(text.substr(static_cast<std::size_t>(end - text.data())));
  constexpr std::size_t kLongestUnit = 5;
  if (unit.size() > kLongestUnit ||
      !std::ranges::all_of(unit, [](char c) { return is_alpha(c) || c == '/'; }))
    return std::nullopt;
  return value;
}

std::optional<unsigned> parse_count(std::string_view text) {
  const auto value = parse_number(text);
  if (!value || *value > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  return static_cast<unsigned>(std::lround(*value));
}

std::optional<double> parse_position(std::string_view text) {
  text = trim(text);
  const bool negative = text.starts_with('-');
  const auto value = parse_number(negative ? text.substr(1) : text);
  return value && negative ? std::optional(-*value) : value;
}

std::optional<bool> parse_bool(std::string_view text) {
  const std::string word = lower(trim(text));
  constexpr std::array<std::string_view, 7> kTrue = {"true", "1", "yes", "on", "ture", "enabled", "enable"};
  constexpr std::array<std::string_view, 7> kFalse = {"false", "0",        "no",     "off",
                                                      "flase", "disabled", "disable"};
  if (std::ranges::find(kTrue, word) != kTrue.end()) return true;
  if (std::ranges::find(kFalse, word) != kFalse.end()) return false;
  return std::nullopt;
}

std::optional<std::chrono::system_clock::time_point> parse_date_time(std::string_view text) {
  Scanner in(text);
  const auto year = in.number(4);
  in.skip("-/");
  const auto month = in.number(2);
  in.skip("-/");
  const auto day = in.number(2);
  in.skip_all("Tt ");
  const auto hour = in.number(2);
  in.skip(":");
  const auto minute = in.number(2);
  in.skip(":");
  const auto second = in.number(2);
  if (!year || !month || !day || !hour || !minute) return std::nullopt;
  const auto time = make_time(*year, *month, *day, *hour, *minute, second.value_or(0));
  const auto millis = in.skip(".,") ? fraction(in) : milliseconds{0};
  in.skip_all(" ");
  const auto offset = zone(in);
  if (!time || !offset || !in.done()) return std::nullopt;
  return std::chrono::system_clock::time_point{*time} + millis - *offset;
}

std::optional<std::chrono::system_clock::time_point> make_date_time(const DateTimeParts& parts) {
  const auto year = whole(parts.year), month = whole(parts.month), day = whole(parts.day);
  const auto hour = whole(parts.hour), minute = whole(parts.minute), second = whole(parts.second);
  if (!year || !month || !day || !hour || !minute) return std::nullopt;
  const auto time = make_time(*year, *month, *day, *hour, *minute, second.value_or(0));
  if (!time) return std::nullopt;
  return std::chrono::system_clock::time_point{*time};
}

std::optional<milliseconds> parse_duration(std::string_view text) {
  Scanner in(text);
  if (in.peek() != 'P' && in.peek() != 'p') {
    const auto plain = parse_number(text);
    if (!plain || *plain > 1e9) return std::nullopt;
    return milliseconds{std::llround(*plain * 1000)};
  }
  in.skip("Pp");
  double total = 0;  // seconds
  bool time = false, any = false;
  while (!in.done()) {
    if (in.skip("Tt")) {
      time = true;
      continue;
    }
    const auto digits = in.take_while([](char c) { return is_digit(c) || c == '.'; });
    const auto value = parse_number(digits);
    const char unit = in.done() ? '\0' : lower(in.rest().substr(0, 1)).front();
    if (!value || !in.skip("YMWDHSymwdhs")) return std::nullopt;
    any = true;
    constexpr double kDay = 86'400;
    switch (unit) {
      case 'y':
        total += *value * 365 * kDay;
        break;
      case 'w':
        total += *value * 7 * kDay;
        break;
      case 'd':
        total += *value * kDay;
        break;
      case 'h':
        total += *value * 3600;
        break;
      case 's':
        total += *value;
        break;
      default:
        total += *value * (time ? 60 : 30 * kDay);
        break;  // m
    }
  }
  constexpr double kLongest = 1e9;  // thirty years: beyond it, "for ever" is meant or nothing
  if (!any || total > kLongest) return std::nullopt;
  return milliseconds{std::llround(total * 1000)};
}

std::optional<seconds> parse_tz_offset(std::string_view text) {
  Scanner in(text);
  if (in.skip("<")) {
    in.take_while([](char c) { return c != '>'; });
    in.skip(">");
  } else {
    const auto name = in.take_while(is_alpha);
    const std::string word = lower(name);
    if (in.done() && word != "utc" && word != "gmt" && word != "z") return std::nullopt;
    if (in.done()) return seconds{0};
  }
  const bool minus = in.peek() == '-';
  in.skip("+-");
  const auto h = in.number(2);
  if (!h || *h > 14) return std::nullopt;
  seconds west = hours{*h};
  if (in.skip(":")) west += minutes{in.number(2).value_or(0)};
  return minus ? west : -west;
}

std::string clean_text(std::string_view text) {
  text = trim(text);
  std::string out;
  out.reserve(std::min(text.size(), kMaxText));
  while (!text.empty()) {
    const std::size_t size = utf8_size(text);
    const std::string_view shown = size == 0 ? kReplacement : is_control(text) ? " " : text.substr(0, size);
    if (out.size() + shown.size() > kMaxText) break;
    out += shown;
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return std::string(trim(out));
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = utf8_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string codec_name(std::string_view encoding) {
  std::string word = lower(trim(encoding));
  struct Name {
    std::string_view starts, ours;
  };
  // MPV4-ES and MP4A-LATM are the Media 2 spellings; PCMU, PCMA and g711a occur in the field.
  constexpr std::array kNames = {
      Name{"h264", "h264"},  Name{"h.264", "h264"},  Name{"avc", "h264"},   Name{"h265", "h265"},
      Name{"h.265", "h265"}, Name{"hevc", "h265"},   Name{"jpeg", "mjpeg"}, Name{"mjpeg", "mjpeg"},
      Name{"jpg", "mjpeg"},  Name{"mpeg4", "mpeg4"}, Name{"mpv4", "mpeg4"}, Name{"aac", "aac"},
      Name{"mp4a", "aac"},   Name{"g711", "g711"},   Name{"g.711", "g711"}, Name{"pcmu", "g711"},
      Name{"pcma", "g711"},  Name{"g726", "g726"},   Name{"g.726", "g726"}, Name{"opus", "opus"},
  };
  if (word == "mpeg4-generic") return "aac";
  for (const auto& name : kNames)
    if (word.starts_with(name.starts)) return std::string(name.ours);
  return word;
}

}  // namespace camctl::onvif
