#include "apps/scan/record_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace camctl::apps {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string address_of(const Json& record) {
  const unsigned port = record.value("port", 0u);
  return port == 0 ? text_of(record, "ip") : fmt::format("{}:{}", text_of(record, "ip"), port);
}

std::string services_of(const Json& record) {
  std::vector<std::string> services = record.value("services", std::vector<std::string>());
  const std::vector<unsigned> ports = record.value("rtsp_ports", std::vector<unsigned>());
  if (!ports.empty())
    std::replace(services.begin(), services.end(), std::string("rtsp"),
                 fmt::format("rtsp:{}", fmt::join(ports, ",")));
  return fmt::format("{}", fmt::join(services, " "));
}

std::string status_of(const Json& record) {
  const std::string reason = text_of(record, "reason");
  return reason.empty() ? text_of(record, "status")
                        : fmt::format("{}: {}", text_of(record, "status"), reason);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace

Json to_json(const onvif::FoundDevice& device) {
  Json record = {{"ip", device.ip},
                 {"port", device.port},
                 {"xaddrs", device.xaddrs},
                 {"endpoint", device.endpoint},
                 {"name", device.name},
                 {"hardware", device.hardware},
                 {"location", device.location},
                 {"types", device.types},
                 {"scopes", device.scopes},
                 {"mac", device.mac},
                 {"vendor", device.vendor},
                 {"interface", device.interface},
                 {"found_by", device.found_by},
                 {"services", device.services},
                 {"rtsp_ports", device.rtsp_ports},
                 {"quirks", device.quirks},
                 {"status", device.status}};
  if (!device.rtsp_server.empty()) record["rtsp_server"] = device.rtsp_server;
  if (!device.reason.empty()) record["reason"] = device.reason;
  if (!device.event.empty()) record["event"] = device.event;
  return record;
}

std::vector<Column> scan_columns() {
  const auto key = [](const char* name) {
    return [name](const Json& record) { return text_of(record, name); };
  };
  constexpr std::size_t kAddress = 21, kName = 24, kHardware = 16, kMac = 17, kServices = 16;
  return {{"ADDRESS", address_of, kAddress},        {"NAME", key("name"), kName},
          {"HARDWARE", key("hardware"), kHardware}, {"MAC", key("mac"), kMac},
          {"SERVICES", services_of, kServices},     {"STATUS", status_of, 0}};
}

Result<std::vector<std::uint16_t>> parse_ports(std::string_view text) {
  std::vector<std::uint16_t> ports;
  for (std::string_view item : text::split(text, ", ")) {
    const std::size_t dash = item.find('-');
    const auto first = parse_port(item.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_port(item.substr(dash + 1));
    if (!first || !last || *last < *first)
      return fail(ErrorCode::kUsage, fmt::format("'{}' is no port or range of ports", printable(item)),
                  "write --ports 80,554,8000-8010");
    for (unsigned port = *first; port <= *last; ++port) {
      const auto number = static_cast<std::uint16_t>(port);
      if (std::find(ports.begin(), ports.end(), number) == ports.end()) ports.push_back(number);
      if (ports.size() > kMaxPorts)
        return fail(ErrorCode::kUsage, fmt::format("--ports names more than {} ports", kMaxPorts));
    }
  }
  if (ports.empty())
    return fail(ErrorCode::kUsage, "--ports names no port", "write --ports 80,554,8000-8010");
  return ports;
}

}  // namespace camctl::apps
