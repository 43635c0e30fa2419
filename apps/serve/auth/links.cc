#include "apps/serve/auth/links.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/atomic_file.h"

namespace camctl::apps::serve::auth {
namespace {

constexpr char kSeparator = '~';  // in no id, no name and no base64url, and needs no escape in an address

// What stands behind the last separator, which is cut off.
std::string_view take_last(std::string_view& text) {
  const auto at = text.rfind(kSeparator);
  if (at == text.npos) return {};
  const auto last = text.substr(at + 1);
  text = text.substr(0, at);
  return last;
}

Result<Hash> make_key(const std::filesystem::path& file) {
  const auto key = random_key();
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);  // where that fails, so does what follows
  const std::string_view bytes(reinterpret_cast<const char*>(key.data()), key.size());
  if (auto saved = write_file_atomically(file, bytes, {.mode = 0600}); !saved) return fail(saved.error());
  return key;
}

std::string signature(const Hash& key, std::string_view text, const User& user) {
  return base64url(hmac_sha256(key, std::string(text) + '\0' + user.hash));
}

}  // namespace

Result<std::unique_ptr<Links>> Links::load(std::filesystem::path file) {
  std::unique_ptr<Links> links(new Links(std::move(file)));
  const auto bytes = read_file(links->file_, sizeof(Hash));
  if (!bytes && bytes.error().code == ErrorCode::kNotFound) return links;
  if (!bytes) return fail(bytes.error());
  if (bytes->size() != sizeof(Hash))
    return fail(ErrorCode::kConfig, fmt::format("{} is no key", links->file_.string()),
                "put it away: another is made");
  std::ranges::copy(*bytes, links->key_.emplace().begin());
  return links;
}

std::optional<Hash> Links::key() const {
  const std::lock_guard lock(mutex_);
  return key_;
}

Result<Hash> Links::key_or_new() {
  const std::lock_guard lock(mutex_);
  if (key_) return *key_;
  const auto made = make_key(file_);
  if (made) key_ = *made;
  return made;
}

Result<std::string> Links::make(const User& user, std::string_view camera, Time expires) {
  const auto key = key_or_new();
  if (!key) return fail(key.error());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(expires.time_since_epoch()).count();
  const auto text = fmt::format("{1}{0}{2}{0}{3}", kSeparator, camera, user.who->name, seconds);
  return text + kSeparator + signature(*key, text, user);
}

PrincipalPtr Links::find(std::string_view token, const Users& users, Time now) const {
  const auto given = take_last(token);
  const auto signed_text = token;
  const auto until = take_last(token), name = take_last(token);
  const auto* user = users.find(name);
  const auto key = this->key();
  if (user == nullptr || !key || !equal(given, signature(*key, signed_text, *user))) return nullptr;
  std::int64_t seconds = 0;
  std::from_chars(until.data(), until.data() + until.size(), seconds);
  if (now.time_since_epoch() >= std::chrono::seconds(seconds) || !user->who->may_see(token)) return nullptr;
  auto who = std::make_shared<Principal>();
  who->name = user->who->name;
  who->cameras.emplace().emplace(token);
  return who;
}

}  // namespace camctl::apps::serve::auth
