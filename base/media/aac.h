// AAC's configuration and framing (ISO 14496-3 §1.6.2.1, §1.A.2.2).
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/media/nal.h"
#include "base/media/stream_info.h"
#include "base/result.h"

namespace camctl::media {

struct AacConfig {
  std::uint8_t object_type = 2;        // of the core: 2 is AAC-LC; 1 to 4 fit into ADTS
  std::uint32_t sample_rate = 0;       // of the core: SBR doubles what comes out
  std::uint8_t channel_config = 0;     // 1 to 7; 0 where a program config element says it
  std::uint16_t channels = 0;          // 0: not known
  std::uint16_t frame_samples = 1024;  // or 960
  bool sbr = false;                    // said explicitly (HE-AAC)
  bool ps = false;                     // parametric stereo, said explicitly (HE-AAC v2)
};

// Reads an AudioSpecificConfig. kProtocol where it is truncated or out of range, kUnsupported for other
// codecs than the AAC family.
Result<AacConfig> parse_audio_specific_config(ByteView config);

// An AAC-LC AudioSpecificConfig. kUnsupported where `channels` is not 1 to 6 or 8.
Result<Bytes> make_audio_specific_config(std::uint32_t sample_rate, std::uint16_t channels);

inline constexpr std::size_t kAdtsHeaderBytes = 7;
// aac_frame_length has 13 bits.
inline constexpr std::size_t kMaxAdtsPayload = 8191 - kAdtsHeaderBytes;

// The header for a raw frame of `payload` bytes; kUnsupported where ADTS can't say it (sample rate not in the
// table, object type above 4, frame too long).
Result<std::array<std::uint8_t, kAdtsHeaderBytes>> make_adts_header(const AacConfig& config,
                                                                    std::size_t payload);

struct AdtsFrame {
  AacConfig config;
  std::size_t header_bytes = 7;  // 9 with CRC
  std::size_t frame_bytes = 0;   // header included
};
// Reads a header at the front of `data`; the frame may be longer than `data`.
Result<AdtsFrame> parse_adts_header(ByteView data);

// RFC 6381 §3.3: "mp4a.40.2", "mp4a.40.5" with explicit SBR, "mp4a.40.29" with parametric stereo.
std::string aac_codec_string(ByteView audio_specific_config);

}  // namespace camctl::media
