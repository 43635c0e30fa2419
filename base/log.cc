#include "base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <memory>

namespace camctl::log {
namespace {

// Messages may carry what a device said: neither form lets it break or colour a line. A pattern cannot
// escape the message, so these formatters put it in by themselves.
class LineFormatter : public spdlog::formatter {
 public:
  explicit LineFormatter(std::string prefix_pattern)
      : prefix_pattern_(std::move(prefix_pattern)),
        prefix_(prefix_pattern_, spdlog::pattern_time_type::utc, "") {}

 protected:
  static bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
  static void append(spdlog::memory_buf_t& out, std::string_view text) {
    out.append(text.data(), text.data() + text.size());
  }

  std::string prefix_pattern_;
  spdlog::pattern_formatter prefix_;
};

class TextFormatter final : public LineFormatter {
 public:
  TextFormatter() : LineFormatter("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ ") {}

  void format(const spdlog::details::log_msg& msg, spdlog::memory_buf_t& out) override {
    prefix_.format(msg, out);
    for (const char c : std::string_view(msg.payload.data(), msg.payload.size())) {
      if (is_control(c))
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
      else
        out.push_back(c);
    }
    out.push_back('\n');
  }

  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<TextFormatter>(); }
};

class JsonFormatter final : public LineFormatter {
 public:
  JsonFormatter() : LineFormatter(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":")") {}

  void format(const spdlog::details::log_msg& msg, spdlog::memory_buf_t& out) override {
    prefix_.format(msg, out);
    for (const char c : std::string_view(msg.payload.data(), msg.payload.size())) {
      if (c == '"' || c == '\\') out.push_back('\\');
      if (is_control(c))
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
      else
        out.push_back(c);
    }
    append(out, "\"}\n");
  }

  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonFormatter>(); }
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
  logger->set_formatter(formatter(options.json));
  logger->set_level(level(options.verbosity));
  return logger;
}

}  // namespace

std::unique_ptr<spdlog::formatter> formatter(bool json) {
  if (json) return std::make_unique<JsonFormatter>();
  return std::make_unique<TextFormatter>();
}

void init(const Options& options) { spdlog::set_default_logger(make_logger(options)); }

spdlog::logger& get() { return *spdlog::default_logger_raw(); }

}  // namespace camctl::log
