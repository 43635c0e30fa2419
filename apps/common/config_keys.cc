#include "apps/common/config_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace camctl::apps::config {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kMaxTimeout = 3'600'000;                    // ms
constexpr std::int64_t kMinRate = 10'000, kMaxRate = 200'000'000;  // bit/s, beyond any camera
constexpr std::int64_t kMinHeight = 64, kMaxHeight = 4320;         // hardware's least, 8K
constexpr std::int64_t kMaxDvr = 86'400'000;  // ms: a playlist of a day has 43,200 segments, 5 MB
constexpr std::int64_t kMaxDisk = std::int64_t{1} << 50;

const std::array kSettings = {
    Key<Settings>{"listen", Kind::kText, &Settings::listen, "address and port to serve on"},
    Key<Settings>{"allow_anonymous", Kind::kFlag, &Settings::allow_anonymous,
                  "let anybody who reaches the address watch and change"},
    Key<Settings>{"rtsp_listen", Kind::kText, &Settings::rtsp_listen,
                  "address and port to restream the cameras on over RTSP"},
    Key<Settings>{"cameras", Kind::kPath, &Settings::cameras, "the file of cameras, - for stdin"},
    Key<Settings>{"hosts", Kind::kList, &Settings::hosts,
                  "names besides localhost that the Host header may have"},
    Key<Settings>{"cors_origins", Kind::kList, &Settings::cors_origins,
                  "origins (scheme://host:port) whose pages may read the API"},
    Key<Settings>{
        "tls_cert", Kind::kPath, &Settings::tls_cert,
        "serve over TLS with this certificate and those of its issuers (PEM); SIGHUP reads it again"},
    Key<Settings>{"tls_key", Kind::kPath, &Settings::tls_key, "the certificate's key (PEM)"},
    Key<Settings>{"access_log", Kind::kPath, &Settings::access_log, "file for the access log, - for stderr"},
    Key<Settings>{"web_dir", Kind::kPath, &Settings::web_dir, "serve the dashboard from this folder"},
    Key<Settings>{"save_credentials", Kind::kFlag, &Settings::save_credentials,
                  "keep the passwords of cameras added by API in the file of cameras"},
    Key<Settings>{"threads", Kind::kCount, &Settings::threads, "event loops, 0 for one per core", 0, 256},
    Key<Settings>{"max_connections", Kind::kCount, &Settings::max_connections, "connections at once", 1,
                  1'000'000},
    Key<Settings>{"host_sessions", Kind::kCount, &Settings::host_sessions,
                  "sessions at one camera host at once", 1, 10'000},
    Key<Settings>{"max_transcodes", Kind::kAutoCount, &Settings::max_transcodes,
                  "tiers and cameras transcoded at once, 0 for no tiers, auto for half the cores", 0, 256},
    Key<Settings>{"find_lost", Kind::kDuration, &Settings::find_lost,
                  "look for a camera's new address when it has been away for so long, 0 for never", 0,
                  kMaxTimeout},
    Key<Settings>{"state_dir", Kind::kPath, &Settings::state_dir,
                  "folder for API tokens and the key of signed addresses (default ~/.local/state/camctl)"},
    Key<Settings>{"dvr_dir", Kind::kPath, &Settings::dvr_dir,
                  "folder for what dvr keeps on disk (default ~/.local/state/camctl/dvr)"},
    Key<Settings>{"dvr_max_bytes", Kind::kBytes, &Settings::dvr_max_bytes,
                  "what dvr may take of the disk, 0 for all but 5 %", 0, kMaxDisk},
    Key<Settings>{"header_timeout", Kind::kDuration, &Settings::header_timeout,
                  "time for a request to arrive completely", 100, kMaxTimeout},
    Key<Settings>{"idle_timeout", Kind::kDuration, &Settings::idle_timeout, "time between two requests", 100,
                  kMaxTimeout},
    Key<Settings>{"write_timeout", Kind::kDuration, &Settings::write_timeout,
                  "time for a client to take a response, besides 1 s for each 32 KiB", 100, kMaxTimeout},
};

const std::array kStream = {
    Key<StreamSettings>{"transport", Kind::kText, &StreamSettings::transport,
                        "auto, tcp, udp, multicast or http (a tunnel)", 0, 0, "auto,tcp,udp,multicast,http"},
    Key<StreamSettings>{"tls_pin", Kind::kText, &StreamSettings::tls_pin,
                        "key that a camera must have over rtsps, sha256//…"},
    Key<StreamSettings>{"video_codec", Kind::kText, &StreamSettings::video_codec,
                        "copy, or h264 to transcode", 0, 0, "copy,h264"},
    Key<StreamSettings>{"video_encoder", Kind::kText, &StreamSettings::video_encoder,
                        "of libavcodec, auto for hardware's where there is some", 0, 0,
                        "auto,libx264,h264_nvenc,h264_qsv,h264_vaapi,h264_v4l2m2m"},
    Key<StreamSettings>{"preset", Kind::kText, &StreamSettings::preset, "the encoder's preset", 0, 0,
                        "ultrafast,superfast,veryfast,faster,fast,medium,slow,slower,veryslow"},
    Key<StreamSettings>{"bitrate", Kind::kRate, &StreamSettings::bitrate, "transcoded video, bit/s", kMinRate,
                        kMaxRate},
    Key<StreamSettings>{"maxrate", Kind::kRate, &StreamSettings::maxrate, "its peak, bit/s", kMinRate,
                        kMaxRate},
    Key<StreamSettings>{"audio_bitrate", Kind::kRate, &StreamSettings::audio_bitrate, "encoded audio, bit/s",
                        8'000, 512'000},
    Key<StreamSettings>{"height", Kind::kCount, &StreamSettings::height,
                        "of transcoded pictures, 0 as they are", 0, kMaxHeight},
    Key<StreamSettings>{"segment_duration", Kind::kDuration, &StreamSettings::segment_duration,
                        "cut at the first key frame after this", 1000, 60'000},
    Key<StreamSettings>{"segments", Kind::kCount, &StreamSettings::segments, "segments listed", 3, 1000},
    Key<StreamSettings>{"part_duration", Kind::kDuration, &StreamSettings::part_duration,
                        "of LL-HLS, near which parts end with a frame; 0 for none", 0, 1000},
    Key<StreamSettings>{"dvr", Kind::kDuration, &StreamSettings::dvr,
                        "how far back players can go, 10m; 0 for as far as live needs", 0, kMaxDvr},
    Key<StreamSettings>{"dvr_memory", Kind::kBytes, &StreamSettings::dvr_memory,
                        "of a stream with dvr in memory; what is older is on disk", 0, 1 << 30},
    Key<StreamSettings>{"adaptive", Kind::kFlag, &StreamSettings::adaptive,
                        "show a camera's other profiles as variants of one adaptive stream"},
    Key<StreamSettings>{"tiers", Kind::kTiers, &StreamSettings::tiers,
                        "a further variant (480:800k), transcoded while somebody watches it"},
    Key<StreamSettings>{"h264_fallback", Kind::kFlag, &StreamSettings::h264_fallback,
                        "transcode an H.265 camera while a browser without H.265 watches it"},
    Key<StreamSettings>{"on_demand", Kind::kFlag, &StreamSettings::on_demand,
                        "connect to cameras only while somebody watches"},
};

// `expected`: for the message.
Result<std::int64_t> parse_count(std::string_view text, std::string_view expected = "a whole number") {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty())
    return fail(ErrorCode::kConfig, fmt::format("expected {}, got \"{}\"", expected, text));
  return value;
}

Result<bool> parse_flag(std::string_view text) {
  for (const auto yes : {"true", "yes", "on", "1"})
    if (text == yes) return true;
  for (const auto no : {"false", "no", "off", "0"})
    if (text == no) return false;
  return fail(ErrorCode::kConfig, fmt::format("expected true or false, got \"{}\"", text));
}

// A decimal number with a unit of the table behind it.
struct Unit {
  std::string_view suffix;
  double factor;
};
Result<std::int64_t> parse_with_unit(std::string_view text, std::span<const Unit> units,
                                     std::string_view example) {
  const auto bad = [&] {
    return fail(ErrorCode::kConfig, fmt::format("expected something like {}, got \"{}\"", example, text));
  };
  const auto digits = text.find_first_not_of("0123456789.");
  const auto number = text.substr(0, digits);
  const auto suffix = digits == std::string_view::npos ? std::string_view{} : text.substr(digits);
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (number.empty() || error != std::errc{} || end != number.data() + number.size()) return bad();
  const auto unit =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.suffix == suffix; });
  if (unit == units.end()) return bad();
  value *= unit->factor;
  if (!(value < 1e15)) return bad();
  return std::llround(value);
}

