// A still of a key frame.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/media/stream_info.h"
#include "base/result.h"

namespace camctl::simulate {

// Decodes one key frame (as media::AccessUnit::data) and encodes it as JPEG. kProtocol if it does not decode.
Result<std::string> encode_jpeg(const media::VideoInfo& info, std::span<const std::uint8_t> key_frame);

}  // namespace camctl::simulate
