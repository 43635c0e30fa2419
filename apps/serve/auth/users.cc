#include "apps/serve/auth/users.h"

namespace camctl::apps::serve::auth {

Users::Users(const std::vector<UserEntry>& entries) {
  for (const auto& entry : entries) {
    auto who = std::make_shared<Principal>();
    who->name = entry.name;
    who->admin = entry.admin;
    if (entry.cameras) who->cameras.emplace(entry.cameras->begin(), entry.cameras->end());
    by_name_[entry.name] = {std::move(who), entry.hash.reveal()};
  }
}

const User* Users::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

}  // namespace camctl::apps::serve::auth
