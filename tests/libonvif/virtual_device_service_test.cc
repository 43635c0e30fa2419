#include <doctest/doctest.h>

#include "tests/libonvif/virtual_device_fixture.h"

using namespace camctl;
using namespace camctl::onvif;

TEST_CASE("device service: date and time") {
  VirtualDevice device(test_device());
  const Tree reply(post(device, soap(tds("GetSystemDateAndTime"))).body);
  const auto time = reply.node("Body/GetSystemDateAndTimeResponse/SystemDateAndTime");
  CHECK(std::string(time.child_value("DaylightSavings")) == "false");
  const auto utc = time.child("UTCDateTime");
  CHECK(std::string(utc.child("Date").child_value("Year")) == "2026");
  CHECK(std::string(utc.child("Date").child_value("Month")) == "11");
  CHECK(std::string(utc.child("Date").child_value("Day")) == "22");
  CHECK(std::string(utc.child("Time").child_value("Hour")) == "20");
  CHECK(std::string(utc.child("Time").child_value("Minute")) == "5");
  CHECK(std::string(utc.child("Time").child_value("Second")) == "49");
}

TEST_CASE("device service: information") {
  VirtualDevice device(test_device());
  const Tree reply(post(device, soap(tds("GetDeviceInformation"))).body);
  const auto info = reply.node("Body/GetDeviceInformationResponse");
  CHECK(std::string(info.child_value("Manufacturer")) == "camctl");
  CHECK(std::string(info.child_value("Model")) == "M<1>");
  CHECK(std::string(info.child_value("SerialNumber")) == "S1");
}

TEST_CASE("device service: services and capabilities name their addresses") {
  auto config = test_device();
  for (const bool nat : {false, true}) {
    config.nat = nat;
    VirtualDevice device(config);
    const std::string base = nat ? "http://192.0.2.1:8000" : "http://127.0.0.2:8000";
    std::vector<std::string> spaces, xaddrs;
    const Tree services(post(device, soap(tds("GetServices"))).body);
    for (const auto& service : services.node("Body/GetServicesResponse").children()) {
      spaces.emplace_back(service.child_value("Namespace"));
      xaddrs.emplace_back(service.child_value("XAddr"));
      CHECK(std::string(service.child("Version").child_value("Major")) == "2");
    }
    CHECK(spaces == std::vector<std::string>{
                        "http://www.onvif.org/ver10/device/wsdl", "http://www.onvif.org/ver10/media/wsdl",
                        "http://www.onvif.org/ver20/media/wsdl", "http://www.onvif.org/ver10/events/wsdl",
                        "http://www.onvif.org/ver20/ptz/wsdl", "http://www.onvif.org/ver20/imaging/wsdl"});
    CHECK(xaddrs == std::vector<std::string>{base + "/onvif/device_service", base + "/onvif/media_service",
                                             base + "/onvif/media2_service", base + "/onvif/event_service",
                                             base + "/onvif/ptz_service", base + "/onvif/imaging_service"});
    const Tree capabilities(post(device, soap(tds("GetCapabilities"))).body);
    CHECK(capabilities.text("Body/GetCapabilitiesResponse/Capabilities/Media/XAddr") == xaddrs[1]);
  }
}

TEST_CASE("device service: capabilities by category") {
  VirtualDevice device(test_device());
  const auto ask = [&](const char* categories) {
    const Tree reply(post(device, soap(tds("GetCapabilities", categories))).body);
    std::string found;
    for (const auto& child : reply.node("Body/GetCapabilitiesResponse/Capabilities").children())
      found += std::string(child.name()) + " ";
    return found;
  };
  CHECK(ask("") == "Device Events Imaging Media PTZ ");
  CHECK(ask("<Category>All</Category>") == "Device Events Imaging Media PTZ ");
  CHECK(ask("<Category>Media</Category>") == "Media ");
  CHECK(ask("<Category>Analytics</Category>").empty());
}

TEST_CASE("device service: scopes, host name, interface, endpoint") {
  VirtualDevice device(test_device());
  const auto scopes = post(device, soap(tds("GetScopes"))).body;
  CHECK(scopes.find("onvif://www.onvif.org/name/Front%20door") != std::string::npos);
  CHECK(scopes.find("onvif://www.onvif.org/hardware/M%3C1%3E") != std::string::npos);
  const Tree host(post(device, soap(tds("GetHostname"))).body);
  CHECK(host.text("Body/GetHostnameResponse/HostnameInformation/Name") == "S1");
  const Tree net(post(device, soap(tds("GetNetworkInterfaces"))).body);
  CHECK(net.text("Body/GetNetworkInterfacesResponse/NetworkInterfaces/Info/HwAddress") ==
        "02:00:00:00:00:01");
  CHECK(net.text("Body/GetNetworkInterfacesResponse/NetworkInterfaces/IPv4/Config/Manual/Address") ==
        "127.0.0.2");
  const Tree endpoint(post(device, soap(tds("GetEndpointReference"))).body);
  CHECK(endpoint.text("Body/GetEndpointReferenceResponse/GUID") == test_device().endpoint);
}
