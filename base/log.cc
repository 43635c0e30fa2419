#include "base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <memory>

namespace camctl::log {
namespace {

// One JSON object a line. Written here because a pattern cannot escape the message.
class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& msg, spdlog::memory_buf_t& out) override {
    const auto text = std::string_view(msg.payload.data(), msg.payload.size());
    time_.format(msg, out);
    append(out, spdlog::level::to_string_view(msg.level));
    append(out, R"(","message":")");
    for (const char c : text) append_escaped(out, c);
    append(out, "\"}\n");
  }

  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonFormatter>(); }

 private:
  template <class Text>
  static void append(spdlog::memory_buf_t& out, const Text& text) {
    out.append(text.data(), text.data() + text.size());
  }
  static void append(spdlog::memory_buf_t& out, const char* text) { append(out, std::string_view(text)); }

  static void append_escaped(spdlog::memory_buf_t& out, char c) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      append(out, fmt::format("\\u{:04x}", static_cast<unsigned char>(c)));
    } else {
      out.push_back(c);
    }
  }

  spdlog::pattern_formatter time_{R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":")",
                                  spdlog::pattern_time_type::utc, ""};
};

spdlog::level::level_enum level(int verbosity) {
  if (verbosity < 0) return spdlog::level::err;
  if (verbosity == 0) return spdlog::level::info;
  return verbosity == 1 ? spdlog::level::debug : spdlog::level::trace;
}

std::shared_ptr<spdlog::logger> make_logger(const Options& options) {
  spdlog::sink_ptr sink;
  if (options.color && !options.json && isatty(STDERR_FILENO) == 1)
    sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  else
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("camctl", std::move(sink));
  if (options.json)
    logger->set_formatter(std::make_unique<JsonFormatter>());
  else
    logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
  logger->set_level(level(options.verbosity));
  return logger;
}

}  // namespace

void init(const Options& options) { spdlog::set_default_logger(make_logger(options)); }

spdlog::logger& get() { return *spdlog::default_logger_raw(); }

}  // namespace camctl::log
