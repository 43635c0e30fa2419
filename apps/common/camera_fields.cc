#include "apps/common/camera_fields.h"

#include <fmt/format.h>

#include <cmath>

#include "apps/common/app.h"
#include "base/url.h"

namespace camctl::apps {
namespace {

// Thrown through nlohmann's parser, which offers no other way to stop early.
struct TooMuch {
  const char* what;
};

// "line 3, column 7" of a byte offset; columns count bytes.
std::string position(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, byte == 0 ? 0 : byte - 1);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t newline = before.rfind('\n');
  const std::size_t column = before.size() - (newline == std::string_view::npos ? 0 : newline + 1) + 1;
  return fmt::format("line {}, column {}", line, column);
}

// nlohmann's reason without its prefix and without the text it last read, in which a password may stand.
std::string reason(std::string_view what) {
  const std::size_t start = what.find("syntax error");
  if (start != std::string_view::npos) what.remove_prefix(start);
  return std::string(what.substr(0, what.find("; last read")));
}

}  // namespace

Result<nlohmann::json> parse_bounded_json(std::string_view text, std::string_view where) {
  if (text.size() > kMaxCamerasFile)
    return fail(ErrorCode::kConfig, fmt::format("{}: larger than {} MiB", where, kMaxCamerasFile >> 20));
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.find_first_not_of(" \t\r\n") == text.npos)
    return fail(ErrorCode::kConfig, fmt::format("{}: the list is empty, not even []", where),
                "camctl discover writes such a file");
  std::size_t values = 0;
  const auto bound = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > kMaxCamerasDepth) throw TooMuch{"nested too deeply"};
    if (++values > kMaxCamerasValues) throw TooMuch{"holds too many values"};
    return true;
  };
  try {
    return nlohmann::json::parse(text, bound);
  } catch (const TooMuch& problem) {
    return fail(ErrorCode::kConfig, fmt::format("{}: {}", where, problem.what));
  } catch (const nlohmann::json::parse_error& problem) {
    return fail(ErrorCode::kConfig, fmt::format("{}: {}: {}", where, position(text, problem.byte),
                                                printable(reason(problem.what()))));
  } catch (const nlohmann::json::exception& problem) {  // a number out of range
    return fail(ErrorCode::kConfig, fmt::format("{}: {}", where, printable(problem.what())));
  }
}

nlohmann::json FieldReader::take(const char* key) {
  const auto found = object_.find(key);
  if (found == object_.end()) return nullptr;
  nlohmann::json value = std::move(*found);
  object_.erase(found);
  return value;
}

void FieldReader::wrong(const char* key, const std::string& why) {
  if (!error_) error_ = Error{ErrorCode::kConfig, fmt::format("{}: \"{}\" {}", where_, key, why), {}};
}

void FieldReader::text(const char* key, std::string& value) {
  nlohmann::json found = take(key);
  if (found.is_null()) return;
  if (!found.is_string()) return wrong(key, "must be a string");
  if (found.get_ref<const std::string&>().size() > kMaxCameraText) return wrong(key, "is too long");
  value = std::move(found.get_ref<std::string&>());
}

void FieldReader::number(const char* key, unsigned& value, unsigned most) {
  const nlohmann::json found = take(key);
  if (found.is_null()) return;
  if (!found.is_number_unsigned() || found.get<std::uint64_t>() > most)
    return wrong(key, fmt::format("must be a whole number from 0 to {}", most));
  value = found.get<unsigned>();
}

void FieldReader::number(const char* key, double& value) {
  const nlohmann::json found = take(key);
  if (found.is_null()) return;
  if (!found.is_number() || found.get<double>() < 0) return wrong(key, "must be a number, 0 or more");
  value = found.get<double>();
}

void FieldReader::flag(const char* key, std::optional<bool>& value) {
  const nlohmann::json found = take(key);
  if (found.is_null()) return;
  if (!found.is_boolean()) return wrong(key, "must be true or false");
  value = found.get<bool>();
}

void FieldReader::url(const char* key, std::string& value, Credentials& credentials) {
  text(key, value);
  if (value.empty()) return;
  auto parsed = Url::parse(value);
  value.clear();
  if (!parsed) return wrong(key, "is no URL: " + parsed.error().message);
  if (credentials.empty()) credentials = parsed->credentials;
  value = parsed->to_string();
}

Result<void> FieldReader::result() const {
  if (error_) return fail(*error_);
  return {};
}

}  // namespace camctl::apps
