// Content-Encoding: gzip (RFC 9110 §8.4.1.3), for text that many ask for.
#pragma once

#include <string>
#include <string_view>

namespace camctl::apps::serve {

// Whether an Accept-Encoding header allows gzip (RFC 9110 §12.5.3). An absent header is taken as no: then the
// plain form is surely understood.
bool accepts_gzip(std::string_view accept_encoding);

// The text compressed; empty where that fails.
std::string gzip(std::string_view text);

}  // namespace camctl::apps::serve
