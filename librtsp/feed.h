// Inside of Feed: the ring of packetized access units, and what the server's sessions see of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <vector>

#include "librtsp/packetizer.h"
#include "librtsp/rtp.h"
#include "librtsp/server.h"

namespace camctl::rtsp {

// What a feed calls on each session that has set up one of its tracks. on_bursts() may not attach or detach
// readers: a session whose connection breaks ends later, from the loop.
class FeedReader {
 public:
  virtual ~FeedReader() = default;
  virtual void on_bursts() = 0;    // there is more behind `position`
  virtual void on_feed_end() = 0;  // the reader is detached, and its session to end

  // Kept by the feed.
  std::uint64_t position = 0;  // index of the next burst to send
  bool playing = false;
  bool video = false;         // has set up the video track, so it starts and goes on at key frames only
  bool wait_for_key = false;  // everything up to the next key frame is to be skipped
  std::uint64_t skipped_groups = 0;
};

// How far a reader may fall behind before it loses groups of pictures: what a wireless link's hiccup takes.
// The newest group is kept however old, within the bytes, which all readers of a feed share.
inline constexpr std::chrono::seconds kMaxFeedAge{10};
inline constexpr std::size_t kMaxFeedBytes = 16u << 20;

struct Feed::Impl {
  struct Track {
    media::TrackKind kind{};
    std::uint32_t clock = 0;  // of the units' pts
    std::uint32_t rtp_clock = 0;
    std::uint32_t offset = 0;  // random, added to timestamps (RFC 3550 §5.1)
    Packetizer packetizer;
    std::chrono::steady_clock::time_point last_report{};
    // The newest unit's time on both clocks, for sender reports.
    std::uint32_t reference_timestamp = 0;
    std::chrono::system_clock::time_point reference_time{};
  };

  Impl(media::StreamInfoPtr stream, FeedOptions feed_options);
  ~Impl();

  void push(std::span<const FeedUnit> units);
  void end_sessions();

  // Sessions, from SETUP to their end.
  void attach(FeedReader& reader);
  void detach(FeedReader& reader);
  // Puts the reader at the newest key frame (if it reads video) or at the end, and counts it.
  void play(FeedReader& reader);
  void pause(FeedReader& reader);

  // The burst at the reader's position, after skipping what it may not have; null at the end.
  const BurstPtr* next(FeedReader& reader);
  const BurstPtr* at(std::uint64_t index) const;
  std::uint64_t end() const { return first_ + ring_.size(); }

  // The sequence number and timestamp of the first packet of `track` from `position` on; nothing if there is
  // none yet.
  const Burst* first_of(std::uint8_t track, std::uint64_t position) const;
  // A compound packet of sender report and CNAME (RFC 3550 §6.1); null before the first unit.
  BurstPtr sender_report(std::uint8_t track) const;

  media::StreamInfoPtr info;
  FeedOptions options;
  std::vector<Track> tracks;
  std::vector<FeedReader*> readers;
  std::size_t playing = 0;

 private:
  void push_unit(const FeedUnit& unit, std::chrono::steady_clock::time_point now,
                 std::chrono::system_clock::time_point wall);
  void append(BurstPtr burst);
  void append_reports(std::chrono::steady_clock::time_point now);
  void trim(std::chrono::steady_clock::time_point now);
  void clear();

  std::deque<BurstPtr> ring_;
  std::uint64_t first_ = 0;  // index of ring_.front()
  std::size_t bytes_ = 0;
  std::chrono::steady_clock::time_point last_trim_{};
  std::uint64_t newest_key_ = 0;
  bool has_key_ = false;
};

}  // namespace camctl::rtsp
