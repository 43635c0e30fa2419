#include "librtsp/reception.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "base/media/h264.h"
#include "base/media/h265.h"
#include "librtsp/rtp_packet.h"

namespace camctl::rtsp {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// RTP-Info further than this from the first packet is one of those that cameras make up.
constexpr double kLargestStartError = 10;
// Sound and picture may be this far apart before a sender report moves them: less is not noticed (ITU-R
// BT.1359), and each move is a small tear in the sound.
constexpr double kToleratedSkew = 0.08;
constexpr double kBelievableSkew = 10;
// Reports whose times lie further apart than their arrivals come from different clocks, or from one that was
// set in between: together they say nothing. More than networks delay a report.
constexpr double kSameClock = 0.5;

double ntp_seconds(std::uint64_t ntp) { return static_cast<double>(ntp) / 4294967296.0; }

void read_picture_size(media::VideoInfo& video) {
  if (video.codec == media::Codec::kH264) {
    if (const auto sps = media::parse_h264_sps(video.sps)) {
      video.width = sps->width;
      video.height = sps->height;
      video.frame_rate = sps->frame_rate;
    }
  } else if (video.codec == media::Codec::kH265) {
    if (const auto sps = media::parse_h265_sps(video.sps)) {
      video.width = sps->width;
      video.height = sps->height;
      video.frame_rate = sps->frame_rate;
    }
  }
}

bool has_parameter_sets(const media::VideoInfo& video) {
  if (video.codec == media::Codec::kMjpeg) return video.width != 0;
  return !video.sps.empty() && !video.pps.empty() &&
         (video.codec != media::Codec::kH265 || !video.vps.empty());
}

}  // namespace

// One track: sequence numbers, the unwrapped clock, and what its depacketizer delivers.
class Reception::Track final : public DepacketizerSink {
 public:
  Track(Reception& owner, const PayloadFormat& format) : owner_(owner), format_(format) {}

  Result<void> make() {
    auto made = make_depacketizer(format_, *this);
    if (!made) return fail(made.error());
    depacketizer_ = std::move(*made);
    return {};
  }

  const PayloadFormat& format() const { return format_; }

  void push(const RtpPacket& packet, Clock::time_point arrival) {
    const bool lost = follow_sequence(packet);
    depacketizer_->push(packet, lost, arrival);
  }

  void on_parameter_sets(const media::ParameterSets& sets) override {
    if (!owner_.info_.video || !media::update_parameter_sets(*owner_.info_.video, sets)) return;
    read_picture_size(*owner_.info_.video);
    if (has_parameter_sets(*owner_.info_.video)) owner_.announce();
  }

  void on_picture_size(std::uint16_t width, std::uint16_t height) override {
    auto& video = owner_.info_.video;
    if (!video || (video->width == width && video->height == height)) return;
    video->width = width;
    video->height = height;
    owner_.announce();
  }

  void on_access_unit(media::AccessUnit unit) override { owner_.deliver(*this, std::move(unit)); }

  // RTP's 32 bits to a count that does not wrap. Pictures may go back a little (B-frames).
  std::int64_t unwrap(std::uint32_t timestamp) {
    if (!last_unwrapped_) last_unwrapped_ = timestamp;
    const auto delta = static_cast<std::int32_t>(timestamp - static_cast<std::uint32_t>(*last_unwrapped_));
    last_unwrapped_ = *last_unwrapped_ + delta;
    return *last_unwrapped_;
  }

  // Anchors the track's clock on the session's axis with its first unit.
  void anchor(std::int64_t first, double since_begin) {
    if (offset_) return;
    if (rtp_start_) {
      const auto ahead = static_cast<std::int32_t>(static_cast<std::uint32_t>(first) - *rtp_start_);
      if (std::abs(seconds(ahead)) < kLargestStartError) {
        offset_ = ahead - first;
        return;
      }
    }
    offset_ = ticks(since_begin) - first;
  }

