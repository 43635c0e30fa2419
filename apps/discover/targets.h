// What `camctl discover` is given to ask: records of `camctl scan`, hosts, URLs, lines of text.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "libonvif/device.h"

namespace camctl::discover {

struct Request {
  onvif::DeviceTarget target;
  std::string host;         // given without a port: locate() finds the addresses; else empty
  std::string label;        // for messages: the address as given
  Credentials credentials;  // of the URL itself; empty if there are none
};

// "192.168.0.10", "cam.local:8000", "[fe80::1%eth0]:80" or "http://host[:port][/path]". Without a port,
// `host` is set instead of an address. kUsage says what is wrong with it.
Result<Request> request_from_text(std::string_view text);

// A record of `camctl scan`, or an entry of cameras.json. kNotFound where it is understood but has no ONVIF
// service, kConfig where it is neither.
Result<Request> request_from_record(const nlohmann::json& record);

// Cuts a stream of JSON values (lines, one array, or values spread over lines) and of bare words (hosts) into
// records as it comes. Bytes go in in any portions.
class RecordSplitter {
 public:
  using Record = std::function<Result<void>(const nlohmann::json&)>;
  using Word = std::function<Result<void>(std::string_view)>;
  RecordSplitter(Record record, Word word);

  // kConfig names the line; what the callbacks return is passed on.
  Result<void> feed(std::string_view bytes);
  Result<void> finish();  // kConfig if a value is cut off

 private:
  Result<void> take(char c);
  Result<void> take_inside(char c);
  Result<void> end_record();
  Result<void> end_word();

  Record record_;
  Word word_;
  std::string value_;   // of the record or word being read
  unsigned depth_ = 0;  // of braces and brackets inside the record
  bool in_record_ = false, in_string_ = false, escaped_ = false;
  std::size_t line_ = 1, value_line_ = 1;
};

inline constexpr std::size_t kMaxRecordBytes = 256u << 10;  // a device with every scope and address: 10 KB
inline constexpr unsigned kMaxRecordDepth = 16;             // ours are 5 deep

}  // namespace camctl::discover
