// The libraries inside, for those who report what runs.
#pragma once

#include <string>

namespace camctl::onvif {

std::string gsoap_version();  // "2.8.124"
std::string curl_version();   // "7.88.1 with OpenSSL/3.0.17", of the library that is loaded
// Whether that libcurl can speak to devices that only offer HTTPS, also to old ones (quirk 40).
bool curl_fits();

}  // namespace camctl::onvif