  double seconds(std::int64_t t) const { return static_cast<double>(t) / format_.clock_rate; }
  std::int64_t ticks(double s) const { return static_cast<std::int64_t>(s * format_.clock_rate); }
  std::int64_t on_axis(std::int64_t unwrapped) const { return unwrapped + offset_.value_or(0); }

  // What the camera's clock says of this track's zero, in seconds; nothing without a report.
  std::optional<double> camera_time_of_zero() const {
    if (!sender_report_ || !offset_ || !last_unwrapped_) return std::nullopt;
    const auto delta =
        static_cast<std::int32_t>(sender_report_->rtp - static_cast<std::uint32_t>(*last_unwrapped_));
    return ntp_seconds(sender_report_->ntp) - seconds(on_axis(*last_unwrapped_ + delta));
  }

  // What the camera's clock showed when ours, steady, was at its zero; nothing without a report.
  std::optional<double> camera_epoch() const {
    if (!sender_report_) return std::nullopt;
    return ntp_seconds(sender_report_->ntp) - Seconds(report_arrival_.time_since_epoch()).count();
  }

  void shift(double s) { *offset_ += ticks(s); }
  void set_rtp_start(std::uint32_t timestamp) { rtp_start_ = timestamp; }

  void on_sender_report(const SenderReport& report, Clock::time_point now) {
    sender_report_ = report;
    report_arrival_ = now;
  }

  std::optional<ReceiverReport> report(Clock::time_point now) {
    if (!next_sequence_) return std::nullopt;
    ReceiverReport result;
    result.own_ssrc = ssrc_ ^ 0x63616d63;  // another than the sender's
    result.source_ssrc = ssrc_;
    const auto expected = received_ + lost_;
    const auto interval_lost = lost_ - reported_lost_;
    const auto interval_expected = expected - reported_expected_;
    if (interval_expected > 0)
      result.fraction_lost =
          static_cast<std::uint8_t>(std::min<std::uint64_t>(255, interval_lost * 256 / interval_expected));
    reported_lost_ = lost_;
    reported_expected_ = expected;
    result.cumulative_lost = static_cast<std::uint32_t>(std::min<std::uint64_t>(lost_, 0x7fffff));
    result.highest_sequence = cycles_ << 16 | static_cast<std::uint16_t>(*next_sequence_ - 1);
    if (sender_report_) {
      result.last_report = static_cast<std::uint32_t>(sender_report_->ntp >> 16);
      result.since_last_report = static_cast<std::uint32_t>(Seconds(now - report_arrival_).count() * 65536);
    }
    return result;
  }

 private:
  // True where packets are missing before this one.
  bool follow_sequence(const RtpPacket& packet) {
    ++received_;
    const bool another_source = next_sequence_ && packet.ssrc != ssrc_;
    ssrc_ = packet.ssrc;
    const auto expected = std::exchange(next_sequence_, static_cast<std::uint16_t>(packet.sequence + 1));
    if (*next_sequence_ == 0) ++cycles_;
    if (another_source) last_unwrapped_.reset();  // its clock has begun anew: the timeline sees the jump
    if (!expected || *expected == packet.sequence) return another_source;
    lost_ += static_cast<std::uint16_t>(packet.sequence - *expected);
    return true;
  }

  Reception& owner_;
  const PayloadFormat format_;
  std::unique_ptr<Depacketizer> depacketizer_;

  std::optional<std::uint16_t> next_sequence_;
  std::uint32_t ssrc_ = 0, cycles_ = 0;
  std::uint64_t received_ = 0, lost_ = 0, reported_lost_ = 0, reported_expected_ = 0;

  std::optional<std::int64_t> last_unwrapped_;
  std::optional<std::int64_t> offset_;  // axis = unwrapped + offset, in the track's ticks
  std::optional<std::uint32_t> rtp_start_;
  std::optional<SenderReport> sender_report_;
  Clock::time_point report_arrival_;
};

Reception::Reception(media::SourceSink& sink, MetadataSink metadata)
    : sink_(sink), metadata_(std::move(metadata)) {}
Reception::~Reception() = default;

