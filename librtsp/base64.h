// Base64 (RFC 4648 §4), as SDP carries parameter sets.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace camctl::rtsp {

std::string base64_encode(std::span<const std::uint8_t> data);

// Padding may be missing, as some cameras leave it off. Nothing if any other character is in it.
std::optional<std::vector<std::uint8_t>> base64_decode(std::string_view text);

}  // namespace camctl::rtsp
