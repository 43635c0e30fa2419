// What comes in on an RTSP connection: messages, and RTP between them (RFC 2326 §10.12).
#pragma once

#include <cstdint>

#include "base/media/nal.h"
#include "base/result.h"
#include "librtsp/message.h"

namespace camctl::rtsp {

class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  virtual void on_frame(std::uint8_t channel, media::ByteView packet) = 0;
  virtual void on_message(const Message& message) = 0;
  // False once the handler wants nothing more (it may have been stopped by one of the calls above).
  virtual bool wants_more() const = 0;
};

// Cuts a byte stream, in place. Bytes that are neither are skipped up to the next thing that is.
class StreamParser {
 public:
  // Takes all that is whole at the front of `data` and returns how many bytes that was; the rest must stand
  // at the front next time. kProtocol once more than kMaxGarbage bytes in a row made no sense.
  Result<std::size_t> consume(media::ByteView data, StreamHandler& handler);

  static constexpr std::size_t kMaxGarbage = 64u << 10;  // one frame whose length was wrong

 private:
  Result<std::size_t> skip_garbage(media::ByteView data);

  std::size_t garbage_ = 0;  // skipped since the last thing that made sense
};

}  // namespace camctl::rtsp
