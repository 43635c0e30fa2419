#include "apps/scan/record_json.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace camctl;
using namespace camctl::apps;

TEST_CASE("a record has the keys of interface.md in their order") {
  onvif::FoundDevice device;
  device.ip = "127.0.0.2";
  device.port = 8000;
  device.xaddrs = {"http://127.0.0.2:8000/onvif/device_service"};
  device.found_by = {"sweep", "ws-discovery"};
  device.services = {"onvif", "rtsp"};
  device.rtsp_ports = {5543};
  CHECK(
      dump(to_json(device)) ==
      R"({"ip":"127.0.0.2","port":8000,"xaddrs":["http://127.0.0.2:8000/onvif/device_service"],"endpoint":"","name":"",)"
      R"("hardware":"","location":"","types":[],"scopes":[],"mac":"","vendor":"","interface":"","found_by":["sweep","ws-discovery"],)"
      R"("services":["onvif","rtsp"],"rtsp_ports":[5543],"quirks":[],"status":"ready"})");
  device.status = "clock_skew";
  device.reason = "its clock is 1 h 0 min ahead";
  CHECK(to_json(device)["reason"] == device.reason);
}

TEST_CASE("cells of the table") {
  onvif::FoundDevice device;
  device.ip = "127.0.0.2";
  device.rtsp_ports = {554, 5543};
  device.services = {"onvif", "rtsp"};
  device.reason = "why";
  const auto record = to_json(device);
  std::vector<std::string> cells;
  for (const Column& column : scan_columns()) cells.push_back(column.cell(record));
  CHECK(cells == std::vector<std::string>{"127.0.0.2", "", "", "", "onvif rtsp:554,5543", "ready: why"});
  for (const Column& column : scan_columns()) CHECK_NOTHROW(column.cell(nlohmann::ordered_json::object()));
}

TEST_CASE("lists of ports") {
  using Ports = std::vector<std::uint16_t>;
  CHECK(*parse_ports("80") == Ports{80});
  CHECK(*parse_ports("80,554, 80") == Ports{80, 554});
  CHECK(*parse_ports("8000-8002,1") == Ports{8000, 8001, 8002, 1});
  CHECK(*parse_ports("65535-65535") == Ports{65535});
  for (const char* text : {"", ",", "0", "65536", "x", "80-", "-80", "90-80", "80 x", "1-65535", "80;81"}) {
    CAPTURE(text);
    const auto ports = parse_ports(text);
    REQUIRE_FALSE(ports);
    CHECK(ports.error().code == ErrorCode::kUsage);
  }
}
