#include "apps/serve/responses.h"

#include <fmt/format.h>

namespace camctl::apps::serve {
namespace {

constexpr const char* kRetryAfter = "2";  // s; a reconnect takes 1 to 4
constexpr const char* kRetrySlot = "5";   // s; half of what a tier goes on for after its last viewer

// When hls::Backoff tries again, and what a person can do.
struct Advice {
  const char* retry_after;  // s
  const char* hint;
};
Advice advice(const hls::StreamStatus& status) {
  // A wrong key says itself what to do.
  if (status.cause == ErrorCode::kAuth && !wants_credentials(status))
    return {"300", "it is tried again minutes later"};
  if (status.cause == ErrorCode::kAuth)
    return {"300",
            "correct its user and password (--user and --password-file, or credentials: in the configuration "
            "and SIGHUP); cameras lock accounts, so these are tried again minutes later only"};
  if (status.cause == ErrorCode::kUnsupported) return {"60", "it is looked at again each minute"};
  return {kRetryAfter, "it is tried again all the time"};
}

Response too_many_transcodes(const ServedCamera& tier) {
  auto response = error_response(503, "limit", tier.status().reason,
                                 "one becomes free some seconds after its last viewer; max_transcodes in the "
                                 "configuration allows more");
  response.headers.emplace_back("Retry-After", kRetrySlot);
  return response;
}

}  // namespace

std::string_view what_next(const hls::StreamStatus& status) {
  return status.reason.empty() ? "" : advice(status).hint;
}

Response no_such_camera(std::string_view id) {
  return error_response(404, "not_found", fmt::format("there is no camera \"{}\"", id),
                        "GET /api/cameras lists what there is");
}

Response not_playable(const ServedCamera& camera) {
  if (camera.may_not_transcode()) return too_many_transcodes(camera);
  const auto status = camera.source_status();
  const auto next = advice(status);
  auto response =
      error_response(503, "unavailable",
                     fmt::format("camera {} is {}{}{}", camera.camera()->id, hls::name(status.state),
                                 status.reason.empty() ? "" : ": ", status.reason),
                     next.hint);
  response.headers.emplace_back("Retry-After", next.retry_after);
  return response;
}

Response device_error(const Error& error) {
  constexpr int kBadGateway = 502, kConflict = 409;
  auto status = http_status(error.code);
  if (error.code == ErrorCode::kAuth) status = kBadGateway;
  if (error.code == ErrorCode::kCancelled) status = kConflict;
  auto response = error_response(status, name(error.code), error.message, error.hint);
  if (error.code == ErrorCode::kLimit) response.headers.emplace_back("Retry-After", kRetryAfter);
  return response;
}

Response camera_changed() {
  auto response = error_response(503, "unavailable", "the camera was changed meanwhile", "ask again");
  response.headers.emplace_back("Retry-After", kRetryAfter);
  return response;
}

}  // namespace camctl::apps::serve
