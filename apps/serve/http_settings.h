// What of the configuration is HTTP's.
#pragma once

#include "apps/common/config.h"
#include "apps/serve/http/connection.h"
#include "base/result.h"

namespace camctl::apps::serve {

// With the certificate and its key, read anew each time. kConfig, naming the file.
Result<HttpOptions> http_options(const Settings& settings);

}  // namespace camctl::apps::serve
