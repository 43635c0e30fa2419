#include "apps/serve/http/gzip.h"

#include <zlib.h>

#include <algorithm>

#include "base/text.h"

namespace camctl::apps::serve {
namespace {

constexpr int kLevel = 5;             // beyond, playlists get no smaller
constexpr int kGzipWindow = 15 + 16;  // 16: a gzip header in place of zlib's
constexpr int kMemoryLevel = 8;       // zlib's default

// A weight of 0 ("gzip;q=0", "q=0.000") means not acceptable.
bool is_refused(std::string_view parameters) {
  const auto q = parameters.find("q=");
  if (q == parameters.npos) return false;
  const auto weight = text::trim(parameters.substr(q + 2));
  return weight.find_first_not_of("0.") == weight.npos;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  bool any = false;
  for (auto item : text::split(accept_encoding, ",")) {
    const auto semicolon = std::min(item.find(';'), item.size());
    const auto coding = text::trim(item.substr(0, semicolon));
    const bool wanted = !is_refused(item.substr(semicolon));
    if (text::iequals(coding, "gzip") || text::iequals(coding, "x-gzip")) return wanted;
    if (coding == "*") any = wanted;
  }
  return any;
}

std::string gzip(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK)
    return {};
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib's type; it only reads
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(done ? stream.total_out : 0);
  deflateEnd(&stream);
  return out;
}

}  // namespace camctl::apps::serve
