#include "apps/stream/byte_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/atomic_file.h"
#include "base/log.h"

namespace camctl::apps {
namespace {

// All of `data`. A signal that interrupts the call does not end it.
int write_all(int fd, std::span<const std::uint8_t> data) {
  while (!data.empty()) {
    const auto written = ::write(fd, data.data(), data.size());
    if (written >= 0)
      data = data.subspan(static_cast<std::size_t>(written));
    else if (errno != EINTR)
      return errno;
  }
  return 0;
}

tl::unexpected<Error> cannot_create(const std::string& name, int error) {
  return fail(ErrorCode::kIo, fmt::format("creating {}: {}", name, std::generic_category().message(error)));
}

// What open() would say of the file, without touching it.
Result<void> check_creatable(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    auto folder = check_folder_takes_files(path.has_parent_path() ? path.parent_path() : ".");
    return folder ? folder : fail(fmt::format("creating {}", path.string()), folder.error());
  }
  if (::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0) return cannot_create(path.string(), errno);
  return {};
}

}  // namespace

std::string joined(const hls::Body& body) {
  std::string result;
  result.reserve(body.size);
  for (const auto& piece : body.pieces)
    result.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  return result;
}

Result<std::unique_ptr<Output>> ByteOutput::open(const Target& target) {
  if (target.kind == Target::Kind::kStdout) {
    if (isatty(STDOUT_FILENO) == 1)
      return fail(ErrorCode::kUsage, "standard output is a terminal, which can't show media",
                  "redirect it, or pipe it into a player: | ffplay -");
    return std::unique_ptr<Output>(new ByteOutput(STDOUT_FILENO, "standard output", target.format));
  }
  if (auto possible = check_creatable(target.path); !possible) return fail(possible.error());
  return std::unique_ptr<Output>(new ByteOutput(-1, target.path.string(), target.format));
}

ByteOutput::~ByteOutput() {
  if (fd_ >= 0 && fd_ != STDOUT_FILENO) ::close(fd_);
}

Result<void> ByteOutput::create() {
  fd_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd_ < 0) return cannot_create(name_, errno);
  return {};
}

Result<void> ByteOutput::put(const hls::Body& body) {
  if (fd_ < 0)
    if (auto created = create(); !created) return created;
  for (const auto& piece : body.pieces) {
    const int error = write_all(fd_, piece);
    if (error == EPIPE) return fail(ErrorCode::kCancelled, "the reader is gone");
    if (error != 0)
      return fail(ErrorCode::kIo,
                  fmt::format("writing {}: {}", name_, std::generic_category().message(error)));
  }
  return {};
}

Result<void> ByteOutput::write(const hls::Stream& stream, const hls::Segment& segment) {
  const bool fmp4 = format_ == StreamFormat::kFmp4;
  auto body = fmp4 ? stream.fmp4_segment(segment.number) : stream.ts_segment(segment.number);
  if (!body) return fail(body.error());
  if (fmp4 && init_version_ != segment.init_version) {
    if (init_version_)
      log::get().warn("the stream's parameters have changed: not every player goes on from here");
    auto init = stream.init_segment(segment.init_version);
    if (!init) return fail(init.error());
    if (auto written = put(**init); !written) return written;
    init_version_ = segment.init_version;
  }
  return put(**body);
}

Result<void> ByteOutput::finish(const hls::Stream&) { return {}; }

}  // namespace camctl::apps
