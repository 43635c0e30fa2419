#include "libhls/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/os/fd.h"
#include "libhls/segment_record.h"

namespace camctl::hls {

using Clock = std::chrono::steady_clock;

// Closed by the disk's thread: to free a large file takes milliseconds.
struct SpoolFile {
  os::Fd fd;
  // The disk's thread alone.
  std::uint64_t size = 0;
  MediaTime length{};
  std::shared_ptr<std::atomic<bool>> read_failed;  // of the spool
  std::atomic<bool> broken{false};
};

// What the next segment of a spool goes into; guarded by SpoolShared::mutex.
struct Spool::Writing {
  std::shared_ptr<SpoolFile> file;
  std::uint64_t beginnings = 0;  // what was queued before the last one gets no file that stays
};

namespace {

// A disk that stays in trouble for the same reason is mentioned again only so often.
constexpr std::chrono::minutes kRepeatWarning{10};
// A file is a descriptor: not one for each segment.
constexpr std::chrono::milliseconds kLeastPerFile{5000};

std::string last_error() { return std::error_code(errno, std::generic_category()).message(); }

// A file without a name.
Result<os::Fd> open_nameless(const std::filesystem::path& folder) {
  os::Fd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd) return fd;
  if (errno != EOPNOTSUPP && errno != EISDIR) return fail(ErrorCode::kIo, last_error());
  auto name = (folder / "spool-XXXXXX").string();  // NFS and FUSE
  fd.reset(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) return fail(ErrorCode::kIo, last_error());
  ::unlink(name.c_str());
  return fd;
}

Result<os::Fd> open_file(const std::filesystem::path& folder) {
  auto opened = open_nameless(folder);
  std::error_code error;
  if (opened || std::filesystem::exists(folder, error)) return opened;
  std::filesystem::create_directories(folder.parent_path(), error);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return fail(ErrorCode::kIo, last_error());
  return open_nameless(folder);
}

}  // namespace

struct SpoolShared : std::enable_shared_from_this<SpoolShared> {
  struct Job {
    std::weak_ptr<const Segment> segment;
    std::shared_ptr<SpooledSegment> place;
    std::shared_ptr<Spool::Writing> writing;
    std::shared_ptr<std::atomic<bool>> read_failed;
    std::chrono::milliseconds per_file;
    std::uint64_t beginnings = 0;  // as in Writing when it was queued
  };

  explicit SpoolShared(SpoolOptions given) : options(std::move(given)) {}

  void add(Job job);
  void bury(std::unique_ptr<SpoolFile> file);
  void work();

  const SpoolOptions options;
  std::atomic<std::uint64_t> used{0};
  std::atomic<bool> crowded{false}, failing{false};

  std::mutex mutex;  // guards what follows, and Writing
  std::condition_variable wake, ended;
  std::deque<Job> queue;
  std::vector<std::unique_ptr<SpoolFile>> buried;
  bool stopping = false, running = true;

 private:
  enum class Outcome : std::uint8_t { kDone, kNoRoom, kFailed };

  std::vector<Job> take_expired();
  Outcome attempt(const Job& job);
  Result<void> write(const Segment& segment, const Job& job);
  Result<std::shared_ptr<SpoolFile>> file_for(const Job& job);
  void drop_file(const Job& job, std::uint64_t least);
  bool has_room(int fd, std::uint64_t bytes);

  // The disk's thread alone.
  struct Said {
    std::string text;
    Clock::time_point at;
    bool say(const std::string& trouble);
  };
  Said said_room_, said_failure_;
  bool recovery_unsaid_ = false;
  bool no_room_ = false;
};

void SpoolShared::add(Job job) {
  const std::lock_guard lock(mutex);
  if (stopping) return;
  job.beginnings = job.writing->beginnings;
  queue.push_back(std::move(job));
  wake.notify_one();
}

void SpoolShared::bury(std::unique_ptr<SpoolFile> file) {
  const std::lock_guard lock(mutex);
  if (stopping) return;  // closed here: the process ends
  buried.push_back(std::move(file));
  wake.notify_one();
}

