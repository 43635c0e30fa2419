#include "apps/common/help.h"

#include <fmt/format.h>

#include "base/text.h"

namespace camctl::apps {
namespace {

constexpr std::size_t kColumn = 28, kWidth = 100;

// "-j, --jobs N"; what has no short name is indented as if it had.
std::string synopsis(const CLI::Option& option, bool is_positional) {
  std::string names;
  if (is_positional) {
    names = option.get_name(true, false);
  } else {
    std::vector<std::string> all;
    for (const std::string& name : option.get_snames()) all.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) all.push_back("--" + name);
    names = fmt::format("{}{}", option.get_snames().empty() ? "    " : "", fmt::join(all, ", "));
  }
  const std::string type = option.get_type_name();
  if (option.get_type_size() != 0 && !is_positional) names += " " + type.substr(0, type.find(':'));
  return names;
}

std::string description(const CLI::Option& option) {
  std::string text = option.get_description();
  const std::string by_default = option.get_default_str();
  if (!by_default.empty() && text.find("default") == std::string::npos)
    text += fmt::format(" (default {})", by_default);
  if (!option.get_envname().empty()) text += fmt::format(" [{}]", option.get_envname());
  return text;
}

}  // namespace

HelpFormatter::HelpFormatter() { label("Positionals", "Arguments"); }

// CLI11 parts groups by two empty lines.
std::string HelpFormatter::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const {
  std::string text = CLI::Formatter::make_help(app, std::move(name), mode);
  for (std::size_t at = 0; (at = text.find("\n\n\n", at)) != std::string::npos;) text.erase(at, 1);
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  std::string line = "  " + synopsis(*option, is_positional);
  if (line.size() + 2 > kColumn)
    line += "\n" + std::string(kColumn, ' ');
  else
    line.resize(kColumn, ' ');
  std::size_t used = kColumn;
  const std::string text = description(*option);
  for (std::string_view word : text::split(text, " \n")) {
    if (used > kColumn && used + 1 + word.size() > kWidth) {
      line += "\n" + std::string(kColumn, ' ');
      used = kColumn;
    }
    const bool first = used == kColumn;
    line += fmt::format("{}{}", first ? "" : " ", word);
    used += word.size() + (first ? 0 : 1);
  }
  return line + "\n";
}

}  // namespace camctl::apps
