// Small media files for tests, made by the ffmpeg program in a folder that goes away with the object.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace camctl::tests {

class MediaFolder {
 public:
  MediaFolder();
  ~MediaFolder();
  MediaFolder(const MediaFolder&) = delete;
  MediaFolder& operator=(const MediaFolder&) = delete;

  // Runs `ffmpeg ARGUMENTS FOLDER/name` and returns the file's path. Throws where ffmpeg fails.
  std::string make(std::string_view name, std::string_view arguments) const;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Input arguments: a picture of 160x120 at 25 a second, and a tone, both `seconds` long.
std::string picture(double seconds);
std::string tone(double seconds, unsigned sample_rate);

}  // namespace camctl::tests
