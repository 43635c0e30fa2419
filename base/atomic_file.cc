#include "base/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/os/fd.h"

namespace camctl {
namespace {

tl::unexpected<Error> io_failure(std::string_view doing, const std::filesystem::path& path, int error,
                                 ErrorCode code = ErrorCode::kIo) {
  return fail(code, fmt::format("{} {}: {}", doing, path.string(), std::generic_category().message(error)));
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

void sync_folder(const std::filesystem::path& folder) {
  const os::Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) ::fsync(fd.get());  // a file system that cannot is no reason to fail: the content is there
}

// The file to replace: behind links, so that a linked cameras.json stays a link.
std::filesystem::path link_target(const std::filesystem::path& path) {
  std::error_code error;
  auto target = std::filesystem::canonical(path, error);
  return error ? path : target;
}

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

}  // namespace

Result<void> check_folder_takes_files(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
    return io_failure("writing into", folder, errno);
  if (!std::filesystem::is_directory(folder, ignored)) return io_failure("writing into", folder, ENOTDIR);
  return {};
}

Result<void> check_replaceable(const std::filesystem::path& path) {
  return check_folder_takes_files(folder_of(link_target(path)));
}

Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view content,
                                   WriteOptions options) {
  const auto target = link_target(path);
  const auto folder = folder_of(target);
  std::string temporary = (folder / ("." + target.filename().string() + ".XXXXXX")).string();
  os::Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return io_failure("writing", path, errno);

  const auto give_up = [&](int error) {
    ::unlink(temporary.c_str());
    return io_failure("writing", path, error);
  };
  if (!write_all(fd.get(), content) || ::fchmod(fd.get(), options.mode) != 0) return give_up(errno);
  if (options.sync && ::fsync(fd.get()) != 0) return give_up(errno);
  if (::rename(temporary.c_str(), target.c_str()) != 0) return give_up(errno);
  if (options.sync) sync_folder(folder);
  return {};
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
  const os::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return io_failure("reading", path, errno, errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo);
  std::string content;
  // Read, not stat: pipes and /proc files have no size.
  for (std::size_t size = 0;;) {
    constexpr std::size_t kChunk = 64 * 1024;
    content.resize(size + kChunk);
    const ssize_t count = ::read(fd.get(), content.data() + size, kChunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_failure("reading", path, errno);
    size += static_cast<std::size_t>(count);
    if (size > limit)
      return fail(ErrorCode::kLimit, fmt::format("reading {}: larger than {} bytes", path.string(), limit));
    if (count == 0) {
      content.resize(size);
      return content;
    }
  }
}

}  // namespace camctl
