#include "apps/serve/auth/credentials.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/common/config.h"
#include "apps/serve/auth/sessions.h"
#include "base/base64.h"
#include "base/text.h"

namespace camctl::apps::serve::auth {

std::optional<BasicCredentials> parse_basic(std::string_view authorization) {
  constexpr std::string_view kScheme = "basic ";
  if (!text::iequals(authorization.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  const auto bytes = base64_decode(text::trim(authorization.substr(kScheme.size())));
  if (!bytes) return std::nullopt;
  const std::string_view both(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  const auto colon = both.find(':');
  if (colon == both.npos) return std::nullopt;
  // A longer name is nobody's, and nothing that has to be remembered.
  return BasicCredentials{std::string(both.substr(0, std::min(colon, kMaxUserName + 1))),
                          Secret(std::string(both.substr(colon + 1)))};
}

std::string_view parse_bearer(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (!text::iequals(authorization.substr(0, kScheme.size()), kScheme)) return {};
  return text::trim(authorization.substr(kScheme.size()));
}

std::string_view cookie(const Request& request, std::string_view name) {
  for (const auto& [header, value] : request.headers) {
    if (header != "cookie") continue;
    for (const auto pair : text::split(value, ";")) {
      const auto trimmed = text::trim(pair);
      const auto equals = trimmed.find('=');
      if (equals != trimmed.npos && trimmed.substr(0, equals) == name) return trimmed.substr(equals + 1);
    }
  }
  return {};
}

std::string session_cookie(std::string_view token, bool secure) {
  const auto seconds = token.empty() ? 0 : std::chrono::seconds(Sessions::kLongest).count();
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", kSessionCookie, token, seconds,
                     secure ? "; Secure" : "");
}

// Ours, or that of a proxy, which the Origin of a browser's log-in tells.
bool over_tls(const Request& request) {
  return request.tls || request.header("origin").starts_with("https://");
}

bool from_browser(const Request& request) {
  return !request.header("sec-fetch-mode").empty() || request.header("user-agent").starts_with("Mozilla/");
}

bool wants_page(const Request& request) {
  const bool reads = request.method == Method::kGet || request.method == Method::kHead;
  return reads && request.header("accept").find("text/html") != std::string_view::npos;
}

}  // namespace camctl::apps::serve::auth
