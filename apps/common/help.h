// How --help looks.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace camctl::apps {

// Names in one column, what they do in another, wrapped at 100; the variable that stands in for an option and
// its default stand at the end of its description. packaging/man makes the manual pages from this form.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter();
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
};

}  // namespace camctl::apps
