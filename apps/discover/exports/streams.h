// What configurations of other programs are made of: a name for each camera that is valid as a key there, and
// addresses that mean there what they mean here.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "apps/discover/exports/export.h"
#include "base/url.h"

namespace camctl::discover {

// Gives names of lower case letters, digits, '_' and '-', each only once.
class Keys {
 public:
  Keys();
  // Made of `name`, of `id` if nothing of the name is left; with a number behind it where that is taken.
  std::string take(std::string_view name, std::string_view id);

 private:
  std::string unique(std::string key);

  std::unordered_set<std::string> taken_;
  std::unordered_map<std::string, unsigned> next_;
};
inline constexpr std::size_t kMaxKey = 48;  // reads well in a list; file names are made of it

// What a program takes for an address, and how.
struct Target {
  std::vector<std::string_view> schemes;
  std::size_t longest = Url::kMaxLength;
  std::string_view kept;         // besides letters, digits and "-._~", all else is percent-encoded
  std::string_view placeholder;  // "user:password" as variables of the program; empty if it knows none
  std::string (*user_info)(const Credentials&);
};

struct Stream {
  std::string address;
  const apps::VideoProfile* video = nullptr;  // of the camera; nullptr where unknown
};

struct TargetCamera {
  std::string key, name;  // the name for people: no control characters
  Stream main;
  std::optional<Stream> sub;
  std::string sub_key;
};

struct TargetCameras {
  std::vector<TargetCamera> cameras;
  std::vector<std::string> left_out;
  bool wants_credentials = false;  // some address has a placeholder, or lacks credentials
};

TargetCameras target_cameras(const std::vector<apps::Camera>& cameras, const Target& target,
                             bool with_credentials);

// The camera's address with its credentials, if `with_credentials` and they are for that host; byte-exact
// otherwise.
std::string stream_address(const apps::Camera& camera, const std::string& url, bool with_credentials);

// The profile whose picture is smaller than the main one's, the smallest of several; H.264 or H.265 of the
// same host. nullptr if there is none.
const apps::CameraProfile* sub_profile(const apps::Camera& camera);

// The camera's name in one line, its id if it has none.
std::string display_name(const apps::Camera& camera);

// "user:password", percent-encoded.
std::string encoded_user_info(const Credentials& credentials);

}  // namespace camctl::discover