void SpoolShared::work() {
  std::unique_lock lock(mutex);
  const auto something = [this] { return stopping || !buried.empty() || !queue.empty(); };
  while (wake.wait(lock, something), !stopping) {
    if (auto dead = std::exchange(buried, {}); !dead.empty()) {
      lock.unlock();
      for (const auto& file : dead) used -= file->size;
      dead.clear();
      lock.lock();
      continue;
    }
    auto job = std::move(queue.front());
    queue.pop_front();
    lock.unlock();
    const auto outcome = attempt(job);
    if (outcome == Outcome::kDone) job = {};
    lock.lock();
    if (outcome == Outcome::kDone) continue;
    queue.push_front(std::move(job));
    auto expired = take_expired();
    lock.unlock();
    expired.clear();
    lock.lock();
    wake.wait_for(lock, options.retry, [this] { return stopping || !buried.empty(); });
  }
  const auto rest = std::exchange(queue, {});
  running = false;
  ended.notify_all();
  lock.unlock();
}

// What nobody holds any more is not waited for. Under the mutex; what is taken must be let go without it,
// since the last of a file may be among it.
std::vector<SpoolShared::Job> SpoolShared::take_expired() {
  std::vector<Job> expired;
  for (auto& job : queue)
    if (job.segment.expired()) expired.push_back(std::exchange(job, {}));
  std::erase_if(queue, [](const Job& job) { return !job.place; });
  return expired;
}

SpoolShared::Outcome SpoolShared::attempt(const Job& job) {
  const auto segment = job.segment.lock();
  if (!segment) return Outcome::kDone;
  no_room_ = false;
  auto done = write(*segment, job);
  if (!done && !no_room_) {
    drop_file(job, 0);  // it may be the file: a new one tells
    done = write(*segment, job);
  }
  crowded = no_room_;
  failing = !done;
  if (no_room_) {
    drop_file(job, 1);  // so that what is in it can be freed
    said_room_.say(
        fmt::format("dvr: {} has no room for more, so that players can go back less far (room on the "
                    "disk, or dvr_max_bytes)",
                    options.folder.string()));
    return Outcome::kNoRoom;
  }
  if (!done) {
    recovery_unsaid_ |= said_failure_.say(
        fmt::format("dvr: {}: {}; live goes on, and players can go back as far as memory reaches (check the "
                    "disk, or set dvr_dir)",
                    options.folder.string(), done.error().message));
    return Outcome::kFailed;
  }
  if (std::exchange(recovery_unsaid_, false))
    log::get().info("dvr: {} takes segments again", options.folder.string());
  return Outcome::kDone;
}

Result<void> SpoolShared::write(const Segment& segment, const Job& job) {
  auto file = file_for(job);
  if (!file) return fail(file.error());
  const SegmentRecord record(segment);
  if (!has_room((*file)->fd.get(), record.size())) {
    no_room_ = true;
    return fail(ErrorCode::kLimit, "no room");
  }
  const auto offset = (*file)->size;
  if (auto written = record.write((*file)->fd.get(), offset); !written) return written;
  (*file)->size += record.size();
  (*file)->length += segment.duration;
  used += record.size();
  job.place->file_ = std::move(*file);
  job.place->offset_ = offset;
  job.place->size_ = record.size();
  job.place->written_.store(true, std::memory_order_release);
  return {};
}

Result<std::shared_ptr<SpoolFile>> SpoolShared::file_for(const Job& job) {
  {
    const std::lock_guard lock(mutex);
    const auto& file = job.writing->file;
    if (file && !file->broken && file->length < job.per_file) return file;
  }
  auto fd = open_file(options.folder);
  if (!fd) return fail(fd.error());
  auto made = std::make_unique<SpoolFile>();
  made->fd = std::move(*fd);
  made->read_failed = job.read_failed;
  std::shared_ptr<SpoolFile> file(made.release(), [weak = weak_from_this()](SpoolFile* last) {
    std::unique_ptr<SpoolFile> owned(last);
    if (const auto shared = weak.lock()) shared->bury(std::move(owned));
  });
  std::shared_ptr<SpoolFile> before;  // released without the lock
  const std::lock_guard lock(mutex);
  if (job.beginnings == job.writing->beginnings) before = std::exchange(job.writing->file, file);
  return file;
}

