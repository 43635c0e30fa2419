// Configuration: flags, then CAMCTL_* variables, then ./camctl.yaml, $XDG_CONFIG_HOME/camctl/config.yaml and
// /etc/camctl/config.yaml (interface.md, "Rules"). Each key comes from the first of them that has it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/cidr.h"
#include "base/result.h"
#include "base/secret.h"

namespace CLI {
class App;
}

namespace camctl::apps {

struct Camera;

// A rendition that is transcoded from a camera's main stream while somebody watches it.
struct Tier {
  std::uint64_t height = 0;
  std::uint64_t bitrate = 0;  // bit/s, of its video
  friend bool operator==(const Tier&, const Tier&) = default;
};

// How one camera's stream is received and cut. Set for all cameras at the top level of the configuration and
// for one of them below `streams: {<id>: …}`.
struct StreamSettings {
  std::string transport = "auto";  // auto, tcp, udp, multicast, http
  std::string tls_pin;  // of the camera's key (rtsps): sha256//BASE64 or hexadecimal; empty: any key will do
  std::string video_codec = "copy";                                               // copy, h264 (transcode)
  std::string video_encoder = "auto";                                             // of libavcodec
  std::string preset = "veryfast";                                                // of the encoder
  std::uint64_t bitrate = 800'000, maxrate = 1'000'000, audio_bitrate = 128'000;  // bit/s
  std::uint64_t height = 0;  // of a transcoded picture; 0: as it is
  std::chrono::milliseconds segment_duration{2000};
  std::uint64_t segments = 6;
  std::chrono::milliseconds part_duration{200};  // of LL-HLS; 0: no parts
  std::chrono::milliseconds dvr{0};              // listed for going back; 0: what live needs
  std::uint64_t dvr_memory = 16u << 20;          // bytes of a stream with dvr that stay in memory
  bool adaptive = true;       // the camera's other profiles are further variants of index.m3u8
  std::vector<Tier> tiers;    // further variants, transcoded on demand
  bool h264_fallback = true;  // the same for browsers without H.265, where a camera has no H.264 itself
  bool on_demand = false;     // connected only while somebody watches
  friend bool operator==(const StreamSettings&, const StreamSettings&) = default;
};

// What is known of a camera before it is asked for anything that takes a password; empty where unknown.
struct CameraIdentity {
  std::string host, endpoint, serial, mac;
};
// Of a camera of cameras.json that is reached at `host`: all that its entry says, if that is its own host and
// nobody wrote it over HTTP; else the host alone, which might pass for a device that it is not.
CameraIdentity identity_of(const Camera& camera, const std::string& host);

// Whose password it is: that of a host name, an address, a network, or of one device wherever it is; what is
// not empty must all fit. The password comes from the file itself, from a file, from a variable, or from a
// credential of systemd's (systemd.exec(5), LoadCredential=).
struct CredentialEntry {
  std::string host;             // as written
  std::optional<Cidr> network;  // nothing: `host` is a name
  std::string endpoint, serial, mac;
  Credentials credentials;
  std::string source;  // "password", "password_file …", "password_env …": for --print-config

