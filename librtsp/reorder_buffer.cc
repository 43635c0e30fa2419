#include "librtsp/reorder_buffer.h"

namespace camctl::rtsp {
namespace {

constexpr std::size_t kSequenceEnd = 4;
// A sequence number this far off is a source that began anew, not a packet out of order.
constexpr int kRestart = 3000;

std::uint16_t sequence(media::ByteView packet) {
  return static_cast<std::uint16_t>(packet[2] << 8 | packet[3]);
}

}  // namespace

void ReorderBuffer::push(media::ByteView packet, std::chrono::steady_clock::time_point arrival) {
  if (packet.size() < kSequenceEnd) return;
  const auto number = sequence(packet);
  if (!next_) next_ = number;
  const auto ahead = static_cast<std::int16_t>(number - static_cast<std::uint16_t>(*next_));
  if (ahead > kRestart || ahead < -kRestart) {
    while (!held_.empty()) deliver_first();
    next_ = number;
  } else if (ahead < 0) {
    return;
  } else if (ahead > 0) {
    held_.try_emplace(*next_ + ahead, Held{{packet.begin(), packet.end()}, arrival});
    while (!held_.empty() &&
           (held_.size() > kMostHeld || arrival - held_.begin()->second.arrival > kLongestWait)) {
      deliver_first();
      deliver_run();
    }
    return;
  }
  deliver_(packet);
  ++*next_;
  deliver_run();
}

void ReorderBuffer::deliver_first() {
  auto node = held_.extract(held_.begin());
  next_ = node.key() + 1;
  deliver_(node.mapped().packet);
}

void ReorderBuffer::deliver_run() {
  while (!held_.empty() && held_.begin()->first == *next_) deliver_first();
}

}  // namespace camctl::rtsp
