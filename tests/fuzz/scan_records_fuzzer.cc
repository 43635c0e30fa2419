// What comes into `camctl discover -`: records, arrays, words, in any portions.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "apps/discover/targets.h"

using namespace camctl;
using namespace camctl::discover;

namespace {

// What was read of `text`, fed in portions of `size` bytes.
std::string read(std::string_view text, std::size_t size) {
  std::string seen;
  RecordSplitter splitter(
      [&](const nlohmann::json& record) -> Result<void> {
        const auto request = request_from_record(record);
        if (request && request->target.xaddrs.empty()) std::abort();
        seen += request ? request->label + '\n' : "refused\n";
        return {};
      },
      [&](std::string_view word) -> Result<void> {
        const auto request = request_from_text(word);
        seen += request ? request->label + '\n' : "refused\n";
        return {};
      });
  Result<void> result;
  for (std::size_t at = 0; at < text.size() && result; at += size)
    result = splitter.feed(text.substr(at, size));
  if (result) result = splitter.finish();
  return seen + (result ? "" : result.error().message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::size_t kPortion = 3;
  if (read(text, size + 1) != read(text, kPortion)) std::abort();
  return 0;
}
