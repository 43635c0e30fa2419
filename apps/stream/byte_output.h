// One run of bytes: MPEG-TS or fragmented MP4 to a file or to stdout.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "apps/stream/output.h"
#include "libhls/body.h"

namespace camctl::apps {

// A file is created, or emptied, when the first media is there: an attempt in vain costs no recording.
class ByteOutput final : public Output {
 public:
  static Result<std::unique_ptr<Output>> open(const Target& target);
  ~ByteOutput() override;

  Result<void> write(const hls::Stream& stream, const hls::Segment& segment) override;
  Result<void> finish(const hls::Stream& stream) override;

 private:
  ByteOutput(int fd, std::string name, StreamFormat format)
      : fd_(fd), name_(std::move(name)), format_(format) {}

  Result<void> create();
  Result<void> put(const hls::Body& body);

  int fd_;                  // -1: a file that is not created yet
  const std::string name_;  // for messages
  const StreamFormat format_;
  std::optional<std::uint32_t> init_version_;
};

// The bytes of a body in one piece.
std::string joined(const hls::Body& body);

}  // namespace camctl::apps
