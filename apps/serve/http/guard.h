// Who may ask: the checks that keep other sites' pages out (interface.md, "serve: HTTP").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/serve/http/message.h"

namespace camctl::apps::serve {

struct GuardOptions {
  std::vector<std::string> hosts;         // names besides localhost that a Host header may have
  std::vector<std::string> cors_origins;  // may also change things, unless it is "*"
};

// True for a literal address, localhost, or one of `hosts`; the port may be any. A page on another name that
// resolves to our address (DNS rebinding) fails this.
bool host_allowed(std::string_view authority, const std::vector<std::string>& hosts);

// True if a change (or a WebSocket) asked for with these headers comes from a page of ours, from one of
// `cors_origins`, or from no page at all.
bool origin_allowed(const Request& request, const std::vector<std::string>& cors_origins);

// The refusal, or nothing if the request may go on to its route. 400 for a missing, repeated or malformed
// Host (RFC 9112 §3.2), 421 for one that is not ours, 403 for an Origin that is not.
std::optional<Response> check(const Request& request, const GuardOptions& options);

// The answer to a CORS preflight (OPTIONS with Access-Control-Request-Method).
Response preflight(const Request& request, const std::vector<std::string>& cors_origins,
                   std::string_view allow);

}  // namespace camctl::apps::serve
