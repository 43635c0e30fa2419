// Random tokens and hashes of secrets.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace camctl::apps::serve::auth {

// SHA-256, or a key of as many bytes.
using Hash = std::array<std::uint8_t, 32>;

Hash sha256(std::string_view text);
Hash hmac_sha256(const Hash& key, std::string_view text);

// Throws where the system has no random numbers: nothing can be secret then.
Hash random_key();
// 256 random bits as 43 characters that any URL and cookie can hold (base64url, RFC 4648 §5).
std::string random_token();
std::string base64url(const Hash& hash);

// In a time that does not depend on where they differ.
bool equal(std::string_view a, std::string_view b);

// For maps whose keys are such hashes: any of their bits are as good as others.
struct HashOfHash {
  std::size_t operator()(const Hash& hash) const;
};

}  // namespace camctl::apps::serve::auth
