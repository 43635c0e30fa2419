// Addresses as devices report them: what comes out is on the host that was reached, without credentials.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "libonvif/lenient.h"
#include "libonvif/service_url.h"

using namespace camctl;
using namespace camctl::onvif;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Quirks quirks;
  if (const auto url = usable_media_url(text, "10.0.0.1", quirks)) {
    const auto again = Url::parse(url->url);
    if (!again || !again->credentials.empty()) std::abort();
    if (again->host != "10.0.0.1") std::abort();
    if (!url->original.empty() && !Url::parse(url->original)) std::abort();
  }
  const auto reached = *Url::parse("http://10.0.0.1:8000/onvif/device_service");
  for (const auto& service : usable_services({{std::string(kMediaNs), std::string(text)}}, reached, quirks))
    if (service.url.scheme != "http" && service.url.scheme != "https") std::abort();
  parse_number(text);
  parse_count(text);
  parse_bool(text);
  parse_date_time(text);
  parse_duration(text);
  parse_tz_offset(text);
  codec_name(text);
  if (clean_text(text).size() > kMaxText) std::abort();
  return 0;
}
