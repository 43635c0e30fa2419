// How entries of cameras.json are read key by key: inside apps/common only.
#pragma once

#include <nlohmann/json.hpp>

#include "apps/common/camera.h"

namespace camctl::apps {

// Takes known keys out of a JSON object and remembers the first that is wrong.
class FieldReader {
 public:
  FieldReader(nlohmann::json object, std::string where)
      : object_(std::move(object)), where_(std::move(where)) {}

  // Each removes `key`, so that what is left in the end is `extra`. A missing or null key leaves `value` as
  // it is.
  void text(const char* key, std::string& value);
  void number(const char* key, unsigned& value, unsigned most);
  void number(const char* key, double& value);
  void flag(const char* key, std::optional<bool>& value);
  // A URL: its credentials go to `credentials` if there are none yet, and the rest to `value`.
  void url(const char* key, std::string& value, Credentials& credentials);
  // The value itself, for what is not plain; null if missing.
  nlohmann::json take(const char* key);

  void wrong(const char* key, const std::string& why);
  bool has(const char* key) const { return object_.contains(key); }
  const std::string& where() const { return where_; }
  Result<void> result() const;
  nlohmann::json rest() { return std::move(object_); }

 private:
  nlohmann::json object_;
  std::string where_;
  std::optional<Error> error_;
};

// A parsed document within the bounds of camera.h; kConfig with line and column.
Result<nlohmann::json> parse_bounded_json(std::string_view text, std::string_view where);

}  // namespace camctl::apps
