// Users with cheap hashes, a folder, and an exchange that keeps its answer.
#pragma once

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "apps/common/password_hash.h"
#include "apps/serve/auth/users.h"
#include "apps/serve/http/message.h"

namespace camctl::apps::serve::auth {

inline UserEntry entry(std::string name, const std::string& password, bool admin = false,
                       std::optional<std::vector<std::string>> cameras = {}) {
  return {std::move(name), Secret(hash_password(Secret(password), {.memory_kib = 8, .passes = 1}).value()),
          admin, std::move(cameras)};
}

// A folder that goes with the test.
struct Folder {
  Folder() {
    std::string name = "/tmp/camctl-auth-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path path;
};

class KeptExchange : public Exchange {
 public:
  void send(Response response) override {
    const std::lock_guard lock(mutex_);
    if (!response_) response_ = std::move(response);
    changed_.notify_all();
  }
  bool done() const override {
    const std::lock_guard lock(mutex_);
    return response_.has_value();
  }
  void hold(std::chrono::milliseconds, std::function<Response()>) override {}
  unsigned loop_index() const override { return 0; }

  // Waits for the answer.
  const Response& answer() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return response_.has_value(); });
    return *response_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Response> response_;
};

}  // namespace camctl::apps::serve::auth
