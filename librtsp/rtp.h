// RTP (RFC 3550) as this library writes it: packets laid out as they travel, shared by all readers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace camctl::rtsp {

inline constexpr std::size_t kRtpHeader = 12;
inline constexpr std::size_t kInterleavedHeader = 4;  // '$', channel, length (RFC 2326 §10.12)

// Payload bytes in a packet: with RTP, UDP and IPv6 headers below the 1500 of Ethernet, as cameras send.
inline constexpr std::size_t kMaxPayload = 1400;

// Packets that are sent together: an access unit of one track, or a sender report. Immutable once queued.
struct Burst {
  struct Packet {
    std::uint32_t offset = 0;  // of its interleaved header in `bytes`
    std::uint16_t size = 0;    // without the interleaved header
  };
  std::vector<std::uint8_t> bytes;  // interleaved headers with the track's default channel, and packets
  std::vector<Packet> packets;
  std::uint8_t track = 0;  // index in the feed
  bool rtcp = false;
  bool key = false;  // a video access unit that decoding can start with
  std::uint16_t first_sequence = 0;
  std::uint32_t timestamp = 0;
  std::chrono::steady_clock::time_point queued;
};
using BurstPtr = std::shared_ptr<const Burst>;

// What a track's packets have in common, and what was sent of it.
struct RtpStream {
  std::uint8_t payload_type = 96;
  std::uint8_t channel = 0;  // default interleaved channel; RTCP has the next one
  std::uint32_t ssrc = 0;
  std::uint16_t next_sequence = 0;
  std::uint32_t packets = 0, octets = 0;  // for sender reports (RFC 3550 §6.4.1), wrapping
};

}  // namespace camctl::rtsp
