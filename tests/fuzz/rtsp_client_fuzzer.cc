// What a camera sends our RTSP client: messages and frames in one stream, and the session description.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "librtsp/rtcp.h"
#include "librtsp/sdp_reader.h"
#include "librtsp/stream_parser.h"

using namespace camctl;

namespace {

struct Handler final : rtsp::StreamHandler {
  void on_frame(std::uint8_t, media::ByteView packet) override { rtsp::find_sender_report(packet); }
  void on_message(const rtsp::Message& message) override {
    rtsp::parse_transports(message.header("Transport"));
    if (const auto sdp = rtsp::parse_sdp(message.body)) describe(*sdp);
  }
  bool wants_more() const override { return true; }

  static void describe(const rtsp::SessionDescription& sdp) {
    if (sdp.tracks.size() > rtsp::kMaxTracks) abort();
    media::StreamInfo info;
    for (const auto& track : sdp.tracks) {
      rtsp::describe(track.format, info);
      rtsp::control_url(rtsp::control_url("rtsp://h/live", sdp.control), track.control);
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const auto sdp = rtsp::parse_sdp({reinterpret_cast<const char*>(data), size})) Handler::describe(*sdp);
  Handler handler;
  rtsp::StreamParser parser;
  // In two pieces, as sockets deliver; what the first leaves is offered again.
  const media::ByteView all(data, size);
  const auto used = parser.consume(all.first(size / 2), handler);
  if (!used) return 0;
  if (*used > size / 2) abort();
  const auto rest = parser.consume(all.subspan(*used), handler);
  if (rest && *rest > size - *used) abort();
  return 0;
}
