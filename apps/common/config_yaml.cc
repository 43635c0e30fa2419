// Reading configuration files. The only file that knows yaml-cpp.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>
#include <set>

#include "apps/common/camera.h"
#include "apps/common/config.h"
#include "apps/common/config_keys.h"
#include "apps/common/password_hash.h"
#include "base/atomic_file.h"
#include "base/os/permissions.h"
#include "base/text.h"

namespace camctl::apps {
namespace {

// Where in which file, for messages.
class Place {
 public:
  Place(std::string_view file, const YAML::Mark& mark) : file_(file), mark_(mark) {}

  std::string to_string() const {
    if (mark_.is_null()) return std::string(file_);
    return fmt::format("{}:{}:{}", file_, mark_.line + 1, mark_.column + 1);
  }
  std::string origin() const {
    return mark_.is_null() ? std::string(file_) : fmt::format("{}:{}", file_, mark_.line + 1);
  }
  tl::unexpected<Error> fail(std::string_view message, std::string hint = {}) const {
    return camctl::fail(ErrorCode::kConfig, fmt::format("{}: {}", to_string(), message), std::move(hint));
  }

 private:
  std::string_view file_;
  YAML::Mark mark_;
};

// What a message shows of text that may be long, binary or a secret on the wrong line.
std::string excerpt(std::string_view text) {
  constexpr std::size_t kShown = 40;
  std::string shown;
  for (const char c : text.substr(0, kShown)) shown += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  return text.size() > kShown ? shown + "…" : shown;
}

bool is_user_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxUserName &&
         name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@-") ==
             name.npos;
}

class Reader {
 public:
  Reader(std::string_view where, const std::filesystem::path& folder, const ConfigSources& sources,
         Config& config)
      : where_(where), folder_(folder), sources_(sources), config_(config) {}

  Result<void> read(const YAML::Node& root) {
    if (root.IsNull()) return {};  // an empty file
    return each_key(root, "the configuration",
                    [&](const std::string& key, const YAML::Node& value) -> Result<void> {
                      if (key == "credentials") return read_credentials(value);
                      if (key == "streams") return read_streams(value);
                      if (key == "users") return read_users(value);
                      return read_key(key, value);
                    });
  }

 private:
  Place at(const YAML::Node& node) const { return {where_, node.Mark()}; }

  // Calls `use` with each key of a map and its value; repeated keys are errors. A Result or an unknown key
  // (kNotFound, put into words by unknown()) ends it.
  template <class Use>
  Result<void> each_key(const YAML::Node& map, std::string_view what, const Use& use) {
    if (!map.IsMap()) return at(map).fail(fmt::format("{} must be a map of keys", what));
    if (map.size() > kMaxConfigItems) return at(map).fail(fmt::format("{} has too many keys", what));
    std::set<std::string> seen;
    for (const auto& item : map) {
      if (!item.first.IsScalar()) return at(item.first).fail("a key must be a word");
      const auto& key = item.first.Scalar();
      place_of_key_ = item.first.Mark();
      if (!seen.insert(key).second)
        return at(item.first).fail(fmt::format("\"{}\" stands here twice", excerpt(key)));
      if (auto done = use(key, item.second); !done) return done;
    }
    return {};
  }

  tl::unexpected<Error> unknown(const std::string& key, const std::vector<std::string_view>& known) const {
    return Place(where_, place_of_key_)
        .fail(fmt::format("unknown key \"{}\"", excerpt(key)), config::suggest(key, known));
  }

  Result<std::string> scalar(std::string_view key, const YAML::Node& node) const {
    if (!node.IsScalar()) return at(node).fail(fmt::format("\"{}\" must be a single value", key));
    return node.Scalar();
  }

  Result<void> read_key(const std::string& key, const YAML::Node& value) {
    const auto keys = config::all_keys();
    const auto info = std::find_if(keys.begin(), keys.end(), [&](const auto& k) { return k.name == key; });
    if (info == keys.end()) {
      std::vector<std::string_view> names = {"credentials", "streams", "users"};
      for (const auto& k : keys) names.push_back(k.name);
      return unknown(key, names);
    }
    const auto place = Place(where_, place_of_key_).origin();
    auto done = info->kind == config::Kind::kList ? read_list(key, value) : read_value(key, value);
    if (done) config_.origins[key] = place;
    return done;
  }

  Result<void> read_value(const std::string& key, const YAML::Node& value) {
    const auto text = text_of(key, value);
    if (!text) return fail(text.error());
    if (auto done = config::set(config_.settings, key, *text); !done)
      return at(value).fail(fmt::format("\"{}\": {}", key, excerpt_message(done.error().message)));
    return {};
  }

