#include "base/os/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace camctl::os {
namespace {

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Since 1970: proc(5) counts from the system's start, in ticks.
double since_1970(double start_ticks, double ticks_per_second) {
  timespec up{};
  if (::clock_gettime(CLOCK_BOOTTIME, &up) != 0) return 0;
  const auto running = std::chrono::seconds(up.tv_sec) + std::chrono::nanoseconds(up.tv_nsec);
  const std::chrono::duration<double> start = std::chrono::system_clock::now().time_since_epoch() - running;
  return start.count() + start_ticks / ticks_per_second;
}

std::size_t count_descriptors() {
  std::error_code error;
  std::size_t count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
       at.increment(error))
    ++count;
  return count > 0 ? count - 1 : 0;  // one reads the folder
}

}  // namespace

ProcessFigures process_figures() {
  ProcessFigures figures;
  const auto line = first_line("/proc/self/stat");
  // The program's name may hold anything: what counts begins behind its last parenthesis.
  const auto close = line.rfind(')');
  if (close == line.npos) return figures;
  std::istringstream fields(line.substr(close + 1));
  std::string skipped;
  double user = 0, kernel = 0, threads = 0, start = 0, bytes = 0, pages = 0;
  for (int i = 3; i < 14; ++i) fields >> skipped;  // numbered as in proc(5)
  fields >> user >> kernel;
  for (int i = 16; i < 20; ++i) fields >> skipped;
  fields >> threads >> skipped >> start >> bytes >> pages;
  if (!fields) return figures;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  figures.cpu_seconds = (user + kernel) / ticks;
  figures.started = since_1970(start, ticks);
  figures.threads = static_cast<std::size_t>(threads);
  figures.virtual_bytes = static_cast<std::uint64_t>(bytes);
  figures.resident_bytes = static_cast<std::uint64_t>(pages * static_cast<double>(::sysconf(_SC_PAGESIZE)));
  figures.open_descriptors = count_descriptors();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.max_descriptors = limit.rlim_cur;
  return figures;
}

}  // namespace camctl::os
