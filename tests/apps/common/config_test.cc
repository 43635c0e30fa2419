#include "apps/common/config.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <map>

#include "apps/common/camera.h"
#include "apps/common/config_keys.h"

namespace camctl::apps {
namespace {

using namespace std::chrono_literals;

// A folder for the test's files, gone afterwards.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "camctl-config-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path write(const std::string& name, const std::string& content) const {
    std::ofstream(path / name) << content;
    return path / name;
  }
  std::filesystem::path path;
};

ConfigSources sources_of(std::map<std::string, std::string> variables = {}) {
  ConfigSources sources;
  sources.environment = [variables =
                             std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
  return sources;
}

Result<Config> from_yaml(std::string_view yaml, std::map<std::string, std::string> variables = {}) {
  Config config;
  const auto sources = sources_of(std::move(variables));
  if (auto done = apply_yaml(yaml, "camctl.yaml", ".", sources, config); !done) return fail(done.error());
  return config;
}

TEST_CASE("a peak below the rate is a mistake where somebody asked for that peak") {
  const auto load = [](const std::string& maxrate) {
    auto sources = sources_of();
    sources.flags = {{"video_codec", "h264", "--video-codec"}, {"bitrate", "3M", "--bitrate"}};
    if (!maxrate.empty()) sources.flags.push_back({"maxrate", maxrate, "--maxrate"});
    return load_config(sources);
  };
  CHECK(load(""));
  CHECK(load("3M"));
  const auto refused = load("1M");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kUsage);
  CHECK(refused.error().message == "maxrate (1000000 bit/s) is below bitrate (3000000 bit/s)");
}

TEST_CASE("flags for transcoding are a mistake where nothing is transcoded") {
  auto sources = sources_of();
  sources.flags = {{"height", "180", "--height"}};
  const auto refused = load_config(sources);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kUsage);
  CHECK(refused.error().message.starts_with("--height"));
  sources.flags.push_back({"video_codec", "h264", "--video-codec"});
  CHECK(load_config(sources));
  CHECK(load_config(sources_of({{"CAMCTL_HEIGHT", "180"}})));
  const Folder folder;
  sources.flags.pop_back();
  sources.files = {folder.write("camctl.yaml", "streams: {stream_3: {video_codec: h264}}\n")};
  CHECK(load_config(sources));
}

