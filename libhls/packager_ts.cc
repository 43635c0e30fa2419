#include "libhls/packager_ts.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/media/aac.h"
#include "base/media/nal.h"
#include "libhls/ts_writer.h"

namespace camctl::hls {
namespace {

using media::AccessUnit;
using media::Bytes;
using media::ByteView;
using media::Codec;
using media::Ticks;
using media::TrackKind;

constexpr std::uint16_t kPatPid = 0, kPmtPid = 0x1000, kVideoPid = 0x100, kAudioPid = 0x101;
constexpr std::uint16_t kProgram = 1;
// stream_type (Table 2-34)
constexpr std::uint8_t kTypeAdts = 0x0f, kTypeH264 = 0x1b, kTypeH265 = 0x24;
// stream_id (Table 2-22)
constexpr std::uint8_t kVideoStream = 0xe0, kAudioStream = 0xc0;

// The axis starts near zero, and the PCR runs ahead of the decoding times: so much is added to both.
constexpr Ticks kEpoch = 10 * 90'000;
// How long before its decoding time a unit is in the decoder's buffer; within the 1 s of §2.4.2.7.
constexpr Ticks kDecoderDelay = 90'000 * 7 / 10;
// PCRs come at least every 100 ms (§2.7.2); a little less leaves room.
constexpr Ticks kPcrInterval = 90'000 * 9 / 100;
// Audio frames that share one PES packet: short of the decoder's buffer, and of this time.
constexpr std::size_t kMaxAudioPes = 2'800;
constexpr Ticks kMaxAudioPesTicks = 90'000 / 5;
// Room for the clock references that a slow camera's segment takes.
constexpr std::size_t kSpareClocks = 16;

std::uint8_t byte(std::uint64_t value) { return static_cast<std::uint8_t>(value); }

void put_time(Bytes& out, unsigned prefix, std::uint64_t time) {  // §2.4.3.7
  time &= kTsClockMask;
  out.push_back(byte(prefix << 4 | (time >> 30 & 7) << 1 | 1));
  out.push_back(byte(time >> 22));
  out.push_back(byte((time >> 15 & 0x7f) << 1 | 1));
  out.push_back(byte(time >> 7));
  out.push_back(byte((time & 0x7f) << 1 | 1));
}

Bytes pes_header(std::uint8_t stream_id, std::uint64_t pts, std::optional<std::uint64_t> dts,
                 std::size_t payload) {
  Bytes out{0, 0, 1, stream_id, 0, 0, 0x84 /* aligned to an access unit */};
  out.push_back(dts ? 0xc0 : 0x80);
  out.push_back(dts ? 10 : 5);
  put_time(out, dts ? 3 : 2, pts);
  if (dts) put_time(out, 1, *dts);
  // 0 where the length does not fit, which only video may say.
  const auto length = out.size() - 6 + payload;
  if (length <= 0xffff) {
    out[4] = byte(length >> 8);
    out[5] = byte(length);
  }
  return out;
}

// A PTS or DTS, or with kDecoderDelay taken off a PCR.
std::uint64_t ts_time(Ticks ticks, std::uint32_t clock_rate) {
  return static_cast<std::uint64_t>(to_media_time(ticks, clock_rate).count() + kEpoch);
}

constexpr std::array<std::uint8_t, 4> kStartCode = {0, 0, 0, 1};
// Access unit delimiters that allow every slice type (ISO 14496-10 §7.4.2.4, ISO 23008-2 §7.4.3.5).
constexpr std::array<std::uint8_t, 6> kAudH264 = {0, 0, 0, 1, 0x09, 0xf0};
constexpr std::array<std::uint8_t, 7> kAudH265 = {0, 0, 0, 1, 0x46, 0x01, 0x50};

// Gathers a segment's PES packets in the order in which they are sent.
class Packetizer {
 public:
  Packetizer(const Segment& segment, const media::VideoInfo* video, const media::AudioInfo* audio,
             const media::AacConfig& aac)
      : segment_(segment), video_(video), audio_(audio), aac_(aac) {}

