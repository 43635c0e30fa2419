// Bodies of requests: one JSON object of a few plain values.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "apps/serve/http/message.h"
#include "base/result.h"

namespace camctl::apps::serve {

// What a route takes.
struct BodyKey {
  enum class Kind : std::uint8_t { kText, kNumber, kFlag } kind;
  std::string_view name;
};

class JsonBody {
 public:
  // kUsage for what is not JSON by its Content-Type, not one object, nested, or has other keys or types.
  static Result<JsonBody> parse(const Request& request, std::span<const BodyKey> keys);

  // Nothing where the key is not there.
  std::optional<std::string> text(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;  // finite
  std::optional<bool> flag(std::string_view key) const;
  bool empty() const { return values_.empty(); }

 private:
  std::map<std::string, nlohmann::json, std::less<>> values_;
};

// A JSON answer that no cache keeps.
Response json_response(int status, const nlohmann::ordered_json& json);

}  // namespace camctl::apps::serve