TEST_CASE("bad files name line and column, and say what to write") {
  struct Case {
    const char* yaml;
    const char* message;
    const char* hint;
  };
  const Case cases[] = {
      {"lisen: 127.0.0.1:80\n", "camctl.yaml:1:1: unknown key \"lisen\"", "did you mean \"listen\"?"},
      {"hosts: [a]\nsegment_durations: 2\n", "camctl.yaml:2:1: unknown key",
       "did you mean \"segment_duration\"?"},
      {"listen: a\nlisten: b\n", "camctl.yaml:2:1: \"listen\" stands here twice", ""},
      {"streams:\n\tstream_0: {}\n", "camctl.yaml:2: a tab stands where YAML wants spaces",
       "indent with spaces"},
      {"listen: [a, b]\n", "camctl.yaml:1:9: \"listen\" must be a single value", ""},
      {"hosts: {a: b}\n", "camctl.yaml:1:8: \"hosts\" must be a list", ""},
      {"hosts: [[a]]\n", "camctl.yaml:1:9: \"hosts\" must be a single value", ""},
      {"dvr: 25h\n", "camctl.yaml:1:6: \"dvr\": must be between 0ms and 86400000ms", ""},
      {"dvr_memory: much\n", "expected something like 16M or 20G, got \"much\"", ""},
      {"segments: many\n", "camctl.yaml:1:11: \"segments\": expected a whole number, got \"many\"", ""},
      {"segments: 1\n", "must be between 3 and 1000", ""},
      {"segments: 99999999999999999999999\n", "expected a whole number", ""},
      {"segment_duration: soon\n", "expected something like 2s", ""},
      {"bitrate: 800q\n", "expected something like 800k", ""},
      {"allow_anonymous: perhaps\n", "expected true or false", ""},
      {"transport: pigeon\n", "expected one of auto,tcp,udp,multicast,http", ""},
      {"- a\n- b\n", "camctl.yaml:1:1: the configuration must be a map", ""},
      {"listen: \"a\\q\"\n", "not valid YAML", ""},
      {"a: b: c\n", "camctl.yaml:1:5: not valid YAML", ""},
      {"{a: [}\n", "not valid YAML", ""},
      {"streams: {stream_0: {bitrat: 1k}}\n", "camctl.yaml:1:22: unknown key", "did you mean \"bitrate\"?"},
      {"streams: {stream_0: {height: -1}}\n", "\"height\": must be between 0 and 4320", ""},
      {"tiers: 480\n", "camctl.yaml:1:8: \"tiers\": expected something like 480:800k", ""},
      {"tiers: [480:800k]\n", "camctl.yaml:1:9: an entry of \"tiers\" must be a map", ""},
      {"tiers:\n  - {height: 480}\n", "camctl.yaml:2:5: an entry of \"tiers\" needs height and bitrate",
       "{height: 480, bitrate: 800k}"},
      {"tiers:\n  - {height: 480, bitrat: 1}\n", "camctl.yaml:2:19: unknown key \"bitrat\"",
       "did you mean \"bitrate\"?"},
      {"tiers: [{height: 5, bitrate: 1M}]\n", "\"tiers\": height: must be between 64 and 4320", ""},
      {"tiers: [{height: 480, bitrate: 1k}]\n", "\"tiers\": bitrate: must be between 10000 and", ""},
      {"tiers: 1:1M,2:1M\n", "height: must be between", ""},
      {"streams: {stream_0: {tiers: {height: 1}}}\n", "\"tiers\" must be a list", ""},
      {"max_transcodes: -1\n", "must be between 0 and 256", ""},
      {"max_transcodes: some\n", "expected a whole number", ""},
      {"video_encoder: h263\n", "expected one of auto,libx264", ""},
      {"streams: {a/b: {}}\n", "camctl.yaml:1:11: \"a/b\" is no id of a camera", ""},
      {"streams: [a]\n", "\"streams\" must be a map", ""},
      {"credentials: a\n", "\"credentials\" must be a list", ""},
      {"credentials: [{user: a, password: b}]\n", "needs a host", "or endpoint, serial or mac"},
      {"credentials: [{mac: 12, user: a, password: b}]\n", "\"12\" is no MAC address", "aa:bb"},
      {"credentials: [{host: a, user: b, password_credential: C}]\n", "CREDENTIALS_DIRECTORY is not set",
       "LoadCredential=C:"},
      {"credentials: [{host: a, password: b}]\n", "needs a user", ""},
      {"credentials: [{host: a, user: b}]\n",
       "needs password, password_file, password_env or password_credential", ""},
      {"credentials: [{host: a/b, user: b, password: c}]\n", "neither a host nor a network", ""},
      {"credentials: [{host: a, user: b, password: c, password_env: D}]\n", "two passwords", ""},
      {"credentials: [{host: a, user: b, password_env: NOT_THERE}]\n", "variable NOT_THERE is not set", ""},
      {"credentials: [{host: a, user: b, password_file: /nowhere/x}]\n", "/nowhere/x", ""},
      {"users: a\n", "\"users\" must be a list", ""},
      {"users: [{hash: x}]\n", "\"hash\" is no argon2id hash", "camctl passwd"},
      {"users: [{name: a}]\n", "needs a hash", "camctl passwd"},
      {"users: [{name: \"a:b\"}]\n", "\"a:b\" is no name of a user", "letters, digits"},
      {"users: [{name: \"\"}]\n", "is no name of a user", ""},
      {"users: [{name: a, role: root}]\n", "\"role\" must be viewer or admin", ""},
      {"users: [{name: a, pasword: b}]\n", "camctl.yaml:1:19: unknown key \"pasword\"", ""},
      {"users: [{name: a, cameras: all}]\n", "\"cameras\" of a user must be a list of ids", ""},
      {"users: [{name: a, cameras: [../b]}]\n", "is no id of a camera", ""},
      {"credentials: [{host: a, usr: b}]\n", "unknown key \"usr\"", "did you mean \"user\"?"},
  };
  for (const auto& c : cases) {
    CAPTURE(std::string(c.yaml));
    const auto config = from_yaml(c.yaml);
    REQUIRE(!config);
    CHECK(config.error().code == ErrorCode::kConfig);
    CHECK_MESSAGE(config.error().message.find(c.message) != std::string::npos, config.error().message);
    CHECK_MESSAGE(config.error().hint.find(c.hint) != std::string::npos, config.error().hint);
  }
}