Result<void> check_range(std::int64_t value, std::int64_t min, std::int64_t max, std::string_view unit) {
  if (value < min || value > max)
    return fail(ErrorCode::kConfig, fmt::format("must be between {}{} and {}{}", min, unit, max, unit));
  return {};
}

Result<void> check_choice(std::string_view text, std::string_view choices) {
  for (auto rest = choices; !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    if (rest.substr(0, comma) == text) return {};
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  if (choices.empty()) return {};
  return fail(ErrorCode::kConfig, fmt::format("expected one of {}, got \"{}\"", choices, text));
}

template <class T>
Result<void> set_key(T& object, const Key<T>& key, std::string_view text) {
  if (const auto* member = std::get_if<std::string T::*>(&key.member)) {
    if (const auto ok = check_choice(text, key.choices); !ok) return ok;
    object.*(*member) = std::string(text);
    return {};
  }
  if (const auto* member = std::get_if<bool T::*>(&key.member)) {
    const auto value = parse_flag(text);
    if (!value) return fail(value.error());
    object.*(*member) = *value;
    return {};
  }
  if (const auto* member = std::get_if<std::uint64_t T::*>(&key.member)) {
    Result<std::int64_t> value = 0;
    if (key.kind == Kind::kAutoCount && text == "auto") {
      object.*(*member) = kAutoCount;
      return {};
    }
    if (key.kind == Kind::kRate)
      value = parse_bitrate(text).map([](std::uint64_t v) { return static_cast<std::int64_t>(v); });
    else if (key.kind == Kind::kBytes)
      value = parse_bytes(text).map([](std::uint64_t v) { return static_cast<std::int64_t>(v); });
    else
      value = parse_count(text, key.kind == Kind::kAutoCount ? "a whole number or auto" : "a whole number");
    if (!value) return fail(value.error());
    if (const auto ok = check_range(*value, key.min, key.max, ""); !ok) return ok;
    object.*(*member) = static_cast<std::uint64_t>(*value);
    return {};
  }
  if (const auto* member = std::get_if<std::chrono::milliseconds T::*>(&key.member)) {
    const auto value = parse_duration(text);
    if (!value) return fail(value.error());
    if (const auto ok = check_range(value->count(), key.min, key.max, "ms"); !ok) return ok;
    object.*(*member) = *value;
    return {};
  }
  if (const auto* member = std::get_if<std::vector<Tier> T::*>(&key.member)) {
    auto value = parse_tiers(text);
    if (!value) return fail(value.error());
    object.*(*member) = std::move(*value);
    return {};
  }
  return fail(ErrorCode::kConfig, "expected a list");
}

template <class T>
Result<void> set_in(std::span<const Key<T>> keys, T& object, std::string_view name, std::string_view text) {
  for (const auto& key : keys)
    if (key.name == name) return set_key(object, key, text);
  return fail(ErrorCode::kNotFound, fmt::format("unknown key \"{}\"", name));
}

std::string show_duration(std::chrono::milliseconds value) {
  return value % 1s == 0ms ? fmt::format("{}s", value / 1s) : fmt::format("{}ms", value.count());
}

std::string show_rate(std::uint64_t value) {
  return value % 1000 == 0 ? fmt::format("{}k", value / 1000) : std::to_string(value);
}

std::string show_tiers(const std::vector<Tier>& tiers) {
  std::vector<std::string> items;
  items.reserve(tiers.size());
  for (const auto& tier : tiers)
    items.push_back(fmt::format("{{height: {}, bitrate: {}}}", tier.height, show_rate(tier.bitrate)));
  return fmt::format("[{}]", fmt::join(items, ", "));
}

std::string show_bytes(std::uint64_t value) {
  constexpr std::uint64_t kMega = 1u << 20;
  return value > 0 && value % kMega == 0 ? fmt::format("{}M", value / kMega) : std::to_string(value);
}

template <class T>
std::string show_key(const T& object, const Key<T>& key) {
  if (const auto* text = std::get_if<std::string T::*>(&key.member)) return yaml_quote(object.*(*text));
  if (const auto* flag = std::get_if<bool T::*>(&key.member)) return object.*(*flag) ? "true" : "false";
  if (const auto* tiers = std::get_if<std::vector<Tier> T::*>(&key.member))
    return show_tiers(object.*(*tiers));
  if (const auto* count = std::get_if<std::uint64_t T::*>(&key.member))
    return key.kind == Kind::kAutoCount && object.*(*count) == kAutoCount ? "auto"
           : key.kind == Kind::kRate                                      ? show_rate(object.*(*count))
           : key.kind == Kind::kBytes                                     ? show_bytes(object.*(*count))
                                                                          : std::to_string(object.*(*count));
  if (const auto* time = std::get_if<std::chrono::milliseconds T::*>(&key.member))
    return show_duration(object.*(*time));
  std::vector<std::string> items;
  for (const auto& item : object.*std::get<std::vector<std::string> T::*>(key.member))
    items.push_back(yaml_quote(item));
  return fmt::format("[{}]", fmt::join(items, ", "));
}

}  // namespace

