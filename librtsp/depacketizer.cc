#include "librtsp/depacketizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/base64.h"
#include "base/media/aac.h"
#include "base/media/h264.h"
#include "base/media/h265.h"
#include "base/text.h"
#include "librtsp/depacketizer_audio.h"
#include "librtsp/depacketizer_h26x.h"
#include "librtsp/depacketizer_jpeg.h"
#include "librtsp/depacketizer_metadata.h"

namespace camctl::rtsp {
namespace {

using media::Codec;

struct Encoding {
  std::string_view name;
  Codec codec;
};
constexpr std::array kEncodings = {
    Encoding{"H264", Codec::kH264},     Encoding{"H265", Codec::kH265},
    Encoding{"JPEG", Codec::kMjpeg},    Encoding{"MPEG4-GENERIC", Codec::kAac},
    Encoding{"MP4A-LATM", Codec::kAac}, Encoding{"PCMA", Codec::kPcma},
    Encoding{"PCMU", Codec::kPcmu},     Encoding{"OPUS", Codec::kOpus},
    Encoding{"G726-16", Codec::kG726},  Encoding{"G726-24", Codec::kG726},
    Encoding{"G726-32", Codec::kG726},  Encoding{"G726-40", Codec::kG726},
};

Codec codec_of(const PayloadFormat& format) {
  const auto found = std::find_if(kEncodings.begin(), kEncodings.end(),
                                  [&](const Encoding& e) { return e.name == format.encoding; });
  return found == kEncodings.end() ? Codec::kUnknown : found->codec;
}

std::string_view parameter(const PayloadFormat& format, std::string_view name) {
  const auto found = format.parameters.find(name);
  return found == format.parameters.end() ? std::string_view{} : std::string_view(found->second);
}

unsigned number(const PayloadFormat& format, std::string_view name, unsigned otherwise) {
  const auto text = parameter(format, name);
  unsigned value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

media::Bytes from_hex(std::string_view text) {
  media::Bytes bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    std::uint8_t value = 0;
    const auto pair = text.substr(i, 2);
    if (std::from_chars(pair.data(), pair.data() + 2, value, 16).ptr != pair.data() + 2) return {};
    bytes.push_back(value);
  }
  return bytes;
}

// Parameter sets of one `sprop-…` value, separated by commas. Malformed ones are skipped: they usually come
// in band as well.
void add_sets(Codec codec, std::string_view value, media::NalCollector& collector) {
  for (const auto piece : text::split(value, ", ")) {
    const auto nal = base64_decode(piece);
    if (nal && !nal->empty() && media::is_parameter_set(media::classify(codec, *nal))) collector.add(*nal);
  }
}

media::VideoInfo describe_video(const PayloadFormat& format, Codec codec) {
  media::VideoInfo video;
  video.codec = codec;
  video.clock_rate = format.clock_rate;
  if (codec == Codec::kMjpeg) return video;
  media::NalCollector collector(codec);
  for (const auto* name : {"sprop-parameter-sets", "sprop-vps", "sprop-sps", "sprop-pps"})
    add_sets(codec, parameter(format, name), collector);
  media::update_parameter_sets(video, collector.sets);
  return video;
}

// The AudioSpecificConfig that the description carries, if any.
Result<media::Bytes> aac_config(const PayloadFormat& format) {
  auto config = from_hex(parameter(format, "config"));
  if (format.encoding == "MPEG4-GENERIC") return config;
  if (parameter(format, "cpresent") != "0" || config.empty())
    return fail(ErrorCode::kUnsupported, "LATM with its configuration in band");
  return audio_specific_config_of(config);
}

// "G726-32": 32 kbit/s at 8000 samples a second are 4 bits each.
std::uint8_t g726_bits(const PayloadFormat& format) {
  constexpr std::uint8_t kUsual = 4;
  unsigned kbps = 0;
  const auto rate =
      std::string_view(format.encoding).substr(std::min<std::size_t>(5, format.encoding.size()));
  std::from_chars(rate.data(), rate.data() + rate.size(), kbps);
  return kbps >= 16 && kbps <= 40 ? static_cast<std::uint8_t>(kbps / 8) : kUsual;
}

Result<media::AudioInfo> describe_audio(const PayloadFormat& format, Codec codec) {
  media::AudioInfo audio;
  audio.codec = codec;
  audio.clock_rate = audio.sample_rate = format.clock_rate;
  audio.channels = format.channels;
  if (codec == Codec::kG726) audio.config = {g726_bits(format)};
  if (codec != Codec::kAac) return audio;
  auto config = aac_config(format);
  if (!config) return fail(config.error());
  audio.config = std::move(*config);
  if (const auto parsed = media::parse_audio_specific_config(audio.config)) {
    audio.sample_rate = parsed->sample_rate;
    if (parsed->channels != 0) audio.channels = parsed->channels;
  } else if (auto made = media::make_audio_specific_config(audio.sample_rate, audio.channels)) {
    audio.config = std::move(*made);  // a description without config, as some cameras send
  } else {
    return fail(made.error());
  }
  return audio;
}

std::uint16_t aac_frame_samples(const PayloadFormat& format) {
  constexpr std::uint16_t kUsual = 1024;
  const auto config = aac_config(format);
  if (!config) return kUsual;
  const auto parsed = media::parse_audio_specific_config(*config);
  return parsed ? parsed->frame_samples : kUsual;
}

Result<AuHeaderFormat> au_header_format(const PayloadFormat& format) {
  AuHeaderFormat result;
  result.size_length = number(format, "sizelength", result.size_length);
  result.index_length = number(format, "indexlength", result.index_length);
  result.index_delta_length = number(format, "indexdeltalength", result.index_delta_length);
  constexpr unsigned kMostBits = 32;
  if (result.size_length == 0 || result.size_length > kMostBits || result.index_length > kMostBits ||
      result.index_delta_length > kMostBits || number(format, "ctsdeltalength", 0) != 0)
    return fail(ErrorCode::kUnsupported, "an AAC mode without sizes or with timestamps in its headers");
  return result;
}

// "2592,1944" of x-dimensions (GStreamer), "2592-1944" of framesize (RFC 6064 §5.3.1.4).
JpegDepacketizer::Size described_size(const PayloadFormat& format) {
  for (const auto* name : {"x-dimensions", "framesize"}) {
    const auto text = parameter(format, name);
    const auto middle = text.find_first_of(",-");
    JpegDepacketizer::Size size;
    if (middle == std::string_view::npos) continue;
    std::from_chars(text.data(), text.data() + middle, size.width);
    std::from_chars(text.data() + middle + 1, text.data() + text.size(), size.height);
    if (size.width != 0 && size.height != 0) return size;
  }
  return {};
}

// ONVIF Streaming §5.1.2.1.1; the kinds compressed by GZIP or EXI have other names.
bool is_metadata(const PayloadFormat& format) {
  return format.kind == media::TrackKind::kMetadata && format.encoding == "VND.ONVIF.METADATA" &&
         format.clock_rate != 0;
}

tl::unexpected<Error> unsupported(const PayloadFormat& format) {
  return fail(ErrorCode::kUnsupported, fmt::format("RTP payload format {}", format.encoding));
}

}  // namespace

Result<std::unique_ptr<Depacketizer>> make_depacketizer(const PayloadFormat& format, DepacketizerSink& sink) {
  if (is_metadata(format)) return std::make_unique<MetadataDepacketizer>(sink);
  switch (codec_of(format)) {
    case Codec::kH264:
      if (number(format, "packetization-mode", 0) > 1) return unsupported(format);
      return std::make_unique<H264Depacketizer>(sink);
    case Codec::kH265:
      if (number(format, "sprop-max-don-diff", 0) != 0) return unsupported(format);
      return std::make_unique<H265Depacketizer>(sink);
    case Codec::kMjpeg:
      return std::make_unique<JpegDepacketizer>(described_size(format), sink);
    case Codec::kAac: {
      if (format.encoding == "MP4A-LATM")
        return std::make_unique<LatmDepacketizer>(aac_frame_samples(format), sink);
      auto headers = au_header_format(format);
      if (!headers) return fail(headers.error());
      return std::make_unique<AacDepacketizer>(*headers, aac_frame_samples(format), sink);
    }
    case Codec::kPcma:
    case Codec::kPcmu:
    case Codec::kG726:
    case Codec::kOpus:
      return std::make_unique<PacketDepacketizer>(sink);
    default:
      return unsupported(format);
  }
}

Result<void> describe(const PayloadFormat& format, media::StreamInfo& info) {
  if (is_metadata(format)) return {};
  const auto codec = codec_of(format);
  if (codec == Codec::kUnknown || format.clock_rate == 0) return unsupported(format);
  if (format.kind == media::TrackKind::kVideo) {
    info.video = describe_video(format, codec);
    return {};
  }
  auto audio = describe_audio(format, codec);
  if (!audio) return fail(audio.error());
  info.audio = std::move(*audio);
  return {};
}

}  // namespace camctl::rtsp
