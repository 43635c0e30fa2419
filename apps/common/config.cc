#include "apps/common/config.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cassert>
#include <cstdlib>

#include "apps/common/camera.h"
#include "apps/common/config_keys.h"
#include "base/atomic_file.h"
#include "base/log.h"
#include "base/text.h"

namespace camctl::apps {
namespace {

std::string env_name(std::string_view key) {
  std::string name = "CAMCTL_" + std::string(key);
  for (char& c : name)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return name;
}

std::string flag_name(std::string_view key) {
  std::string name = "--" + std::string(key);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

// Of a list of records each flag gives one.
std::string flag_name(const config::KeyInfo& key) {
  return key.kind == config::Kind::kTiers ? "--tier" : flag_name(key.name);
}

std::vector<std::string> split_list(std::string_view list) {
  std::vector<std::string> items;
  for (const auto item : text::split(list, ","))
    if (const auto trimmed = text::trim(item); !trimmed.empty()) items.emplace_back(trimmed);
  return items;
}

// What --help shows for a flag's value.
std::string value_name(const config::KeyInfo& key) {
  switch (key.kind) {
    case config::Kind::kPath:
      return "FILE";
    case config::Kind::kCount:
      return "N";
    case config::Kind::kAutoCount:
      return "N|auto";
    case config::Kind::kTiers:
      return "TIER";
    case config::Kind::kRate:
      return "RATE";
    case config::Kind::kBytes:
      return "BYTES";
    case config::Kind::kDuration:
      return "TIME";
    case config::Kind::kList:
      return "NAME";
    default:
      break;
  }
  std::string choices(key.choices);
  std::replace(choices.begin(), choices.end(), ',', '|');
  return choices.empty() ? "VALUE" : choices;
}

// The key's meaning and its default, where it has one.
std::string description(const config::KeyInfo& key) {
  const auto value = config::show(Settings{}, key.name);
  const bool none = value == "\"\"" || value == "[]" || key.kind == config::Kind::kFlag;
  return none ? std::string(key.help) : fmt::format("{} (default {})", key.help, value);
}

// Sets one key from a variable or a flag, where a list is separated by commas.
Result<void> set_text(Config& config, const config::KeyInfo& key, std::string_view text,
                      const std::string& origin, ErrorCode code) {
  auto done = key.kind == config::Kind::kList ? config::set_list(config.settings, key.name, split_list(text))
                                              : config::set(config.settings, key.name, text);
  if (!done) return fail(code, fmt::format("{}: {}", origin, done.error().message), done.error().hint);
  config.origins[std::string(key.name)] = origin;
  return {};
}

Result<void> read_files(const ConfigSources& sources, Config& config) {
  // The least important first, so that the others overwrite it.
  for (auto file = sources.files.rbegin(); file != sources.files.rend(); ++file) {
    const auto content = read_file(*file, kMaxConfigFile);
    if (!content && content.error().code == ErrorCode::kNotFound && !sources.must_exist) continue;
    if (!content) return fail(ErrorCode::kConfig, content.error().message, content.error().hint);
    if (auto done = apply_yaml(*content, file->string(), file->parent_path(), sources, config); !done)
      return done;
    config.files.push_back(*file);
  }
  return {};
}

// Flags that only tell how to transcode whole cameras are a mistake where none is. In files they may stand
// for the day when one is.
Result<void> check_transcoding(const ConfigSources& sources, const Settings& settings) {
  const auto transcodes = [](const auto& stream) {
    return std::any_of(stream.second.begin(), stream.second.end(), [](const auto& override) {
      return override.first == "video_codec" && override.second != "copy";
    });
  };
  if (settings.stream.video_codec != "copy" ||
      std::any_of(settings.streams.begin(), settings.streams.end(), transcodes))
    return {};
  const bool tiers = !settings.stream.tiers.empty();  // which have a preset, too
  for (const auto& flag : sources.flags)
    for (const auto* key : {"bitrate", "maxrate", "preset", "height"})
      if (flag.key == key && !(tiers && flag.key == "preset"))
        return fail(ErrorCode::kUsage,
                    fmt::format("{} is for transcoded video, and the video is copied as it is", flag.flag),
                    "add --video-codec h264");
  return {};
}

// A peak that was asked for can't be below the rate; the default one is raised to it.
Result<void> check_rates(const Config& config) {
  const auto& stream = config.settings.stream;
  if (!config.origins.contains("maxrate") || stream.maxrate >= stream.bitrate) return {};
  return fail(ErrorCode::kUsage,
              fmt::format("maxrate ({} bit/s) is below bitrate ({} bit/s)", stream.maxrate, stream.bitrate),
              "raise maxrate, or leave it out");
}

}  // namespace

StreamSettings Settings::stream_for(std::string_view id) const {
  StreamSettings result = stream;
  if (const auto found = streams.find(id); found != streams.end()) {
    for (const auto& [key, text] : found->second) {
      [[maybe_unused]] const auto done = config::set(result, key, text);
      assert(done);  // checked when it was read
    }
  }
  return result;
}

CameraIdentity identity_of(const Camera& camera, const std::string& host) {
  if (!text::iequals(host, camera.ip) || camera.extra.contains(kAddedBy)) return {host, {}, {}, {}};
  return {host, camera.endpoint, camera.serial, camera.mac};
}

bool CredentialEntry::fits(const CameraIdentity& camera) const {
  const auto same = [](std::string_view wanted, std::string_view is) {
    return wanted.empty() || text::iequals(wanted, is);
  };
  if (!same(endpoint, camera.endpoint) || !same(serial, camera.serial) || !same(mac, camera.mac))
    return false;
  if (host.empty()) return true;
  std::string_view name = camera.host;
  if (name.size() > 1 && name.front() == '[' && name.back() == ']') name = name.substr(1, name.size() - 2);
  if (!network) return text::iequals(host, name);
  const auto address = IpAddress::parse(name.substr(0, name.find('%')));
  return address && network->contains(*address);
}

std::optional<Credentials> find_credentials(const std::vector<CredentialEntry>& entries,
                                            const CameraIdentity& camera) {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.fits(camera); });
  if (found == entries.end()) return std::nullopt;
  return found->credentials;
}

