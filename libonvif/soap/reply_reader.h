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
    case SOAP_OK:
      return 35;  // read, but what matters was in a wrong namespace
    case SOAP_TAG_MISMATCH:
    case SOAP_NO_TAG:
      return 35;
    case SOAP_NAMESPACE:
      return 36;
    default:
      return 37;
  }
}

// `convert` makes the result of the reply, or nothing if the reply lacks what matters.
template <class Reply, class Convert>
auto read_reply(std::string_view text, const ExpectedReply& expected, Quirks& quirks, Convert convert)
    -> Result<typename decltype(convert(std::declval<Reply&>()))::value_type> {
  SoapContext context;
  Reply reply;
  if (parse_reply(context, text, expected, reply))
    if (auto result = convert(reply)) return std::move(*result);
  const int quirk = quirk_of(context.get()->error);
  const std::string why = context.error_text();

  if (const auto repaired = repair_reply(text, expected, quirks)) {
    Reply second;
    if (parse_reply(context, *repaired, expected, second)) {
      if (auto result = convert(second)) {
        if (!quirks.contains(78)) quirks.insert(quirk);
        return std::move(*result);
      }
    }
  }
  return fail(ErrorCode::kProtocol, "the reply is no " + std::string(expected.element) +
                                        (why.empty() ? " with anything in it" : ": " + why));
}

}  // namespace camctl::onvif
