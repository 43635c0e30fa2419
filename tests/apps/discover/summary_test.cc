#include "apps/discover/summary.h"

#include <doctest/doctest.h>

using namespace camctl;
using namespace camctl::discover;

namespace {
std::vector<Answer> answers(std::initializer_list<std::optional<ErrorCode>> outcomes) {
  std::vector<Answer> result;
  for (const auto& outcome : outcomes) {
    result.emplace_back().device = onvif::DeviceDescription{};
    if (outcome) result.back().device = fail(*outcome, "why");
  }
  return result;
}
}  // namespace

TEST_CASE("how a run ended") {
  struct Case {
    std::vector<Answer> answers;
    std::optional<ErrorCode> code;
  };
  const auto timeout = ErrorCode::kTimeout, auth = ErrorCode::kAuth, network = ErrorCode::kNetwork;
  for (const Case& c :
       {Case{answers({}), ErrorCode::kNotFound}, Case{answers({std::nullopt, std::nullopt}), std::nullopt},
        Case{answers({std::nullopt, auth}), ErrorCode::kPartial}, Case{answers({auth}), auth},
        Case{answers({network, auth}), auth}, Case{answers({timeout, timeout}), timeout},
        Case{answers({timeout, network}), timeout}, Case{answers({network, timeout}), network}}) {
    const auto result = summarize(c.answers);
    CHECK(result.has_value() == !c.code);
    if (!result && c.code) CHECK(result.error().code == *c.code);
  }
}
