// Who asks, as far as the answer depends on it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace camctl::apps::serve {

struct Principal {
  std::string name;                                           // empty: nobody has to log in here
  bool admin = false;                                         // may change things
  std::optional<std::set<std::string, std::less<>>> cameras;  // ids of those it may see; nothing: all

  bool may_see(std::string_view camera_id) const { return !cameras || cameras->contains(camera_id); }
};
using PrincipalPtr = std::shared_ptr<const Principal>;

}  // namespace camctl::apps::serve
