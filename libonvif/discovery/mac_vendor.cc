#include "libonvif/discovery/mac_vendor.h"

#include <array>
#include <cctype>
#include <fstream>

#include "base/text.h"
#include "libonvif/lenient.h"

namespace camctl::onvif::discovery {
namespace {

// Blocks of 24, 28 and 36 bits; the small ones lie inside large ones that IEEE keeps for itself.
struct Registry {
  const char* file;
  std::size_t digits;
};
constexpr std::array<Registry, 3> kRegistries = {{{"oui.csv", 6}, {"mam.csv", 7}, {"oui36.csv", 9}}};
constexpr std::string_view kDivided = "IEEE Registration Authority";
constexpr std::size_t kDigits = 12;
constexpr std::size_t kMaxKnown = 4096;  // prefixes of one network; beyond, they are read again

std::string digits_of(std::string_view mac) {
  std::string digits;
  for (const char c : mac)
    if (std::isxdigit(static_cast<unsigned char>(c)))
      digits += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return digits;
}

bool is_local(std::string_view digits) {
  constexpr std::string_view kLocalBit = "2367ABEF";  // second digit of addresses that nobody assigned
  return digits.size() < 2 || kLocalBit.find(digits[1]) != std::string_view::npos;
}

std::string look_up(const std::string& path, std::string_view prefix) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (std::string vendor = vendor_in_line(line, prefix); !vendor.empty()) return vendor;
  return {};
}

}  // namespace

std::string vendor_in_line(std::string_view line, std::string_view prefix) {
  // Registry,Assignment,Organization Name,… with quotes around a name that has a comma.
  const std::size_t first = line.find(',');
  if (first == std::string_view::npos || line.substr(first + 1, prefix.size()) != prefix) return {};
  line.remove_prefix(first + 1 + prefix.size());
  if (!line.starts_with(',')) return {};
  line.remove_prefix(1);
  const bool quoted = line.starts_with('"');
  if (quoted) line.remove_prefix(1);
  return clean_text(text::trim(line.substr(0, line.find(quoted ? '"' : ','))));
}

MacVendors::MacVendors(std::string folder) : folder_(std::move(folder)) {}

std::string MacVendors::find(std::string_view mac) {
  const std::string digits = digits_of(mac);
  if (digits.size() != kDigits || is_local(digits)) return {};
  for (const auto& [file, length] : kRegistries) {
    std::string prefix = digits.substr(0, length);
    auto known = known_.find(prefix);
    if (known == known_.end()) {
      if (known_.size() >= kMaxKnown) known_.clear();
      known = known_.emplace(prefix, look_up(folder_ + "/" + file, prefix)).first;
    }
    if (!known->second.empty() && known->second != kDivided) return known->second;
    if (known->second.empty() && length == kRegistries.front().digits) return {};
  }
  return {};
}

}  // namespace camctl::onvif::discovery