TEST_CASE("users are read, checked against each other, and printed without their hashes") {
  const std::string hash =
      "hash: "
      "\"$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b/dWRWJTmaaJObG8nR0nuFnFpA\"";
  const auto config = from_yaml("users:\n  - {name: anna, " + hash + ", role: admin}\n  - {name: b.c@d, " +
                                hash + "}\n  - {name: e, " + hash + ", role: viewer, cameras: []}\n");
  REQUIRE_MESSAGE(config, config.error().message);
  const auto& users = config->settings.users;
  REQUIRE(users.size() == 3);
  CHECK(users[0].admin);
  CHECK_FALSE(users[0].cameras);
  CHECK_FALSE(users[1].admin);
  CHECK(users[2].cameras == std::vector<std::string>{});
  const auto printed = print_config(*config);
  CHECK(printed.find("argon2id") == std::string::npos);
  CHECK(printed.find("  - name: anna\n    hash: \"***\"\n    role: admin\n") != std::string::npos);
  CHECK(printed.find("    cameras: []\n") != std::string::npos);
  const auto twice = from_yaml("users: [{name: a, " + hash + "}, {name: a, " + hash + "}]\n");
  REQUIRE_FALSE(twice);
  CHECK(twice.error().message.find("two users \"a\"") != std::string::npos);
  const auto limited = from_yaml("users: [{name: a, " + hash + ", role: admin, cameras: [x]}]\n");
  REQUIRE_FALSE(limited);
  CHECK(limited.error().message.find("an admin has all cameras") != std::string::npos);
}

