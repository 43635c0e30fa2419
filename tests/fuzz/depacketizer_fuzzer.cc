// Each depacketizer on hostile packets. The first byte chooses the format; then come packets, each behind a
// byte of flags (marker, loss, same timestamp, extension) and a byte of length.
#include <array>
#include <cstdint>
#include <cstdlib>

#include "librtsp/depacketizer.h"

using namespace camctl;

namespace {

struct Sink final : rtsp::DepacketizerSink {
  media::Codec codec = media::Codec::kUnknown;
  void on_parameter_sets(const media::ParameterSets&) override {}
  void on_access_unit(media::AccessUnit unit) override {
    if (unit.data.empty()) abort();
    if (unit.track != media::TrackKind::kVideo) return;
    if (codec == media::Codec::kMjpeg) {
      if (unit.data.size() < 537 || unit.data[1] != 0xd8 || unit.data.back() != 0xd9) abort();
      return;
    }
    media::LengthPrefixedReader reader(unit.data);
    std::size_t bytes = 0;
    for (auto nal = reader.next(); !nal.empty(); nal = reader.next()) bytes += nal.size() + 4;
    if (reader.broken() || bytes != unit.data.size()) abort();
  }
};

rtsp::PayloadFormat format(std::uint8_t choice) {
  using Parameters = std::map<std::string, std::string, std::less<>>;
  const std::array<std::pair<const char*, Parameters>, 7> formats = {{
      {"H264", {}},
      {"H265", {}},
      {"MPEG4-GENERIC", {{"config", "1408"}}},
      {"MP4A-LATM", {{"cpresent", "0"}, {"config", "40002410"}}},
      {"PCMU", {}},
      {"JPEG", {{"framesize", "2592-1944"}}},
      {"VND.ONVIF.METADATA", {}},
  }};
  const auto& [name, parameters] = formats[choice % formats.size()];
  rtsp::PayloadFormat result;
  result.encoding = name;
  const bool video = choice % formats.size() < 2 || result.encoding == "JPEG";
  result.kind = video ? media::TrackKind::kVideo : media::TrackKind::kAudio;
  if (result.encoding == "VND.ONVIF.METADATA") result.kind = media::TrackKind::kMetadata;
  result.clock_rate = 90'000;
  result.parameters = parameters;
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Sink sink;
  if (format(data[0]).encoding == "JPEG") sink.codec = media::Codec::kMjpeg;
  auto depacketizer = rtsp::make_depacketizer(format(data[0]), sink);
  if (!depacketizer) abort();
  rtsp::RtpPacket packet;
  media::ByteView rest(data + 1, size - 1);
  while (rest.size() >= 2) {
    const std::uint8_t flags = rest[0];
    const std::size_t length = std::min<std::size_t>(rest[1], rest.size() - 2);
    packet.marker = (flags & 1) != 0;
    if ((flags & 4) == 0) packet.timestamp += 3600;
    packet.payload = rest.subspan(2, length);
    packet.extension_id = (flags & 8) != 0 ? 0xffd8 : 0;
    packet.extension = (flags & 8) != 0 ? packet.payload : media::ByteView{};
    (*depacketizer)->push(packet, (flags & 2) != 0, {});
    rest = rest.subspan(2 + length);
  }
  return 0;
}
