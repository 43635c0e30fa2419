// A looped film in the form in which it is sent.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "apps/simulate/virtual_media.h"
#include "base/media/access_unit.h"
#include "base/media/stream_info.h"
#include "base/result.h"

namespace camctl::simulate {

struct ClipUnit {
  media::TrackKind track = media::TrackKind::kVideo;
  bool key = false;
  std::chrono::microseconds due{0};  // since the loop's start; never decreasing
  media::Ticks pts = 0;              // since the loop's start, in the track's clock rate
  media::Bytes data;                 // as media::AccessUnit::data
};

// Starts with a key frame. Immutable once made.
struct Clip {
  media::StreamInfoPtr info;
  std::vector<ClipUnit> units;
  std::chrono::microseconds duration{0};  // of one loop
  ClipSummary summary;
  std::string jpeg;  // of the first picture
};

// Reads a film with libavformat. `name` is for messages. kUnsupported names the codec we can't send, kIo and
// kProtocol where it can't be read, kNotFound where no key frame is in it.
Result<ClipPtr> read_clip(const std::filesystem::path& file);
Result<ClipPtr> read_clip(std::string_view film, std::string_view name);

}  // namespace camctl::simulate
