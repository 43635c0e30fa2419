#include "apps/simulate/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>

#include "base/cidr.h"
#include "base/os/interfaces.h"

namespace camctl::simulate {
namespace {

struct Shape {
  std::uint16_t width, height;
  unsigned fps, gop, bitrate_kbps;
};
constexpr std::array<Shape, 2> kShapes{{
    {1920, 1080, 25, 50, 2000},
    {640, 360, 25, 50, 500},
}};
constexpr unsigned kRecorderChannels = 16;    // quirk 74
constexpr std::chrono::hours kQuirkySkew{1};  // quirk 44
constexpr unsigned kAacRate = 16'000, kAacKbps = 64, kG711Rate = 8'000, kG711Kbps = 64;

// The address `n` after this one; nothing at the end of the address space.
std::optional<IpAddress> plus(IpAddress address, unsigned n) {
  for (std::size_t i = address.bytes.size(); n > 0; n >>= 8) {
    if (i == (address.is_v4() ? 12u : 0u)) return std::nullopt;
    --i;
    n += address.bytes[i];
    address.bytes[i] = static_cast<std::uint8_t>(n);
  }
  return address;
}

// Sixteen bytes that differ wherever address or port differ (FNV-1a, twice).
std::array<std::uint8_t, 16> identity(std::string_view text) {
  std::array<std::uint8_t, 16> bytes{};
  std::uint64_t hash = 14'695'981'039'346'656'037ULL;
  for (std::size_t half = 0; half < 2; ++half) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;
    for (std::size_t i = 0; i < 8; ++i) bytes[half * 8 + i] = static_cast<std::uint8_t>(hash >> (8 * i));
  }
  return bytes;
}

std::string endpoint_of(std::array<std::uint8_t, 16> id) {
  id[6] = static_cast<std::uint8_t>((id[6] & 0x0F) | 0x80);  // RFC 9562 §5.8: a UUID of our own making
  id[8] = static_cast<std::uint8_t>((id[8] & 0x3F) | 0x80);
  std::string out = "urn:uuid:";
  for (std::size_t i = 0; i < id.size(); ++i)
    out += fmt::format("{}{:02x}", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", id[i]);
  return out;
}

// What the camera's endpoint follows from: its address and port, nothing (quirk 18) or chance (quirk 19).
std::string endpoint_seed(const Options& options, const std::string& usual) {
  if (options.quirks.contains(19)) return fmt::format("{} {}", usual, std::random_device{}());
  return options.quirks.contains(18) ? "camctl-simulate" : usual;
}

// Of a channel's main or sub stream, which is the `number`th of the device.
std::string path_of(const Options& options, unsigned channel, unsigned stream, unsigned number) {
  if (!options.quirks.contains(80)) return fmt::format("/live/channel{}", number);
  if (number == 1) return "/";
  return fmt::format("/user=admin_password=_channel={}_stream={}.sdp", channel + 1, stream);
}

onvif::VirtualProfile profile(const Options& options, unsigned channel, unsigned stream) {
  const auto& shape = kShapes[stream];
  const auto number = static_cast<unsigned>(channel * kShapes.size() + stream);
  onvif::VirtualProfile result;
  result.token =
      options.quirks.contains(84) ? fmt::format("{:03}", number) : fmt::format("Profile_{}", number + 1);
  result.name = fmt::format("PROFILE_{}", number + 1);
  result.rtsp_path = path_of(options, channel, stream, number);
  result.source = fmt::format("VideoSource_{}", channel + 1);
  result.video = options.video;
  result.width = shape.width;
  result.height = shape.height;
  result.fps = shape.fps;
  result.gop = shape.gop;
  result.bitrate_kbps = shape.bitrate_kbps;
  result.audio = options.audio;
  const bool aac = options.audio == media::Codec::kAac;
  result.audio_sample_rate = aac ? kAacRate : kG711Rate;
  result.audio_bitrate_kbps = aac ? kAacKbps : kG711Kbps;
  return result;
}

PictureOptions picture(const Shape& shape, const Options& options, unsigned index) {
  PictureOptions result;
  result.name =
      options.count == 1 ? options.name : fmt::format("{} {}", options.name, index % kNamedPictures + 1);
  result.video = options.video;
  result.audio = options.audio;
  result.width = shape.width;
  result.height = shape.height;
  result.fps = shape.fps;
  result.gop = shape.gop;
  result.bitrate_kbps = shape.bitrate_kbps;
  return result;
}

template <class Value>
Value in_turn(const std::vector<Value>& values, unsigned index, const Value& fallback) {
  return values.empty() ? fallback : values[index % values.size()];
}

CameraPlan plan(const Options& options, const Credentials& credentials, unsigned index,
                const IpAddress& address) {
  CameraPlan result;
  auto& device = result.device;
  device.address = address.to_string();
  const auto seed = fmt::format("camctl-simulate {} {}", device.address, options.onvif_port);
  const auto id = identity(seed);
  device.endpoint = endpoint_of(identity(endpoint_seed(options, seed)));
  device.serial = fmt::format("SIM{:02X}{:02X}{:02X}{:02X}{:02X}", id[11], id[12], id[13], id[14], id[15]);
  device.mac = fmt::format("02:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", id[11], id[12], id[13], id[14], id[15]);
  device.name = options.count == 1 ? options.name : fmt::format("{} {}", options.name, index + 1);
  device.manufacturer = options.model ? options.model->manufacturer : "camctl";
  device.model = options.model ? options.model->model : "Virtual camera";
  device.firmware = CAMCTL_VERSION;
  device.hardware_id = "1.0";
  device.location = "simulated";
  device.onvif_port = options.onvif_port;
  device.rtsp_port = options.rtsp_port;
  device.rtsps = options.rtsps;
  device.https = options.https;
  const auto usual = options.model ? options.model->auth : onvif::auth_of(options.quirks);
  device.auth = in_turn(options.auth, index, usual);
  device.digest = in_turn(options.digest, index, {DigestAlgorithm::kMd5});
  device.credentials = credentials;
  device.clock_skew = options.clock_skew;
  if (device.clock_skew.count() == 0 && options.quirks.contains(44)) device.clock_skew = kQuirkySkew;
  device.nat = options.nat;
  device.quirks = options.quirks;
  const unsigned channels = options.quirks.contains(74) ? kRecorderChannels : 1;
  for (unsigned channel = 0; channel < channels; ++channel)
    for (unsigned stream = 0; stream < kShapes.size(); ++stream) {
      device.profiles.push_back(profile(options, channel, stream));
      result.pictures.push_back(picture(kShapes[stream], options, index));
    }
  return result;
}

}  // namespace

Result<std::vector<CameraPlan>> plan_cameras(const Options& options, const Credentials& credentials) {
  const auto first = IpAddress::parse(options.address);
  if (!first) return fail("--address", first.error());
  if (first->to_string() == "0.0.0.0" || first->to_string() == "::")
    return fail(ErrorCode::kUsage, fmt::format("a camera can't have the address {}", options.address),
                "name one of this host's addresses; on loopback all of 127.0.0.0/8 are");
  std::vector<CameraPlan> plans;
  for (unsigned i = 0; i < options.count; ++i) {
    const auto address = plus(*first, i);
    if (!address)
      return fail(ErrorCode::kUsage,
                  fmt::format("there are no {} addresses from {} on", options.count, options.address));
    plans.push_back(plan(options, credentials, i, *address));
  }
  return plans;
}

Result<unsigned> discovery_interface(const std::string& address, const std::vector<std::string>& named) {
  const auto wanted = IpAddress::parse(address);
  if (!wanted) return fail("--address", wanted.error());
  if (!wanted->is_v4())
    return fail(ErrorCode::kUsage, fmt::format("WS-Discovery needs IPv4, not {}", address),
                "add --no-discovery");
  const auto interfaces = os::interface_addresses();
  if (!interfaces) return fail(interfaces.error());
  const auto find = [&](const auto& test) {
    const auto found = std::find_if(interfaces->begin(), interfaces->end(), test);
    return found == interfaces->end() ? 0u : found->index;
  };
  if (!named.empty()) {
    const auto index = find([&](const os::InterfaceAddress& one) { return one.interface == named.front(); });
    if (index) return index;
    return fail(ErrorCode::kUsage, fmt::format("there is no interface '{}' that is up", named.front()));
  }
  if (const auto index = find([&](const auto& one) { return one.address == *wanted; })) return index;
  if (const auto index = find([&](const auto& one) { return one.network.contains(*wanted); })) return index;
  return fail(ErrorCode::kUsage, fmt::format("no interface of this host is in a network with {}", address),
              "name one by --interface, or use --no-discovery");
}

}  // namespace camctl::simulate
