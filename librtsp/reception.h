// The receiving end of a session's tracks: from packets to what a media::SourceSink gets.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/media/source.h"
#include "librtsp/camera_clock.h"
#include "librtsp/depacketizer.h"
#include "librtsp/rtcp.h"

namespace camctl::rtsp {

// Puts the tracks on one axis, which begins at zero with the session: by the PLAY reply's RTP-Info where it
// makes sense, else by arrival, and corrected by sender reports when those show that sound and picture are
// apart. Announces the stream when the parameter sets are known, in band or out, and whenever they change.
class Reception {
 public:
  // Gets ONVIF metadata, which goes beside the stream: access units of kMetadata, with the camera's times.
  using MetadataSink = std::function<void(media::AccessUnit)>;
  explicit Reception(media::SourceSink& sink, MetadataSink metadata = {});
  ~Reception();

  // The next track's index is the number of those before. kUnsupported as make_depacketizer().
  Result<void> add_track(const PayloadFormat& format);
  // Takes back the last add_track(): the camera would not set it up.
  void remove_last_track();
  // The RTP timestamp at which PLAY begins (RFC 2326 §12.33).
  void set_rtp_start(std::size_t track, std::uint32_t timestamp);

  // One packet, in the order of arrival; `track` is below the number of tracks.
  void on_rtp(std::size_t track, media::ByteView packet, std::chrono::steady_clock::time_point arrival);
  void on_rtcp(std::size_t track, media::ByteView packet, std::chrono::steady_clock::time_point arrival);

  // For UDP; nothing before the track's first packet.
  std::optional<ReceiverReport> report(std::size_t track, std::chrono::steady_clock::time_point now);

  // Nothing reaches the sinks any more; may be called by one of them.
  void stop() { stopped_ = true; }

  bool delivered() const { return delivered_; }  // any access unit so far

 private:
  class Track;

  void announce();
  void deliver(Track& track, media::AccessUnit unit);
  void align();
  void tell_clock(const SenderReport& report);

  media::SourceSink& sink_;
  const MetadataSink metadata_;
  CameraClock clock_;
  media::StreamInfo info_;
  bool announced_ = false, delivered_ = false, stopped_ = false;
  std::optional<std::chrono::steady_clock::time_point> begin_;  // arrival of the session's first packet
  std::vector<std::unique_ptr<Track>> tracks_;
};

}  // namespace camctl::rtsp
