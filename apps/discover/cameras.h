// From what a device told to entries of cameras.json.
#pragma once

#include <vector>

#include "apps/common/camera.h"
#include "apps/discover/pool.h"

namespace camctl::discover {

// One camera for each video source of a device that has several (recorders, quirk 74), else one. None if no
// profile has a stream URI. Credentials are set where `keep_credentials`.
std::vector<apps::Camera> cameras_of(const Answer& answer, bool keep_credentials);

}  // namespace camctl::discover