  std::vector<TsPes>& run() {
    for (const auto& unit : segment_.units) {
      if (unit->track == TrackKind::kVideo && video_ != nullptr) add_video(*unit);
      if (unit->track == TrackKind::kAudio && audio_ != nullptr) add_audio(*unit);
    }
    flush_audio();
    return packets_;
  }

 private:
  ByteView keep(Bytes bytes) {
    own_.push_back(std::make_unique<Bytes>(std::move(bytes)));
    return *own_.back();
  }

  void add_video(const AccessUnit& unit) {
    TsPes pes;
    pes.pid = kVideoPid;
    pes.random_access = unit.key;
    const bool h265 = video_->codec == Codec::kH265;
    const auto delimiter = h265 ? ByteView(kAudH265) : ByteView(kAudH264);
    pes.pieces.emplace_back();  // the header's place: it tells the size of what follows
    pes.add(delimiter);
    if (unit.key) {
      for (const auto* set : {&video_->vps, &video_->sps, &video_->pps}) {
        if (set->empty()) continue;
        pes.add(kStartCode);
        pes.add(*set);
      }
    }
    media::LengthPrefixedReader reader(unit.data);
    for (auto nal = reader.next(); !nal.empty(); nal = reader.next()) {
      pes.add(kStartCode);
      pes.add(nal);
    }
    const auto pts = ts_time(unit.pts, video_->clock_rate), dts = ts_time(unit.dts, video_->clock_rate);
    const auto header =
        keep(pes_header(kVideoStream, pts, pts == dts ? std::nullopt : std::optional(dts), pes.size));
    pes.pieces.front() = header;
    pes.size += header.size();
    pes.pcr = dts - kDecoderDelay;
    packets_.push_back(std::move(pes));
  }

  void add_audio(const AccessUnit& unit) {
    const auto header = media::make_adts_header(aac_, unit.data.size());
    if (!header || unit.data.empty()) return;
    const auto frame = header->size() + unit.data.size();
    if (!audio_pes_.pieces.empty() &&
        (audio_pes_.size + frame > kMaxAudioPes ||
         to_media_time(unit.pts - audio_start_, audio_->clock_rate).count() >= kMaxAudioPesTicks)) {
      flush_audio();
    }
    if (audio_pes_.pieces.empty()) {
      audio_start_ = unit.pts;
      audio_pes_.pid = kAudioPid;
      audio_pes_.pieces.emplace_back();
    }
    audio_pes_.add(keep({header->begin(), header->end()}));
    audio_pes_.add(unit.data);
  }

  void flush_audio() {
    if (audio_pes_.pieces.empty()) return;
    const auto pts = ts_time(audio_start_, audio_->clock_rate);
    const auto header = keep(pes_header(kAudioStream, pts, std::nullopt, audio_pes_.size));
    audio_pes_.pieces.front() = header;
    audio_pes_.size += header.size();
    if (video_ == nullptr) {
      audio_pes_.random_access = true;
      audio_pes_.pcr = pts - kDecoderDelay;
    }
    packets_.push_back(std::exchange(audio_pes_, {}));
  }

