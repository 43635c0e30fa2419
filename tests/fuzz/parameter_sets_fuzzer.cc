// Parameter sets, decoder configurations, NAL streams and AAC headers as a camera or a file could send them.
// The first byte chooses the reader.
#include <cstdlib>

#include "base/media/aac.h"
#include "base/media/h264.h"
#include "base/media/h265.h"
#include "base/media/nal.h"

namespace {

using namespace camctl::media;

void check(bool condition) {
  if (!condition) std::abort();
}

void read_h264(ByteView data) {
  const auto sps = parse_h264_sps(data);
  if (!sps) return;
  check(sps->width > 0 && sps->height > 0);
  VideoInfo video;
  video.codec = Codec::kH264;
  video.sps.assign(data.begin(), data.end());
  video.pps = {0x68, 0xce};
  const auto record = make_avcc(video);
  check(record.has_value());
  const auto config = parse_avcc(*record);
  check(config.has_value() && config->sets.sps == video.sps && config->sets.pps == video.pps);
  check(h264_codec_string(data).size() == 11);
}

void read_h265(ByteView data) {
  const auto sps = parse_h265_sps(data);
  if (!sps) return;
  check(sps->width > 0 && sps->height > 0 && sps->max_reorder <= 16);
  VideoInfo video;
  video.codec = Codec::kH265;
  video.vps = {0x40, 0x01, 0x0c};
  video.sps.assign(data.begin(), data.end());
  video.pps = {0x44, 0x01, 0xc1};
  const auto record = make_hvcc(video);
  check(record.has_value());
  const auto config = parse_hvcc(*record);
  check(config.has_value() && config->sets == ParameterSets{video.vps, video.sps, video.pps});
  check(h265_codec_string(*sps).starts_with("hvc1."));
}

void read_stream(Codec codec, ByteView data) {
  const auto once = collect_annexb(codec, data);
  // Collecting what was collected changes nothing, but for a second PPS, which then is the first.
  const auto again = collect_length_prefixed(codec, once.data, 4);
  check(again.key == once.key && again.slices == once.slices);
  check(again.data == once.data || !again.sets.pps.empty());
  (void)collect_length_prefixed(codec, data, 2);
  (void)starts_picture(codec, data);
}

void read_aac(ByteView data) {
  if (const auto config = parse_audio_specific_config(data)) {
    check(config->sample_rate > 0);
    if (const auto header = make_adts_header(*config, data.size())) {
      const auto frame = parse_adts_header(*header);
      check(frame.has_value() && frame->frame_bytes == data.size() + kAdtsHeaderBytes);
    }
  }
  (void)parse_adts_header(data);
  (void)aac_codec_string(data);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const ByteView data(bytes + 1, size - 1);
  switch (bytes[0] % 7) {
    case 0:
      read_h264(data);
      break;
    case 1:
      read_h265(data);
      break;
    case 2:
      (void)parse_avcc(data);
      break;
    case 3:
      (void)parse_hvcc(data);
      break;
    case 4:
      read_stream(Codec::kH264, data);
      break;
    case 5:
      read_stream(Codec::kH265, data);
      break;
    default:
      read_aac(data);
  }
  return 0;
}
