// Configuration files: never crash; what is accepted prints as a configuration that is accepted again,
// without the passwords in it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "apps/common/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace camctl::apps;
  const std::string_view yaml(reinterpret_cast<const char*>(data), size);
  ConfigSources sources;
  sources.environment = [](const std::string&) { return std::optional<std::string>("x"); };
  Config config;
  if (!apply_yaml(yaml, "fuzz.yaml", "/nowhere", sources, config)) return 0;
  const auto printed = print_config(config);
  Config again;
  if (!apply_yaml(printed, "printed.yaml", "/nowhere", sources, again)) abort();
  if (again.settings.stream != config.settings.stream || again.settings.hosts != config.settings.hosts ||
      again.settings.streams.size() != config.settings.streams.size())
    abort();
  for (const auto& entry : again.settings.credentials)
    if (entry.source == "password" && entry.credentials.password.reveal() != "***") abort();
  for (const auto& [id, overrides] : config.settings.streams) (void)config.settings.stream_for(id);
  (void)find_credentials(config.settings.credentials, "192.0.2.1");
  return 0;
}
