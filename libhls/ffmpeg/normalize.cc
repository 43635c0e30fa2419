#include "libhls/ffmpeg/normalize.h"

#include <array>
#include <chrono>
#include <limits>
#include <utility>

#include "base/media/h264.h"
#include "base/media/h265.h"

namespace camctl::hls::av {
namespace {

using media::Codec;

constexpr std::uint32_t kDefaultClock = 90'000;
// A declared rate outside of this is a container's guess, not a camera's frame rate.
constexpr int kMaxFrameRate = 240;

// Ticks a second of a stream's times: as they are where the time base is 1/n, else what to convert to.
std::uint32_t clock_rate(const AVStream& stream) {
  return stream.time_base.num == 1 && stream.time_base.den > 0
             ? static_cast<std::uint32_t>(stream.time_base.den)
             : kDefaultClock;
}

media::Ticks to_clock(std::int64_t time, AVRational time_base, std::uint32_t clock) {
  if (time_base.num == 1 && time_base.den == static_cast<int>(clock)) return time;
  return av_rescale_q(time, time_base, {1, static_cast<int>(clock)});
}

// The packet's times; one that is missing stands where the previous one was, for the timeline to repair.
void set_times(media::AccessUnit& unit, const AVPacket& packet, AVRational time_base, std::uint32_t clock,
               media::Ticks& last) {
  const auto pts = packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts;
  const auto dts = packet.dts != AV_NOPTS_VALUE ? packet.dts : pts;
  unit.pts = pts != AV_NOPTS_VALUE ? to_clock(pts, time_base, clock) : last;
  unit.dts = dts != AV_NOPTS_VALUE ? to_clock(dts, time_base, clock) : unit.pts;
  unit.duration = packet.duration > 0 ? to_clock(packet.duration, time_base, clock) : 0;
  unit.arrival = std::chrono::steady_clock::now();
  last = unit.pts;
}

std::uint16_t dimension(int value) {
  return value > 0 && value <= std::numeric_limits<std::uint16_t>::max() ? static_cast<std::uint16_t>(value)
                                                                         : 0;
}

bool is_nal_codec(Codec codec) { return codec == Codec::kH264 || codec == Codec::kH265; }

media::ByteView extradata(const AVCodecParameters& parameters) {
  if (parameters.extradata_size <= 0) return {};
  return {parameters.extradata, static_cast<std::size_t>(parameters.extradata_size)};
}

bool is_annexb(media::ByteView data) {
  return data.size() >= 4 && data[0] == 0 && data[1] == 0 && (data[2] == 1 || (data[2] == 0 && data[3] == 1));
}

struct CodecRow {
  AVCodecID id;
  Codec codec;
};
constexpr std::array kCodecs = {
    CodecRow{AV_CODEC_ID_H264, Codec::kH264},
    CodecRow{AV_CODEC_ID_HEVC, Codec::kH265},
    CodecRow{AV_CODEC_ID_MJPEG, Codec::kMjpeg},
    CodecRow{AV_CODEC_ID_AAC, Codec::kAac},
    CodecRow{AV_CODEC_ID_PCM_ALAW, Codec::kPcma},
    CodecRow{AV_CODEC_ID_PCM_MULAW, Codec::kPcmu},
    // The packing of RFC 3551; the other one (ADPCM_G726, as ATM AAL2 has it) is told by its id.
    CodecRow{AV_CODEC_ID_ADPCM_G726LE, Codec::kG726},
    CodecRow{AV_CODEC_ID_OPUS, Codec::kOpus},
};

}  // namespace

Codec codec_of(AVCodecID id) {
  for (const auto& row : kCodecs)
    if (row.id == id) return row.codec;
  return Codec::kOther;
}

AVCodecID codec_id(Codec codec) {
  for (const auto& row : kCodecs)
    if (row.codec == codec) return row.id;
  return AV_CODEC_ID_NONE;
}

media::Bytes decoder_config(const AVCodecParameters& parameters) {
  const auto id = static_cast<std::uint32_t>(parameters.codec_id);
  media::Bytes config;
  for (const int shift : {24, 16, 8, 0}) config.push_back(static_cast<std::uint8_t>(id >> shift));
  config.push_back(static_cast<std::uint8_t>(parameters.bits_per_coded_sample));
  const auto rest = extradata(parameters);
  config.insert(config.end(), rest.begin(), rest.end());
  return config;
}

VideoTrack::VideoTrack(const AVStream& stream) : time_base_(stream.time_base) {
  const auto& parameters = *stream.codecpar;
  info_.codec = codec_of(parameters.codec_id);
  info_.clock_rate = clock_rate(stream);
  info_.width = dimension(parameters.width);
  info_.height = dimension(parameters.height);
  const auto rate = stream.avg_frame_rate;
  if (rate.num > 0 && rate.den > 0 && rate.num / rate.den <= kMaxFrameRate)
    info_.frame_rate = {static_cast<std::uint32_t>(rate.num), static_cast<std::uint32_t>(rate.den)};
  if (is_nal_codec(info_.codec)) read_extradata(extradata(parameters));
}

void VideoTrack::read_extradata(media::ByteView data) {
  if (data.empty()) return;
  auto config = info_.codec == Codec::kH264 ? media::parse_avcc(data) : media::parse_hvcc(data);
  if (!is_annexb(data) && config) length_bytes_ = config->length_bytes;
  if (config) learn(config->sets);
}

void VideoTrack::learn(const media::ParameterSets& sets) {
  if (!media::update_parameter_sets(info_, sets)) return;
  learn_size();
  changed_ = true;
}

void VideoTrack::learn_size() {
  const auto take = [this](const auto& sps) {
    if (!sps) return;
    info_.width = sps->width;
    info_.height = sps->height;
    if (sps->frame_rate.numerator != 0) info_.frame_rate = sps->frame_rate;
  };
  if (info_.codec == Codec::kH264)
    take(media::parse_h264_sps(info_.sps));
  else
    take(media::parse_h265_sps(info_.sps));
}

bool VideoTrack::ready() const {
  if (!is_nal_codec(info_.codec)) return true;
  return !info_.sps.empty() && !info_.pps.empty() && (info_.codec == Codec::kH264 || !info_.vps.empty()) &&
         info_.width != 0 && info_.height != 0;
}

bool VideoTrack::take_change() { return std::exchange(changed_, false); }

std::optional<media::AccessUnit> VideoTrack::unit(const AVPacket& packet) {
  const media::ByteView payload(packet.data, static_cast<std::size_t>(packet.size));
  media::AccessUnit unit;
  unit.track = media::TrackKind::kVideo;
  if (is_nal_codec(info_.codec)) {
    std::size_t size = 0;
    if (const auto* fresh = av_packet_get_side_data(&packet, AV_PKT_DATA_NEW_EXTRADATA, &size))
      read_extradata({fresh, size});
    auto picture = length_bytes_ == 0 ? media::collect_annexb(info_.codec, payload)
                                      : media::collect_length_prefixed(info_.codec, payload, length_bytes_);
    learn(picture.sets);
    if (!picture.slices) return std::nullopt;
    unit.key = picture.key;
    unit.data = std::move(picture.data);
  } else {
    if (payload.empty()) return std::nullopt;
    unit.key = (packet.flags & AV_PKT_FLAG_KEY) != 0;
    unit.data.assign(payload.begin(), payload.end());
  }
  set_times(unit, packet, time_base_, info_.clock_rate, last_);
  return unit;
}

AudioTrack::AudioTrack(const AVStream& stream) : time_base_(stream.time_base) {
  const auto& parameters = *stream.codecpar;
  info_.codec = codec_of(parameters.codec_id);
  info_.clock_rate = clock_rate(stream);
  info_.sample_rate = parameters.sample_rate > 0 ? static_cast<std::uint32_t>(parameters.sample_rate) : 0;
  info_.channels = dimension(parameters.ch_layout.nb_channels);
  const auto config = extradata(parameters);
  if (info_.codec == Codec::kPcma || info_.codec == Codec::kPcmu) return;
  if (info_.codec == Codec::kG726)
    info_.config = {static_cast<std::uint8_t>(parameters.bits_per_coded_sample)};
  else if (info_.codec != Codec::kAac)
    info_.config = decoder_config(parameters);
  else if (media::parse_audio_specific_config(config))  // else ADTS will say
    info_.config.assign(config.begin(), config.end());
}

bool AudioTrack::supports(const AVStream& stream) {
  const auto id = stream.codecpar->codec_id;
  return codec_of(id) != Codec::kOther || avcodec_find_decoder(id) != nullptr;
}

bool AudioTrack::ready() const {
  return info_.sample_rate != 0 && info_.channels != 0 &&
         (info_.codec != Codec::kAac || !info_.config.empty());
}

bool AudioTrack::take_change() { return std::exchange(changed_, false); }

void AudioTrack::learn_adts(const media::AdtsFrame& frame) {
  auto config = media::make_audio_specific_config(frame.config.sample_rate, frame.config.channels);
  if (!config || *config == info_.config) return;
  info_.config = std::move(*config);
  info_.sample_rate = frame.config.sample_rate;
  info_.channels = frame.config.channels;
  changed_ = true;
}

std::optional<media::AccessUnit> AudioTrack::unit(const AVPacket& packet) {
  media::ByteView payload(packet.data, static_cast<std::size_t>(packet.size));
  if (info_.codec == Codec::kAac && payload.size() >= 2 && payload[0] == 0xff &&
      (payload[1] & 0xf6) == 0xf0) {
    const auto frame = media::parse_adts_header(payload);
    if (frame && frame->frame_bytes == payload.size()) {
      learn_adts(*frame);
      payload = payload.subspan(frame->header_bytes);
    }
  }
  if (payload.empty()) return std::nullopt;
  media::AccessUnit unit;
  unit.track = media::TrackKind::kAudio;
  unit.key = true;
  unit.data.assign(payload.begin(), payload.end());
  set_times(unit, packet, time_base_, info_.clock_rate, last_);
  return unit;
}

}  // namespace camctl::hls::av