TEST_CASE("an empty file, comments and every kind of value are read") {
  CHECK(from_yaml(""));
  CHECK(from_yaml("# nothing\n"));
  const auto config = from_yaml(R"(
listen: "[::1]:9000"
allow_anonymous: yes
hosts: [cameras.example, nvr.local]
cors_origins: http://a.example
segment_duration: 1500ms
segments: 8
bitrate: 1.5M
idle_timeout: 2m
dvr: 10m
dvr_memory: 32M
dvr_max_bytes: 1.5G
streams:
  stream_1: {video_codec: h264, bitrate: 500k, height: 480, dvr: 24h}
)");
  REQUIRE_MESSAGE(config, config.error().message);
  const auto& s = config->settings;
  CHECK(s.listen == "[::1]:9000");
  CHECK(s.allow_anonymous);
  CHECK(s.hosts == std::vector<std::string>{"cameras.example", "nvr.local"});
  CHECK(s.cors_origins == std::vector<std::string>{"http://a.example"});
  CHECK(s.stream.segment_duration == 1500ms);
  CHECK(s.stream.segments == 8);
  CHECK(s.stream.bitrate == 1'500'000);
  CHECK(s.idle_timeout == 2min);
  CHECK(s.stream.dvr == 10min);
  CHECK(s.stream.dvr_memory == 32u << 20);
  CHECK(s.dvr_max_bytes == 3ull << 29);
  CHECK(s.stream_for("stream_0") == s.stream);
  const auto one = s.stream_for("stream_1");
  CHECK(one.video_codec == "h264");
  CHECK(one.bitrate == 500'000);
  CHECK(one.height == 480);
  CHECK(one.segments == 8);
  CHECK(one.dvr == 24h);
}

TEST_CASE("tiers are records in files, and text in flags and variables") {
  const auto config = from_yaml(
      "tiers: [{height: 480, bitrate: 800k}, {bitrate: 2M, height: 720}]\nmax_transcodes: 3\n"
      "streams: {a: {tiers: []}, b: {tiers: [{height: 360, bitrate: 400k}]}}\n");
  REQUIRE_MESSAGE(config, config.error().message);
  const std::vector<Tier> common{{480, 800'000}, {720, 2'000'000}};
  CHECK(config->settings.stream.tiers == common);
  CHECK(config->settings.max_transcodes == 3);
  CHECK(config->settings.stream_for("a").tiers.empty());
  CHECK(config->settings.stream_for("b").tiers == std::vector<Tier>{{360, 400'000}});
  CHECK(config->origins.at("tiers") == "camctl.yaml:1");

  const auto printed = print_config(*config);
  const auto again = from_yaml(printed);
  REQUIRE_MESSAGE(again, printed, again.error().message);
  CHECK(again->settings.stream.tiers == common);
  CHECK(again->settings.stream_for("a").tiers.empty());
  CHECK(again->settings.stream_for("b").tiers == config->settings.stream_for("b").tiers);

  auto sources = sources_of({{"CAMCTL_TIERS", "240:200k"}, {"CAMCTL_MAX_TRANSCODES", "auto"}});
  CHECK(load_config(sources)->settings.stream.tiers == std::vector<Tier>{{240, 200'000}});
  CHECK(load_config(sources)->settings.max_transcodes == kAutoCount);
  sources.flags = {{"tiers", "480:800k,720:2M", "--tier"}, {"preset", "fast", "--preset"}};
  CHECK(load_config(sources)->settings.stream.tiers == common);
  sources.flags = {{"tiers", "480", "--tier"}};
  const auto bad = load_config(sources);
  REQUIRE(!bad);
  CHECK(bad.error().code == ErrorCode::kUsage);
  CHECK(bad.error().message == "--tier: expected something like 480:800k, got \"480\"");
}

TEST_CASE("hostile YAML costs nothing") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    bomb += fmt::format("a{}: &a{} [", i, i);
    for (int j = 0; j < 9; ++j) bomb += fmt::format("{}*a{}", j ? ", " : "", i - 1);
    bomb += "]\n";
  }
  CHECK(!from_yaml(bomb));
  CHECK(!from_yaml("hosts: &a [*a]\n"));
  CHECK(!from_yaml("hosts: " + std::string(5000, '[')));
  CHECK(!from_yaml("hosts: " + std::string(5000, '{')));
  CHECK(!from_yaml(std::string(kMaxConfigFile + 1, ' ')));
  CHECK(!from_yaml(std::string("listen: a\0b: \xff\xfe\n", 17)));
}

TEST_CASE("flags beat variables beat files, key by key") {
  const Folder folder;
  auto sources =
      sources_of({{"CAMCTL_SEGMENTS", "7"}, {"CAMCTL_LISTEN", "127.0.0.1:2"}, {"CAMCTL_HOSTS", "a, b"}});
  sources.files = {folder.write("here.yaml", "listen: 127.0.0.1:3\nbitrate: 1M\n"),
                   folder.path / "missing.yaml",
                   folder.write("etc.yaml", "bitrate: 2M\nmaxrate: 3M\npreset: fast\nhosts: [c]\n")};
  sources.flags = {{"listen", "127.0.0.1:1", "--listen"}};
  const auto config = load_config(sources);
  REQUIRE_MESSAGE(config, config.error().message);
  CHECK(config->settings.listen == "127.0.0.1:1");
  CHECK(config->settings.stream.segments == 7);
  CHECK(config->settings.hosts == std::vector<std::string>{"a", "b"});
  CHECK(config->settings.stream.bitrate == 1'000'000);
  CHECK(config->settings.stream.maxrate == 3'000'000);
  CHECK(config->origins.at("listen") == "--listen");
  CHECK(config->origins.at("segments") == "CAMCTL_SEGMENTS");
  CHECK(config->origins.at("bitrate") == (folder.path / "here.yaml").string() + ":2");
  CHECK(config->origins.at("maxrate") == (folder.path / "etc.yaml").string() + ":2");
  CHECK(config->files.size() == 2);

  sources.flags = {{"segments", "x", "--segments"}};
  const auto bad_flag = load_config(sources);
  REQUIRE(!bad_flag);
  CHECK(bad_flag.error().code == ErrorCode::kUsage);
  CHECK(bad_flag.error().message.find("--segments: ") == 0);

  sources = sources_of();
  sources.files = {folder.path / "missing.yaml"};
  CHECK(load_config(sources));
  sources.must_exist = true;
  CHECK(!load_config(sources));
}

TEST_CASE("credentials go to the host they belong to") {
  const Folder folder;
  folder.write("secret", "from-file\n");
  Config config;
  const auto sources = sources_of({{"CAM_PW", "from-env"}});
  const auto done = apply_yaml(R"(
credentials:
  - {host: 192.168.1.7, user: one, password: pw-one}
  - {host: 192.168.1.0/24, user: net, password_file: secret}
  - {host: Door.example, user: name, password_env: CAM_PW}
  - {host: "fe80::/10", user: six, password: pw-six}
)",
                               "c.yaml", folder.path, sources, config);
  REQUIRE_MESSAGE(done, done.error().message);
  const auto& entries = config.settings.credentials;
  struct Case {
    const char* host;
    const char* user;
    const char* password;
  };
  const Case cases[] = {{"192.168.1.7", "one", "pw-one"},        {"192.168.1.8", "net", "from-file"},
                        {"door.EXAMPLE", "name", "from-env"},    {"fe80::1%eth0", "six", "pw-six"},
                        {"[fe80::1]", "six", "pw-six"},          {"192.168.2.7", nullptr, nullptr},
                        {"door.example.evil", nullptr, nullptr}, {"", nullptr, nullptr}};
  for (const auto& c : cases) {
    CAPTURE(std::string(c.host));
    const auto found = find_credentials(entries, c.host);
    REQUIRE(found.has_value() == (c.user != nullptr));
    if (!found) continue;
    CHECK(found->user == c.user);
    CHECK(found->password.reveal() == c.password);
  }
  const auto shown = print_config(config);
  for (const char* secret : {"pw-one", "from-file", "from-env", "pw-six"})
    CHECK(shown.find(secret) == std::string::npos);
  CHECK(shown.find("password: \"***\"") != std::string::npos);
  CHECK(shown.find("password_env: CAM_PW") != std::string::npos);
}

TEST_CASE("credentials go to the device they belong to, wherever it is") {
  const Folder folder;
  folder.write("door", "from-systemd\n");
  Config config;
  const auto sources = sources_of({{"CREDENTIALS_DIRECTORY", folder.path.string()}});
  const auto done = apply_yaml(R"(
credentials:
  - {mac: AA-BB-CC-00-11-22, user: mac, password: pw-1}
  - {endpoint: 4D5E0000-0000-4000-8000-000000000001, user: endpoint, password: pw-2}
  - {serial: SN 7, host: 192.168.1.0/24, user: serial, password: pw-3}
  - {host: 192.168.1.0/24, user: net, password_credential: door}
)",
                               "c.yaml", folder.path, sources, config);
  REQUIRE_MESSAGE(done, done.error().message);
  const auto& entries = config.settings.credentials;
  const std::string endpoint = "urn:uuid:4d5e0000-0000-4000-8000-000000000001";
  struct Case {
    CameraIdentity camera;
    std::string user;
  };
  const Case cases[] = {{{"10.0.0.1", "", "", "aa:bb:cc:00:11:22"}, "mac"},
                        {{"10.0.0.1", endpoint, "", "aa:bb:cc:00:11:23"}, "endpoint"},
                        {{"192.168.1.4", "", "SN 7", ""}, "serial"},
                        {{"10.0.0.1", "", "SN 7", ""}, ""},
                        {{"192.168.1.4", "", "", ""}, "net"},
                        {{"", "", "", ""}, ""}};
  for (const auto& c : cases) {
    const auto found = find_credentials(entries, c.camera);
    CHECK(found.value_or(Credentials{}).user == c.user);
  }
  CHECK(find_credentials(entries, "192.168.1.4")->password.reveal() == "from-systemd");
  const auto shown = print_config(config);
  CHECK(shown.find("  - endpoint: " + endpoint) != shown.npos);
  CHECK(shown.find("password_credential: door") != shown.npos);
  Config again;
  CHECK(apply_yaml(shown, "printed.yaml", folder.path, sources, again));
  for (const auto* name : {"../door", "a/b", "\"\""})
    CHECK_FALSE(
        apply_yaml(std::string("credentials: [{host: a, user: b, password_credential: ") + name + "}]",
                   "c.yaml", folder.path, sources, again));
}

TEST_CASE("what an entry written over HTTP says of itself earns no password") {
  Camera camera;
  camera.ip = "192.0.2.1";
  camera.endpoint = "urn:uuid:1";
  camera.mac = "aa:bb:cc:00:11:22";
  CHECK(identity_of(camera, "192.0.2.1").mac == camera.mac);
  CHECK(identity_of(camera, "evil.example").mac.empty());
  camera.extra[kAddedBy] = "api";
  const auto identity = identity_of(camera, "192.0.2.1");
  CHECK(identity.host == "192.0.2.1");
  CHECK((identity.endpoint + identity.serial + identity.mac).empty());
}

TEST_CASE("files with passwords that everybody can read are told, once each") {
  const Folder folder;
  const auto yaml =
      folder.write("c.yaml",
                   "credentials:\n- {host: a, user: u, password: x}\n- {host: b, user: u, password: y}\n"
                   "- {host: c, user: u, password_file: secret}\n");
  const auto secret = folder.write("secret", "z");
  std::vector<std::string> told;
  auto sources = sources_of();
  sources.files = {yaml};
  sources.exposed = [&](const std::filesystem::path& file) { told.push_back(file.filename().string()); };
  const auto set_mode = [&](auto mode) {
    for (const auto& file : {yaml, secret}) std::filesystem::permissions(file, mode);
  };
  using std::filesystem::perms;
  set_mode(perms::owner_read | perms::others_read);
  REQUIRE(load_config(sources));
  CHECK(told == std::vector<std::string>{"c.yaml", "secret"});
  told.clear();
  set_mode(perms::owner_read | perms::group_read);
  REQUIRE(load_config(sources));
  CHECK(told.empty());
}

TEST_CASE("what --print-config prints is a configuration with the same values") {
  const auto config = from_yaml(
      "listen: 127.0.0.1:81\nhosts: [a, \"b: #c\"]\nsegment_duration: 1500ms\nbitrate: 801234\n"
      "preset: fast\nstreams: {stream_0: {transport: tcp}, x: {}}\naccess_log: \"-\"\n");
  REQUIRE_MESSAGE(config, config.error().message);
  const auto printed = print_config(*config);
  CHECK(printed.find("# default") != std::string::npos);
  CHECK(printed.find("# camctl.yaml:1") != std::string::npos);
  const auto again = from_yaml(printed);
  REQUIRE_MESSAGE(again, printed, again.error().message);
  CHECK(again->settings.hosts == config->settings.hosts);
  CHECK(again->settings.stream == config->settings.stream);
  CHECK(again->settings.streams == config->settings.streams);
  CHECK(again->settings.listen == config->settings.listen);
  CHECK(again->settings.access_log == "-");
}

TEST_CASE("the example has every key with its default") {
  std::ifstream file(std::filesystem::path(CAMCTL_SOURCE_DIR) / "examples/camctl.yaml");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  REQUIRE_FALSE(text.empty());
  const auto config = from_yaml(text);
  REQUIRE_MESSAGE(config, config.error().message);
  for (const auto& key : config::all_keys()) {
    CAPTURE(key.name);
    CHECK(config->origins.contains(key.name));
    CHECK(config::show(config->settings, key.name) == config::show(Settings{}, key.name));
  }
  CHECK(config->origins.contains("streams"));
  CHECK(config->origins.contains("credentials"));
  CHECK(config->origins.contains("users"));
  // The commented examples too.
  std::string uncommented;
  for (std::size_t begin = 0, end; begin < text.size(); begin = end + 1) {
    end = std::min(text.find('\n', begin), text.size());
    auto line = text.substr(begin, end - begin);
    if (line.starts_with("#  ")) line = line.substr(1);
    if (line.starts_with("streams:") || line.starts_with("credentials:") || line.starts_with("users:"))
      line.resize(line.find(':') + 1);
    uncommented += line + "\n";
  }
  Config examples;
  const Folder folder;
  for (const auto* name : {"cameras.password", "yard"}) folder.write(name, "x");
  const auto sources = sources_of({{"DOOR_PASSWORD", "x"}, {"CREDENTIALS_DIRECTORY", folder.path.string()}});
  const auto read = apply_yaml(uncommented, "examples", folder.path, sources, examples);
  REQUIRE_MESSAGE(read, read.error().message);
  CHECK(examples.settings.credentials.size() == 4);
  REQUIRE(examples.settings.users.size() == 2);
  CHECK(examples.settings.users[0].admin);
  CHECK(examples.settings.users[1].cameras == std::vector<std::string>{"stream_0", "stream_3"});
  CHECK(examples.settings.streams.size() == 2);
}

TEST_CASE("flags of keys are gathered in the order of their declaration") {
  CLI::App app;
  ConfigFlags flags;
  add_config_flags(app, flags, {"listen", "segment_duration", "allow_anonymous", "hosts"});
  std::string positional;
  app.add_option("file", positional);
  app.parse("--hosts a --hosts b file --segment-duration 1 --allow-anonymous --config x.yaml", false);
  CHECK(positional == "file");
  CHECK(flags.file == "x.yaml");
  const auto values = flags.values();
  REQUIRE(values.size() == 3);
  CHECK(values[0].key == "segment_duration");
  CHECK(values[0].text == "1");
  CHECK(values[0].flag == "--segment-duration");
  CHECK(values[1].text == "true");
  CHECK(values[2].text == "a,b");
}

}  // namespace
}  // namespace camctl::apps