std::optional<Credentials> find_credentials(const std::vector<CredentialEntry>& entries,
                                            std::string_view host) {
  return find_credentials(entries, CameraIdentity{std::string(host), {}, {}, {}});
}

void add_config_flags(CLI::App& app, ConfigFlags& flags, const std::vector<std::string_view>& keys) {
  app.add_option("--config", flags.file,
                 "read this file instead of camctl.yaml here, in ~/.config/camctl and /etc/camctl")
      ->type_name("FILE");
  struct Declared {
    std::string key;
    CLI::Option* option;
    bool is_flag;
  };
  auto declared = std::make_shared<std::vector<Declared>>();
  const auto all = config::all_keys();
  for (const auto name : keys) {
    const auto key = std::find_if(all.begin(), all.end(), [&](const auto& k) { return k.name == name; });
    assert(key != all.end());
    const auto flag = flag_name(*key);
    CLI::Option* option = nullptr;
    if (key->kind == config::Kind::kFlag) {
      option = app.add_flag(flag);
    } else if (key->kind == config::Kind::kList || key->kind == config::Kind::kTiers) {
      // One value each time it is given, so that a file behind it is not taken for another.
      option = app.add_option(flag, *flags.lists.emplace_back(std::make_unique<std::vector<std::string>>()));
      option->allow_extra_args(false)->type_name(value_name(*key));
    } else {
      option = app.add_option(flag, *flags.texts.emplace_back(std::make_unique<std::string>()));
      option->type_name(value_name(*key));
    }
    option->description(description(*key));
    declared->push_back({std::string(name), option, key->kind == config::Kind::kFlag});
  }
  flags.values = [declared] {
    std::vector<FlagValue> values;
    for (const auto& [key, option, is_flag] : *declared) {
      if (option->count() == 0) continue;
      std::string text;
      for (const auto& item : option->results()) text += (text.empty() ? "" : ",") + item;
      values.push_back({key, is_flag && text.empty() ? "true" : text, option->get_name()});
    }
    return values;
  };
}

