#include "libhls/ffmpeg/aac_encode.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <numbers>

#include "libhls/ffmpeg/pcm.h"
#include "libhls/ffmpeg_source.h"
#include "tests/libhls/ffmpeg/collector.h"
#include "tests/libhls/ffmpeg/media_file.h"

namespace camctl::hls {
namespace {

constexpr std::uint32_t kRate = 8000;
constexpr int kPacket = 160;  // 20 ms, as cameras send G.711
constexpr double kTone = 440;

media::AudioInfo g711() {
  media::AudioInfo audio;
  audio.codec = media::Codec::kPcma;
  audio.clock_rate = audio.sample_rate = kRate;
  audio.channels = 1;
  return audio;
}

double tone(std::int64_t sample) {
  return 0.5 * std::sin(2 * std::numbers::pi * kTone * static_cast<double>(sample) / kRate);
}

// ITU-T G.711 A-law of a sample from -1 to 1.
std::uint8_t a_law(double value) {
  const int sign = value >= 0 ? 0x80 : 0;
  auto magnitude = static_cast<int>(std::abs(value) * 4095);
  int exponent = 7;
  for (int mask = 0x800; exponent > 0 && !(magnitude & mask); mask >>= 1) --exponent;
  const int mantissa = exponent == 0 ? magnitude >> 1 & 0xf : magnitude >> exponent & 0xf;
  return static_cast<std::uint8_t>((sign | exponent << 4 | mantissa) ^ 0x55);
}

media::AccessUnitPtr packet(std::int64_t first_sample) {
  auto unit = std::make_shared<media::AccessUnit>();
  unit->track = media::TrackKind::kAudio;
  unit->key = true;
  unit->pts = unit->dts = first_sample;
  unit->duration = kPacket;
  for (int i = 0; i < kPacket; ++i) unit->data.push_back(a_law(tone(first_sample + i)));
  return unit;
}

Segment segment_of(std::uint64_t number, std::int64_t first_sample, int packets) {
  Segment segment;
  segment.number = number;
  auto info = std::make_shared<media::StreamInfo>();
  info->audio = g711();
  segment.info = info;
  for (int i = 0; i < packets; ++i) segment.units.push_back(packet(first_sample + i * kPacket));
  return segment;
}

// Consecutive segments of uneven length, encoded each by itself.
std::vector<media::AccessUnitPtr> encode_all(std::span<const int> packets) {
  std::vector<media::AccessUnitPtr> frames;
  std::vector<media::AccessUnitPtr> lead_in;
  std::int64_t at = 12'345;
  std::uint64_t number = 0;
  for (const int count : packets) {
    const auto segment = segment_of(number++, at, count);
    const auto encoded = encode_aac(segment, lead_in, 64'000);
    REQUIRE(encoded);
    frames.insert(frames.end(), encoded->units.begin(), encoded->units.end());
    lead_in = audio_lead_in(segment);
    at += count * kPacket;
  }
  return frames;
}

TEST_CASE("aac encode: frames of consecutive segments stand on one grid without a hole") {
  constexpr std::array kPackets = {100, 103, 50, 99, 1, 120};
  const auto frames = encode_all(kPackets);
  REQUIRE(frames.size() > 60);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    CHECK(frames[i]->dts % 1024 == 0);
    if (i > 0) CHECK(frames[i]->dts == frames[i - 1]->dts + 1024);
  }
}

TEST_CASE("aac encode: the seams can't be heard") {
  constexpr std::array kPackets = {100, 103, 97, 100};
  const auto frames = encode_all(kPackets);
  const auto info = encoded_audio(g711());
  REQUIRE(info);
  auto decoder = AudioDecoder::open(*info);
  REQUIRE(decoder);
  Pcm pcm(1);
  for (const auto& frame : frames) decoder->decode(frame->data, pcm);
  REQUIRE(pcm.size() == frames.size() * 1024);
  // Error against the tone, frame by frame; the first ones have nothing to overlap with.
  double worst = 0;
  for (std::size_t frame = 3; frame < frames.size(); ++frame) {
    double error = 0;
    for (std::size_t i = 0; i < 1024; ++i) {
      const auto sample = frames.front()->dts + static_cast<std::int64_t>(frame * 1024 + i);
      const double difference = static_cast<double>(pcm.channel[0][frame * 1024 + i]) - tone(sample);
      error += difference * difference;
    }
    worst = std::max(worst, std::sqrt(error / 1024));
  }
  INFO("worst frame: ", 20 * std::log10(worst / 0.354), " dB");
  CHECK(worst < 0.354 / 30);  // 30 dB below
}

TEST_CASE("aac encode: the same segment gives the same bytes") {
  const auto before = segment_of(1, 0, 100);
  const auto segment = segment_of(2, 16'000, 100);
  const auto lead_in = audio_lead_in(before);
  const auto a = encode_aac(segment, lead_in, 64'000), b = encode_aac(segment, lead_in, 64'000);
  REQUIRE(a);
  REQUIRE(b);
  REQUIRE(a->units.size() == b->units.size());
  for (std::size_t i = 0; i < a->units.size(); ++i) CHECK(a->units[i]->data == b->units[i]->data);
}

TEST_CASE("aac encode: parts give the frames that the whole segment gives, however it is cut") {
  const auto before = segment_of(1, 0, 100);
  const auto segment = segment_of(2, 16'000, 100);
  const auto lead_in = audio_lead_in(before);
  const auto whole = encode_aac(segment, lead_in, 64'000);
  REQUIRE(whole);
  for (const std::size_t size : {1u, 7u, 10u, 33u}) {
    auto encoding = AacEncoding::begin(g711(), 64'000, lead_in);
    REQUIRE(encoding);
    std::vector<media::AccessUnitPtr> joined;
    media::Ticks end = 0;
    for (std::size_t at = 0; at < segment.units.size(); at += size) {
      const std::span all(segment.units);
      const auto frames = encoding->add(all.subspan(at, std::min(size, all.size() - at)));
      REQUIRE(frames);
      if (!frames->units.empty()) CHECK(frames->end == frames->units.back()->dts + 1024);
      end = std::max(end, frames->end);
      joined.insert(joined.end(), frames->units.begin(), frames->units.end());
    }
    CHECK(end == whole->audio_end);
    REQUIRE(joined.size() == whole->units.size());
    for (std::size_t i = 0; i < joined.size(); ++i) {
      CHECK(joined[i]->dts == whole->units[i]->dts);
      CHECK(joined[i]->data == whole->units[i]->data);
    }
  }
}

TEST_CASE("aac encode: loss and garbage inside a segment do no harm") {
  auto segment = segment_of(1, 0, 100);
  segment.units.erase(segment.units.begin() + 30, segment.units.begin() + 60);
  auto broken = std::make_shared<media::AccessUnit>(*segment.units[5]);
  broken->data.clear();
  segment.units[5] = broken;
  const auto encoded = encode_aac(segment, {}, 64'000);
  REQUIRE(encoded);
  CHECK(encoded->units.size() == 13);  // windows that end, with a frame behind them, within 16000 samples
  segment.units.clear();
  CHECK(encode_aac(segment, {}, 64'000)->units.empty());
}

TEST_CASE("aac encode: other codecs as libavformat delivers them") {
  struct Case {
    const char* name;
    const char* encode;
    std::uint32_t rate;
  };
  constexpr Case kCases[] = {{"opus.mkv", "-c:a libopus -ac 2", 48'000},
                             {"g726.wav", "-c:a g726 -b:a 32k", 8000},
                             {"l16.mkv", "-c:a pcm_s16be", 16'000},
                             {"mp2.ts", "-c:a mp2", 32'000}};
  const tests::MediaFolder folder;
  for (const auto& c : kCases) {
    CAPTURE(std::string(c.name));
    FfmpegSourceOptions options;
    options.url = file_url(folder.make(c.name, tests::tone(2, c.rate) + ' ' + c.encode));
    options.allow_files = true;
    tests::Collector collector;
    collector.run(make_ffmpeg_source(options));
    REQUIRE(collector.infos.size() == 1);
    Segment segment;
    segment.info = collector.infos.front();
    for (auto& unit : collector.units)
      segment.units.push_back(std::make_shared<media::AccessUnit>(std::move(unit)));
    const auto encoded = encode_aac(segment, {}, 128'000);
    REQUIRE(encoded);
    CHECK(encoded->info->audio->sample_rate == c.rate);
    // Two seconds less the window's overlap and the frame ahead, and what the codec pads.
    const auto expected = static_cast<double>(c.rate) * 2 / 1024 - 2;
    CHECK(static_cast<double>(encoded->units.size()) == doctest::Approx(expected).epsilon(0.15));
    auto decoder = AudioDecoder::open(*encoded->info->audio);
    REQUIRE(decoder);
    Pcm pcm(encoded->info->audio->channels);
    for (const auto& unit : encoded->units) decoder->decode(unit->data, pcm);
    double energy = 0;
    for (const float sample : pcm.channel[0]) energy += static_cast<double>(sample * sample);
    // lavfi's sine has an amplitude of 1/8.
    CHECK(std::sqrt(energy / static_cast<double>(pcm.size())) == doctest::Approx(0.088).epsilon(0.2));
  }
}

TEST_CASE("aac encode: what can be encoded") {
  struct Case {
    media::Codec codec;
    std::uint32_t rate;
    std::uint16_t channels;
    bool can;
  };
  constexpr Case kCases[] = {{media::Codec::kPcma, 8000, 1, true},   {media::Codec::kPcmu, 8000, 2, true},
                             {media::Codec::kPcmu, 44'100, 6, true}, {media::Codec::kPcma, 8001, 1, false},
                             {media::Codec::kPcma, 0, 1, false},     {media::Codec::kPcma, 8000, 0, false},
                             {media::Codec::kOther, 8000, 1, false}};
  for (const auto& c : kCases) {
    media::AudioInfo audio;
    audio.codec = c.codec;
    audio.clock_rate = 8000;
    audio.sample_rate = c.rate;
    audio.channels = c.channels;
    CAPTURE(c.rate);
    CHECK(encoded_audio(audio).has_value() == c.can);
  }
}

}  // namespace
}  // namespace camctl::hls
