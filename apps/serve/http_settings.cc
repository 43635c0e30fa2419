#include "apps/serve/http_settings.h"

namespace camctl::apps::serve {
namespace {

using TlsContextPtr = std::shared_ptr<const tls::Context>;

// Null where there is none.
Result<TlsContextPtr> load_tls(const Settings& settings) {
  if (settings.tls_cert.empty() && settings.tls_key.empty()) return TlsContextPtr();
  if (settings.tls_cert.empty() || settings.tls_key.empty())
    return fail(ErrorCode::kConfig, "tls_cert and tls_key go together");
  return tls::Context::server(settings.tls_cert, settings.tls_key);
}

}  // namespace

Result<HttpOptions> http_options(const Settings& settings) {
  auto tls = load_tls(settings);
  if (!tls) return fail(tls.error());
  HttpOptions options;
  options.tls = std::move(*tls);
  options.guard.hosts = settings.hosts;
  options.guard.cors_origins = settings.cors_origins;
  options.header_timeout = settings.header_timeout;
  options.idle_timeout = settings.idle_timeout;
  options.write_timeout = settings.write_timeout;
  return options;
}

}  // namespace camctl::apps::serve
