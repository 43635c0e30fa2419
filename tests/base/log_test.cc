#include "base/log.h"

#include <doctest/doctest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

using namespace camctl;

namespace {

std::string logged(bool json, const std::string& message) {
  std::ostringstream out;
  spdlog::logger logger("test", std::make_shared<spdlog::sinks::ostream_sink_st>(out));
  logger.set_formatter(log::formatter(json));
  logger.warn(message);
  return out.str();
}

}  // namespace

TEST_CASE("a line of text stays one line, whatever a device put into it") {
  const auto line = logged(false, "camera \"a\nb\x1b[31m\x7f\" said ü");
  CHECK(std::count(line.begin(), line.end(), '\n') == 1);
  CHECK(line.find("warning camera \"a\\x0ab\\x1b[31m\\x7f\" said ü\n") != std::string::npos);
}

TEST_CASE("JSON lines escape the message") {
  const auto line = logged(true, "a\"b\\c\n");
  CHECK(line.find(R"("level":"warning","message":"a\"b\\c\u000a"})") != std::string::npos);
  CHECK(line.starts_with(R"({"time":")"));
}
