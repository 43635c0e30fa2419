#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "apps/common/app.h"
#include "apps/common/stdout.h"

namespace camctl::apps {
namespace {

// Characters that `text` takes on a terminal, as near as code points tell.
std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (char c : text) width += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return width;
}

}  // namespace

std::string dump(const nlohmann::ordered_json& value, int indent) {
  return value.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Result<void> written(int error) {
  if (error == 0) return {};
  if (error == EPIPE) return fail(ErrorCode::kCancelled, "standard output was closed");
  return fail(ErrorCode::kIo,
              std::string("writing to standard output: ") + std::generic_category().message(error));
}

struct RecordWriter::Impl {
  OutputFormat format;
  bool bold;
  std::vector<Column> columns;
  std::size_t count = 0;
  int error = 0;  // errno of the first write that failed

  void put(std::string_view text) {
    if (error != 0) return;
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
      error = errno != 0 ? errno : EIO;
  }

  std::string line(const std::function<std::string(const Column&)>& cell) const {
    std::string out;
    std::size_t padding = 0;
    for (const Column& column : columns) {
      if (&column != &columns.front()) out += "  ";
      out.append(padding, ' ');
      const std::string text = printable(cell(column));
      const std::size_t wanted = std::max(column.width, column.title.size());
      const std::size_t width = display_width(text);
      padding = width < wanted ? wanted - width : 0;
      out += text;
    }
    return out;
  }
};

RecordWriter::RecordWriter(const CommonOptions& options, OutputFormat pipe_default,
                           std::vector<Column> columns) {
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  const OutputFormat format = options.output.value_or(terminal ? OutputFormat::kTable : pipe_default);
  impl_ = std::make_unique<Impl>(Impl{format, terminal && options.color, std::move(columns)});
}

RecordWriter::~RecordWriter() = default;

void RecordWriter::write(const nlohmann::ordered_json& record) {
  Impl& self = *impl_;
  const bool first = self.count++ == 0;
  switch (self.format) {
    case OutputFormat::kJsonl:
      self.put(dump(record) + "\n");
      break;
    case OutputFormat::kJson:
      self.put((first ? "[\n" : ",\n") + dump(record));
      break;
    case OutputFormat::kTable:
      if (first) {
        const std::string titles = self.line([](const Column& column) { return column.title; });
        self.put(self.bold ? "\x1b[1m" + titles + "\x1b[0m\n" : titles + "\n");
      }
      self.put(self.line([&](const Column& column) { return column.cell(record); }) + "\n");
      break;
  }
}

Result<void> RecordWriter::finish() {
  Impl& self = *impl_;
  if (self.format == OutputFormat::kJson) self.put(self.count == 0 ? "[]\n" : "\n]\n");
  self.put("");
  return written(self.error);
}

Result<void> print_bytes(std::string_view bytes) {
  const bool done =
      std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() && std::fflush(stdout) == 0;
  return written(done ? 0 : errno != 0 ? errno : EIO);
}

bool RecordWriter::closed() const { return impl_->error != 0; }
OutputFormat RecordWriter::format() const { return impl_->format; }

}  // namespace camctl::apps
