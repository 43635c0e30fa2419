#include "librtsp/feed.h"

#include <algorithm>
#include <cassert>
#include <random>

#include "librtsp/sdp.h"

namespace camctl::rtsp {
namespace {

using namespace std::chrono_literals;

constexpr auto kReportInterval = 5s;  // RFC 3550 §6.2
constexpr auto kTrimInterval = 1s;    // where key frames are rare
constexpr std::string_view kCname = "camctl";

std::uint32_t random32() {
  static thread_local std::random_device device;
  return device();
}

std::uint32_t rescale(media::Ticks ticks, std::uint32_t from, std::uint32_t to) {
  if (from == to || from == 0) return static_cast<std::uint32_t>(ticks);
  const auto seconds = ticks / from, rest = ticks % from;  // in two steps: no overflow
  return static_cast<std::uint32_t>(seconds * to + rest * to / from);
}

void append32(std::vector<std::uint8_t>& out, std::uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

// Seconds since 1900 and their 32-bit fraction (RFC 3550 §4).
std::pair<std::uint32_t, std::uint32_t> ntp_time(std::chrono::system_clock::time_point time) {
  constexpr std::int64_t kFrom1900To1970 = 2'208'988'800;
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  const auto nanoseconds = static_cast<std::uint64_t>(since % 1'000'000'000);
  return {static_cast<std::uint32_t>(since / 1'000'000'000 + kFrom1900To1970),
          static_cast<std::uint32_t>((nanoseconds << 32) / 1'000'000'000)};
}

}  // namespace

Feed::Feed(media::StreamInfoPtr info, FeedOptions options)
    : impl_(std::make_unique<Impl>(std::move(info), std::move(options))) {}
Feed::~Feed() = default;

void Feed::push(std::span<const FeedUnit> units) { impl_->push(units); }

void Feed::push(const media::AccessUnitPtr& unit) {
  const FeedUnit view{unit->track, unit->key, unit->pts, unit->data, unit};
  impl_->push({&view, 1});
}

void Feed::set_clock_skew(std::chrono::milliseconds skew) { impl_->options.clock_skew = skew; }

void Feed::close_readers() { impl_->end_sessions(); }

std::size_t Feed::readers() const { return impl_->playing; }
std::size_t Feed::tracks() const { return impl_->tracks.size(); }

Feed::Impl::Impl(media::StreamInfoPtr stream, FeedOptions feed_options)
    : info(std::move(stream)), options(std::move(feed_options)) {
  const auto add = [&](media::TrackKind kind, media::Codec codec, std::uint32_t clock, std::uint32_t to,
                       std::vector<media::Bytes> sets) {
    RtpStream rtp;
    rtp.payload_type = payload_type(codec);
    rtp.channel = static_cast<std::uint8_t>(tracks.size() * 2);
    rtp.ssrc = random32();
    rtp.next_sequence = static_cast<std::uint16_t>(random32());
    tracks.push_back({kind,
                      clock,
                      to,
                      random32(),
                      Packetizer(codec, std::move(sets), rtp, options.lose_packet),
                      {},
                      0,
                      {}});
  };
  if (const auto& video = info->video; video && Packetizer::supports(video->codec)) {
    add(media::TrackKind::kVideo, video->codec, video->clock_rate, rtp_clock(*video),
        {video->vps, video->sps, video->pps});
  }
  if (const auto& audio = info->audio; audio && Packetizer::supports(audio->codec))
    add(media::TrackKind::kAudio, audio->codec, audio->clock_rate, rtp_clock(*audio), {});
}

Feed::Impl::~Impl() {
  options.on_readers = nullptr;
  end_sessions();
}

void Feed::Impl::end_sessions() {
  const auto gone = std::exchange(readers, {});
  const bool some_played = std::exchange(playing, 0) > 0;
  for (auto* reader : gone) {
    reader->playing = false;
    reader->on_feed_end();
  }
  clear();
  if (some_played && options.on_readers) options.on_readers(0);
}

void Feed::Impl::push(std::span<const FeedUnit> units) {
  if (playing == 0) return;
  const auto now = std::chrono::steady_clock::now();
  const auto wall = std::chrono::system_clock::now() + options.clock_skew;
  const auto key_before = newest_key_;
  for (const auto& unit : units) push_unit(unit, now, wall);
  append_reports(now);
  for (auto* reader : readers)
    if (reader->playing) reader->on_bursts();
  // Mostly there is nothing to trim but behind a key frame, and looking costs cache misses.
  if (newest_key_ != key_before || bytes_ > kMaxFeedBytes || now - last_trim_ > kTrimInterval) trim(now);
}

void Feed::Impl::push_unit(const FeedUnit& unit, std::chrono::steady_clock::time_point now,
                           std::chrono::system_clock::time_point wall) {
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    auto& track = tracks[i];
    if (track.kind != unit.track) continue;
    const auto timestamp = rescale(unit.pts, track.clock, track.rtp_clock) + track.offset;
    auto burst = std::make_shared<Burst>();
    burst->track = static_cast<std::uint8_t>(i);
    burst->queued = now;
    burst->key = unit.key && unit.track == media::TrackKind::kVideo;
    burst->media = unit.owner;
    track.packetizer.packetize(unit.data, burst->key, timestamp, *burst);
    track.reference_timestamp = timestamp;
    track.reference_time = wall;
    append(std::move(burst));
    return;
  }
}

void Feed::Impl::append(BurstPtr burst) {
  if (burst->key) {
    newest_key_ = end();
    has_key_ = true;
  }
  bytes_ += burst->size;
  ring_.push_back(std::move(burst));
}

void Feed::Impl::append_reports(std::chrono::steady_clock::time_point now) {
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    if (now - tracks[i].last_report < kReportInterval) continue;
    auto report = sender_report(static_cast<std::uint8_t>(i));
    if (!report) continue;
    tracks[i].last_report = now;
    append(std::move(report));
  }
}

// Keeps the newest group of pictures, and before it what readers still have to send, within the bounds.
void Feed::Impl::trim(std::chrono::steady_clock::time_point now) {
  last_trim_ = now;
  auto needed = has_key_ ? newest_key_ : end();
  for (const auto* reader : readers)
    if (reader->playing) needed = std::min(needed, reader->position);
  const auto oldest = now - kMaxFeedAge;
  const auto expendable = [&] {
    if (first_ < needed || bytes_ > kMaxFeedBytes) return true;
    return ring_.front()->queued < oldest && !(has_key_ && first_ >= newest_key_);
  };
  while (!ring_.empty() && expendable()) {
    bytes_ -= ring_.front()->size;
    ring_.pop_front();
    ++first_;
  }
  if (has_key_ && newest_key_ < first_) has_key_ = false;
}

void Feed::Impl::clear() {
  first_ = end();
  ring_.clear();
  bytes_ = 0;
  has_key_ = false;
}

void Feed::Impl::attach(FeedReader& reader) { readers.push_back(&reader); }

void Feed::Impl::detach(FeedReader& reader) {
  pause(reader);
  std::erase(readers, &reader);
}

void Feed::Impl::play(FeedReader& reader) {
  if (reader.playing) return;
  reader.playing = true;
  reader.wait_for_key = reader.video && !has_key_;
  reader.position = reader.video && has_key_ ? newest_key_ : end();
  ++playing;
  if (options.on_readers) options.on_readers(playing);
}

void Feed::Impl::pause(FeedReader& reader) {
  if (!reader.playing) return;
  reader.playing = false;
  if (--playing == 0) clear();
  if (options.on_readers) options.on_readers(playing);
}

const BurstPtr* Feed::Impl::next(FeedReader& reader) {
  if (reader.position < first_) {  // it has fallen out of the ring
    ++reader.skipped_groups;
    reader.wait_for_key = reader.video;
    reader.position = first_;
  }
  if (reader.wait_for_key) {
    reader.position = has_key_ && newest_key_ >= reader.position ? newest_key_ : end();
    if (reader.position == end()) return nullptr;
    reader.wait_for_key = false;
  }
  return at(reader.position);
}

const BurstPtr* Feed::Impl::at(std::uint64_t index) const {
  if (index < first_ || index >= end()) return nullptr;
  return &ring_[index - first_];
}

const Burst* Feed::Impl::first_of(std::uint8_t track, std::uint64_t position) const {
  for (auto index = std::max(position, first_); index < end(); ++index) {
    const auto& burst = *ring_[index - first_];
    if (burst.track == track && !burst.rtcp) return &burst;
  }
  return nullptr;
}

BurstPtr Feed::Impl::sender_report(std::uint8_t index) const {
  const auto& track = tracks[index];
  if (track.reference_time == std::chrono::system_clock::time_point{}) return nullptr;
  const auto& stream = track.packetizer.stream();
  auto burst = std::make_shared<Burst>();
  burst->track = index;
  burst->rtcp = true;
  burst->queued = std::chrono::steady_clock::now();
  std::vector<std::uint8_t> out;
  const std::size_t sdes_text = 2 + kCname.size();             // item type, length, text
  const std::size_t sdes_words = 1 + (sdes_text + 1 + 3) / 4;  // SSRC, then the item and a zero, padded
  append32(out, 0x80C80006);  // version 2, no report blocks, SR, 6 words follow
  append32(out, stream.ssrc);
  const auto [seconds, fraction] = ntp_time(track.reference_time);
  append32(out, seconds);
  append32(out, fraction);
  append32(out, track.reference_timestamp);
  append32(out, stream.packets);
  append32(out, stream.octets);
  append32(out, 0x81CA0000 | static_cast<std::uint32_t>(sdes_words));  // SDES, one chunk
  append32(out, stream.ssrc);
  out.push_back(1);  // CNAME
  out.push_back(static_cast<std::uint8_t>(kCname.size()));
  out.insert(out.end(), kCname.begin(), kCname.end());
  out.resize(28 + 4 + 4 * sdes_words);
  burst->add_packet(static_cast<std::uint8_t>(stream.channel + 1), {out}, {});
  return burst;
}

}  // namespace camctl::rtsp
