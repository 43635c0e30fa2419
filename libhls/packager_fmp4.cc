#include "libhls/packager_fmp4.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/media/aac.h"
#include "base/media/h264.h"
#include "base/media/h265.h"
#include "libhls/mp4_writer.h"

namespace camctl::hls {
namespace {

using media::AccessUnit;
using media::Bytes;
using media::Codec;
using media::Ticks;
using media::TrackKind;

constexpr std::uint32_t kMovieTimescale = 1000;
constexpr std::uint32_t kUnityMatrix[] = {0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000};
constexpr std::uint16_t kLanguageUndetermined = 0x55c4;  // "und" (§8.4.2.3)

// sample_flags (§8.8.3.1): depends on none and is a sync sample; or depends on others and is not.
constexpr std::uint32_t kSyncSample = 0x02000000;
constexpr std::uint32_t kDependentSample = 0x01010000;
// tfhd and trun flags (§8.8.7, §8.8.8)
constexpr std::uint32_t kDefaultBaseIsMoof = 0x020000, kTfhdDefaultFlags = 0x000020;
constexpr std::uint32_t kTrunDataOffset = 0x1, kTrunDuration = 0x100, kTrunSize = 0x200, kTrunFlags = 0x400,
                        kTrunComposition = 0x800;

bool packaged(const media::VideoInfo& video) {
  return video.codec == Codec::kH264 || video.codec == Codec::kH265;
}
bool packaged(const media::AudioInfo& audio) { return audio.codec == Codec::kAac; }

void write_file_type(Mp4Writer& out, std::string_view box) {
  const auto b = out.box(box);
  out.text("iso6");  // version 1 of tfdt and trun, default-base-is-moof
  out.u32(0);
  for (const auto* brand : {"iso6", "cmfc", "mp41"}) out.text(brand);
}

void write_movie_header(Mp4Writer& out) {
  const auto b = out.full_box("mvhd", 0, 0);
  out.zeros(8);  // creation and modification time
  out.u32(kMovieTimescale);
  out.u32(0);           // duration: fragments tell
  out.u32(0x00010000);  // rate
  out.u16(0x0100);      // volume
  out.zeros(10);
  for (const auto value : kUnityMatrix) out.u32(value);
  out.zeros(24);
  out.u32(kFmp4AudioTrack + 1);  // next_track_ID
}

void write_track_header(Mp4Writer& out, std::uint32_t id, bool audio, std::uint16_t width,
                        std::uint16_t height) {
  const auto b = out.full_box("tkhd", 0, 3 /* enabled, in movie */);
  out.zeros(8);
  out.u32(id);
  out.zeros(4 + 4 + 8 + 2 + 2);  // reserved, duration, reserved, layer, alternate_group
  out.u16(audio ? 0x0100 : 0);   // volume
  out.zeros(2);
  for (const auto value : kUnityMatrix) out.u32(value);
  out.u32(std::uint32_t{width} << 16);
  out.u32(std::uint32_t{height} << 16);
}

void write_avc_or_hevc_entry(Mp4Writer& out, const media::VideoInfo& video, const Bytes& config,
                             std::uint16_t width, std::uint16_t height) {
  const bool h265 = video.codec == Codec::kH265;
  const auto entry = out.box(h265 ? "hvc1" : "avc1");
  out.zeros(6);
  out.u16(1);     // data_reference_index
  out.zeros(16);  // pre_defined, reserved
  out.u16(width);
  out.u16(height);
  out.u32(0x00480000);  // 72 dpi
  out.u32(0x00480000);
  out.zeros(4);
  out.u16(1);     // frame_count
  out.zeros(32);  // compressorname
  out.u16(0x0018);
  out.u16(0xffff);
  const auto record = out.box(h265 ? "hvcC" : "avcC");
  out.bytes(config);
}

// ISO 14496-1 §7.2.6: descriptors with lengths of one byte.
void write_esds(Mp4Writer& out, const Bytes& config) {
  const auto b = out.full_box("esds", 0, 0);
  const auto specific = config.size();
  const auto decoder = 13 + 2 + specific;
  const auto es = 3 + 2 + decoder + 2 + 1;
  out.u8(0x03);  // ES_Descriptor
  out.u8(static_cast<std::uint8_t>(es));
  out.u16(0);  // ES_ID: 0 in files (ISO 14496-14 §3.1.2)
  out.u8(0);
  out.u8(0x04);  // DecoderConfigDescriptor
  out.u8(static_cast<std::uint8_t>(decoder));
  out.u8(0x40);          // ISO 14496-3
  out.u8(0x15);          // audio stream
  out.zeros(3 + 4 + 4);  // buffer size and bit rates: not known
  out.u8(0x05);          // DecoderSpecificInfo
  out.u8(static_cast<std::uint8_t>(specific));
  out.bytes(config);
  out.u8(0x06);  // SLConfigDescriptor
  out.u8(1);
  out.u8(0x02);
}

void write_aac_entry(Mp4Writer& out, const media::AudioInfo& audio) {
  const auto entry = out.box("mp4a");
  out.zeros(6);
  out.u16(1);  // data_reference_index
  out.zeros(8);
  out.u16(std::max<std::uint16_t>(1, audio.channels));
  out.u16(16);
  out.zeros(4);
  out.u32(audio.sample_rate <= 0xffff ? audio.sample_rate << 16 : 0);
  write_esds(out, audio.config);
}

// What differs between the tracks' moov boxes.
struct TrackBoxes {
  std::uint32_t id;
  bool audio;
  std::uint32_t timescale;
  std::uint16_t width = 0, height = 0;
};

template <class WriteEntry>
void write_track(Mp4Writer& out, const TrackBoxes& track, WriteEntry write_entry) {
  const auto trak = out.box("trak");
  write_track_header(out, track.id, track.audio, track.width, track.height);
  const auto mdia = out.box("mdia");
  {
    const auto b = out.full_box("mdhd", 0, 0);
    out.zeros(8);
    out.u32(track.timescale);
    out.u32(0);
    out.u16(kLanguageUndetermined);
    out.zeros(2);
  }
  {
    const auto b = out.full_box("hdlr", 0, 0);
    out.zeros(4);
    out.text(track.audio ? "soun" : "vide");
    out.zeros(12);
    out.text(track.audio ? "sound" : "video");
    out.u8(0);
  }
  const auto minf = out.box("minf");
  if (track.audio) {
    const auto b = out.full_box("smhd", 0, 0);
    out.zeros(4);
  } else {
    const auto b = out.full_box("vmhd", 0, 1);
    out.zeros(8);
  }
  {
    const auto dinf = out.box("dinf");
    const auto dref = out.full_box("dref", 0, 0);
    out.u32(1);
    const auto url = out.full_box("url ", 0, 1 /* in this file */);
  }
  const auto stbl = out.box("stbl");
  {
    const auto stsd = out.full_box("stsd", 0, 0);
    out.u32(1);
    write_entry();
  }
  for (const auto* name : {"stts", "stsc", "stco"}) {
    const auto b = out.full_box(name, 0, 0);
    out.u32(0);
  }
  const auto stsz = out.full_box("stsz", 0, 0);
  out.zeros(8);
}

void write_track_extends(Mp4Writer& out, std::uint32_t id) {
  const auto b = out.full_box("trex", 0, 0);
  out.u32(id);
  out.u32(1);  // the only sample description
  out.zeros(12);
}

BodyPtr body_of(Bytes bytes) {
  auto owner = std::make_shared<const Bytes>(std::move(bytes));
  auto body = std::make_shared<Body>();
  body->pieces.emplace_back(*owner);
  body->size = owner->size();
  body->owners.push_back(std::move(owner));
  return body;
}

struct VideoEntry {
  Bytes config;
  std::uint16_t width, height;
};

Result<VideoEntry> video_entry(const media::VideoInfo& video) {
  VideoEntry entry{{}, video.width, video.height};
  auto config = video.codec == Codec::kH265 ? media::make_hvcc(video) : media::make_avcc(video);
  if (!config) return fail(config.error());
  entry.config = std::move(*config);
  if (entry.width == 0 || entry.height == 0) {
    if (video.codec == Codec::kH265) {
      if (const auto sps = media::parse_h265_sps(video.sps))
        entry.width = sps->width, entry.height = sps->height;
    } else if (const auto sps = media::parse_h264_sps(video.sps)) {
      entry.width = sps->width, entry.height = sps->height;
    }
  }
  return entry;
}

// The samples of one track in a segment.
struct Run {
  std::uint32_t track_id = 0;
  bool video = false;
  Ticks end = 0;  // when the last sample ends; 0: dts + duration
  std::vector<const AccessUnit*> units;
  std::size_t bytes = 0;
  std::size_t data_offset_at = 0;  // where the trun's data_offset is to be written

