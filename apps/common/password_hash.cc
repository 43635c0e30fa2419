#include "apps/common/password_hash.h"

#include <argon2.h>
#include <openssl/rand.h>

#include <array>
#include <charconv>
#include <optional>

namespace camctl::apps {
namespace {

constexpr std::uint32_t kLanes = 1;
constexpr std::size_t kSaltBytes = 16, kHashBytes = 32;
constexpr std::uint32_t kMostMemoryKib = 256u << 10, kMostPasses = 16, kMostLanes = 16;

// The number behind `name` at the front of `text`, which is shortened by both.
std::optional<std::uint32_t> take(std::string_view& text, std::string_view name) {
  if (!text.starts_with(name)) return std::nullopt;
  text.remove_prefix(name.size());
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool is_base64(std::string_view text, std::size_t shortest) {
  return text.size() >= shortest &&
         text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") ==
             text.npos;
}

}  // namespace

Result<std::string> hash_password(const Secret& password, HashCost cost) {
  std::array<unsigned char, kSaltBytes> salt{};
  if (RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1)
    return fail(ErrorCode::kInternal, "the system gives no random numbers");
  std::string encoded(
      argon2_encodedlen(cost.passes, cost.memory_kib, kLanes, kSaltBytes, kHashBytes, Argon2_id), '\0');
  const auto& text = password.reveal();
  const int code =
      argon2id_hash_encoded(cost.passes, cost.memory_kib, kLanes, text.data(), text.size(), salt.data(),
                            salt.size(), kHashBytes, encoded.data(), encoded.size());
  if (code != ARGON2_OK)
    return fail(ErrorCode::kInternal, std::string("hashing the password: ") + argon2_error_message(code));
  encoded.resize(encoded.find('\0'));
  return encoded;
}

bool verify_password(const Secret& password, const std::string& hash) {
  if (!is_password_hash(hash)) return false;
  const auto& text = password.reveal();
  return argon2id_verify(hash.c_str(), text.data(), text.size()) == ARGON2_OK;
}

bool is_password_hash(std::string_view text) {
  constexpr std::string_view kPrefix = "$argon2id$v=19$";
  constexpr std::size_t kShortestSalt = 11, kShortestHash = 22;  // 8 and 16 bytes as base64
  if (!text.starts_with(kPrefix) || text.size() > kMaxPasswordHash) return false;
  text.remove_prefix(kPrefix.size());
  const auto memory = take(text, "m="), passes = take(text, ",t="), lanes = take(text, ",p=");
  if (!memory || !passes || !lanes || !text.starts_with('$')) return false;
  if (*lanes == 0 || *lanes > kMostLanes || *memory < 8 * *lanes || *memory > kMostMemoryKib) return false;
  if (*passes == 0 || *passes > kMostPasses) return false;
  text.remove_prefix(1);
  const auto dollar = text.find('$');
  return dollar != text.npos && is_base64(text.substr(0, dollar), kShortestSalt) &&
         is_base64(text.substr(dollar + 1), kShortestHash);
}

}  // namespace camctl::apps
