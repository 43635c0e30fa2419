#include "libhls/segment_record.h"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <type_traits>
#include <utility>

namespace camctl::hls {
namespace {

using media::AccessUnit;
using media::AccessUnitPtr;
using std::chrono::steady_clock;

struct Header {
  std::uint64_t number;  // of the segment: tells a record from others
  std::uint32_t units, lead_in, parts, padding;
  std::uint64_t payload;
};
struct UnitRow {
  std::int64_t pts, dts, duration, arrival;
  std::uint32_t size;
  std::uint8_t track, key, gap_before, padding;
};
struct PartRow {
  std::int64_t duration, video_end, audio_end;
  std::uint32_t units, independent;
};

// A call takes at most IOV_MAX (1024) pieces.
constexpr std::size_t kPiecesAtOnce = 512;

template <class Row>
void append(media::Bytes& out, const Row& row) {
  static_assert(std::is_trivially_copyable_v<Row> && std::has_unique_object_representations_v<Row>);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&row);
  out.insert(out.end(), bytes, bytes + sizeof row);
}

template <class Row>
Row take(std::span<const std::uint8_t>& in) {
  Row row;
  std::memcpy(&row, in.data(), sizeof row);
  in = in.subspan(sizeof row);
  return row;
}

UnitRow row_of(const AccessUnit& unit) {
  return {unit.pts,
          unit.dts,
          unit.duration,
          unit.arrival.time_since_epoch().count(),
          static_cast<std::uint32_t>(unit.data.size()),
          static_cast<std::uint8_t>(unit.track),
          unit.key,
          unit.gap_before,
          0};
}

PartRow row_of(const Part& part) {
  return {part.duration.count(), part.video_end, part.audio_end,
          static_cast<std::uint32_t>(part.units.size()), part.independent};
}

std::string last_error() { return std::error_code(errno, std::generic_category()).message(); }

// `transfer` is pwritev or preadv: moves all pieces, however little a call takes.
template <class Transfer>
Result<void> move_all(std::vector<iovec> pieces, std::uint64_t offset, Transfer transfer) {
  std::erase_if(pieces, [](const iovec& piece) { return piece.iov_len == 0; });
  for (std::size_t at = 0; at < pieces.size();) {
    const auto count = static_cast<int>(std::min(pieces.size() - at, kPiecesAtOnce));
    const auto moved = transfer(&pieces[at], count, static_cast<off_t>(offset));
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0) return fail(ErrorCode::kIo, last_error());
    if (moved == 0) return fail(ErrorCode::kIo, "the file is shorter than what was written");
    offset += static_cast<std::uint64_t>(moved);
    for (auto left = static_cast<std::size_t>(moved); left > 0;) {
      auto& piece = pieces[at];
      const auto done = std::min(left, piece.iov_len);
      left -= done;
      piece.iov_base = static_cast<std::uint8_t*>(piece.iov_base) + done;
      piece.iov_len -= done;
      if (piece.iov_len == 0) ++at;
    }
  }
  return {};
}

Result<void> read_all(int fd, std::uint64_t offset, std::vector<iovec> pieces) {
  return move_all(std::move(pieces), offset,
                  [fd](const iovec* some, int count, off_t at) { return preadv(fd, some, count, at); });
}

tl::unexpected<Error> not_as_written() {
  return fail(ErrorCode::kIo, "the file does not hold what was written");
}

// The tables of a record, with room for the payload of each unit.
struct Tables {
  std::vector<std::shared_ptr<AccessUnit>> units;  // those of the lead-in behind those of the segment
  std::size_t own = 0;                             // how many are the segment's
  std::vector<PartRow> parts;
};

Result<Tables> parse_tables(const Header& header, std::span<const std::uint8_t> rows) {
  Tables tables;
  tables.own = header.units;
  std::uint64_t payload = 0, in_parts = 0;
  for (std::size_t i = 0; i < std::size_t{header.units} + header.lead_in; ++i) {
    const auto row = take<UnitRow>(rows);
    payload += row.size;
    if (payload > header.payload) return not_as_written();
    auto unit = std::make_shared<AccessUnit>();
    unit->track = static_cast<media::TrackKind>(row.track);
    unit->key = row.key != 0;
    unit->gap_before = row.gap_before != 0;
    unit->pts = row.pts;
    unit->dts = row.dts;
    unit->duration = row.duration;
    unit->arrival = steady_clock::time_point(steady_clock::duration(row.arrival));
    unit->data.resize(row.size);
    tables.units.push_back(std::move(unit));
  }
  for (std::size_t i = 0; i < header.parts; ++i) {
    tables.parts.push_back(take<PartRow>(rows));
    in_parts += tables.parts.back().units;
  }
  if (payload != header.payload || in_parts > header.units) return not_as_written();
  return tables;
}

