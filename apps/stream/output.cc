#include "apps/stream/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apps/stream/byte_output.h"
#include "apps/stream/hls_folder.h"

namespace camctl::apps {
namespace {

struct Extension {
  std::string_view text;
  StreamFormat format;
};
constexpr std::array kExtensions = {
    Extension{".ts", StreamFormat::kTs},    Extension{".mts", StreamFormat::kTs},
    Extension{".m2ts", StreamFormat::kTs},  Extension{".mp4", StreamFormat::kFmp4},
    Extension{".m4v", StreamFormat::kFmp4}, Extension{".fmp4", StreamFormat::kFmp4}};

const Extension* by_extension(const std::filesystem::path& path) {
  const auto extension = path.extension().string();
  const auto* found = std::find_if(kExtensions.begin(), kExtensions.end(),
                                   [&](const auto& e) { return e.text == extension; });
  return found == kExtensions.end() ? nullptr : found;
}

bool is_folder(const std::string& output) {
  std::error_code ignored;
  return output.ends_with('/') || std::filesystem::is_directory(output, ignored);
}

}  // namespace

Result<Target> parse_target(const std::string& output, const std::string& format) {
  if (output.empty()) return fail(ErrorCode::kUsage, "no output is given", "-o DIR, -o FILE.ts or -o -");
  Target target;
  target.path = output;
  const bool fmp4 = format == "fmp4";
  if (output == "-") {
    if (format == "hls") return fail(ErrorCode::kUsage, "HLS needs a folder", "-o DIR, or --format ts");
    return Target{Target::Kind::kStdout, fmp4 ? StreamFormat::kFmp4 : StreamFormat::kTs, {}};
  }
  const auto* extension = by_extension(target.path);
  const bool folder =
      format == "hls" || is_folder(output) || (format.empty() && !target.path.has_extension());
  if (folder) {
    target.format = fmp4 ? StreamFormat::kHlsFmp4 : StreamFormat::kHls;
    return target;
  }
  if (format.empty() && !extension)
    return fail(ErrorCode::kUsage, fmt::format("the name {} does not tell the format", output),
                "add --format hls, ts or fmp4");
  target.kind = Target::Kind::kFile;
  target.format = format.empty() ? extension->format : fmp4 ? StreamFormat::kFmp4 : StreamFormat::kTs;
  return target;
}

Result<std::unique_ptr<Output>> open_output(const Target& target) {
  if (target.kind == Target::Kind::kFolder) return HlsFolder::open(target.path, target.format);
  return ByteOutput::open(target);
}

}  // namespace camctl::apps
