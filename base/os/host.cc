#include "base/os/host.h"

#include <sys/resource.h>
#include <sys/utsname.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/timex.h>
#endif

namespace camctl::os {

std::optional<bool> clock_is_synchronised() {
#ifdef __linux__
  timex state{};  // asks and changes nothing
  if (const int answer = adjtimex(&state); answer >= 0)
    return answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
#endif
  return std::nullopt;
}

void refuse_core_files() {
#ifdef __linux__
  prctl(PR_SET_DUMPABLE, 0);  // holds also where a program takes core files through a pipe
#endif
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

std::string kernel_version() {
  utsname name{};
  if (uname(&name) != 0) return "unknown";
  return std::string(name.sysname) + " " + name.release;
}

std::uint64_t most_descriptors() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : 0;
}

}  // namespace camctl::os
