#include "apps/serve/json_body.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "apps/common/app.h"
#include "base/text.h"

namespace camctl::apps::serve {
namespace {

constexpr int kMaxJsonDepth = 8;          // ours are 1 deep
constexpr std::size_t kMaxKeyShown = 64;  // ours have 9 characters

bool has_kind(const nlohmann::json& value, BodyKey::Kind kind) {
  switch (kind) {
    case BodyKey::Kind::kText:
      return value.is_string();
    case BodyKey::Kind::kNumber:
      return value.is_number();  // JSON has no NaN, and what is too large for a double is no JSON here
    case BodyKey::Kind::kFlag:
      return value.is_boolean();
  }
  return false;
}

std::string_view name_of(BodyKey::Kind kind) {
  if (kind == BodyKey::Kind::kText) return "a string";
  return kind == BodyKey::Kind::kNumber ? "a number" : "true or false";
}

Result<nlohmann::json> parse_object(const Request& request) {
  const auto header = request.header("content-type");
  const auto type = text::trim(header.substr(0, header.find(';')));
  if (!text::iequals(type, "application/json"))
    return fail(ErrorCode::kUsage, "the body must be JSON", "send Content-Type: application/json");
  bool too_deep = false;
  const auto limit = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > kMaxJsonDepth) too_deep = true;
    return !too_deep;
  };
  auto json = nlohmann::json::parse(request.body, limit, false);
  if (json.is_discarded() || too_deep || !json.is_object())
    return fail(ErrorCode::kUsage, "the body is not a JSON object");
  return json;
}

tl::unexpected<Error> unknown_key(const std::string& key, std::span<const BodyKey> keys) {
  std::vector<std::string_view> names;
  for (const auto& known : keys) names.push_back(known.name);
  const auto meant = text::nearest(key, names);
  return fail(ErrorCode::kUsage,
              fmt::format("unknown key \"{}\" in the body", printable(key.substr(0, kMaxKeyShown))),
              meant.empty() ? fmt::format("known are {}", fmt::join(names, ", "))
                            : fmt::format("did you mean {}?", meant));
}

}  // namespace

Result<JsonBody> JsonBody::parse(const Request& request, std::span<const BodyKey> keys) {
  const auto json = parse_object(request);
  if (!json) return fail(json.error());
  JsonBody body;
  for (const auto& [key, value] : json->items()) {
    const auto known =
        std::ranges::find_if(keys, [&name = key](const BodyKey& one) { return one.name == name; });
    if (known == keys.end()) return unknown_key(key, keys);
    if (!has_kind(value, known->kind))
      return fail(ErrorCode::kUsage, fmt::format("\"{}\" must be {}", key, name_of(known->kind)));
    body.values_.emplace(key, value);
  }
  return body;
}

std::optional<std::string> JsonBody::text(std::string_view key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  return found->second.get<std::string>();
}

std::optional<double> JsonBody::number(std::string_view key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  return found->second.get<double>();
}

std::optional<bool> JsonBody::flag(std::string_view key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  return found->second.get<bool>();
}

Response json_response(int status, const nlohmann::ordered_json& json) {
  auto response = text_response(status, "application/json", dump(json) + "\n");
  response.cache_control = "no-store";
  return response;
}

}  // namespace camctl::apps::serve
