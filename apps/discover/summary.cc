#include "apps/discover/summary.h"

#include <fmt/format.h>

#include <algorithm>

namespace camctl::discover {

Result<void> summarize(const std::vector<Answer>& answers) {
  if (answers.empty())
    return fail(ErrorCode::kNotFound, "there is no device to ask",
                "give hosts, or pipe camctl scan into camctl discover -");
  std::vector<const Error*> errors;
  for (const auto& answer : answers)
    if (!answer.device) errors.push_back(&answer.device.error());
  if (errors.empty()) return {};
  const auto with = [&](ErrorCode code) {
    return std::ranges::count_if(errors, [code](const Error* e) { return e->code == code; });
  };
  if (errors.size() < answers.size())
    return fail(ErrorCode::kPartial,
                fmt::format("{} of {} devices could not be asked", errors.size(), answers.size()));
  if (answers.size() == 1) return fail(*errors.front());
  const std::string what = fmt::format("none of {} devices could be asked", answers.size());
  if (const auto refused = with(ErrorCode::kAuth); refused > 0)
    return fail(ErrorCode::kAuth, fmt::format("{}: {} asked for credentials or refused them", what, refused),
                "give --user and --password-file, or credentials: in the configuration");
  if (with(ErrorCode::kTimeout) == static_cast<std::ptrdiff_t>(errors.size()))
    return fail(ErrorCode::kTimeout, what + " in time");
  return fail(errors.front()->code, what + ", the first because: " + errors.front()->message,
              errors.front()->hint);
}

}  // namespace camctl::discover
