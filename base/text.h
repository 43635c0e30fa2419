// Small string operations on ASCII, as protocols need them (no locale).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace camctl::text {

std::string lower(std::string_view text);
bool iequals(std::string_view a, std::string_view b);

// `text` without white space (space, tab, CR, LF) at both ends.
std::string_view trim(std::string_view text);

// The non-empty pieces between any of `separators`.
std::vector<std::string_view> split(std::string_view text, std::string_view separators);

// The candidate nearest to `word` for "did you mean …"; empty if none is near.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace camctl::text