  bool fits(const CameraIdentity& camera) const;
};

// Who may use `serve`.
struct UserEntry {
  std::string name;
  Secret hash;                                      // argon2id, see password_hash.h
  bool admin = false;                               // changes things, too
  std::optional<std::vector<std::string>> cameras;  // ids of those it may see; nothing: all
};

// Of a number that is settled by the machine: "auto".
inline constexpr std::uint64_t kAutoCount = ~std::uint64_t{0};

struct Settings {
  std::string listen = "127.0.0.1:8080";
  bool allow_anonymous = false;
  std::string cameras = "cameras.json";
  std::vector<std::string> hosts, cors_origins;
  std::string rtsp_listen;  // empty: no RTSP server
  std::string access_log, web_dir;
  bool save_credentials = false;
  std::uint64_t threads = 0;  // event loops; 0: one per core
  std::uint64_t max_connections = 10'000;
  std::uint64_t host_sessions = 256;            // at one camera host, at once
  std::chrono::milliseconds find_lost{30'000};  // a camera that is away for so long is looked for; 0: never
  std::uint64_t max_transcodes = kAutoCount;    // at once, of all cameras; auto: half the cores, at least one
  std::string state_dir;                        // empty: the user's state folder
  std::string tls_cert, tls_key;                // files; empty: HTTP without TLS
  std::string dvr_dir;                          // empty: below the user's state folder
  std::uint64_t dvr_max_bytes = 0;              // on disk, of all cameras; 0: what the disk has
  std::chrono::milliseconds header_timeout{10'000}, idle_timeout{60'000}, write_timeout{30'000};
  StreamSettings stream;
  std::vector<CredentialEntry> credentials;
  std::vector<UserEntry> users;  // none: nobody has to log in

  // The settings of one camera: `streams: {<id>: …}` over the common ones.
  StreamSettings stream_for(std::string_view id) const;
  using Overrides = std::vector<std::pair<std::string, std::string>>;  // key, text; checked
  std::map<std::string, Overrides, std::less<>> streams;
};

// What a password in the configuration belongs to: the first entry of `credentials` that fits the camera (an
// address' zone is ignored). Nothing if there is none. Host names are never resolved. Endpoint, serial number
// and MAC address are what a device or its network says: give only what is as sure as the entry deserves.
std::optional<Credentials> find_credentials(const std::vector<CredentialEntry>& entries,
                                            const CameraIdentity& camera);
// By the host alone.
std::optional<Credentials> find_credentials(const std::vector<CredentialEntry>& entries,
                                            std::string_view host);

// Values given on the command line: key, text, the flag's name.
struct FlagValue {
  std::string key, text, flag;
};

// Declares `--config FILE`, and for each of `keys` the flag of the same name (`segment_duration` becomes
// `--segment-duration`), described from the table of keys. Values land in `flags` when the line is parsed.
// An assertion fails for a key that is not in the table.
struct ConfigFlags {
  std::string file;
  bool print = false;  // --print-config
  std::vector<std::unique_ptr<std::string>> texts;
  std::vector<std::unique_ptr<std::vector<std::string>>> lists;
  std::function<std::vector<FlagValue>()> values;
};
void add_config_flags(CLI::App& app, ConfigFlags& flags, const std::vector<std::string_view>& keys);

// Where load_config looks. The defaults are those of a running program; tests give their own.
struct ConfigSources {
  std::vector<std::filesystem::path> files;  // most important first; those that don't exist are skipped
  bool must_exist = false;                   // --config: the file must be there
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::vector<FlagValue> flags;
  // Told of each file with passwords that every user of the host may read; may be empty.
  std::function<void(const std::filesystem::path&)> exposed;
};
// From the process's environment. `flags.file` (or CAMCTL_CONFIG) replaces the three files.
ConfigSources default_config_sources(const ConfigFlags& flags);

struct Config {
  Settings settings;
  std::map<std::string, std::string, std::less<>>
      origins;                               // by key; "./camctl.yaml:4", "--listen", "CAMCTL_LISTEN"
  std::vector<std::filesystem::path> files;  // those that were read
};

// Reads and checks everything. kConfig, naming file, line and column, or the variable; kUsage, naming the
// flag. Unknown and repeated keys are errors, with the nearest known key as the hint.
Result<Config> load_config(const ConfigSources& sources);

// The whole configuration as YAML, each value with its origin as a comment, passwords masked.
std::string print_config(const Config& config);

// What load_config reads a file with; for tests and the fuzzer. `where` names it in messages, `folder` is
// where relative password files are looked for.
Result<void> apply_yaml(std::string_view yaml, std::string_view where, const std::filesystem::path& folder,
                        const ConfigSources& sources, Config& config);

inline constexpr std::size_t kMaxConfigFile = 256u << 10;  // a thousand cameras with a line each are 50 KB
inline constexpr std::size_t kMaxConfigItems = 10'000;     // entries of one list or map
inline constexpr std::size_t kMaxPasswordFile = 4096;
inline constexpr std::size_t kMaxUserName = 64;
inline constexpr std::size_t kMaxTiers = 8;  // of a camera: players are offered three to six

}  // namespace camctl::apps
