#include "apps/serve/live/live_chunk.h"

#include <nlohmann/json.hpp>

#include "apps/serve/http/websocket_frames.h"
#include "libhls/packager_fmp4.h"
#include "libhls/playlist.h"

namespace camctl::apps::serve {
namespace {

void append(hls::Body& body, const hls::BodyPtr& more) {
  body.pieces.insert(body.pieces.end(), more->pieces.begin(), more->pieces.end());
  body.size += more->size;
  body.owners.push_back(more);
}

void append_frame(hls::Body& body, Opcode opcode, const hls::BodyPtr& payload) {
  append(body, make_body(frame_header(opcode, payload->size)));
  append(body, payload);
}

}  // namespace

Result<LiveInitPtr> make_live_init(const media::StreamInfo& info, std::uint32_t version) {
  const auto segment = hls::package_init(info);
  if (!segment) return fail(segment.error());
  nlohmann::ordered_json about = {
      {"type", "init"}, {"mime", "video/mp4; codecs=\"" + hls::codecs(info) + "\""}, {"init", version}};
  if (info.video) {
    about["width"] = info.video->width;
    about["height"] = info.video->height;
  }
  auto frames = std::make_shared<hls::Body>();
  append_frame(*frames, Opcode::kText, make_body(about.dump()));
  append_frame(*frames, Opcode::kBinary, *segment);
  return std::make_shared<const LiveInit>(LiveInit{version, std::move(frames)});
}

LiveChunkPtr make_live_chunk(const hls::LiveUnit& live, const LiveInitPtr& init, std::uint64_t sequence) {
  const auto& unit = *live.unit;
  hls::Segment segment;
  segment.number = sequence;
  segment.info = live.info;
  segment.units = {live.unit};
  auto media = hls::package_fmp4(segment);
  if (!media) return nullptr;
  auto frame = std::make_shared<hls::Body>();
  append_frame(*frame, Opcode::kBinary, *media);
  auto chunk = std::make_shared<LiveChunk>();
  chunk->init = init;
  chunk->frame = std::move(frame);
  // Without pictures, anywhere.
  chunk->key = unit.key && (unit.track == media::TrackKind::kVideo || !live.info->video);
  return chunk;
}

}  // namespace camctl::apps::serve
