#include "apps/serve/responses.h"

#include <fmt/format.h>

namespace camctl::apps::serve {
namespace {

constexpr const char* kRetryAfter = "2";  // s; a reconnect takes 1 to 4

// When hls::Backoff tries again, and what a person can do.
struct Advice {
  const char* retry_after;  // s
  const char* hint;
};
Advice advice(const hls::StreamStatus& status) {
  if (status.cause == ErrorCode::kAuth)
    return {"300", "give its user and password (PATCH /api/cameras/{id}, or credentials: and a reload)"};
  if (status.cause == ErrorCode::kUnsupported) return {"60", "it is looked at again each minute"};
  return {kRetryAfter, "it is tried again all the time"};
}

}  // namespace

Response no_such_camera(std::string_view id) {
  return error_response(404, "not_found", fmt::format("there is no camera \"{}\"", id),
                        "GET /api/cameras lists what there is");
}

Response not_playable(const ServedCamera& camera) {
  const auto status = camera.status();
  const auto what_next = advice(status);
  auto response =
      error_response(503, "unavailable",
                     fmt::format("camera {} is {}{}{}", camera.camera()->id, hls::name(status.state),
                                 status.reason.empty() ? "" : ": ", status.reason),
                     what_next.hint);
  response.headers.emplace_back("Retry-After", what_next.retry_after);
  return response;
}

Response camera_changed() {
  auto response = error_response(503, "unavailable", "the camera was changed meanwhile", "ask again");
  response.headers.emplace_back("Retry-After", kRetryAfter);
  return response;
}

}  // namespace camctl::apps::serve