ConfigSources default_config_sources(const ConfigFlags& flags) {
  ConfigSources sources;
  sources.environment = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
  if (flags.values) sources.flags = flags.values();
  sources.exposed = [](const std::filesystem::path& file) {
    log::get().warn("{}: every user of this host can read the passwords in it (chmod 600 {})", file.string(),
                    file.string());
  };
  const auto chosen = flags.file.empty() ? sources.environment("CAMCTL_CONFIG").value_or("") : flags.file;
  if (!chosen.empty()) {
    sources.files = {chosen};
    sources.must_exist = true;
    return sources;
  }
  sources.files.emplace_back("./camctl.yaml");
  const auto home = sources.environment("HOME");
  const auto xdg = sources.environment("XDG_CONFIG_HOME");
  if (xdg && !xdg->empty())
    sources.files.push_back(std::filesystem::path(*xdg) / "camctl/config.yaml");
  else if (home && !home->empty())
    sources.files.push_back(std::filesystem::path(*home) / ".config/camctl/config.yaml");
  sources.files.emplace_back("/etc/camctl/config.yaml");
  return sources;
}

Result<Config> load_config(const ConfigSources& sources) {
  Config config;
  if (auto done = read_files(sources, config); !done) return fail(done.error());
  const auto keys = config::all_keys();
  for (const auto& key : keys) {
    const auto name = env_name(key.name);
    if (const auto text = sources.environment(name); text && !text->empty())
      if (auto done = set_text(config, key, *text, name, ErrorCode::kConfig); !done)
        return fail(done.error());
  }
  for (const auto& flag : sources.flags) {
    const auto key =
        std::find_if(keys.begin(), keys.end(), [&](const auto& k) { return k.name == flag.key; });
    assert(key != keys.end());
    if (auto done = set_text(config, *key, flag.text, flag.flag, ErrorCode::kUsage); !done)
      return fail(done.error());
  }
  if (auto sensible = check_transcoding(sources, config.settings); !sensible) return fail(sensible.error());
  if (auto sensible = check_rates(config); !sensible) return fail(sensible.error());
  return config;
}

namespace {

std::string print_users(const std::vector<UserEntry>& users, std::string_view origin) {
  auto out = fmt::format("{:<40}  # {}\n", users.empty() ? "users: []" : "users:", origin);
  for (const auto& user : users) {
    out += fmt::format("  - name: {}\n    hash: \"***\"\n    role: {}\n", config::yaml_quote(user.name),
                       user.admin ? "admin" : "viewer");
    if (user.cameras) out += fmt::format("    cameras: [{}]\n", fmt::join(*user.cameras, ", "));
  }
  return out;
}

}  // namespace

std::string print_config(const Config& config) {
  const auto origin = [&](std::string_view key) {
    const auto found = config.origins.find(key);
    return found == config.origins.end() ? std::string("default") : found->second;
  };
  std::string out;
  for (const auto& key : config::all_keys()) {
    const auto line = fmt::format("{}: {}", key.name, config::show(config.settings, key.name));
    out += fmt::format("{:<40}  # {}\n", line, origin(key.name));
  }
  const auto& streams = config.settings.streams;
  out += fmt::format("{:<40}  # {}\n", streams.empty() ? "streams: {}" : "streams:", origin("streams"));
  for (const auto& [id, overrides] : streams) {
    out += fmt::format("  {}:{}\n", config::yaml_quote(id), overrides.empty() ? " {}" : "");
    for (const auto& [key, text] : overrides)
      out += fmt::format(
          "    {}: {}\n", key,
          key == "tiers" ? config::show(config.settings.stream_for(id), key) : config::yaml_quote(text));
  }
  const auto& credentials = config.settings.credentials;
  out += fmt::format("{:<40}  # {}\n",
                     credentials.empty() ? "credentials: []" : "credentials:", origin("credentials"));
  for (const auto& entry : credentials) {
    const std::pair<const char*, const std::string*> keys[] = {{"host", &entry.host},
                                                               {"endpoint", &entry.endpoint},
                                                               {"serial", &entry.serial},
                                                               {"mac", &entry.mac},
                                                               {"user", &entry.credentials.user}};
    const char* margin = "  - ";
    for (const auto& [key, value] : keys) {
      if (value->empty()) continue;
      out += fmt::format("{}{}: {}\n", margin, key, config::yaml_quote(*value));
      margin = "    ";
    }
    const auto space = entry.source.find(' ');
    if (space == std::string::npos)
      out += "    password: \"***\"\n";
    else
      out += fmt::format("    {}: {}\n", entry.source.substr(0, space),
                         config::yaml_quote(std::string_view(entry.source).substr(space + 1)));
  }
  return out + print_users(config.settings.users, origin("users"));
}

}  // namespace camctl::apps
