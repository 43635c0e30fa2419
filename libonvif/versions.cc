#include "libonvif/versions.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <stdsoap2.h>

#include <string_view>

namespace camctl::onvif {

std::string gsoap_version() {
  constexpr int kMajor = GSOAP_VERSION / 100'000, kMinor = GSOAP_VERSION / 1000 % 100;
  return fmt::format("{}.{}.{}", kMajor, kMinor, GSOAP_VERSION % 1000);
}

std::string curl_version() {
  const auto* info = curl_version_info(CURLVERSION_NOW);
  return fmt::format("{} with {}", info->version, info->ssl_version ? info->ssl_version : "no TLS");
}

bool curl_fits() {
  const auto* info = curl_version_info(CURLVERSION_NOW);
  return info->ssl_version != nullptr &&
         std::string_view(info->ssl_version).find("OpenSSL") != std::string_view::npos;
}

}  // namespace camctl::onvif