  // As a flag would give it.
  Result<std::string> text_of(const std::string& key, const YAML::Node& node) {
    return key == "tiers" ? tiers_text(node) : scalar(key, node);
  }

  // [{height: 480, bitrate: 800k}, …], or what a flag takes.
  Result<std::string> tiers_text(const YAML::Node& node) {
    if (node.IsScalar()) return node.Scalar();
    if (node.IsNull()) return std::string();
    if (!node.IsSequence()) return at(node).fail("\"tiers\" must be a list");
    if (node.size() > kMaxTiers)
      return at(node).fail(fmt::format("\"tiers\" has more than {} entries", kMaxTiers));
    std::string all;
    for (const auto& item : node) {
      std::string height, bitrate;
      auto done = each_key(item, "an entry of \"tiers\"",
                           [&](const std::string& key, const YAML::Node& value) -> Result<void> {
                             if (key != "height" && key != "bitrate")
                               return unknown(key, {"height", "bitrate"});
                             auto text = scalar(key, value);
                             if (!text) return fail(text.error());
                             (key == "height" ? height : bitrate) = std::move(*text);
                             return {};
                           });
      if (!done) return fail(done.error());
      if (height.empty() || bitrate.empty())
        return at(item).fail("an entry of \"tiers\" needs height and bitrate",
                             "{height: 480, bitrate: 800k}");
      const auto text = fmt::format("{}:{}", height, bitrate);
      if (const auto tier = config::parse_tier(text); !tier)
        return at(item).fail(fmt::format("\"tiers\": {}", excerpt_message(tier.error().message)));
      if (!all.empty()) all += ',';
      all += text;
    }
    return all;
  }

  Result<void> read_list(const std::string& key, const YAML::Node& value) {
    std::vector<std::string> items;
    if (value.IsScalar()) {
      items.push_back(value.Scalar());
    } else if (value.IsSequence() && value.size() <= kMaxConfigItems) {
      for (const auto& item : value) {
        const auto text = scalar(key, item);
        if (!text) return fail(text.error());
        items.push_back(*text);
      }
    } else if (!value.IsNull()) {
      return at(value).fail(fmt::format("\"{}\" must be a list", key));
    }
    return config::set_list(config_.settings, key, std::move(items));
  }

  static std::string excerpt_message(const std::string& message) {
    constexpr std::size_t kLongestMessage = 200;
    return message.size() > kLongestMessage ? message.substr(0, kLongestMessage) + "…" : message;
  }

  Result<void> read_streams(const YAML::Node& value) {
    std::map<std::string, Settings::Overrides, std::less<>> streams;
    std::vector<std::string_view> names;
    for (const auto& key : config::stream_keys()) names.push_back(key.name);
    auto done =
        each_key(value, "\"streams\"", [&](const std::string& id, const YAML::Node& stream) -> Result<void> {
          if (!is_camera_id(id))
            return Place(where_, place_of_key_).fail(fmt::format("\"{}\" is no id of a camera", excerpt(id)));
          auto& overrides = streams[id];
          return each_key(
              stream, "a stream", [&](const std::string& key, const YAML::Node& node) -> Result<void> {
                const auto place = place_of_key_;
                const auto text = text_of(key, node);
                place_of_key_ = place;
                StreamSettings scratch;
                if (!text) return fail(text.error());
                if (auto set = config::set(scratch, key, *text); !set) {
                  if (set.error().code == ErrorCode::kNotFound) return unknown(key, names);
                  return at(node).fail(fmt::format("\"{}\": {}", key, excerpt_message(set.error().message)));
                }
                overrides.emplace_back(key, *text);
                return {};
              });
        });
    if (!done) return done;
    config_.settings.streams = std::move(streams);
    config_.origins["streams"] = at(value).origin();
    return {};
  }

  Result<void> read_credentials(const YAML::Node& value) {
    if (!value.IsSequence()) return at(value).fail("\"credentials\" must be a list");
    if (value.size() > kMaxConfigItems) return at(value).fail("\"credentials\" has too many entries");
    std::vector<CredentialEntry> entries;
    for (const auto& item : value) {
      auto entry = read_credential(item);
      if (!entry) return fail(entry.error());
      entries.push_back(std::move(*entry));
    }
    config_.settings.credentials = std::move(entries);
    config_.origins["credentials"] = at(value).origin();
    return {};
  }

