// The users of the configuration, as the gate looks them up.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/common/config.h"
#include "apps/serve/http/principal.h"

namespace camctl::apps::serve::auth {

struct User {
  PrincipalPtr who;
  std::string hash;  // argon2id; also tells whether the password is still what it was
};

// Immutable: replaced as a whole when the configuration is read again.
class Users {
 public:
  explicit Users(const std::vector<UserEntry>& entries = {});

  bool empty() const { return by_name_.empty(); }
  const User* find(std::string_view name) const;  // null: none
  // Some user's hash, for passwords of users that there are not: they take as long as others.
  const std::string& any_hash() const { return by_name_.begin()->second.hash; }

 private:
  std::map<std::string, User, std::less<>> by_name_;
};
using UsersPtr = std::shared_ptr<const Users>;

}  // namespace camctl::apps::serve::auth
