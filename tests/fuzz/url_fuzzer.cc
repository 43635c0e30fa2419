// Url: never crashes; what it accepts it can print and read again unchanged, and never shows a password.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  camctl::redact_urls(text);
  const auto url = camctl::Url::parse(text);
  if (!url) return 0;
  const auto shown = camctl::Url::parse(url->to_string());
  if (!shown || !shown->credentials.empty() || shown->target != url->target || shown->host != url->host)
    abort();
  const auto full = camctl::Url::parse(url->with(url->credentials).reveal());
  if (!url->to_string().empty() && full && full->credentials != url->credentials) abort();
  return 0;
}