std::span<const Key<Settings>> settings_keys() { return kSettings; }
std::span<const Key<StreamSettings>> stream_keys() { return kStream; }

Result<void> set(Settings& object, std::string_view name, std::string_view text) {
  auto done = set_in(settings_keys(), object, name, text);
  if (!done && done.error().code == ErrorCode::kNotFound) return set(object.stream, name, text);
  return done;
}

Result<void> set(StreamSettings& object, std::string_view name, std::string_view text) {
  return set_in(stream_keys(), object, name, text);
}

Result<void> set_list(Settings& object, std::string_view name, std::vector<std::string> items) {
  for (const auto& key : kSettings) {
    if (key.name != name) continue;
    const auto* member = std::get_if<std::vector<std::string> Settings::*>(&key.member);
    if (!member) return fail(ErrorCode::kConfig, "expected a single value, not a list");
    object.*(*member) = std::move(items);
    return {};
  }
  return fail(ErrorCode::kConfig, "expected a single value, not a list");
}

std::vector<KeyInfo> all_keys() {
  std::vector<KeyInfo> keys;
  keys.reserve(std::size(kSettings) + std::size(kStream));
  for (const auto& key : kSettings) keys.push_back({key.name, key.kind, key.help, key.choices});
  for (const auto& key : kStream) keys.push_back({key.name, key.kind, key.help, key.choices});
  return keys;
}

