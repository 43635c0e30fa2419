// camctl passwd: the hash of a password, for `users` in the configuration of `camctl serve`.
#include <fmt/format.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "apps/common/app.h"
#include "apps/common/password_hash.h"
#include "apps/common/stdout.h"

namespace camctl::passwd {
namespace {

using apps::kMaxPassword;

constexpr std::size_t kShortest = 8;  // NIST SP 800-63B §5.1.1
constexpr int kLook = 100;            // ms between looks at the stop token

// A terminal that shows nothing of what is typed, as long as it lives.
class Silence {
 public:
  Silence() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    auto silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_lflag |= ECHONL;
    silenced_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~Silence() {
    if (silenced_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  termios before_{};
  bool silenced_ = false;
};

// The next byte of standard input; nothing at its end. kCancelled by a signal, since a reading process that
// is ended would leave the terminal silent.
Result<std::optional<char>> next_byte(const std::stop_token& stop) {
  while (true) {
    pollfd wait{STDIN_FILENO, POLLIN, 0};
    const int ready = poll(&wait, 1, kLook);
    if (stop.stop_requested()) return fail(ErrorCode::kCancelled, "stopped");
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    char byte = 0;
    const auto got = ready < 0 ? -1 : read(STDIN_FILENO, &byte, 1);
    if (got == 0) return std::optional<char>();
    if (got == 1) return std::optional<char>(byte);
    if (errno != EINTR && errno != EAGAIN)
      return fail(ErrorCode::kIo, "reading the password: " + std::generic_category().message(errno));
  }
}

Result<Secret> read_line(const std::stop_token& stop) {
  std::string line;
  while (true) {
    const auto byte = next_byte(stop);
    if (!byte) return fail(byte.error());
    if (!*byte || **byte == '\n') break;
    if (line.size() == kMaxPassword)
      return fail(ErrorCode::kUsage, fmt::format("the password has more than {} bytes", kMaxPassword));
    line += **byte;
  }
  if (line.ends_with('\r')) line.pop_back();
  return Secret(std::move(line));
}

Result<Secret> ask(const char* prompt, const std::stop_token& stop) {
  std::fputs(prompt, stderr);
  return read_line(stop);
}

// Typed twice on a terminal, else the first line of standard input.
Result<Secret> read_password(const std::stop_token& stop) {
  if (isatty(STDIN_FILENO) == 0) return read_line(stop);
  const Silence silence;
  auto password = ask("Password: ", stop);
  if (!password) return password;
  const auto again = ask("The same again: ", stop);
  if (!again) return again;
  if (*password != *again) return fail(ErrorCode::kUsage, "the two passwords differ");
  return password;
}

Result<void> run(const apps::Context& context) {
  const auto password = read_password(context.stop);
  if (!password) return fail(password.error());
  if (password->reveal().size() < kShortest)
    return fail(ErrorCode::kUsage, fmt::format("the password has fewer than {} characters", kShortest),
                "longer is better than complicated: some words that nobody would put together");
  const auto hash = apps::hash_password(*password);
  if (!hash) return fail(hash.error());
  return apps::print_bytes(*hash + "\n");
}

apps::Body build(CLI::App& app, apps::CommonOptions& common) {
  apps::add_common_options(app, common, {});
  return run;
}

}  // namespace
}  // namespace camctl::passwd

int main(int argc, char** argv) {
  return camctl::apps::run_program(argc, argv, "camctl passwd",
                                   "Makes the hash of a password, for users in the configuration of serve",
                                   camctl::passwd::build);
}
