// HLS in a folder that any web server can serve.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "apps/stream/output.h"

namespace camctl::apps {

// Every file appears whole. Segments go once no playlist of the last while names them (RFC 8216 §6.2.2).
class HlsFolder final : public Output {
 public:
  // MPEG-TS: playlist.m3u8 and playlist{n}.ts. fMP4: index.m3u8, media.m3u8, init-{v}.mp4 and seg{n}.m4s.
  // When the first segment is there, the folder is made and such files of an earlier run are removed.
  static Result<std::unique_ptr<Output>> open(const std::filesystem::path& folder, StreamFormat format);

  Result<void> write(const hls::Stream& stream, const hls::Segment& segment) override;
  Result<void> finish(const hls::Stream& stream) override;

 private:
  HlsFolder(std::filesystem::path folder, StreamFormat format)
      : folder_(std::move(folder)), format_(format) {}

  bool fmp4() const { return format_ == StreamFormat::kHlsFmp4; }
  Result<void> prepare() const;
  Result<void> write_init(const hls::Stream& stream, std::uint32_t version);
  Result<void> write_playlists(const hls::Stream& stream);
  Result<void> put(const std::string& name, std::string_view content) const;
  void remove_old(const hls::WindowState& state);

  std::filesystem::path folder_;
  StreamFormat format_;
  std::map<std::uint64_t, std::string> written_;  // segments' files by number
  std::map<std::uint32_t, std::uint64_t> inits_;  // written versions, and the newest segment that needs each
};

}  // namespace camctl::apps