  Ticks duration(std::size_t i) const {
    const auto& unit = *units[i];
    if (i + 1 < units.size()) return units[i + 1]->dts - unit.dts;
    return end > unit.dts ? end - unit.dts : std::max<Ticks>(1, unit.duration);
  }
};

void write_track_fragment(Mp4Writer& out, Run& run) {
  const auto traf = out.box("traf");
  {
    const auto b = out.full_box("tfhd", 0, kDefaultBaseIsMoof | kTfhdDefaultFlags);
    out.u32(run.track_id);
    out.u32(run.video ? kDependentSample : kSyncSample);
  }
  {
    const auto b = out.full_box("tfdt", 1, 0);
    out.u64(static_cast<std::uint64_t>(run.units.front()->dts));
  }
  const bool reordered =
      std::any_of(run.units.begin(), run.units.end(), [](const AccessUnit* u) { return u->pts != u->dts; });
  auto flags = kTrunDataOffset | kTrunDuration | kTrunSize;
  if (run.video) flags |= kTrunFlags;
  if (reordered) flags |= kTrunComposition;
  const auto b = out.full_box("trun", 1, flags);
  out.u32(static_cast<std::uint32_t>(run.units.size()));
  run.data_offset_at = out.size();
  out.u32(0);
  for (std::size_t i = 0; i < run.units.size(); ++i) {
    const auto& unit = *run.units[i];
    out.u32(static_cast<std::uint32_t>(run.duration(i)));
    out.u32(static_cast<std::uint32_t>(unit.data.size()));
    if (run.video) out.u32(unit.key ? kSyncSample : kDependentSample);
    if (reordered) out.u32(static_cast<std::uint32_t>(unit.pts - unit.dts));
  }
}

// A segment or a part of one.
template <class Media>
std::vector<Run> runs_of(const Media& media) {
  std::vector<Run> runs;
  const auto collect = [&](TrackKind kind, std::uint32_t id, Ticks end) {
    Run run{id, kind == TrackKind::kVideo, end, {}, 0, 0};
    for (const auto& unit : media.units) {
      if (unit->track != kind || unit->data.empty()) continue;
      run.units.push_back(unit.get());
      run.bytes += unit->data.size();
    }
    if (!run.units.empty()) runs.push_back(std::move(run));
  };
  const auto& info = *media.info;
  if (info.video && packaged(*info.video)) collect(TrackKind::kVideo, kFmp4VideoTrack, media.video_end);
  if (info.audio && packaged(*info.audio)) collect(TrackKind::kAudio, kFmp4AudioTrack, media.audio_end);
  return runs;
}

// mfhd's sequence_number grows from fragment to fragment (§8.8.5), also for a player that takes parts of one
// segment and the next one whole; it has 32 bits and wraps once in 16 million segments.
constexpr std::uint64_t kFragmentsPerSegment = 256;
std::uint32_t sequence_number(const Segment& segment) {
  return static_cast<std::uint32_t>((segment.number + 1) * kFragmentsPerSegment);
}
std::uint32_t sequence_number(const Part& part) {
  return static_cast<std::uint32_t>(part.segment * kFragmentsPerSegment +
                                    std::min<std::uint64_t>(part.index + 1, kFragmentsPerSegment - 1));
}

// `out` holds what stands before the fragment.
template <class Media>
Result<BodyPtr> package_fragment(const Media& media, Mp4Writer out) {
  if (!media.info) return fail(ErrorCode::kInternal, "segment without stream information");
  auto runs = runs_of(media);
  if (runs.empty()) return fail(ErrorCode::kUnsupported, "fragmented MP4 needs H.264, H.265 or AAC");
  const auto moof_at = out.size();
  {
    const auto moof = out.box("moof");
    {
      const auto b = out.full_box("mfhd", 0, 0);
      out.u32(sequence_number(media));
    }
    for (auto& run : runs) write_track_fragment(out, run);
  }
  constexpr std::size_t kBoxHeader = 8;
  std::size_t payload = 0;
  for (const auto& run : runs) {
    out.patch_u32(run.data_offset_at,
                  static_cast<std::uint32_t>(out.size() - moof_at + kBoxHeader + payload));
    payload += run.bytes;
  }
  if (payload > 0xffffffff - kBoxHeader) return fail(ErrorCode::kLimit, "segment above 4 GiB");
  out.u32(static_cast<std::uint32_t>(kBoxHeader + payload));
  out.text("mdat");

  auto front = std::make_shared<const Bytes>(out.take());
  auto body = std::make_shared<Body>();
  body->pieces.emplace_back(*front);
  for (const auto& run : runs) {
    for (const auto* unit : run.units) body->pieces.emplace_back(unit->data);
  }
  body->size = front->size() + payload;
  body->owners.push_back(std::move(front));
  body->owners.reserve(1 + media.units.size());
  for (const auto& unit : media.units) body->owners.push_back(unit);
  return body;
}

}  // namespace

Result<BodyPtr> package_init(const media::StreamInfo& info) {
  const bool video = info.video && packaged(*info.video);
  const bool audio = info.audio && packaged(*info.audio) && info.audio->clock_rate != 0;
  if (!video && !audio) return fail(ErrorCode::kUnsupported, "fragmented MP4 needs H.264, H.265 or AAC");
  Mp4Writer out;
  write_file_type(out, "ftyp");
  {
    const auto moov = out.box("moov");
    write_movie_header(out);
    if (video) {
      const auto entry = video_entry(*info.video);
      if (!entry) return fail("init segment", entry.error());
      write_track(out, {kFmp4VideoTrack, false, info.video->clock_rate, entry->width, entry->height}, [&] {
        write_avc_or_hevc_entry(out, *info.video, entry->config, entry->width, entry->height);
      });
    }
    if (audio) {
      constexpr std::size_t kMaxConfig = 64;  // descriptors' lengths are written in one byte
      if (const auto config = media::parse_audio_specific_config(info.audio->config); !config) {
        return fail("init segment", config.error());
      }
      if (info.audio->config.size() > kMaxConfig)
        return fail(ErrorCode::kProtocol, "AAC configuration too long");
      write_track(out, {kFmp4AudioTrack, true, info.audio->clock_rate},
                  [&] { write_aac_entry(out, *info.audio); });
    }
    const auto mvex = out.box("mvex");
    if (video) write_track_extends(out, kFmp4VideoTrack);
    if (audio) write_track_extends(out, kFmp4AudioTrack);
  }
  return body_of(out.take());
}

Result<BodyPtr> package_fmp4(const Segment& segment) {
  Mp4Writer out;
  write_file_type(out, "styp");
  return package_fragment(segment, std::move(out));
}

Result<BodyPtr> package_part(const Part& part) { return package_fragment(part, Mp4Writer{}); }

}  // namespace camctl::hls
