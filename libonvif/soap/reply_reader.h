// Reading one reply: strictly, then repaired. Only for the files beside it.
#pragma once

#include <soapH.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "libonvif/soap/context.h"
#include "libonvif/soap/repair.h"

namespace camctl::onvif {

inline std::string_view value(const std::optional<std::string>& text) {
  return text ? std::string_view(*text) : std::string_view{};
}

// A token goes back to the device: byte for byte, but bounded (quirk 84).
inline std::string token_of(const std::optional<std::string>& text) {
  constexpr std::size_t kMaxToken = 256;  // tt:ReferenceToken has 64
  return std::string(value(text).substr(0, kMaxToken));
}

// Deserialises the Body's element into `out`. False if it is another one or broken; the context says why.
template <class Reply>
bool parse_reply(SoapContext& context, std::string_view text, const ExpectedReply& expected, Reply& out) {
  if (!open_envelope(context, text)) return false;
  struct soap* s = context.get();
  const std::string tag = std::string(expected.prefix) + ':' + std::string(expected.element);
  out.soap_default(s);
  return out.soap_get(s, tag.c_str(), "") && soap_body_end_in(s) == SOAP_OK &&
         soap_envelope_end_in(s) == SOAP_OK;
}

// Which quirk a failed strict reading shows.
inline int quirk_of(int soap_error) {
  switch (soap_error) {
    case SOAP_OK:  // read, but what matters was in a wrong namespace
    case SOAP_TAG_MISMATCH:
    case SOAP_NO_TAG:
      return 35;
    case SOAP_NAMESPACE:
      return 36;
    default:
      return 37;
  }
}

// Nothing is missing: for replies whose conversion says so by itself.
struct Complete {
  template <class Result>
  std::size_t operator()(const Result&) const {
    return 0;
  }
};

// `convert` makes the result of the reply, or nothing if the reply lacks what matters. `gaps` counts what is
// missing in a result without making it useless: the repaired reading is taken only if it has fewer.
template <class Reply, class Convert, class Gaps = Complete>
auto read_reply(std::string_view text, const ExpectedReply& expected, Quirks& quirks, Convert convert,
                Gaps gaps = {}) -> Result<typename decltype(convert(std::declval<Reply&>()))::value_type> {
  SoapContext context;
  decltype(convert(std::declval<Reply&>())) result;
  {
    Reply reply;
    if (parse_reply(context, text, expected, reply)) result = convert(reply);
  }
  if (result && gaps(*result) == 0) return std::move(*result);
  const int quirk = quirk_of(context.get()->error);
  const std::string why = context.error_text();

  Quirks seen;
  if (const auto repaired = repair_reply(text, expected, seen)) {
    Reply reply;
    if (parse_reply(context, *repaired, expected, reply)) {
      auto second = convert(reply);
      if (second && (!result || gaps(*second) < gaps(*result))) {
        if (seen.empty()) seen.insert(quirk);
        quirks.merge(seen);
        return std::move(*second);
      }
    }
  }
  if (result) return std::move(*result);
  return fail(ErrorCode::kProtocol, "the reply is no " + std::string(expected.element) +
                                        (why.empty() ? " with anything in it" : ": " + why));
}

}  // namespace camctl::onvif
