// How long something took, for people.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <string>

namespace camctl::apps {

// "01:02:03"; hours go beyond a day.
inline std::string clock_text(std::chrono::steady_clock::duration time) {
  const auto total = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  return fmt::format("{:02}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60);
}

}  // namespace camctl::apps