  const Segment& segment_;
  const media::VideoInfo* video_;
  const media::AudioInfo* audio_;
  const media::AacConfig aac_;
  std::vector<TsPes> packets_;
  std::vector<std::unique_ptr<Bytes>> own_;
  TsPes audio_pes_;
  Ticks audio_start_ = 0;
};

Bytes pat() {
  return {0x00,
          0xb0,
          13,
          0,
          1 /* transport stream */,
          0xc1,
          0,
          0,
          byte(kProgram >> 8),
          byte(kProgram),
          byte(0xe0 | kPmtPid >> 8),
          byte(kPmtPid)};
}

Bytes pmt(const media::VideoInfo* video, bool audio) {
  const auto pcr_pid = video != nullptr ? kVideoPid : kAudioPid;
  Bytes out{0x02, 0xb0, 0, byte(kProgram >> 8),       byte(kProgram),
            0xc1, 0,    0, byte(0xe0 | pcr_pid >> 8), byte(pcr_pid),
            0xf0, 0};
  const auto stream = [&out](std::uint8_t type, std::uint16_t pid) {
    for (const int value : {int{type}, 0xe0 | pid >> 8, pid & 0xff, 0xf0, 0})
      out.push_back(byte(static_cast<unsigned>(value)));
  };
  if (video != nullptr) stream(video->codec == Codec::kH265 ? kTypeH265 : kTypeH264, kVideoPid);
  if (audio) stream(kTypeAdts, kAudioPid);
  out[2] = byte(out.size() - 3 + 4 /* CRC */);
  return out;
}

// For one PID: which PES packet takes the packets that make the sum a multiple of 16, and how many.
struct Spread {
  const TsPes* largest = nullptr;
  std::size_t extra = 0;
};

Spread spread(const std::vector<TsPes>& packets, std::uint16_t pid) {
  Spread out;
  std::size_t sum = 0;
  for (const auto& pes : packets) {
    if (pes.pid != pid) continue;
    sum += ts_packets(pes);
    if (out.largest == nullptr || pes.size > out.largest->size) out.largest = &pes;
  }
  out.extra = (kTsCounterCycle - sum % kTsCounterCycle) % kTsCounterCycle;
  // Too little to spread happens only in a segment of a frame or two; the counter then shows a loss.
  if (out.largest != nullptr && out.largest->size < 4 * kTsCounterCycle) out.extra = 0;
  return out;
}

}  // namespace

Result<BodyPtr> package_ts(const Segment& segment) {
  const auto* video = segment.info && segment.info->video ? &*segment.info->video : nullptr;
  const auto* audio = segment.info && segment.info->audio ? &*segment.info->audio : nullptr;
  if (video != nullptr && video->codec != Codec::kH264 && video->codec != Codec::kH265) video = nullptr;
  media::AacConfig aac;
  if (audio != nullptr && audio->codec == Codec::kAac) {
    auto config = media::parse_audio_specific_config(audio->config);
    if (config && media::make_adts_header(*config, 0)) {
      aac = *config;
    } else {
      audio = nullptr;
    }
  } else {
    audio = nullptr;
  }
  if (video == nullptr && audio == nullptr) {
    return fail(ErrorCode::kUnsupported, "MPEG-TS needs H.264, H.265 or AAC");
  }

  Packetizer packetizer(segment, video, audio, aac);
  const auto& packets = packetizer.run();
  const auto video_spread = spread(packets, kVideoPid), audio_spread = spread(packets, kAudioPid);
  std::size_t count = 2 + video_spread.extra + audio_spread.extra;
  for (const auto& pes : packets) count += ts_packets(pes);

  TsWriter writer(count + kSpareClocks);
  const auto table_counter = static_cast<unsigned>(segment.number % kTsCounterCycle);
  writer.section(kPatPid, table_counter, pat());
  writer.section(kPmtPid, table_counter, pmt(video, audio != nullptr));
  std::optional<std::uint64_t> last_pcr;
  for (const auto& pes : packets) {
    if (pes.pcr) {
      // A slow camera's pictures are too far apart to carry all clock references.
      while (last_pcr && *pes.pcr - *last_pcr > kPcrInterval && *pes.pcr > *last_pcr) {
        *last_pcr += kPcrInterval;
        writer.clock(pes.pid, *last_pcr);
      }
      last_pcr = pes.pcr;
    }
    const auto extra = &pes == video_spread.largest   ? video_spread.extra
                       : &pes == audio_spread.largest ? audio_spread.extra
                                                      : 0;
    writer.pes(pes, extra);
  }
  auto bytes = std::make_shared<const Bytes>(writer.take());
  auto body = std::make_shared<Body>();
  body->pieces.emplace_back(*bytes);
  body->size = bytes->size();
  body->owners.push_back(std::move(bytes));
  return body;
}

}  // namespace camctl::hls
