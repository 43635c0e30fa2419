#include "apps/info/record.h"

#include <fmt/format.h>

#include "apps/common/app.h"
#include "apps/device/device.h"

namespace camctl::info {
namespace {

using Json = nlohmann::ordered_json;

void put(Json& object, const char* key, const std::string& value) {
  if (!value.empty()) object[key] = value;
}

template <class Number>
void put_number(Json& object, const char* key, Number value) {
  if (value > 0) object[key] = value;
}

Json profile_of(const onvif::Profile& profile) {
  Json record = {{"token", profile.token}, {"name", profile.name}};
  put(record, "source", profile.source_token);
  put(record, "rtsp_url", profile.rtsp_url);
  put(record, "snapshot_url", profile.snapshot_url);
  put(record, "error", profile.error);
  if (profile.video) {
    Json video = {{"codec", profile.video->codec}};
    put_number(video, "width", profile.video->width);
    put_number(video, "height", profile.video->height);
    put_number(video, "fps", profile.video->fps);
    put_number(video, "bitrate_kbps", profile.video->bitrate_kbps);
    put_number(video, "gop", profile.video->gop);
    record["video"] = std::move(video);
  }
  if (profile.audio) {
    record["audio"] = {{"codec", profile.audio->codec}};
    put_number(record["audio"], "sample_rate", profile.audio->sample_rate);
  }
  return record;
}

Json hosts_of(const onvif::NetworkHosts& hosts) {
  return {{"from_dhcp", hosts.from_dhcp}, {"servers", hosts.hosts}};
}

Json network_of(const onvif::DeviceInfo& info) {
  Json network = Json::object();
  put(network, "hostname", info.hostname);
  for (const auto& interface : info.interfaces)
    network["interfaces"].push_back({{"mac", interface.mac}, {"addresses", interface.addresses}});
  if (!info.gateways.empty()) network["gateways"] = info.gateways;
  if (info.dns) network["dns"] = hosts_of(*info.dns);
  if (info.ntp) network["ntp"] = hosts_of(*info.ntp);
  return network;
}

Json time_of(const onvif::DeviceInfo& info, const onvif::DeviceSession& session) {
  Json time = Json::object();
  const auto offset = session.clock_offset();
  time["utc"] = device::utc_text(std::chrono::system_clock::now() + offset);
  time["offset_seconds"] = static_cast<double>(offset.count()) / 1000;
  if (info.clock) put(time, "source", info.clock->source);
  if (info.clock) put(time, "zone", info.clock->zone);
  return time;
}

void add_lines(std::string& text, const Json& value, const std::string& name, std::size_t indent) {
  const std::string margin(indent, ' ');
  if (value.is_object()) {
    if (!name.empty()) text += fmt::format("{}{}:\n", margin, name);
    for (const auto& [key, inner] : value.items())
      add_lines(text, inner, key, indent + (name.empty() ? 0 : 2));
  } else if (value.is_array() && !value.empty() && value.front().is_object()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      add_lines(text, value[i], fmt::format("{} {}", name, i + 1), indent);
  } else if (value.is_array()) {
    std::string list;
    for (const auto& item : value) list += (list.empty() ? "" : ", ") + item.get<std::string>();
    text += fmt::format("{}{}: {}\n", margin, name, apps::printable(list));
  } else {
    text += fmt::format("{}{}: {}\n", margin, name,
                        value.is_string() ? apps::printable(value.get<std::string>()) : apps::dump(value));
  }
}

}  // namespace

Json to_json(const std::string& id, const onvif::DeviceDescription& device, const onvif::DeviceInfo& info,
             const onvif::DeviceSession& session) {
  Json record = {{"id", id}};
  put(record, "name", device.name);
  put(record, "manufacturer", device.manufacturer);
  put(record, "model", device.model);
  put(record, "firmware", device.firmware);
  put(record, "serial", device.serial);
  put(record, "hardware", device.hardware);
  put(record, "endpoint", device.endpoint);
  put(record, "mac", device.mac);
  put(record, "onvif_url", device.onvif_url);
  put(record, "auth", device.auth_scheme);
  record["ptz"] = device.ptz;
  record["events"] = device.events;
  for (const auto& service : session.services())
    record["services"].push_back({{"namespace", service.ns}, {"url", service.url.to_string()}});
  for (const auto& profile : device.profiles) record["profiles"].push_back(profile_of(profile));
  record["network"] = network_of(info);
  record["time"] = time_of(info, session);
  if (info.users)
    for (const auto& user : *info.users)
      record["users"].push_back({{"name", user.name}, {"role", user.level}});
  if (!info.scopes.empty()) record["scopes"] = info.scopes;
  record["quirks"] = session.all_quirks();
  std::vector<std::string> gaps = device.warnings;
  gaps.insert(gaps.end(), info.gaps.begin(), info.gaps.end());
  if (!gaps.empty()) record["gaps"] = gaps;
  return record;
}

std::string to_text(const Json& record) {
  std::string text;
  Json shown = record;
  std::string quirks;
  for (const auto& number : record.at("quirks")) quirks += (quirks.empty() ? "" : ", ") + apps::dump(number);
  shown["quirks"] = quirks.empty() ? "none" : quirks;
  add_lines(text, shown, {}, 0);
  return text;
}

}  // namespace camctl::info
