// RTP (RFC 3550) as this library writes it: packets laid out as they travel, shared by all readers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

namespace camctl::rtsp {

inline constexpr std::size_t kRtpHeader = 12;
inline constexpr std::size_t kInterleavedHeader = 4;  // '$', channel, length (RFC 2326 §10.12)

// Payload bytes in a packet: with RTP, UDP and IPv6 headers below the 1500 of Ethernet, as cameras send.
inline constexpr std::size_t kMaxPayload = 1400;

// Packets that are sent together: an access unit of one track, or a sender report. Only headers are written
// here; payloads stay where the access unit has them. Immutable once queued.
struct Burst {
  // A run of bytes: in `headers` from `offset` on, or, where `data` is set, there.
  struct Part {
    const std::uint8_t* data = nullptr;
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
  };
  struct Packet {
    std::uint32_t first_part = 0;  // which begins with the interleaved header
    std::uint16_t parts = 0;       // 1 or 2
    std::uint16_t size = 0;        // without the interleaved header
  };

  // Adds a packet: an interleaved header for `channel`, then `copied`, then `referenced`, which the owners
  // below must keep.
  void add_packet(std::uint8_t channel, std::initializer_list<std::span<const std::uint8_t>> copied,
                  std::span<const std::uint8_t> referenced);
  const std::uint8_t* data(const Part& part) const {
    return part.data ? part.data : headers.data() + part.offset;
  }

  std::vector<std::uint8_t> headers;
  std::vector<Part> parts;  // in the order of sending
  std::vector<Packet> packets;
  std::size_t size = 0;                               // of all parts
  std::shared_ptr<const void> media, parameter_sets;  // own what parts point to
  std::uint8_t track = 0;                             // index in the feed
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
