#include "apps/discover/targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/cidr.h"
#include "base/text.h"
#include "base/url.h"
#include "libonvif/quirks.h"

namespace camctl::discover {
namespace {

using nlohmann::json;

constexpr std::string_view kDefaultPath = "/onvif/device_service";
constexpr std::size_t kMaxXaddrs = 16;  // a device with every interface and scheme has 8

bool is_address(std::string_view host) {
  return IpAddress::parse(host.substr(0, host.find('%'))).has_value();
}

std::string bracketed(std::string_view host) {
  return host.find(':') == host.npos ? std::string(host) : fmt::format("[{}]", host);
}

std::string text_at(const json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::vector<std::string> texts_at(const json& record, const char* key) {
  std::vector<std::string> texts;
  const auto found = record.find(key);
  if (found == record.end() || !found->is_array()) return texts;
  for (const auto& item : *found)
    if (item.is_string() && texts.size() < kMaxXaddrs) texts.push_back(item.get<std::string>());
  return texts;
}

// Those that the table knows.
std::vector<int> quirks_at(const json& record) {
  std::vector<int> quirks;
  const auto found = record.find("quirks");
  if (found == record.end() || !found->is_array()) return quirks;
  for (const auto& quirk : onvif::all_quirks())
    if (std::ranges::find(*found, json(quirk.number)) != found->end()) quirks.push_back(quirk.number);
  return quirks;
}

bool names_other_services_only(const json& record) {
  const auto services = texts_at(record, "services");
  return !services.empty() && std::ranges::find(services, "onvif") == services.end();
}

std::uint16_t port_at(const json& record) {
  const auto found = record.find("port");
  if (found == record.end() || !found->is_number_unsigned()) return 0;
  const auto port = found->get<std::uint64_t>();
  return port > 65535 ? std::uint16_t{0} : static_cast<std::uint16_t>(port);
}

}  // namespace

Result<Request> request_from_text(std::string_view text) {
  text = text::trim(text);
  const bool is_url = text.find("://") != text.npos;
  // A bare IPv6 address has colons that no port follows.
  const bool bare_v6 = !is_url && !text.starts_with('[') &&
                       IpAddress::parse(text.substr(0, text.find('%'))) && text.find(':') != text.npos;
  const std::string host = bare_v6 ? fmt::format("[{}]", text) : std::string(text);
  auto url = Url::parse(is_url ? host : "http://" + host);
  if (!url) return fail("'" + redact_urls(text) + "'", url.error());
  if (url->scheme != "http" && url->scheme != "https")
    return fail(ErrorCode::kUsage, "'" + url->to_string() + "' is not an address of an ONVIF device",
                "give a host, host:port or http://host/path; camctl stream takes rtsp:// addresses");
  Request request;
  request.credentials = url->credentials;
  request.label = url->authority();
  if (is_address(url->host)) request.target.ip = url->host;
  if (url->target.empty() && !is_url) url->target = kDefaultPath;
  if (url->port || is_url) {
    request.target.xaddrs.push_back(url->to_string());
    return request;
  }
  request.host = url->host;
  return request;
}

Result<Request> request_from_record(const json& record) {
  if (!record.is_object()) return fail(ErrorCode::kConfig, "a record that is no JSON object");
  Request request;
  auto& target = request.target;
  target.ip = text_at(record, "ip");
  target.endpoint = text_at(record, "endpoint");
  target.name = text_at(record, "name");
  target.mac = text_at(record, "mac");
  target.xaddrs = texts_at(record, "xaddrs");
  if (!record.contains("onvif_url")) target.quirks = quirks_at(record);  // else it shows them again, or not
  if (auto known = text_at(record, "onvif_url"); !known.empty()) {       // of cameras.json
    target.xaddrs.push_back(std::move(known));
    target.name.clear();  // there it is a person's choice, not the device's
  }
  const auto port = port_at(record);
  request.label = port == 0 ? target.ip : fmt::format("{}:{}", bracketed(target.ip), port);
  if (request.label.empty() && !target.xaddrs.empty()) request.label = redact_urls(target.xaddrs.front());
  if (names_other_services_only(record))
    return fail(ErrorCode::kNotFound, request.label + " has no ONVIF service");
  if (target.xaddrs.empty() && !target.ip.empty() && port != 0)
    target.xaddrs.push_back(fmt::format("http://{}:{}{}", bracketed(target.ip), port, kDefaultPath));
  if (target.xaddrs.empty())
    return fail(
        target.ip.empty() ? ErrorCode::kConfig : ErrorCode::kNotFound,
        target.ip.empty() ? "a record with neither ip nor xaddrs" : target.ip + " has no ONVIF service");
  return request;
}

RecordSplitter::RecordSplitter(Record record, Word word)
    : record_(std::move(record)), word_(std::move(word)) {}

Result<void> RecordSplitter::feed(std::string_view bytes) {
  for (const char c : bytes) {
    if (auto taken = in_record_ ? take_inside(c) : take(c); !taken) return taken;
    if (c == '\n') ++line_;
  }
  return {};
}

// Between records: white space, the commas and brackets of an array, words. A bracket alone is an array's,
// one in a word an IPv6 address's.
Result<void> RecordSplitter::take(char c) {
  if (c == '{' && (value_.empty() || value_ == "[")) {
    value_.clear();
    in_record_ = true;
    value_line_ = line_;
    return take_inside(c);
  }
  if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',') return end_word();
  if (value_.empty()) value_line_ = line_;
  value_ += c;
  if (value_.size() > kMaxRecordBytes)
    return fail(ErrorCode::kConfig, fmt::format("line {}: too long", value_line_));
  return {};
}

Result<void> RecordSplitter::take_inside(char c) {
  value_ += c;
  if (value_.size() > kMaxRecordBytes)
    return fail(ErrorCode::kConfig,
                fmt::format("line {}: a record of more than {} bytes", value_line_, kMaxRecordBytes));
  if (in_string_) {
    if (escaped_)
      escaped_ = false;
    else if (c == '\\')
      escaped_ = true;
    else if (c == '"')
      in_string_ = false;
    return {};
  }
  if (c == '"') in_string_ = true;
  if (c == '{' || c == '[') ++depth_;
  if (depth_ > kMaxRecordDepth)
    return fail(ErrorCode::kConfig, fmt::format("line {}: a record nested too deeply", value_line_));
  if ((c == '}' || c == ']') && --depth_ == 0) return end_record();
  return {};
}

Result<void> RecordSplitter::end_record() {
  const auto record = json::parse(value_, nullptr, false);
  value_.clear();
  in_record_ = false;
  if (record.is_discarded()) return fail(ErrorCode::kConfig, fmt::format("line {}: not JSON", value_line_));
  return record_(record);
}

Result<void> RecordSplitter::end_word() {
  if (value_.empty()) return {};
  const std::string word = std::move(value_);
  value_.clear();
  if (word == "[" || word == "]" || word == "[]") return {};
  auto taken = word_(word);
  if (!taken) return fail(fmt::format("line {}", value_line_), taken.error());
  return {};
}

Result<void> RecordSplitter::finish() {
  if (in_record_)
    return fail(ErrorCode::kConfig, fmt::format("line {}: a record that breaks off", value_line_));
  return end_word();
}

}  // namespace camctl::discover
