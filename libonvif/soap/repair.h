// The second, lenient reading of a reply that gSOAP did not take (onvif-notes.md section F).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libonvif/messages.h"

namespace camctl::onvif {

// What a reply should have been: `prefix` is the service's in the project's namespace table ("tds", "tev",
// …), `element` the Body's element without it.
struct ExpectedReply {
  std::string_view prefix, element;
};

// Cuts `text` to its Envelope, drops what is not XML, and writes it anew with every known name in the
// namespace where it belongs by its place, whatever prefixes it had (quirks 35 to 37), and a URI where it
// belongs (quirk 78). Nothing if there is no such reply in it, or if it breaks off.
std::optional<std::string> repair_reply(std::string_view text, const ExpectedReply& expected, Quirks& quirks);

// `text` from its Envelope's first byte to its last; all of it where none is found. Control characters in it
// become spaces. What is beyond these bounds is left out, so that a tree of it stays below 5 MiB.
std::string cut_to_envelope(std::string_view text);
inline constexpr std::size_t kMaxTreeBytes = 1u << 20;  // twice the profiles of a 64-channel recorder
inline constexpr std::size_t kMaxTreeTags = 40'000;     // the same: these have 18,000

}  // namespace camctl::onvif
