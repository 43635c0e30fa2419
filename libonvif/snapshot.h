// A camera's still picture: its address (GetSnapshotUri) and the picture itself, by HTTP.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/url.h"
#include "libonvif/device_session.h"
#include "libonvif/http.h"

namespace camctl::onvif {

inline constexpr std::size_t kMaxSnapshot = 32u << 20;  // a JPEG of 8K at its best is half of it

// Where the picture of a profile is (Media 1, then Media 2), on the host that we reached; of the first
// profile that has one where `profiles` is empty, else of the first of these tokens. kUnsupported where the
// device has none (quirk 76), and the session's errors.
Result<MediaUrl> snapshot_uri(DeviceSession& session, const std::vector<std::string>& profiles);

// How a picture is fetched: HttpTransport::get in programs, a device in memory in tests.
using HttpGet = std::function<Result<HttpReply>(const Url&, const std::vector<std::string>& headers)>;

// The bytes of a JPEG (ISO 10918-1), whole. Goes without credentials first, and answers what the camera then
// asks for, Digest before Basic (quirk 82); a refusal is final (kAuth). kProtocol for anything but a JPEG.
Result<std::string> fetch_snapshot(const HttpGet& get, const Url& url, const Credentials& credentials);
// The same by HTTP. Blocks for options.total_timeout at most (call_timeout where that is 0).
Result<std::string> fetch_snapshot(const Url& url, const InterrogateOptions& options,
                                   const std::stop_token& stop);

// Whether these bytes are a JPEG with beginning and end.
bool is_jpeg(std::string_view bytes);

}  // namespace camctl::onvif
