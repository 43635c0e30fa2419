// Answers about cameras that several routes give.
#pragma once

#include <string_view>

#include "apps/serve/http/message.h"
#include "apps/serve/served_camera.h"

namespace camctl::apps::serve {

// What becomes of a camera that is not live, and what a person can do about it; empty where there is nothing
// to say.
std::string_view what_next(const hls::StreamStatus& status);

Response no_such_camera(std::string_view id);  // 404
// 503 with the camera's status and why.
Response not_playable(const ServedCamera& camera);
// What a camera's failure is to a client of ours. A refusal of our credentials is 502: the client's own are
// right, or there are none.
Response device_error(const Error& error);
// 503: the camera was removed or made anew while a request waited for it.
Response camera_changed();

}  // namespace camctl::apps::serve
