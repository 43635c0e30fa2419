#include "apps/serve/http/shared_files.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>

#include "apps/serve/http/message.h"

namespace camctl::apps::serve {
namespace {

using namespace std::chrono_literals;

std::string text_of(const os::Fd& file) {
  std::string text(SharedFiles::kMaxBytes, '\0');
  const auto got = ::pread(file.get(), text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return text;
}

// In many pieces, as an fMP4 segment is.
hls::BodyPtr pieces_of(const std::string& text, std::size_t size) {
  auto body = std::make_shared<hls::Body>();
  auto owner = std::make_shared<const std::string>(text);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(owner->data());
  for (std::size_t at = 0; at < text.size(); at += size)
    body->pieces.emplace_back(bytes + at, std::min(size, text.size() - at));
  body->size = text.size();
  body->owners.push_back(std::move(owner));
  return body;
}

TEST_CASE("a body that is asked for often becomes a file of the same bytes, which all share") {
  SharedFiles files;
  const SharedFiles::Clock::time_point now{};
  std::string text;
  while (text.size() < SharedFiles::kSmallestBody) text += std::to_string(text.size());
  const auto body = pieces_of(text, 100), other = pieces_of(text, 100);
  for (unsigned i = 1; i < SharedFiles::kAskedOften; ++i) CHECK(files.request(body, now) == nullptr);
  CHECK(files.request(other, now) == nullptr);  // the same bytes, but not the same body
  const auto file = files.request(body, now);
  REQUIRE(file);
  CHECK(text_of(*file) == text);
  CHECK(files.request(body, now) == file);

  // As long as it is asked for; who sends it keeps it.
  CHECK_FALSE(files.forget_idle(now + SharedFiles::kIdle / 2));
  CHECK(files.request(body, now + SharedFiles::kIdle / 2) == file);
  CHECK_FALSE(files.forget_idle(now + SharedFiles::kIdle));
  CHECK(files.request(body, now + SharedFiles::kIdle) == file);
  CHECK(files.forget_idle(now + 2 * SharedFiles::kIdle));
  CHECK(text_of(*file) == text);
  CHECK(files.request(body, now + 2 * SharedFiles::kIdle) == nullptr);
}

TEST_CASE("small bodies and what goes beyond the bound stay as they are") {
  SharedFiles files;
  const SharedFiles::Clock::time_point now{};
  const auto ask = [&](const hls::BodyPtr& body) {
    SharedFile file;
    for (unsigned i = 0; i < SharedFiles::kAskedOften; ++i) file = files.request(body, now);
    return file;
  };
  CHECK(ask(nullptr) == nullptr);
  CHECK(ask(make_body(std::string(SharedFiles::kSmallestBody - 1, 'x'))) == nullptr);
  CHECK(files.forget_idle(now));

  const auto large = make_body(std::string(SharedFiles::kMaxBytes / 2 + 1, 'x'));
  CHECK(ask(large) != nullptr);
  const auto second = make_body(std::string(SharedFiles::kMaxBytes / 2, 'y'));
  CHECK(ask(second) == nullptr);
  // There is room again once the first is forgotten.
  CHECK(files.forget_idle(now + SharedFiles::kIdle));
  CHECK(ask(second) != nullptr);
}

}  // namespace
}  // namespace camctl::apps::serve
