#include "apps/simulate/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "base/text.h"
#include "libonvif/virtual_device_quirks.h"

namespace camctl::simulate {
namespace {

const std::map<std::string, onvif::VirtualAuth> kAuth = {{"none", onvif::VirtualAuth::kNone},
                                                         {"wsse", onvif::VirtualAuth::kWsse},
                                                         {"digest", onvif::VirtualAuth::kDigest},
                                                         {"both", onvif::VirtualAuth::kBoth}};
const std::map<std::string, std::vector<DigestAlgorithm>> kDigest = {
    {"md5", {DigestAlgorithm::kMd5}},
    {"sha-256", {DigestAlgorithm::kSha256}},
    {"both", {DigestAlgorithm::kMd5, DigestAlgorithm::kSha256}}};
const std::map<std::string, media::Codec> kVideo = {{"h264", media::Codec::kH264},
                                                    {"h265", media::Codec::kH265}};
const std::map<std::string, media::Codec> kAudio = {{"aac", media::Codec::kAac},
                                                    {"g711", media::Codec::kPcma},
                                                    {"pcma", media::Codec::kPcma},
                                                    {"pcmu", media::Codec::kPcmu},
                                                    {"none", media::Codec::kUnknown}};

template <class Value>
std::vector<std::string> keys(const std::map<std::string, Value>& table) {
  std::vector<std::string> result;
  for (const auto& [key, value] : table) result.push_back(key);
  return result;
}

// An option that takes one word of a table.
template <class Value>
void add_choice(CLI::App& app, const std::string& name, const std::map<std::string, Value>& table,
                Value& value, const std::string& description) {
  app.add_option_function<std::string>(
         name, [&table, &value](const std::string& word) { value = table.at(word); }, description)
      ->check(CLI::IsMember(keys(table)))
      ->type_name(fmt::format("{}", fmt::join(keys(table), "|")));
}

// An option that takes a list of such words, separated by commas.
template <class Value>
void add_choices(CLI::App& app, const std::string& name, const std::map<std::string, Value>& table,
                 std::vector<Value>& values, const std::string& description) {
  app.add_option_function<std::vector<std::string>>(
         name,
         [&table, &values](const std::vector<std::string>& words) {
           values.clear();
           for (const auto& word : words) values.push_back(table.at(word));
         },
         description)
      ->check(CLI::IsMember(keys(table)))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name(fmt::format("{},…", fmt::join(keys(table), "|")));
}

// An option that takes a duration, which may be negative.
template <class Duration>
void add_offset(CLI::App& app, const std::string& name, Duration& value, const std::string& description) {
  const auto split = [](std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    return std::pair(negative, apps::parse_duration(text));
  };
  app.add_option_function<std::string>(
         name,
         [&value, split](const std::string& text) {
           const auto [negative, duration] = split(text);
           value = std::chrono::duration_cast<Duration>(negative ? -*duration : *duration);
         },
         description)
      ->check([split](const std::string& text) {
        const auto [negative, duration] = split(text);
        return duration ? std::string() : duration.error().message + ": " + duration.error().hint;
      })
      ->type_name("TIME");
}

std::optional<int> parse_number(std::string_view word) {
  int number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

// An option that adds those of `known` that are named to `quirks`; without a list, if that may be, `unnamed`.
CLI::Option* add_quirks(CLI::App& app, const std::string& name, const std::set<int>& known,
                        const std::set<int>& unnamed, std::set<int>& quirks, const std::string& description) {
  const auto take = [&quirks, unnamed](const std::string& list) {
    const auto words = text::split(list, ",");
    if (words.empty()) quirks.insert(unnamed.begin(), unnamed.end());
    for (const auto word : words)
      if (const auto number = parse_number(word)) quirks.insert(*number);
  };
  return app.add_option_function<std::string>(name, take, description)
      ->check([known](const std::string& list) {
        for (const auto word : text::split(list, ","))
          if (const auto number = parse_number(word); !number || !known.contains(*number))
            return fmt::format("'{}' is none of {}", word, fmt::join(known, ", "));
        return std::string();
      });
}

void add_camera_options(CLI::App& app, Options& options) {
  app.add_option("--count", options.count, "How many cameras")
      ->check(CLI::Range(1u, kMaxCount))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--address", options.address, "IP address of the first camera; the others follow it")
      ->type_name("IP")
      ->capture_default_str();
  app.add_option("--onvif-port", options.onvif_port, "Port of ONVIF and snapshots")
      ->check(CLI::Range(1, 65'535))
      ->type_name("PORT")
      ->capture_default_str();
  app.add_option("--rtsp-port", options.rtsp_port, "Port of RTSP")
      ->check(CLI::Range(1, 65'535))
      ->type_name("PORT")
      ->capture_default_str();
  app.add_flag("--rtsps", options.rtsps, "RTSP inside TLS, with a certificate of the cameras' own signature");
  app.add_flag("--https", options.https, "The same for ONVIF and snapshots");
  app.add_option("--name", options.name, "Name of the cameras; a number follows it")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_flag_callback("--no-discovery", [&options] { options.discovery = false; }, "No WS-Discovery");
  add_choices(app, "--auth", kAuth, options.auth,
              "Credentials that are demanded; several are given to the cameras in turn (default none)");
  add_choices(app, "--digest-algorithm", kDigest, options.digest,
              "Algorithms of HTTP and RTSP Digest; several are given to the cameras in turn (default md5)");
  apps::add_credential_options(app, options.credentials);
}

void add_media_options(CLI::App& app, Options& options) {
  add_choice(app, "--codec", kVideo, options.video, "Video codec (default h264)");
  add_choice(app, "--audio", kAudio, options.audio, "Audio codec (default aac)");
  app.add_option("--video", options.file, "Play this file instead of a test picture")
      ->type_name("FILE")
      ->check(CLI::ExistingFile);
}

void add_model(CLI::App& app, Options& options) {
  std::vector<std::string> names;
  for (const auto& model : onvif::virtual_models()) names.emplace_back(model.name);
  app.add_option_function<std::string>(
         "--model",
         [&options](const std::string& name) {
           options.model = &*std::ranges::find(onvif::virtual_models(), name, &onvif::VirtualModel::name);
           options.quirks.insert(options.model->quirks.begin(), options.model->quirks.end());
         },
         "Behave as this maker's devices do: their names, quirks and authentication (see --list-models)")
      ->check(CLI::IsMember(names))
      ->type_name("NAME");
}

void add_fault_options(CLI::App& app, Options& options) {
  const std::string group = "Misbehaviour";
  const auto before = app.get_options().size();
  add_offset(app, "--clock-skew", options.clock_skew,
             "How far the cameras' clocks are ahead (may be negative)");
  app.add_flag("--nat", options.nat, "Wrong hosts in XAddrs and stream URIs, as from behind a NAT");
  add_quirks(app, "--quirk", onvif::virtual_quirks(), {}, options.quirks,
             "Show these quirks of real devices, by their numbers (see --list-quirks)")
      ->type_name("LIST");
  app.add_flag("--list-quirks", options.list_quirks, "Print the quirks that there are, and end");
  add_model(app, options);
  app.add_flag("--list-models", options.list_models, "Print the models that there are, and end");
  add_quirks(app, "--malformed", onvif::virtual_device_quirks(), onvif::malformed_quirks(), options.quirks,
             fmt::format("Replies as badly formed as real devices', or the quirks named ({})",
                         fmt::join(onvif::virtual_device_quirks(), ",")))
      ->expected(0, 1)
      ->type_name("[LIST]");
  apps::add_duration_option(app, "--latency", options.latency, "How long each HTTP reply takes (default 0)");
  apps::add_duration_option(app, "--drop-every", options.faults.drop_every,
                            "Close RTSP connections so often");
  apps::add_duration_option(app, "--stall-every", options.faults.stall_every, "Stop sending so often…");
  apps::add_duration_option(app, "--stall-for", options.faults.stall_for, "…for so long (default 10s)");
  apps::add_duration_option(app, "--timestamp-jump", options.faults.jump_every,
                            "Make RTP timestamps leap so often…");
  add_offset(app, "--timestamp-jump-by", options.faults.jump_by, "…by so much (default 1h; may be negative)");
  apps::add_duration_option(app, "--clock-step", options.faults.clock_step_every,
                            "Set the clock of RTCP sender reports so often…");
  add_offset(app, "--clock-step-by", options.faults.clock_step_by,
             "…ahead by so much (default 7s; may be negative)");
  app.add_option("--loss", options.faults.loss_percent, "Lose so many percent of the RTP packets")
      ->check(CLI::Range(0.0, 100.0))
      ->type_name("PERCENT");
  const auto all = app.get_options();
  for (std::size_t i = before; i < all.size(); ++i) app.get_option(all[i]->get_name())->group(group);
}

}  // namespace

const char* auth_name(onvif::VirtualAuth auth) {
  return std::ranges::find(kAuth, auth, &decltype(kAuth)::value_type::second)->first.c_str();
}

void add_options(CLI::App& app, Options& options) {
  add_camera_options(app, options);
  add_media_options(app, options);
  add_fault_options(app, options);
}

}  // namespace camctl::simulate
