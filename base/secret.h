// A value that must not be shown. It has no operator<<, no formatter and no conversion to a string.
#pragma once

#include <string>
#include <utility>

namespace camctl {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&&) noexcept = default;
  Secret& operator=(const Secret&) = default;
  Secret& operator=(Secret&&) noexcept = default;
  ~Secret() { wipe(); }

  // The value itself; name the reason for each call in review.
  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

  friend bool operator==(const Secret& a, const Secret& b) { return a.value_ == b.value_; }

 private:
  void wipe() {  // through volatile, so that the compiler keeps it
    for (volatile char& c : value_) c = '\0';
  }

  std::string value_;
};

// A user of a camera. An empty user means "no credentials".
struct Credentials {
  std::string user;
  Secret password;

  bool empty() const { return user.empty() && password.empty(); }
  friend bool operator==(const Credentials&, const Credentials&) = default;
};

}  // namespace camctl
