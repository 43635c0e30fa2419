// The Prometheus text exposition format, version 0.0.4.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace camctl::apps::serve {

// Builds the text of a scrape: a family, then its samples, then the next family.
class MetricsText {
 public:
  enum class Type : std::uint8_t { kCounter, kGauge, kHistogram };
  using Label = std::pair<std::string_view, std::string_view>;  // the value may be any text
  using Labels = std::initializer_list<Label>;

  // Begins the family `name`, whose samples follow. `help` is one line without backslashes.
  void family(std::string_view name, Type type, std::string_view help);
  // A sample of the family: `suffix` ("_bucket", "_sum", "_count") goes behind its name.
  void sample(double value, Labels labels = {}, std::string_view suffix = {});
  // A family of one sample.
  void single(std::string_view name, Type type, std::string_view help, double value);

  std::string take() { return std::move(text_); }

 private:
  std::string text_, family_;
};

}  // namespace camctl::apps::serve