Result<void> Reception::add_track(const PayloadFormat& format) {
  if (auto described = describe(format, info_); !described) return described;
  if (info_.video && format.kind == media::TrackKind::kVideo) read_picture_size(*info_.video);
  auto track = std::make_unique<Track>(*this, format);
  if (auto made = track->make(); !made) return made;
  tracks_.push_back(std::move(track));
  return {};
}

void Reception::remove_last_track() {
  const auto kind = tracks_.back()->format().kind;
  if (kind == media::TrackKind::kVideo) info_.video.reset();
  if (kind == media::TrackKind::kAudio) info_.audio.reset();
  tracks_.pop_back();
}

void Reception::set_rtp_start(std::size_t track, std::uint32_t timestamp) {
  tracks_[track]->set_rtp_start(timestamp);
}

void Reception::on_rtp(std::size_t index, media::ByteView packet, Clock::time_point arrival) {
  const auto rtp = parse_rtp(packet);
  auto& track = *tracks_[index];
  if (!rtp || rtp->payload_type != track.format().payload_type) return;
  if (!begin_) begin_ = arrival;
  track.push(*rtp, arrival);
}

void Reception::on_rtcp(std::size_t index, media::ByteView packet, Clock::time_point arrival) {
  const auto report = find_sender_report(packet);
  if (!report) return;
  tracks_[index]->on_sender_report(*report, arrival);
  if (tracks_[index]->format().kind == media::TrackKind::kMetadata) return;
  align();
  tell_clock(*report);
}

void Reception::tell_clock(const SenderReport& report) {
  constexpr std::uint64_t kFrom1900To1970 = 2'208'988'800;
  // A time of 0 says that there is no clock (RFC 3550 §6.4.1), small ones that it counts from the start.
  if (report.ntp >> 32 < kFrom1900To1970) return;
  const auto camera = ntp_seconds(report.ntp - (kFrom1900To1970 << 32));
  const auto ours = Seconds(std::chrono::system_clock::now().time_since_epoch()).count();
  clock_.add(std::chrono::milliseconds(std::llround((camera - ours) * 1000)));
  if (const auto offset = clock_.offset(); offset && !stopped_) sink_.on_camera_clock(*offset);
}

// Moves the sound to where the reports say that it belongs beside the picture.
void Reception::align() {
  Track* video = nullptr;
  Track* audio = nullptr;
  for (const auto& track : tracks_)
    if (track->format().kind != media::TrackKind::kMetadata)
      (track->format().kind == media::TrackKind::kVideo ? video : audio) = track.get();
  if (video == nullptr || audio == nullptr) return;
  const auto video_epoch = video->camera_epoch(), audio_epoch = audio->camera_epoch();
  if (!video_epoch || !audio_epoch || std::abs(*video_epoch - *audio_epoch) > kSameClock) return;
  const auto video_zero = video->camera_time_of_zero();
  const auto audio_zero = audio->camera_time_of_zero();
  if (!video_zero || !audio_zero) return;
  const double skew = *audio_zero - *video_zero;
  if (std::abs(skew) > kToleratedSkew && std::abs(skew) < kBelievableSkew) audio->shift(skew);
}

void Reception::announce() {
  if (stopped_) return;
  announced_ = true;
  sink_.on_stream(std::make_shared<const media::StreamInfo>(info_));
}

void Reception::deliver(Track& track, media::AccessUnit unit) {
  if (unit.track == media::TrackKind::kMetadata) {
    if (metadata_ && !stopped_) metadata_(std::move(unit));
    return;
  }
  if (!announced_) {
    if (info_.video && !has_parameter_sets(*info_.video))
      return;  // they come in band, with the next key frame
    announce();
  }
  if (stopped_) return;
  const auto time = track.unwrap(static_cast<std::uint32_t>(unit.pts));
  track.anchor(time, Seconds(unit.arrival - *begin_).count());
  unit.pts = unit.dts = track.on_axis(time);
  delivered_ = true;
  sink_.on_access_unit(std::move(unit));
}

std::optional<ReceiverReport> Reception::report(std::size_t track, Clock::time_point now) {
  return tracks_[track]->report(now);
}

}  // namespace camctl::rtsp
