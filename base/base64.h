// Base64 (RFC 4648 §4).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace camctl {

std::string base64_encode(std::string_view bytes);
std::string base64_encode(std::span<const std::uint8_t> bytes);

// Ignores white space and missing padding, as devices send it. kProtocol where another character stands in
// it.
Result<std::vector<std::uint8_t>> base64_decode(std::string_view text);

}  // namespace camctl