// The parts share the segment's units.
std::vector<PartPtr> make_parts(const Segment& segment, const std::vector<PartRow>& rows) {
  std::vector<PartPtr> parts;
  auto unit = segment.units.begin();
  for (const auto& row : rows) {
    auto part = std::make_shared<Part>();
    part->segment = segment.number;
    part->index = static_cast<std::uint32_t>(parts.size());
    part->independent = row.independent != 0;
    part->info = segment.info;
    part->duration = MediaTime(row.duration);
    part->video_end = row.video_end;
    part->audio_end = row.audio_end;
    part->units.assign(unit, unit + row.units);
    unit += row.units;
    for (const auto& own : part->units) part->bytes += own->data.size();
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace

SegmentRecord::SegmentRecord(const Segment& segment) {
  Header header{segment.number,
                static_cast<std::uint32_t>(segment.units.size()),
                static_cast<std::uint32_t>(segment.lead_in.size()),
                static_cast<std::uint32_t>(segment.parts.size()),
                0,
                0};
  front_.reserve(sizeof header + (segment.units.size() + segment.lead_in.size()) * sizeof(UnitRow) +
                 segment.parts.size() * sizeof(PartRow));
  front_.resize(sizeof header);
  for (const auto* units : {&segment.units, &segment.lead_in}) {
    for (const auto& unit : *units) {
      append(front_, row_of(*unit));
      payload_.emplace_back(unit->data);
      header.payload += unit->data.size();
    }
  }
  for (const auto& part : segment.parts) append(front_, row_of(*part));
  std::memcpy(front_.data(), &header, sizeof header);
  size_ = front_.size() + header.payload;
}

Result<void> SegmentRecord::write(int fd, std::uint64_t offset) const {
  std::vector<iovec> pieces;
  pieces.reserve(1 + payload_.size());
  const auto add = [&](std::span<const std::uint8_t> piece) {
    pieces.push_back({const_cast<std::uint8_t*>(piece.data()), piece.size()});  // pwritev only reads
  };
  add(front_);
  for (const auto piece : payload_) add(piece);
  return move_all(std::move(pieces), offset,
                  [fd](const iovec* some, int count, off_t at) { return pwritev(fd, some, count, at); });
}

Result<SegmentPtr> read_segment(int fd, std::uint64_t offset, std::uint64_t size, const Segment& listed) {
  Header header{};
  if (auto done = read_all(fd, offset, {{&header, sizeof header}}); !done) return fail(done.error());
  const auto rows = (std::uint64_t{header.units} + header.lead_in) * sizeof(UnitRow) +
                    std::uint64_t{header.parts} * sizeof(PartRow);
  if (header.number != listed.number || header.payload > size ||
      sizeof header + rows + header.payload != size)
    return not_as_written();
  media::Bytes front(rows);
  if (auto done = read_all(fd, offset + sizeof header, {{front.data(), front.size()}}); !done)
    return fail(done.error());
  auto tables = parse_tables(header, front);
  if (!tables) return fail(tables.error());

  std::vector<iovec> pieces;
  pieces.reserve(tables->units.size());
  for (const auto& unit : tables->units) pieces.push_back({unit->data.data(), unit->data.size()});
  if (auto done = read_all(fd, offset + sizeof header + rows, std::move(pieces)); !done)
    return fail(done.error());

  auto segment = std::make_shared<Segment>(listed);
  segment->on_disk = false;
  const auto own = tables->units.begin() + static_cast<std::ptrdiff_t>(tables->own);
  segment->units.assign(tables->units.begin(), own);
  segment->lead_in.assign(own, tables->units.end());
  segment->parts = make_parts(*segment, tables->parts);
  return segment;
}

}  // namespace camctl::hls
