// Digest: a server's challenges and a client's Authorization, both hostile.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/digest_auth.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace camctl;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (parse_challenges(text).size() > kMaxChallenges) abort();
  AuthClient client({"user", Secret("password")}, true);
  if (client.challenge({text})) client.authorization("GET", text);
  const AuthServer server("realm", {DigestAlgorithm::kMd5, DigestAlgorithm::kSha256}, true);
  if (server.check(text, "GET", "/", {"user", Secret("another password")}) == AuthServer::Verdict::kOk) {
    // Only Basic could be guessed; Digest carries our nonce's signature.
    if (text.find("YW5vdGhlciBwYXNzd29yZA") == std::string::npos &&
        text.find("dXNlcjphbm90aGVyIHBhc3N3b3Jk") == std::string::npos)
      abort();
  }
  return 0;
}
