// Where `camctl stream` puts a stream: a folder for HLS, or one run of bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "libhls/stream.h"

namespace camctl::apps {

enum class StreamFormat : std::uint8_t { kHls, kHlsFmp4, kTs, kFmp4 };

// What -o and --format mean together.
struct Target {
  enum class Kind : std::uint8_t { kFolder, kFile, kStdout } kind = Kind::kFolder;
  StreamFormat format = StreamFormat::kHls;
  std::filesystem::path path;
};
// `format` is "", "hls", "ts" or "fmp4". kUsage where they don't fit together.
Result<Target> parse_target(const std::string& output, const std::string& format);

// Takes segments in order, on one thread that may block on the output.
class Output {
 public:
  virtual ~Output() = default;

  // The next segment, and what the playlist now is. kCancelled where the reader is gone.
  virtual Result<void> write(const hls::Stream& stream, const hls::Segment& segment) = 0;
  // After the last one, or whenever the playlist alone has changed.
  virtual Result<void> finish(const hls::Stream& stream) = 0;
};

// Checks that the folder or file can be made; it is made when the first segment is written. kIo, kUsage.
Result<std::unique_ptr<Output>> open_output(const Target& target);

}  // namespace camctl::apps
