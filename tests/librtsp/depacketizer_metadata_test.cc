#include "librtsp/depacketizer_metadata.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace camctl;
using namespace camctl::rtsp;

namespace {

struct Run final : DepacketizerSink {
  std::vector<std::pair<std::string, bool>> documents;  // text, gap before
  MetadataDepacketizer depacketizer{*this};
  void on_parameter_sets(const media::ParameterSets&) override {}
  void on_access_unit(media::AccessUnit unit) override {
    CHECK(unit.track == media::TrackKind::kMetadata);
    documents.emplace_back(std::string(unit.data.begin(), unit.data.end()), unit.gap_before);
  }
  void push(const std::string& text, bool marker, bool lost = false) {
    RtpPacket packet;
    packet.marker = marker;
    packet.payload = {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
    depacketizer.push(packet, lost, {});
  }
};

}  // namespace

TEST_CASE("a marker ends a document") {
  Run run;
  run.push("<a/>", true);
  run.push("<b>", false);
  run.push("</b>", true);
  run.push("", true);
  CHECK(run.documents == std::vector<std::pair<std::string, bool>>{{"<a/>", false}, {"<b></b>", false}});
}

TEST_CASE("loss costs a document, and the next one says so") {
  Run run;
  run.push("<a>", false);
  run.push("</a>", true, true);
  run.push("<b/>", true);
  CHECK(run.documents == std::vector<std::pair<std::string, bool>>{{"<b/>", true}});
}

TEST_CASE("a document without end is dropped") {
  Run run;
  const std::string piece(60'000, 'x');
  for (int i = 0; i < 20; ++i) run.push(piece, false);
  run.push("end", true);
  run.push("<b/>", true);
  CHECK(run.documents == std::vector<std::pair<std::string, bool>>{{"<b/>", true}});
  CHECK(run.depacketizer.counters().malformed == 1);
}