  Result<CredentialEntry> read_credential(const YAML::Node& item) {
    CredentialEntry entry;
    auto done = each_key(item, "an entry of \"credentials\"",
                         [&](const std::string& key, const YAML::Node& node) -> Result<void> {
                           const auto text = scalar(key, node);
                           if (!text) return fail(text.error());
                           return read_credential_key(entry, key, *text, at(node));
                         });
    if (!done) return fail(done.error());
    if (entry.host.empty() && entry.endpoint.empty() && entry.serial.empty() && entry.mac.empty())
      return at(item).fail("an entry of \"credentials\" needs a host", "or endpoint, serial or mac");
    if (entry.credentials.user.empty()) return at(item).fail("an entry of \"credentials\" needs a user");
    if (entry.source.empty())
      return at(item).fail(
          "an entry of \"credentials\" needs password, password_file, password_env or password_credential");
    if (entry.source == "password") tell_if_exposed(where_);
    return entry;
  }

  void tell_if_exposed(const std::filesystem::path& file) {
    if (sources_.exposed && os::readable_by_all(file) && exposed_.insert(file.string()).second)
      sources_.exposed(file);
  }

  Result<void> read_credential_key(CredentialEntry& entry, const std::string& key, const std::string& text,
                                   const Place& place) {
    if (key == "host") {
      entry.host = text;
      auto network = Cidr::parse(text);
      if (network)
        entry.network = *network;
      else if (text.empty() || text.find_first_of("/ @") != std::string::npos)
        return place.fail(fmt::format("\"{}\" is neither a host nor a network", excerpt(text)));
      return {};
    }
    if (key == "user" || key == "serial") {
      (key == "user" ? entry.credentials.user : entry.serial) = text;
      return {};
    }
    if (key == "endpoint" || key == "mac") return read_identity(entry, key, text, place);
    if (key != "password" && key != "password_file" && key != "password_env" && key != "password_credential")
      return unknown(key, {"host", "endpoint", "serial", "mac", "user", "password", "password_file",
                           "password_env", "password_credential"});
    if (!entry.source.empty()) return place.fail("there are two passwords in this entry");
    auto password = read_password(key, text, place);
    if (!password) return fail(password.error());
    entry.credentials.password = std::move(*password);
    entry.source = key == "password" ? key : key + " " + text;
    return {};
  }

  // As cameras.json has them, however they are written.
  static Result<void> read_identity(CredentialEntry& entry, const std::string& key, const std::string& text,
                                    const Place& place) {
    constexpr std::size_t kMacDigits = 12;
    std::string digits = text::lower(text);
    if (key == "endpoint") {
      const bool bare = digits.find(':') == std::string::npos;
      entry.endpoint = bare && !digits.empty() ? "urn:uuid:" + digits : digits;
      return {};
    }
    std::erase_if(digits, [](char c) { return c == ':' || c == '-' || c == '.'; });
    if (digits.size() != kMacDigits || digits.find_first_not_of("0123456789abcdef") != std::string::npos)
      return place.fail(fmt::format("\"{}\" is no MAC address", excerpt(text)), "aa:bb:cc:dd:ee:ff");
    entry.mac.clear();
    for (std::size_t i = 0; i < digits.size(); i += 2)
      entry.mac += (entry.mac.empty() ? "" : ":") + digits.substr(i, 2);
    return {};
  }

  Result<Secret> read_password(const std::string& key, const std::string& text, const Place& place) {
    if (key == "password") return Secret(text);
    if (key == "password_env") {
      auto value = sources_.environment(text);
      if (!value) return place.fail(fmt::format("the variable {} is not set", excerpt(text)));
      return Secret(std::move(*value));
    }
    if (key == "password_credential") return read_system_credential(text, place);
    return read_password_file(folder_ / text, place);
  }

  Result<Secret> read_system_credential(const std::string& name, const Place& place) {
    const auto folder = sources_.environment("CREDENTIALS_DIRECTORY");
    if (!folder || folder->empty())
      return place.fail("there are no credentials of systemd's here: CREDENTIALS_DIRECTORY is not set",
                        fmt::format("LoadCredential={}:FILE in the service's unit", excerpt(name)));
    if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos)
      return place.fail(fmt::format("\"{}\" is no name of a credential", excerpt(name)));
    return read_password_file(std::filesystem::path(*folder) / name, place);
  }

  Result<Secret> read_password_file(const std::filesystem::path& file, const Place& place) {
    auto content = read_file(file, kMaxPasswordFile);
    if (!content) return place.fail(content.error().message);
    tell_if_exposed(file);
    while (!content->empty() && (content->back() == '\n' || content->back() == '\r')) content->pop_back();
    return Secret(std::move(*content));
  }

