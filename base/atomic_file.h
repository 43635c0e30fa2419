// Files that are never seen half-written.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace camctl {

struct WriteOptions {
  unsigned mode = 0644;  // of a new file; 0600 where secrets are inside
  bool sync = true;      // fsync file and folder: for state that must survive a power cut
};

// Writes beside `path` and renames over it, so that readers see the old or the new content. A symbolic link
// is followed. kIo, naming the file and the reason.
Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view content,
                                   WriteOptions options = {});

// Whether such a write, or a new file in `folder`, can succeed as far as permissions tell: for programs that
// would learn it only after long work. kIo as the write itself.
Result<void> check_replaceable(const std::filesystem::path& path);
Result<void> check_folder_takes_files(const std::filesystem::path& folder);

// A whole file of at most `limit` bytes. kNotFound, kIo, or kLimit.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit);

}  // namespace camctl
