#include "apps/serve/metrics/metrics_text.h"

#include <fmt/format.h>

#include <iterator>

namespace camctl::apps::serve {
namespace {

std::string_view name(MetricsText::Type type) {
  switch (type) {
    case MetricsText::Type::kCounter:
      return "counter";
    case MetricsText::Type::kGauge:
      return "gauge";
    case MetricsText::Type::kHistogram:
      return "histogram";
  }
  return {};
}

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
}

}  // namespace

void MetricsText::family(std::string_view name_of_it, Type type, std::string_view help) {
  family_ = name_of_it;
  fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", family_, help, family_,
                 name(type));
}

void MetricsText::sample(double value, Labels labels, std::string_view suffix) {
  text_ += family_;
  text_ += suffix;
  char before = '{';
  for (const auto& [label, of_it] : labels) {
    fmt::format_to(std::back_inserter(text_), "{}{}=\"", before, label);
    append_escaped(text_, of_it);
    text_ += '"';
    before = ',';
  }
  if (labels.size() > 0) text_ += '}';
  fmt::format_to(std::back_inserter(text_), " {}\n", value);  // the shortest text that is read as the same
}

void MetricsText::single(std::string_view name_of_it, Type type, std::string_view help, double value) {
  family(name_of_it, type, help);
  sample(value);
}

}  // namespace camctl::apps::serve
