// RTCP (RFC 3550 §6), as far as a receiver needs it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/media/access_unit.h"
#include "base/media/nal.h"

namespace camctl::rtsp {

// Which RTP timestamp the camera's own clock shows when (§6.4.1). The clock may be wrong by hours or decades:
// only differences between the tracks of one camera mean anything.
struct SenderReport {
  std::uint32_t ssrc = 0;
  std::uint64_t ntp = 0;  // seconds since 1900 in the upper half, fractions in the lower
  std::uint32_t rtp = 0;
};

// The first sender report of a compound packet; nothing if there is none or the packet is malformed.
std::optional<SenderReport> find_sender_report(media::ByteView compound);

// What a receiver tells of one source (§6.4.2).
struct ReceiverReport {
  std::uint32_t own_ssrc = 0, source_ssrc = 0;
  std::uint8_t fraction_lost = 0;
  std::uint32_t cumulative_lost = 0;   // 24 bits
  std::uint32_t highest_sequence = 0;  // extended
  std::uint32_t jitter = 0;
  std::uint32_t last_report = 0;        // the middle 32 bits of the last sender report's time; 0: none
  std::uint32_t since_last_report = 0;  // in 1/65536 s
};
// A compound packet: the report and an SDES with a CNAME (§6.1 demands both).
media::Bytes write_receiver_report(const ReceiverReport& report);

}  // namespace camctl::rtsp
