#include "apps/serve/responses.h"

#include <fmt/format.h>

namespace camctl::apps::serve {
namespace {

constexpr const char* kRetryAfter = "2";  // s; a reconnect takes 1 to 4

}  // namespace

Response no_such_camera(std::string_view id) {
  return error_response(404, "not_found", fmt::format("there is no camera \"{}\"", id),
                        "GET /api/cameras lists what there is");
}

Response not_playable(const ServedCamera& camera) {
  const auto status = camera.status();
  auto response =
      error_response(503, "unavailable",
                     fmt::format("camera {} is {}{}{}", camera.camera()->id, hls::name(status.state),
                                 status.reason.empty() ? "" : ": ", status.reason),
                     "it is tried again all the time");
  response.headers.emplace_back("Retry-After", kRetryAfter);
  return response;
}

Response camera_changed() {
  auto response = error_response(503, "unavailable", "the camera was changed meanwhile", "ask again");
  response.headers.emplace_back("Retry-After", kRetryAfter);
  return response;
}

}  // namespace camctl::apps::serve
