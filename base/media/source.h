// Where access units come from: a camera over RTSP, a file, anything libavformat reads.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/event_loop.h"
#include "base/media/access_unit.h"
#include "base/media/stream_info.h"
#include "base/result.h"

namespace camctl::media {

// Receives what a Source delivers. All calls come on the thread of the EventLoop that the source was started
// with, one at a time.
class SourceSink {
 public:
  virtual ~SourceSink() = default;

  // The tracks, before the first access unit, and again whenever they change (new resolution, new codec).
  virtual void on_stream(StreamInfoPtr info) = 0;

  // The next access unit, in decoding order within its track. Times are the camera's; they may wrap, jump,
  // repeat or be missing.
  virtual void on_access_unit(AccessUnit unit) = 0;

  // What the camera's clock shows minus what ours does, filtered; told every few seconds where the camera
  // says it. A clock that is wrong, or set, moves nothing in the units' times.
  virtual void on_camera_clock(std::chrono::milliseconds /*offset*/) {}

  // The source has ended by itself (end of file: kNotFound is not used; kCancelled never comes). Called at
  // most once, and it is the last call. No error means the end of a finite source.
  virtual void on_end(Result<void> reason) = 0;
};

// One attempt to receive one stream. Not restartable: make another one to reconnect.
class Source {
 public:
  virtual ~Source() = default;  // stops; must run on the loop's thread

  // Begins to connect; returns at once. `sink` must outlive the source or its stop().
  virtual void start(EventLoop& loop, SourceSink& sink) = 0;

  // Ends the session; no call to the sink comes after it returns. Does not wait for the network. Idempotent.
  virtual void stop() = 0;

  // True: somebody waits for each unit, deliver them with as little delay as can be; false, and at first: as
  // it costs least. Before or after start(). Sources whose delay does not depend on it ignore it.
  virtual void set_hurry(bool /*hurry*/) {}
};

using SourceFactory = std::function<std::unique_ptr<Source>()>;

}  // namespace camctl::media
