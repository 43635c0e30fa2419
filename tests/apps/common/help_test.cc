#include "apps/common/help.h"

#include <doctest/doctest.h>

using namespace camctl::apps;

TEST_CASE("help in two columns") {
  CLI::App app{"Does things.", "camctl thing"};
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("-h,--help", "Print this help");
  int jobs = 4;
  std::string text;
  app.add_option("-j,--jobs", jobs, "How many")
      ->capture_default_str()
      ->type_name("N")
      ->envname("CAMCTL_JOBS");
  app.add_option("--an-option-with-a-long-name", text,
                 "A description that is long enough to be wrapped where the line would be longer than a "
                 "hundred columns")
      ->check(CLI::IsMember({"a", "b"}))
      ->type_name("KIND");
  bool last = false;
  app.add_flag("--last", last, "The end")->group("Others");
  app.add_option("camera", text, "Which one");
  CHECK(app.help() == R"(Does things.
Usage: camctl thing [OPTIONS] [camera]

Arguments:
  camera                    Which one

Options:
  -h, --help                Print this help
  -j, --jobs N              How many (default 4) [CAMCTL_JOBS]
      --an-option-with-a-long-name KIND
                            A description that is long enough to be wrapped where the line would be
                            longer than a hundred columns

Others:
      --last                The end
)");
}
