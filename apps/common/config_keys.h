// The one table of configuration keys: files, variables, flags and --print-config all come from it.
// Internal to config*.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "apps/common/config.h"
#include "base/result.h"

namespace camctl::apps::config {

enum class Kind : std::uint8_t {
  kText,
  kPath,
  kFlag,
  kCount,
  kAutoCount,
  kRate,
  kBytes,
  kDuration,
  kList,
  kTiers,
};

template <class T>
using Member = std::variant<std::string T::*, bool T::*, std::uint64_t T::*, std::chrono::milliseconds T::*,
                            std::vector<std::string> T::*, std::vector<Tier> T::*>;

template <class T>
struct Key {
  std::string_view name;
  Kind kind;
  Member<T> member;
  std::string_view help;
  std::int64_t min = 0, max = 0;  // of counts, rates, bytes and milliseconds
  std::string_view choices = {};  // "auto,tcp,udp"; empty: anything
};

std::span<const Key<Settings>> settings_keys();
std::span<const Key<StreamSettings>> stream_keys();

// Sets the key `name` of `object` from text. kConfig without a place: the caller knows it. kNotFound: no such
// key.
Result<void> set(Settings& object, std::string_view name, std::string_view text);
Result<void> set(StreamSettings& object, std::string_view name, std::string_view text);
// Lists are set whole.
Result<void> set_list(Settings& object, std::string_view name, std::vector<std::string> items);

// What --print-config and flags need to know of a key at the top level, of either table.
struct KeyInfo {
  std::string_view name;
  Kind kind;
  std::string_view help;
  std::string_view choices;
};
std::vector<KeyInfo> all_keys();

// The value as YAML.
std::string show(const Settings& settings, std::string_view name);

// The same of a key of one camera's.
std::string show(const StreamSettings& settings, std::string_view name);

// "did you mean …?" for the candidate nearest to `text`; empty if none is near.
std::string suggest(std::string_view text, const std::vector<std::string_view>& candidates);

// Texts of durations ("2", "2s", "500ms", "1.5m", "1h"), bit rates ("800k", "2M", "800000") and sizes ("16M",
// "1.5G", "4096": powers of 1024). kConfig.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
Result<std::uint64_t> parse_bitrate(std::string_view text);
// "480:800k", and several behind each other, separated by commas. kConfig.
Result<Tier> parse_tier(std::string_view text);
Result<std::vector<Tier>> parse_tiers(std::string_view text);
Result<std::uint64_t> parse_bytes(std::string_view text);

std::string yaml_quote(std::string_view text);

}  // namespace camctl::apps::config
