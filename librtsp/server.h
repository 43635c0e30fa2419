// An RTSP server (RFC 2326): restreaming in `serve`, the cameras of `simulate`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest_auth.h"
#include "base/event_loop.h"
#include "base/media/access_unit.h"
#include "base/media/stream_info.h"
#include "base/result.h"
#include "base/tls.h"

namespace camctl::rtsp {

// One access unit to send; a view, so that looped or shared media is never copied to change its times.
struct FeedUnit {
  media::TrackKind track = media::TrackKind::kVideo;
  bool key = false;
  media::Ticks pts = 0;                // in the track's clock_rate; goes on over anything, may wrap
  std::span<const std::uint8_t> data;  // as media::AccessUnit::data
  std::shared_ptr<const void> owner;   // keeps `data`: it is sent from where it is
};

struct FeedOptions {
  // Called when a session begins or stops to play, with how many do now. On the first, push the newest group
  // of pictures at once if there is one: the reader then starts with it.
  std::function<void(std::size_t readers)> on_readers;
  // For tests of others' robustness: asked for each RTP packet, true loses it.
  std::function<bool()> lose_packet;
  // Added to the wall clock of RTCP sender reports (a camera whose clock is wrong); see set_clock_skew().
  std::chrono::milliseconds clock_skew{0};
};

// A stream that readers can attach to. Packetized once, whoever reads: all readers get the same bytes (SSRC,
// sequence numbers, timestamps), so that a frame costs each of them one system call and no copy.
// Keeps the newest group of pictures for those who come later. All calls on the loop's thread.
class Feed {
 public:
  // Tracks with a codec that has no packetizer here are left out; see tracks().
  explicit Feed(media::StreamInfoPtr info, FeedOptions options = {});
  ~Feed();  // ends every reader's session
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  // Packetizes the units (RFC 6184, 7798, 3640, 3551, 7587) and sends them to every reader, all units of one
  // call in one system call. A reader starts at a key frame; one that does not keep up loses whole groups of
  // pictures, never parts of a frame. Nothing is kept while nobody reads.
  void push(std::span<const FeedUnit> units);
  void push(const media::AccessUnitPtr& unit);

  // As FeedOptions::clock_skew, from the next units on: the clock is set.
  void set_clock_skew(std::chrono::milliseconds skew);

  // Ends every reader's session (their TCP connections are closed), e.g. a camera that reboots.
  void close_readers();
  std::size_t readers() const;  // that play now
  std::size_t tracks() const;

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

struct ServerOptions {
  std::string address = "127.0.0.1";    // literal IPv4 or IPv6
  std::uint16_t port = 8554;            // 0: the kernel chooses
  std::vector<DigestAlgorithm> digest;  // empty and !basic: anybody may read
  bool basic = false;
  Credentials credentials;
  std::string server_name = "camctl";
  std::shared_ptr<const tls::Context> tls;  // rtsps, if set: then everything is inside TLS, media too
  std::size_t max_sessions = 1000;          // connections; further ones are refused with 503
};

// Listens on one address; RTP over the RTSP connection (interleaved) and over UDP unicast, to the
// connection's own peer only. All calls on the loop's thread.
class Server {
 public:
  // Finds the feed for a path such as "/live/channel0" (no query in it). Null and kNotFound: 404. kTimeout:
  // it is on its way, and DESCRIBE waits for it, kDescribeWait at most. That and any other error: 503. Called
  // at DESCRIBE and SETUP. The feed may go at any time; its sessions end then.
  using Lookup = std::function<Result<Feed*>(std::string_view path)>;

  // Longer than a camera's connecting to its first key frame; clients give up later.
  static constexpr std::chrono::seconds kDescribeWait{10};

  // kIo with the address when it can't listen.
  static Result<std::unique_ptr<Server>> listen(EventLoop& loop, ServerOptions options, Lookup lookup);
  ~Server();  // closes every session

  std::uint16_t port() const;  // as bound
  void close_connections();    // all of them; it goes on listening

 private:
  struct Impl;
  explicit Server(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace camctl::rtsp
