// What comes in on an HTTP connection: reading, checks, routing, conditions and ranges. Never crashes; bytes
// in other pieces give the same requests; no path gets through that climbs; every refusal is a 4xx.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "apps/serve/http/access_log.h"
#include "apps/serve/http/finish.h"
#include "apps/serve/http/guard.h"
#include "apps/serve/http/reader.h"
#include "apps/serve/http/router.h"

namespace {

using namespace camctl::apps::serve;

const Router& router() {
  static const Router the_router([] {
    std::vector<Route> routes;
    for (const auto* pattern : {"/", "/api/cameras", "/api/cameras/{id}", "/hls/{id}/playlist.m3u8",
                                "/hls/{id}/playlist{#n}.ts", "/hls/{id}/main/part{#n}.{#k}.m4s"})
      routes.push_back({Method::kGet, pattern, [](const RequestPtr&, const ExchangePtr&) {}, ""});
    return routes;
  }());
  return the_router;
}

void look_at(Request& request) {
  for (const auto& segment : request.segments)
    if (segment == ".." || segment == "." || segment.find('/') != std::string::npos) abort();
  const GuardOptions options{{"name.example"}, {"http://origin.example"}};
  if (const auto refusal = check(request, options);
      refusal && (refusal->status < 400 || refusal->status > 499))
    abort();
  (void)router().match(request);
  auto response = text_response(200, "text/plain", "0123456789");
  response.etag = "\"x\"";
  response.ranges = true;
  apply_request(request, options.cors_origins, response);
  if (response.body && response.status == 206 && response.body->size > 10) abort();
  const auto head = head_of(response, true, "date");
  if (head.find("\r\n\r\n") + 4 != head.size()) abort();  // nothing of the request splits it
  const auto line = access_line(request, 200, 0, {});
  if (line.find_first_of("\r\n") != std::string::npos) abort();
}

// All requests in the input, fed in pieces, up to the first that is refused. Whether a broken one is refused
// at once or when the rest of it has come depends on the pieces.
std::vector<std::string> read(std::string_view bytes, std::size_t piece) {
  std::vector<std::string> targets;
  RequestReader reader;
  std::string input;
  while (!bytes.empty()) {
    const auto taken = std::min(piece, bytes.size());
    input.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    while (!input.empty()) {
      const auto status = reader.feed(input);
      if (status == RequestReader::Status::kMore) break;
      if (status == RequestReader::Status::kFailed) {
        if (reader.error().status < 400 || reader.error().status > 499) abort();
        return targets;
      }
      const auto request = reader.take();
      targets.push_back(request->method_text + " " + request->target + " " + request->body);
      look_at(*request);
      if (!reader.keep_alive()) return targets;
    }
  }
  return targets;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMaxInput = 20'000;  // beyond the header's limit, and still quick
  const std::string_view bytes(reinterpret_cast<const char*>(data), std::min(size, kMaxInput));
  const auto whole = read(bytes, bytes.size());
  if (bytes.size() < 2000 && read(bytes, 1) != whole) abort();
  return 0;
}