  Result<void> read_users(const YAML::Node& value) {
    if (!value.IsSequence()) return at(value).fail("\"users\" must be a list");
    if (value.size() > kMaxConfigItems) return at(value).fail("\"users\" has too many entries");
    std::vector<UserEntry> users;
    std::set<std::string> names;
    for (const auto& item : value) {
      auto user = read_user(item);
      if (!user) return fail(user.error());
      if (!names.insert(user->name).second)
        return at(item).fail(fmt::format("there are two users \"{}\"", user->name));
      users.push_back(std::move(*user));
    }
    config_.settings.users = std::move(users);
    config_.origins["users"] = at(value).origin();
    return {};
  }

  Result<UserEntry> read_user(const YAML::Node& item) {
    UserEntry user;
    auto done = each_key(item, "an entry of \"users\"",
                         [&](const std::string& key, const YAML::Node& node) -> Result<void> {
                           if (key == "cameras") return read_user_cameras(user, node);
                           const auto text = scalar(key, node);
                           if (!text) return fail(text.error());
                           return read_user_key(user, key, *text, at(node));
                         });
    if (!done) return fail(done.error());
    if (user.name.empty()) return at(item).fail("an entry of \"users\" needs a name");
    if (user.hash.empty())
      return at(item).fail("an entry of \"users\" needs a hash", "camctl passwd makes it");
    if (user.admin && user.cameras)
      return at(item).fail("an admin has all cameras, so it can't have a list of them");
    return user;
  }

  Result<void> read_user_key(UserEntry& user, const std::string& key, const std::string& text,
                             const Place& place) {
    if (key == "name") {
      if (!is_user_name(text))
        return place.fail(fmt::format("\"{}\" is no name of a user", excerpt(text)),
                          "letters, digits and . _ @ -, 64 at the most");
      user.name = text;
    } else if (key == "hash") {
      // What stands there may be the password itself: it is not shown.
      if (!is_password_hash(text))
        return place.fail("\"hash\" is no argon2id hash", "camctl passwd makes it");
      user.hash = Secret(text);
    } else if (key == "role") {
      if (text != "viewer" && text != "admin")
        return place.fail(fmt::format("\"role\" must be viewer or admin, not \"{}\"", excerpt(text)));
      user.admin = text == "admin";
    } else {
      return unknown(key, {"name", "hash", "role", "cameras"});
    }
    return {};
  }

  Result<void> read_user_cameras(UserEntry& user, const YAML::Node& list) {
    if (!list.IsSequence() || list.size() > kMaxConfigItems)
      return at(list).fail("\"cameras\" of a user must be a list of ids");
    user.cameras.emplace();
    for (const auto& item : list) {
      const auto id = scalar("cameras", item);
      if (!id) return fail(id.error());
      if (!is_camera_id(*id)) return at(item).fail(fmt::format("\"{}\" is no id of a camera", excerpt(*id)));
      user.cameras->push_back(*id);
    }
    return {};
  }

  std::string_view where_;
  const std::filesystem::path& folder_;
  const ConfigSources& sources_;
  Config& config_;
  YAML::Mark place_of_key_;
  std::set<std::string> exposed_;  // files that have been told
};

// The first line with a tab before its text: yaml-cpp has no words for that.
std::optional<std::size_t> line_indented_by_tab(std::string_view yaml) {
  std::size_t number = 0;
  while (!yaml.empty()) {
    ++number;
    const auto line = yaml.substr(0, yaml.find('\n'));
    if (line.substr(0, line.find_first_not_of(" \t")).find('\t') != line.npos) return number;
    yaml.remove_prefix(std::min(line.size() + 1, yaml.size()));
  }
  return std::nullopt;
}

}  // namespace

Result<void> apply_yaml(std::string_view yaml, std::string_view where, const std::filesystem::path& folder,
                        const ConfigSources& sources, Config& config) {
  if (yaml.size() > kMaxConfigFile)
    return fail(ErrorCode::kConfig, fmt::format("{}: larger than {} KiB", where, kMaxConfigFile >> 10));
  try {
    // Aliases stay references: a bomb of them costs nothing until someone walks it, and only known keys are
    // walked.
    const auto root = YAML::Load(std::string(yaml));
    return Reader(where, folder, sources, config).read(root);
  } catch (const YAML::Exception& e) {
    if (const auto line = line_indented_by_tab(yaml))
      return fail(ErrorCode::kConfig,
                  fmt::format("{}:{}: a tab stands where YAML wants spaces", where, *line),
                  "indent with spaces");
    return Place(where, e.mark).fail(fmt::format("not valid YAML: {}", e.msg));
  }
}

}  // namespace camctl::apps
