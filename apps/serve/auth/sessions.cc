#include "apps/serve/auth/sessions.h"

#include <algorithm>

namespace camctl::apps::serve::auth {

bool Sessions::ended(const Session& session, Clock::time_point now) {
  return now - session.used >= kIdle || now - session.opened >= kLongest;
}

void Sessions::make_room(Clock::time_point now) {
  if (sessions_.size() < kMost) return;
  std::erase_if(sessions_, [&](const auto& entry) { return ended(entry.second, now); });
  if (sessions_.size() < kMost) return;
  sessions_.erase(
      std::ranges::min_element(sessions_, {}, [](const auto& entry) { return entry.second.used; }));
}

std::string Sessions::open(const User& user, Clock::time_point now) {
  auto token = random_token();
  const std::lock_guard lock(mutex_);
  make_room(now);
  sessions_[sha256(token)] = {user.who->name, user.hash, now, now};
  return token;
}

PrincipalPtr Sessions::find(std::string_view token, const Users& users, Clock::time_point now) {
  const auto key = sha256(token);
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(key);
  if (found == sessions_.end()) return nullptr;
  const auto* user = users.find(found->second.name);
  if (user == nullptr || user->hash != found->second.hash || ended(found->second, now)) {
    sessions_.erase(found);
    return nullptr;
  }
  found->second.used = now;
  return user->who;
}

void Sessions::close(std::string_view token) {
  const auto key = sha256(token);
  const std::lock_guard lock(mutex_);
  sessions_.erase(key);
}

}  // namespace camctl::apps::serve::auth