void SpoolShared::drop_file(const Job& job, std::uint64_t least) {
  std::shared_ptr<SpoolFile> before;  // released without the lock
  const std::lock_guard lock(mutex);
  if (job.writing->file && job.writing->file->size >= least) before = std::move(job.writing->file);
}

bool SpoolShared::has_room(int fd, std::uint64_t bytes) {
  if (options.max_bytes != 0 && used + bytes > options.max_bytes) return false;
  struct statvfs disk{};
  if (fstatvfs(fd, &disk) != 0) return true;  // writing will tell
  const std::uint64_t unit = disk.f_frsize;
  return disk.f_bavail * unit >= bytes + disk.f_blocks * unit / SpoolDisk::kFreeShare;
}

bool SpoolShared::Said::say(const std::string& trouble) {
  const auto now = Clock::now();
  if (trouble == text && now - at < kRepeatWarning) return false;
  log::get().warn("{}", trouble);
  text = trouble;
  at = now;
  return true;
}

Result<SegmentPtr> SpooledSegment::read(const Segment& listed) const {
  if (!written()) return fail(ErrorCode::kNotFound, "the segment is not on disk yet");
  auto segment = read_segment(file_->fd.get(), offset_, size_, listed);
  if (segment) return segment;
  if (!file_->broken.exchange(true))
    log::get().warn("dvr: reading segment {} again: {}", listed.number, segment.error().message);
  *file_->read_failed = true;
  return fail(fmt::format("reading segment {} from disk", listed.number), segment.error());
}

bool SpooledSegment::broken() const { return file_ && file_->broken; }

Spool::Spool(std::shared_ptr<SpoolShared> shared, std::chrono::milliseconds per_file)
    : shared_(std::move(shared)), per_file_(per_file), writing_(std::make_shared<Writing>()) {}

Spool::~Spool() { begin_file(); }

void Spool::keep(const std::shared_ptr<Segment>& segment) {
  segment->spooled = std::make_shared<SpooledSegment>();
  shared_->add({segment, segment->spooled, writing_, read_failed_, per_file_});
}

void Spool::begin_file() {
  std::shared_ptr<SpoolFile> before;  // released without the lock
  const std::lock_guard lock(shared_->mutex);
  ++writing_->beginnings;
  before = std::move(writing_->file);
}

void Spool::forget(const void* file) {
  std::shared_ptr<SpoolFile> before;  // released without the lock
  const std::lock_guard lock(shared_->mutex);
  if (writing_->file.get() == file) before = std::move(writing_->file);
}

bool Spool::crowded() const { return shared_->crowded; }

SpoolDisk::SpoolDisk(SpoolOptions options) : shared_(std::make_shared<SpoolShared>(std::move(options))) {
  worker_ = std::thread([shared = shared_] {
    pthread_setname_np(pthread_self(), "dvr-write");
    shared->work();
  });
}

SpoolDisk::~SpoolDisk() {
  stop(std::chrono::milliseconds(0));
  worker_.join();
}

std::shared_ptr<Spool> SpoolDisk::open(std::chrono::milliseconds length) {
  return std::shared_ptr<Spool>(new Spool(shared_, std::max(length / kFilesPerLength, kLeastPerFile)));
}

bool SpoolDisk::stop(std::chrono::milliseconds patience) {
  std::unique_lock lock(shared_->mutex);
  shared_->stopping = true;
  shared_->wake.notify_all();
  return shared_->ended.wait_for(lock, patience, [this] { return !shared_->running; });
}

std::uint64_t SpoolDisk::bytes() const { return shared_->used; }
bool SpoolDisk::failing() const { return shared_->failing; }

}  // namespace camctl::hls
