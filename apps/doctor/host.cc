#include "base/os/host.h"

#include <fmt/format.h>

#include <boost/version.hpp>
#include <chrono>

#include "apps/doctor/checks.h"
#include "base/tls.h"
#include "libhls/encoder_choice.h"
#include "libhls/ffmpeg_version.h"
#include "libonvif/versions.h"

namespace camctl::doctor {
namespace {

constexpr std::chrono::sys_days kReleased = std::chrono::year(2026) / 1 / 1;  // no right clock is before
constexpr std::uint64_t kOfCamera = 4;  // sockets: two streams, or one with RTP and RTCP over UDP
constexpr std::uint64_t kOfProgram = 128;

}  // namespace

Findings check_versions() {
  Findings found;
  const auto add = [&](const char* name, std::string version) {
    found.push_back({"version", name, Status::kOk, std::move(version), {}});
  };
  add("camctl", CAMCTL_VERSION);
  add("kernel", os::kernel_version());
  add("FFmpeg", hls::ffmpeg_version());
  add("OpenSSL", tls::library_version());
  add("gSOAP", onvif::gsoap_version());
  add("Boost",
      fmt::format("{}.{}.{}", BOOST_VERSION / 100'000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100));
  add("libcurl", onvif::curl_version());
  if (!onvif::curl_fits()) {
    found.back().status = Status::kWarning;
    found.back().hint = "cameras with HTTPS need the libcurl that is built with OpenSSL (libcurl4)";
  }
  return found;
}

Finding check_encoder(const apps::Settings& settings) {
  Finding finding{"encoder", {}, Status::kOk, {}, {}};
  const auto& wanted = settings.stream.video_encoder;
  if (const auto choice = hls::choose_encoder(wanted)) {
    finding.message = "transcoded pictures are made by " + choice->name;
  } else {
    finding.status = Status::kFailed;
    finding.message = choice.error().message;
    finding.hint = wanted == "auto" ? choice.error().hint : "take video_encoder: out of the configuration";
  }
  return finding;
}

Finding check_clock() {
  Finding finding{"clock", {}, Status::kOk, "synchronised", {}};
  const std::string hint = "install chrony or switch on systemd-timesyncd (timedatectl set-ntp true)";
  const auto now = std::chrono::system_clock::now();
  const auto synchronised = os::clock_is_synchronised();
  if (now < kReleased) {
    finding = {"clock",
               {},
               Status::kFailed,
               "the year is not right: cameras refuse passwords that are dated so",
               hint};
  } else if (!synchronised) {
    finding.message = "the system does not tell whether it is synchronised";
  } else if (!*synchronised) {
    finding.status = Status::kWarning;
    finding.message = "nothing keeps this host's clock right: times in playlists and recordings drift";
    finding.hint = hint;
  }
  return finding;
}

Finding check_descriptors(const apps::Settings& settings, std::size_t cameras) {
  const std::uint64_t most = os::most_descriptors();
  const std::uint64_t needed = settings.max_connections + kOfCamera * cameras + kOfProgram;
  Finding finding{"files", {}, Status::kOk, fmt::format("a program may open {}", most), {}};
  if (most >= needed) return finding;
  finding.status = Status::kWarning;
  finding.message =
      fmt::format("a program may open {}, and serve may need {} for {} connections and {} cameras", most,
                  needed, settings.max_connections, cameras);
  finding.hint = "raise the hard limit (LimitNOFILE= of the service, ulimit -Hn), or lower max_connections";
  return finding;
}

}  // namespace camctl::doctor
