#include "apps/serve/http/guard.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/serve/http/target.h"
#include "base/cidr.h"
#include "base/text.h"

namespace camctl::apps::serve {
namespace {

bool is_change(Method method) {
  return method != Method::kGet && method != Method::kHead && method != Method::kOptions;
}

}  // namespace

bool host_allowed(std::string_view authority, const std::vector<std::string>& hosts) {
  const auto parsed = parse_authority(authority);
  if (!parsed) return false;
  if (IpAddress::parse(parsed->host) || parsed->host == "localhost") return true;
  return std::any_of(hosts.begin(), hosts.end(),
                     [&](const auto& name) { return text::iequals(name, parsed->host); });
}

bool origin_allowed(const Request& request, const std::vector<std::string>& cors_origins) {
  if (request.header_count("origin") > 1) return false;
  const auto origin = request.header("origin");
  if (origin.empty()) {
    // Browsers always send Origin with a change. Some send only this with a WebSocket or a form.
    const auto site = request.header("sec-fetch-site");
    return site.empty() || site == "same-origin" || site == "none";
  }
  if (std::find(cors_origins.begin(), cors_origins.end(), origin) != cors_origins.end()) return true;
  const auto scheme = origin.find("://");
  if (scheme == origin.npos) return false;  // "null"
  return text::iequals(origin.substr(scheme + 3), request.header("host"));
}

std::optional<Response> check(const Request& request, const GuardOptions& options) {
  const auto count = request.header_count("host");
  if (count > 1 || (count == 0 && !request.http_1_0))
    return error_response(400, "host", "a request needs exactly one Host header");
  if (count == 1) {
    const auto host = request.header("host");
    if (!parse_authority(host)) return error_response(400, "host", "the Host header is malformed");
    if (!host_allowed(host, options.hosts))
      return error_response(421, "host", "this server does not go by the name in the Host header",
                            "use its address, or add the name to \"hosts\" in the configuration");
  }
  if ((is_change(request.method) || request.websocket) && !origin_allowed(request, options.cors_origins))
    return error_response(403, "origin", "another site's page may not do this",
                          "add its origin to \"cors_origins\" in the configuration if it should");
  return std::nullopt;
}

Response preflight(const Request& request, const std::vector<std::string>& cors_origins,
                   std::string_view allow) {
  Response response;
  response.status = 204;
  response.headers.emplace_back("Allow", std::string(allow) + ", OPTIONS");
  const auto origin = request.header("origin");
  const bool known = std::find(cors_origins.begin(), cors_origins.end(), origin) != cors_origins.end();
  const bool any = std::find(cors_origins.begin(), cors_origins.end(), "*") != cors_origins.end();
  if (origin.empty() || request.header("access-control-request-method").empty() || (!known && !any))
    return response;
  // Any origin may read where the configuration says "*"; changes are for those that it names.
  response.headers.emplace_back("Access-Control-Allow-Methods", known ? std::string(allow) : "GET, HEAD");
  response.headers.emplace_back("Access-Control-Allow-Headers",
                                "Authorization, Content-Type, Range, If-None-Match");
  response.headers.emplace_back("Access-Control-Max-Age", "600");
  return response;
}

}  // namespace camctl::apps::serve
