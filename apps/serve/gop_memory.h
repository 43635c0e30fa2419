// How long each camera's groups of pictures are, remembered from run to run: what settles the target duration
// must be known before the first picture comes.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "apps/common/camera.h"
#include "base/result.h"

namespace camctl::apps::serve {

// Beyond this, cutting inside a group serves viewers better than a longer target duration.
inline constexpr std::chrono::seconds kLongestTarget{10};

// In a file beside cameras.json: an object of camera ids and seconds. Not thread-safe.
class GopMemory {
 public:
  // A run that was shorter says nothing of the longest groups: it may make a value greater, not smaller.
  static constexpr std::chrono::hours kLowersAfter{1};
  // A file of as many cameras as may be served stays below; another one is not ours.
  static constexpr std::size_t kMaxFile = 1u << 20;

  // "cameras.json" -> "cameras.learned.json". Empty for standard input.
  static std::filesystem::path path_for(const std::string& cameras_file);

  // What a file holds that makes sense; nothing where there is none, and where `path` is empty.
  explicit GopMemory(std::filesystem::path path);

  // Of the last run; nothing where it is not known.
  std::optional<std::chrono::seconds> last_run(const std::string& id) const;

  // The longest one so far in this run, which has been going on for `run`.
  void learn(const std::string& id, std::chrono::milliseconds longest, std::chrono::seconds run);

  // Writes the file where something has changed. kIo, the first time only.
  Result<void> save();

 private:
  std::filesystem::path path_;
  std::map<std::string, std::chrono::seconds> last_run_, now_;
  bool changed_ = false, failed_ = false;
};

// The target duration that holds the longest group of pictures known of what is shown of a camera: from the
// last run (`learned`) and from the settings of the profiles in `shown_urls` besides the main stream.
// Nothing: none is known.
std::optional<std::chrono::seconds> known_gop(const Camera& camera,
                                              const std::vector<std::string>& shown_urls,
                                              std::optional<std::chrono::seconds> learned);

}  // namespace camctl::apps::serve
