// Every recorded reply of an operation that discover uses is read, whatever its device did to it.
#include "tests/libonvif/captures.h"

#include <doctest/doctest.h>

#include <iostream>
#include <map>

#include "libonvif/messages.h"

using namespace camctl;
using namespace camctl::onvif;

namespace {

namespace fs = std::filesystem;

// Which operation a reply is of, by the element in its Body.
std::string reply_element(const std::string& text) {
  for (const char* name :
       {"GetSystemDateAndTimeResponse", "GetDeviceInformationResponse", "GetServicesResponse",
        "GetCapabilitiesResponse", "GetScopesResponse", "GetNetworkInterfacesResponse", "GetProfilesResponse",
        "GetStreamUriResponse", "GetSnapshotUriResponse"})
    if (text.find(std::string(":") + name) != text.npos || text.find(std::string("<") + name) != text.npos)
      return name;
  return {};
}

// Whether the reply is one of Media 2: by the namespace that its element's prefix stands for.
bool is_media2(const std::string& text, const std::string& element) {
  const auto end = text.find(element);
  const auto begin = text.rfind('<', end) + 1;
  const std::string prefix = begin < end ? text.substr(begin, end - begin - 1) : "";
  const auto declared = text.find("xmlns:" + prefix + "=");
  return declared != text.npos &&
         text.compare(text.find_first_of("\"'", declared) + 1, kMedia2Ns.size(), kMedia2Ns) == 0;
}

template <class T>
std::string outcome(const Result<T>& result) {
  return result ? std::string{} : result.error().message;
}

// Empty, or why it could not be read.
std::string read(const std::string& element, const std::string& text, Quirks& quirks) {
  if (element == "GetSystemDateAndTimeResponse") return outcome(read_system_date_and_time(text, quirks));
  if (element == "GetDeviceInformationResponse") return outcome(read_device_information(text, quirks));
  if (element == "GetServicesResponse") return outcome(read_services(text, quirks));
  if (element == "GetCapabilitiesResponse") return outcome(read_capabilities(text, quirks));
  if (element == "GetScopesResponse") return outcome(read_scopes(text, quirks));
  if (element == "GetNetworkInterfacesResponse") return outcome(read_network_interfaces(text, quirks));
  const bool media2 = is_media2(text, element);
  if (element == "GetProfilesResponse")
    return outcome(media2 ? read_profiles_2(text, quirks) : read_profiles_1(text, quirks));
  if (element == "GetStreamUriResponse")
    return outcome(media2 ? read_stream_uri_2(text, quirks) : read_stream_uri_1(text, quirks));
  return outcome(media2 ? read_snapshot_uri_2(text, quirks) : read_snapshot_uri_1(text, quirks));
}

}  // namespace

TEST_CASE("recorded replies are read") {
  if (!fs::is_directory(captures_folder())) {
    std::cout << "camctl: skipped: no captures at " << captures_folder().string() << "\n";
    return;
  }
  std::size_t replies = 0, faults = 0;
  for (const auto& entry : fs::recursive_directory_iterator(captures_folder())) {
    if (entry.path().extension() != ".xml") continue;
    const std::string text = file_text(entry.path());
    CAPTURE(entry.path().string());
    if (const auto fault = find_fault(text)) {
      ++faults;
      CHECK_FALSE(fault->to_string().empty());
      continue;
    }
    const std::string element = reply_element(text);
    if (element.empty()) continue;
    ++replies;
    Quirks quirks;
    CHECK(read(element, text, quirks) == "");
  }
  MESSAGE(replies << " replies and " << faults << " faults read");
  CHECK(replies > 0);
}
