// How a run of `camctl discover` ended.
#pragma once

#include <vector>

#include "apps/discover/pool.h"
#include "base/result.h"

namespace camctl::discover {

// kNotFound where there was nothing to ask; kPartial where some devices failed; where all did, kAuth if
// credentials were at fault for any, kTimeout if none answered in time, else the first one's error.
Result<void> summarize(const std::vector<Answer>& answers);

}  // namespace camctl::discover
