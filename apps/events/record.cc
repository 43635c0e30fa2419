#include "apps/events/record.h"

#include <fmt/format.h>

#include "apps/device/device.h"

namespace camctl::events {
namespace {

using Json = nlohmann::ordered_json;

void put_items(Json& record, const char* key, const std::vector<onvif::EventItem>& items) {
  if (items.empty()) return;
  Json object = Json::object();
  for (const auto& item : items) object[item.name] = item.value;
  record[key] = std::move(object);
}

std::string text(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::string list(const Json& record, const char* key) {
  std::string out;
  const auto found = record.find(key);
  if (found != record.end())
    for (const auto& [name, value] : found->items())
      out += fmt::format("{}{}={}", out.empty() ? "" : " ", name, value.get<std::string>());
  return out;
}

}  // namespace

Json to_json(const onvif::Event& event, const std::string& camera,
             std::chrono::system_clock::time_point received) {
  Json record = {
      {"camera", camera}, {"time", device::utc_text(event.time.value_or(received))}, {"topic", event.topic}};
  if (!event.operation.empty()) record["operation"] = event.operation;
  if (const auto state = event.state()) record["state"] = *state;
  put_items(record, "source", event.source);
  put_items(record, "key", event.key);
  put_items(record, "data", event.data);
  record["received"] = device::utc_text(received);
  return record;
}

std::vector<apps::Column> columns() {
  const auto cell = [](const char* key) { return [key](const Json& record) { return text(record, key); }; };
  return {{"TIME", cell("time"), 24},
          {"CAMERA", cell("camera"), 10},
          {"TOPIC", cell("topic"), 36},
          {"OPERATION", cell("operation"), 11},
          {"DATA", [](const Json& record) { return list(record, "data"); }, 16},
          {"SOURCE", [](const Json& record) { return list(record, "source"); }, 0}};
}

}  // namespace camctl::events
