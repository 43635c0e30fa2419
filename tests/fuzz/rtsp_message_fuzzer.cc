// RTSP messages: never crashes; every view lies within the buffer; cut short, a message asks for more.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "librtsp/message.h"

namespace {

void check_inside(std::string_view buffer, std::string_view part) {
  if (part.data() == nullptr) return;
  if (part.data() < buffer.data() || part.data() + part.size() > buffer.data() + buffer.size()) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace camctl::rtsp;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Message message;
  const auto used = parse_message(text, message);
  if (!used || *used == 0) return 0;
  if (*used > size || message.headers.size() > kMaxHeaders || message.body.size() > kMaxBodyBytes) abort();
  for (const auto part : {message.method, message.target, message.reason, message.body})
    check_inside(text, part);
  for (const auto& [name, value] : message.headers) {
    check_inside(text, name);
    check_inside(text, value);
    for (const auto& transport : parse_transports(value)) {
      check_inside(text, transport.source);
      check_inside(text, transport.destination);
    }
  }
  message.cseq();
  Message shorter;
  const auto cut = parse_message(text.substr(0, *used - 1), shorter);
  if (cut && *cut > *used) abort();
  return 0;
}
