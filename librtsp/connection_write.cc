// The writing side of Connection: shared bursts, replies between them, one system call for all that is due.
#include <sys/uio.h>

#include <algorithm>
#include <array>

#include "librtsp/connection.h"

namespace camctl::rtsp {
namespace {

constexpr std::size_t kMaxParts = 256;                 // of one sendmsg: a key frame of 180 KB
constexpr std::size_t kMaxBursts = 32;                 // of one sendmsg
constexpr std::size_t kMaxPendingReplies = 64u << 10;  // of a client that asks and does not read

// Datagrams sent at one go, besides the frame that is due: a reader that starts with a whole group of
// pictures gets it over some frame times, because a receiver's socket holds some 200 KB.
constexpr std::size_t kDatagramBudget = 64u << 10;

// What one system call writes.
class Gather {
 public:
  void add(const void* data, std::size_t size) {
    if (size == 0 || full()) return;
    parts_[count_++] = {const_cast<void*>(data), size};
    size_ += size;
  }
  // The burst from byte `from` on, as far as there is room.
  void add(const Burst& burst, std::size_t from) {
    for (const auto& part : burst.parts) {
      const auto skipped = std::min<std::size_t>(from, part.size);
      add(burst.data(part) + skipped, part.size - skipped);
      from -= skipped;
    }
  }
  bool empty() const { return count_ == 0; }
  bool full() const { return count_ == kMaxParts; }
  std::size_t size() const { return size_; }
  std::span<const iovec> parts() const { return std::span(parts_).first(count_); }

 private:
  std::array<iovec, kMaxParts> parts_;
  std::size_t count_ = 0, size_ = 0;
};

}  // namespace

void Connection::on_bursts() {
  if (hold_media_ || closed_) return;
  if (udp_) {
    flush_datagrams();
  } else if (!writable_wait_) {
    flush();
  }
}

void Connection::queue(std::string_view bytes) {
  if (closed_) return;
  if (control_.size() - control_sent_ + bytes.size() > kMaxPendingReplies) return close_later();
  control_.erase(0, control_sent_);
  control_sent_ = 0;
  control_ += bytes;
  if (!writable_wait_) flush();
}

void Connection::send_reports() {
  for (const auto& setup : setups_) {
    const auto report = feed_->sender_report(setup.track);
    if (!report) continue;
    if (udp_) {
      if (const auto ports = host_->datagrams()) ports->send(*report, setup.rtcp);
    } else {
      const auto own = for_channels(report);
      queue({reinterpret_cast<const char*>(own->headers.data()), own->headers.size()});
    }
  }
}

void Connection::flush() {
  while (!closed_ && write_some()) {
  }
  if (!closed_ && udp_ && playing) flush_datagrams();
}

bool Connection::write_some() {
  Gather gather;
  std::array<BurstPtr, kMaxBursts> bursts;
  std::array<std::uint64_t, kMaxBursts> positions;  // behind each burst
  std::size_t count = 0;
  if (partial_) gather.add(*partial_, partial_sent_);
  gather.add(control_.data() + control_sent_, control_.size() - control_sent_);
  if (playing && !udp_ && !hold_media_ && feed_->next(*this)) {
    const BurstPtr* burst = nullptr;
    for (auto index = position; count < kMaxBursts && !gather.full() && (burst = feed_->at(index)); ++index) {
      if (!setup_of((*burst)->track) || (*burst)->parts.empty()) continue;
      bursts[count] = for_channels(*burst);
      positions[count] = index + 1;
      gather.add(*bursts[count++], 0);
    }
  }
  if (gather.empty() && !wire_.record_waits()) return false;
  const auto sent = wire_.write(gather.parts());
  if (!sent || sent->need == tls::Need::kRead) {  // TLS does not ask for that outside a handshake
    close_later();
    return false;
  }
  written(sent->bytes, std::span(bursts).first(count), std::span(positions).first(count));
  if (sent->need == tls::Need::kNone) return gather.full() || count == kMaxBursts;
  wait_writable();
  return false;
}

void Connection::written(std::size_t bytes, std::span<const BurstPtr> bursts,
                         std::span<const std::uint64_t> positions) {
  if (bytes > 0) write_since_ = Clock::now();
  if (partial_) {
    const auto step = std::min(bytes, partial_->size - partial_sent_);
    partial_sent_ += step;
    bytes -= step;
    if (partial_sent_ < partial_->size) return;
    partial_.reset();
  }
  const auto step = std::min(bytes, control_.size() - control_sent_);
  control_sent_ += step;
  bytes -= step;
  if (control_sent_ == control_.size()) {
    control_.clear();
    control_sent_ = 0;
  }
  for (std::size_t i = 0; i < bursts.size() && bytes > 0; ++i) {
    position = positions[i];
    if (bytes < bursts[i]->size) {
      partial_ = bursts[i];
      partial_sent_ = bytes;
      return;
    }
    bytes -= bursts[i]->size;
  }
}

void Connection::wait_writable() {
  if (writable_wait_) return;
  writable_wait_ = true;
  write_since_ = Clock::now();
  wire_.socket().async_wait(Wire::Socket::wait_write,
                            [self = shared_from_this()](boost::system::error_code error) {
                              self->writable_wait_ = false;
                              if (!error && !self->closed_) self->flush();
                            });
}

void Connection::flush_datagrams() {
  const auto ports = host_->datagrams();
  std::size_t sent = 0;
  for (const BurstPtr* burst = nullptr; ports && sent < kDatagramBudget && (burst = feed_->next(*this));) {
    if (const auto* setup = setup_of((*burst)->track)) {
      ports->send(**burst, (*burst)->rtcp ? setup->rtcp : setup->rtp);
      sent += (*burst)->size;
    }
    ++position;
  }
}

// The burst with this session's channel numbers: nearly always the very same.
BurstPtr Connection::for_channels(const BurstPtr& burst) const {
  const auto* setup = setup_of(burst->track);
  const auto channel = static_cast<std::uint8_t>(setup->channel + (burst->rtcp ? 1 : 0));
  const auto at = [&](const Burst::Packet& packet) { return burst->parts[packet.first_part].offset + 1; };
  if (burst->packets.empty() || burst->headers[at(burst->packets.front())] == channel) return burst;
  auto copy = std::make_shared<Burst>(*burst);  // of the headers; payloads stay shared
  for (const auto& packet : copy->packets) copy->headers[at(packet)] = channel;
  return copy;
}

const Connection::TrackSetup* Connection::setup_of(std::uint8_t track) const {
  for (const auto& setup : setups_)
    if (setup.track == track) return &setup;
  return nullptr;
}

}  // namespace camctl::rtsp
