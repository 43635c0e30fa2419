// What a request brings to show who asks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apps/serve/http/message.h"
#include "base/secret.h"

namespace camctl::apps::serve::auth {

// Of `Authorization: Basic …` (RFC 7617). Nothing for another scheme, and for what is malformed.
struct BasicCredentials {
  std::string name;
  Secret password;
};
std::optional<BasicCredentials> parse_basic(std::string_view authorization);

// Of `Authorization: Bearer …` (RFC 6750 §2.1); empty for another scheme.
std::string_view parse_bearer(std::string_view authorization);

// A cookie's value (RFC 6265 §5.4); empty where there is none of this name.
std::string_view cookie(const Request& request, std::string_view name);

inline constexpr std::string_view kSessionCookie = "camctl_session";

// Set-Cookie for a session. Strict: no other site's page or link makes a request with it, and none has to,
// since the log-in page finds out by itself that there is a session. An empty token takes the cookie away.
std::string session_cookie(std::string_view token, bool secure);

// Whether the client is inside TLS, here or at a proxy in front: what browsers say of the page that asks.
bool over_tls(const Request& request);

// Whether a browser asks. It shall not open a window of its own for a password, as it does when it is told of
// Basic: our page has a better one.
bool from_browser(const Request& request);
// Whether it asks for something to show in place of the page.
bool wants_page(const Request& request);

}  // namespace camctl::apps::serve::auth
