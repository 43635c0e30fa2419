// Whatever a device answers: every reader, the repair pass and the fault reader see it, because any reply may
// come to any question.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "libonvif/device_info.h"
#include "libonvif/event_messages.h"
#include "libonvif/messages.h"
#include "libonvif/ptz_messages.h"
#include "libonvif/service_url.h"
#include "libonvif/soap/configuration.h"

namespace {

using namespace camctl::onvif;

// What is asked beside the stream. A subscription's reference goes into a header, a configuration back.
void read_the_rest(std::string_view text) {
  Quirks quirks;
  const auto pulled = read_pulled_messages(text, quirks);
  if (pulled && pulled->size() > kMaxEvents) std::abort();
  if (pulled)
    for (const auto& event : *pulled) event.state();
  if (const auto subscription = read_subscription(text, quirks)) {
    if (subscription->reference.size() > kMaxReference) std::abort();
    addressing_headers("urn:action", subscription->address, subscription->reference);
  }
  read_renewal(text, quirks);
  read_presets(text, quirks);
  read_set_preset(text, quirks);
  read_ptz_status(text, quirks);
  read_hostname(text, quirks);
  read_dns(text, quirks);
  read_ntp(text, quirks);
  read_network_default_gateway(text, quirks);
  read_users(text, quirks);
  for (const char* place : {"GetVideoEncoderConfigurationsResponse/Configurations",
                            "GetImagingSettingsResponse/ImagingSettings"}) {
    auto configuration = Configuration::cut(text, place);
    if (!configuration) continue;
    SettingChanges changes;
    configuration->change("gop", "@GovLength", "50", changes);
    configuration->change("brightness", "Brightness", "7", changes);
    configuration->as_element("Configuration", kMedia2Ns);
  }
}

}  // namespace

using namespace camctl::onvif;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Quirks quirks;
  read_system_date_and_time(text, quirks);
  read_device_information(text, quirks);
  const auto services = read_services(text, quirks);
  read_capabilities(text, quirks);
  read_scopes(text, quirks);
  read_network_interfaces(text, quirks);
  read_endpoint_reference(text, quirks);
  const auto first = read_profiles_1(text, quirks);
  const auto second = read_profiles_2(text, quirks);
  if (first && first->size() > kMaxProfiles) std::abort();
  if (second && second->size() > kMaxProfiles) std::abort();
  for (const auto& uri : {read_stream_uri_1(text, quirks), read_stream_uri_2(text, quirks)})
    if (uri) usable_media_url(*uri, "10.0.0.1", quirks);
  if (services) usable_services(*services, *camctl::Url::parse("http://10.0.0.1:8000/"), quirks);
  read_the_rest(text);
  if (const auto fault = find_fault(text)) {
    is_auth_fault(*fault);
    if (fault->to_string().empty()) std::abort();
  }
  return 0;
}
