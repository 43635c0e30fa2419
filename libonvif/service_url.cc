#include "libonvif/service_url.h"

#include <algorithm>

#include "base/text.h"
#include "libonvif/lenient.h"

namespace camctl::onvif {
namespace {

constexpr std::string_view kOnvifHost = "www.onvif.org/";  // of its namespaces; others are vendors'

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// "http://1.2.3.4:8106:8106/x" -> "http://1.2.3.4:8106/x"
bool mend_double_port(std::string& text) {
  const auto scheme = text.find("://");
  if (scheme == text.npos) return false;
  const auto begin = scheme + 3;
  const auto end = std::min(text.find_first_of("/?#", begin), text.size());
  const auto second = text.rfind(':', end - 1);
  if (second == text.npos || second <= begin || second >= end) return false;
  const auto first = text.rfind(':', second - 1);
  if (first == text.npos || first < begin || text[begin] == '[') return false;
  const std::string_view view = text;
  if (!is_digits(view.substr(first + 1, second - first - 1)) ||
      !is_digits(view.substr(second + 1, end - second - 1)))
    return false;
  text.erase(second, end - second);
  return true;
}

// One layer of XML escapes that the XML parser left, because there were two (quirk 77).
std::string unescape_once(std::string_view text) {
  constexpr std::string_view kAmp = "&amp;";
  std::string out;
  while (!text.empty()) {
    const auto at = std::min(text.find(kAmp), text.size());
    out += text.substr(0, at);
    text.remove_prefix(at);
    if (text.empty()) break;
    out += '&';
    text.remove_prefix(kAmp.size());
  }
  return out;
}

// Line breaks inside go, spaces become %20, so that the rest can stay as it is.
std::string without_spaces(std::string_view text) {
  std::string out;
  for (const char c : text::trim(text)) {
    if (c == ' ') {
      out += "%20";
    } else if (c != '\n' && c != '\r' && c != '\t') {
      out += c;
    }
  }
  return out;
}

// At one port nobody speaks both http and https.
bool speaks_otherwise(const Url& reported, const Url& reached) {
  return reported.effective_port() == reached.effective_port() && reported.scheme != reached.scheme;
}

}  // namespace

Result<Url> parse_service_url(std::string_view reported, Quirks& quirks) {
  std::string text(text::trim(reported));
  if (mend_double_port(text)) quirks.insert(67);
  auto url = Url::parse(text);
  if (!url) return fail(ErrorCode::kProtocol, "unusable service address: " + url.error().message);
  if (url->scheme != "http" && url->scheme != "https")
    return fail(ErrorCode::kProtocol, "unusable service address: neither http nor https");
  url->credentials = {};
  return url;
}

bool ports_are_translated(const std::vector<Service>& services, const Url& reached) {
  Quirks ignored;
  return std::ranges::none_of(services, [&](const Service& service) {
    const auto url = parse_service_url(service.xaddr, ignored);
    return url && service.ns.find(kOnvifHost) != service.ns.npos &&
           url->effective_port() == reached.effective_port();
  });
}

std::vector<ServiceUrl> usable_services(const std::vector<Service>& services, const Url& reached,
                                        Quirks& quirks) {
  std::vector<ServiceUrl> usable;
  const bool translated = ports_are_translated(services, reached);
  for (const auto& service : services) {
    if (service.ns.find(kOnvifHost) == service.ns.npos) {
      quirks.insert(64);
      continue;
    }
    auto url = parse_service_url(service.xaddr, quirks);
    if (!url) continue;
    if (url->host != reached.host) quirks.insert(12);
    if (translated || speaks_otherwise(*url, reached)) quirks.insert(67);
    if (url->target.empty()) quirks.insert(66);
    usable.push_back({service.ns, on_reached_host(std::move(*url), reached, translated)});
  }
  return usable;
}

Url on_reached_host(Url reported, const Url& reached, bool translated) {
  const bool other_scheme = speaks_otherwise(reported, reached);
  reported.host = reached.host;
  if (translated || other_scheme) {
    reported.scheme = reached.scheme;
    reported.port = reached.port;
  }
  return reported;
}

Result<MediaUrl> usable_media_url(std::string_view reported, std::string_view reached_host, Quirks& quirks) {
  std::string text = without_spaces(reported);
  if (text.find("&amp;") != text.npos) {
    text = unescape_once(text);
    quirks.insert(77);
  }
  auto url = Url::parse(text);
  if (!url) return fail(ErrorCode::kProtocol, "unusable URI: " + url.error().message);
  constexpr std::string_view kSchemes[] = {"rtsp", "rtsps", "http", "https"};
  if (std::ranges::find(kSchemes, url->scheme) == std::end(kSchemes))
    return fail(ErrorCode::kProtocol, "unusable URI: its scheme is neither rtsp nor http");
  if (!url->credentials.empty()) quirks.insert(81);
  url->credentials = {};
  const std::string original = url->to_string();
  if (url->host != reached_host) {
    quirks.insert(79);
    url->host = reached_host;
  }
  MediaUrl result{url->to_string(), {}};
  if (result.url != original) result.original = original;
  return result;
}

}  // namespace camctl::onvif
