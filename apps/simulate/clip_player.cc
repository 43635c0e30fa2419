#include "apps/simulate/clip_player.h"

#include <algorithm>

namespace camctl::simulate {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;

// Clips begin on this grid, so that the frames of all cameras of 25 frames a second fall together and a
// process wakes 25 times a second, however many there are: a wake-up costs as much as four frames. A
// session's second frame comes so much early at most.
constexpr auto kGrid = 40ms;

// Behind by more (the machine slept), it starts over instead of sending all that was missed.
constexpr auto kMaxLag = 2s;

// Rounds down, also below zero, so that a leap of whole ticks stays one.
media::Ticks to_ticks(microseconds time, std::uint32_t clock) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);  // in two steps: no overflow
  return seconds.count() * clock + (time - seconds).count() * clock / 1'000'000;
}

}  // namespace

ClipPlayer::ClipPlayer(Pacer& pacer, ClipPtr clip, const MediaFaults& faults, std::chrono::seconds clock_skew,
                       Clock::time_point started)
    : pacer_(pacer),
      clip_(std::move(clip)),
      faults_(faults),
      clock_skew_(clock_skew),
      started_(started),
      feed_(clip_->info, feed_options(clock_skew)) {}

ClipPlayer::~ClipPlayer() {
  if (running_) pacer_.remove(*this);
}

rtsp::FeedOptions ClipPlayer::feed_options(std::chrono::seconds clock_skew) {
  rtsp::FeedOptions options;
  options.on_readers = [this](std::size_t readers) { on_readers(readers); };
  options.clock_skew = clock_skew;
  if (faults_.loss_percent > 0) {
    const auto threshold = static_cast<std::uint32_t>(faults_.loss_percent / 100 * std::minstd_rand::max());
    options.lose_packet = [this, threshold] { return random_() < threshold; };
  }
  return options;
}

void ClipPlayer::on_readers(std::size_t readers) {
  if (readers > 0 && !running_) {
    const auto now = pacer_.now();
    running_ = true;
    stalled_ = false;
    restart(now);
    pacer_.add(*this, play(now));
  } else if (readers == 0 && running_) {
    running_ = false;
    pacer_.remove(*this);
  }
}

void ClipPlayer::restart(Clock::time_point now) {
  origin_ = now - now.time_since_epoch() % kGrid;
  next_ = 0;
}

ClipPlayer::Clock::time_point ClipPlayer::play(Clock::time_point now) {
  if (const auto until = stalled_until(now); until > now) {
    stalled_ = true;
    return until;
  }
  if (stalled_ || now - next_due() > kMaxLag) restart(now);  // what was missed is lost: on with a key frame
  stalled_ = false;
  push_due(now);
  return next_due();
}

void ClipPlayer::push_due(Clock::time_point now) {
  const auto jump = jumped(now);
  batch_.clear();
  while (origin_ + clip_->units[next_].due <= now) {
    const auto& unit = clip_->units[next_];
    batch_.push_back({unit.track, unit.key, time_of(unit, jump), unit.data, clip_});
    if (++next_ < clip_->units.size()) continue;
    next_ = 0;
    origin_ += clip_->duration;
  }
  feed_.set_clock_skew(clock_skew(now));
  feed_.push(batch_);
}

media::Ticks ClipPlayer::time_of(const ClipUnit& unit, microseconds jump) const {
  const bool video = unit.track == media::TrackKind::kVideo;
  const auto clock = video ? clip_->info->video->clock_rate : clip_->info->audio->clock_rate;
  return to_ticks(std::chrono::floor<microseconds>(origin_ - started_) + jump, clock) + unit.pts;
}

std::chrono::milliseconds ClipPlayer::clock_skew(Clock::time_point now) const {
  if (faults_.clock_step_every <= 0ms) return clock_skew_;
  return clock_skew_ + faults_.clock_step_by * ((now - started_) / faults_.clock_step_every);
}

microseconds ClipPlayer::jumped(Clock::time_point now) const {
  if (faults_.jump_every <= 0ms) return 0us;
  return faults_.jump_by * ((now - started_) / faults_.jump_every);
}

ClipPlayer::Clock::time_point ClipPlayer::stalled_until(Clock::time_point now) const {
  if (faults_.stall_every <= 0ms) return now;
  const auto cycle = faults_.stall_every + faults_.stall_for;
  const auto phase = (now - started_) % cycle;
  return phase < faults_.stall_every ? now : now + (cycle - phase);
}

// Sound waits for the next picture, so that both travel in one system call per reader.
ClipPlayer::Clock::time_point ClipPlayer::next_due() const {
  for (auto i = next_; i < clip_->units.size(); ++i)
    if (clip_->units[i].track == media::TrackKind::kVideo) return origin_ + clip_->units[i].due;
  return origin_ + clip_->duration;
}

}  // namespace camctl::simulate
