#include "libonvif/snapshot.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest_auth.h"
#include "libonvif/interrogate.h"
#include "libonvif/lenient.h"
#include "libonvif/media_profiles.h"

namespace camctl::onvif {
namespace {

constexpr int kOk = 200, kUnauthorized = 401, kForbidden = 403;

Result<std::string> ask_uri(DeviceSession& session, const std::string& profile) {
  Result<std::string> uri =
      fail(ErrorCode::kUnsupported, session.url().authority() + " has no media service");
  if (const auto media1 = session.service(kMediaNs))
    uri = session.ask(*media1, get_snapshot_uri_1(profile), read_snapshot_uri_1);
  if (const auto media2 = session.service(kMedia2Ns); !uri && media2 && !session.over())
    uri = session.ask(*media2, get_snapshot_uri_2(profile), read_snapshot_uri_2);
  return uri;
}

// The device's first profile.
Result<std::string> first_profile(DeviceSession& session) {
  Result<std::vector<MediaProfile>> profiles =
      fail(ErrorCode::kUnsupported, session.url().authority() + " has no media service");
  if (const auto media1 = session.service(kMediaNs))
    profiles = session.ask(*media1, get_profiles_1(), read_profiles_1);
  if (const auto media2 = session.service(kMedia2Ns); !profiles && media2 && !session.over())
    profiles = session.ask(*media2, get_profiles_2({"VideoSource"}), read_profiles_2);
  if (!profiles) return fail("asking for profiles", profiles.error());
  return profiles->front().token;
}

Result<HttpReply> follow(const HttpGet& get, Url& url, const std::vector<std::string>& headers) {
  for (int hop = 0;; ++hop) {
    auto reply = get(url, headers);
    if (!reply || hop == kMaxRedirects) return reply;
    auto next = redirected(url, *reply);
    if (!next) return reply;
    url = std::move(*next);
  }
}

Result<std::string> take_jpeg(const Url& url, HttpReply reply) {
  if (reply.status == kUnauthorized || reply.status == kForbidden)
    return fail(ErrorCode::kAuth,
                fmt::format("{} refuses its picture (HTTP {})", url.authority(), reply.status),
                "cameras often keep users for ONVIF apart from those of their web page");
  if (reply.status != kOk)
    return fail(ErrorCode::kProtocol,
                fmt::format("{} answers HTTP {} instead of a picture", url.authority(), reply.status));
  if (is_jpeg(reply.body)) return std::move(reply.body);
  const std::string type = clean_text(reply.content_type);
  const bool begins = reply.body.starts_with("\xFF\xD8\xFF");
  return fail(ErrorCode::kProtocol, begins ? fmt::format("the picture of {} breaks off", url.authority())
                                           : fmt::format("{} sends no JPEG but {}", url.authority(),
                                                         type.empty() ? "something else" : type));
}

}  // namespace

bool is_jpeg(std::string_view bytes) {
  // Start and end of image (§B.1.1.3); cameras pad behind the end.
  return bytes.starts_with("\xFF\xD8\xFF") && bytes.rfind("\xFF\xD9") != bytes.npos;
}

Result<MediaUrl> snapshot_uri(DeviceSession& session, const std::vector<std::string>& profiles) {
  std::string token;
  if (profiles.empty()) {
    auto first = first_profile(session);
    if (!first) return fail(first.error());
    token = std::move(*first);
  } else {
    token = profiles.front();
  }
  const auto uri = ask_uri(session, token);
  if (!uri) return fail("asking for the snapshot's address", uri.error());
  auto url = usable_media_url(*uri, session.url().host, session.quirks());
  if (url && !url->url.starts_with("http"))
    return fail(ErrorCode::kProtocol, "the snapshot's address is not HTTP: " + url->url);
  return url;
}

Result<std::string> fetch_snapshot(const HttpGet& get, const Url& url, const Credentials& credentials) {
  Url at = url;
  at.credentials = {};
  auto reply = follow(get, at, {});
  if (!reply) return fail(reply.error());
  if (reply->status != kUnauthorized) return take_jpeg(at, std::move(*reply));
  if (credentials.empty())
    return fail(ErrorCode::kAuth, at.authority() + " asks for credentials",
                "give --user and --password-file, or credentials: in the configuration");
  AuthClient auth(credentials, /*allow_basic=*/true);
  if (auto known = auth.challenge(reply->www_authenticate); !known)
    return fail(at.authority(), known.error());
  do {
    const auto authorization = auth.authorization("GET", at.target.empty() ? "/" : at.target);
    if (!authorization) break;
    reply = get(at, {"Authorization: " + *authorization});
    if (!reply) return fail(reply.error());
    // An aged nonce is asked again, a refusal of Digest goes on to Basic, where that is offered.
  } while (reply->status == kUnauthorized && (auth.challenge(reply->www_authenticate) || auth.fall_back()));
  return take_jpeg(at, std::move(*reply));
}

Result<std::string> fetch_snapshot(const Url& url, const InterrogateOptions& options,
                                   const std::stop_token& stop) {
  HttpTransport transport(http_options(options, kMaxSnapshot));
  const auto limit = options.total_timeout.count() > 0 ? options.total_timeout : options.call_timeout;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  return fetch_snapshot(
      [&](const Url& at, const std::vector<std::string>& headers) {
        return transport.get(at, headers, stop, deadline);
      },
      url, options.credentials);
}

}  // namespace camctl::onvif
