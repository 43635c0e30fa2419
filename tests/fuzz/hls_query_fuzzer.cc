// What comes behind the "?" of a low-latency playlist's address, and its folder: never crashes, and what
// is taken is inside its bounds.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "apps/serve/hls_query.h"
#include "apps/serve/http/gzip.h"
#include "libhls/part_policy.h"

using namespace camctl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto query = apps::serve::parse_reload_query(text); query && query->part && !query->msn) abort();
  if (const auto folder = apps::serve::parse_playlist_folder(text)) {
    if (folder->epoch >= hls::PartPolicy::kMaxEpochs) abort();
    if (apps::serve::to_string(*folder) != text) abort();
  }
  (void)apps::serve::accepts_gzip(text);
  return 0;
}
