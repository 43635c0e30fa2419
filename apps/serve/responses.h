// Answers about cameras that several routes give.
#pragma once

#include <string_view>

#include "apps/serve/http/message.h"
#include "apps/serve/served_camera.h"

namespace camctl::apps::serve {

Response no_such_camera(std::string_view id);  // 404
// 503 with the camera's status and why.
Response not_playable(const ServedCamera& camera);
// 503: the camera was removed or made anew while a request waited for it.
Response camera_changed();

}  // namespace camctl::apps::serve