std::string show(const Settings& settings, std::string_view name) {
  for (const auto& key : kSettings)
    if (key.name == name) return show_key(settings, key);
  return show(settings.stream, name);
}

std::string show(const StreamSettings& settings, std::string_view name) {
  for (const auto& key : kStream)
    if (key.name == name) return show_key(settings, key);
  assert(!"a key of the table");
  return {};
}

std::string suggest(std::string_view word, const std::vector<std::string_view>& candidates) {
  const auto nearest = text::nearest(word, candidates);
  return nearest.empty() ? std::string{} : fmt::format("did you mean \"{}\"?", nearest);
}

std::string yaml_quote(std::string_view text) {
  const bool plain = !text.empty() &&
                     text.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789._/-:@+") == std::string_view::npos &&
                     std::string_view("-:@+").find(text[0]) == std::string_view::npos && text.back() != ':';
  static constexpr std::array kWords = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
  if (plain && std::find(kWords.begin(), kWords.end(), text) == kWords.end()) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      quoted += '\\', quoted += c;
    else if (byte < 0x20 || byte == 0x7f)
      quoted += fmt::format("\\x{:02x}", byte);
    else
      quoted += c;
  }
  return quoted + '"';
}

Result<Tier> parse_tier(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == text.npos)
    return fail(ErrorCode::kConfig, fmt::format("expected something like 480:800k, got \"{}\"", text));
  const auto height = parse_count(text.substr(0, colon));
  if (!height) return fail("height", height.error());
  if (auto ok = check_range(*height, kMinHeight, kMaxHeight, ""); !ok) return fail("height", ok.error());
  const auto bitrate = parse_bitrate(text.substr(colon + 1));
  if (!bitrate) return fail("bitrate", bitrate.error());
  if (auto ok = check_range(static_cast<std::int64_t>(*bitrate), kMinRate, kMaxRate, ""); !ok)
    return fail("bitrate", ok.error());
  return Tier{static_cast<std::uint64_t>(*height), *bitrate};
}

Result<std::vector<Tier>> parse_tiers(std::string_view text) {
  std::vector<Tier> tiers;
  if (text::trim(text).empty()) return tiers;
  for (const auto item : text::split(text, ",")) {
    const auto tier = parse_tier(text::trim(item));
    if (!tier) return fail(tier.error());
    if (tiers.size() == kMaxTiers)
      return fail(ErrorCode::kConfig, fmt::format("there are more than {}", kMaxTiers));
    tiers.push_back(*tier);
  }
  return tiers;
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  static constexpr std::array<Unit, 5> kUnits = {
      {{"", 1000}, {"s", 1000}, {"ms", 1}, {"m", 60'000}, {"h", 3'600'000}}};
  return parse_with_unit(text, kUnits, "2s, 500ms or 10m").map([](std::int64_t ms) {
    return std::chrono::milliseconds(ms);
  });
}

Result<std::uint64_t> parse_bitrate(std::string_view text) {
  static constexpr std::array<Unit, 4> kUnits = {{{"", 1}, {"k", 1e3}, {"K", 1e3}, {"M", 1e6}}};
  return parse_with_unit(text, kUnits, "800k or 2M").map([](std::int64_t bits) {
    return static_cast<std::uint64_t>(bits);
  });
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  static constexpr std::array<Unit, 5> kUnits = {
      {{"", 1}, {"k", 0x1p10}, {"K", 0x1p10}, {"M", 0x1p20}, {"G", 0x1p30}}};
  return parse_with_unit(text, kUnits, "16M or 20G").map([](std::int64_t bytes) {
    return static_cast<std::uint64_t>(bytes);
  });
}

}  // namespace camctl::apps::config
