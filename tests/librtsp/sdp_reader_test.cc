#include "librtsp/sdp_reader.h"

#include <doctest/doctest.h>

using namespace camctl;
using namespace camctl::rtsp;

TEST_CASE("descriptions of real cameras give their tracks, formats and controls") {
  const auto sdp = parse_sdp(
      "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=Media\r\na=control:rtsp://10.0.0.1/live/\r\nt=0 0\r\n"
      "m=video 0 RTP/AVP 96\r\nb=AS:5000\r\na=control:trackID=1\r\na=rtpmap:96 H264/90000\r\n"
      "a=fmtp:96 profile-level-id=420029; packetization-mode=1; sprop-parameter-sets=Z0IAKeKQ,aM4\r\n"
      "m=audio 0 RTP/AVP 8\r\na=control:trackID=2\r\n"
      "m=application 0 RTP/AVP 107\r\na=control:trackID=3\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n"
      "m=audio 0 RTP/AVP 97\na=rtpmap:97 mpeg4-generic/16000/2\na=fmtp:97 config=1410;SizeLength=13 \n");
  REQUIRE(sdp);
  CHECK(sdp->control == "rtsp://10.0.0.1/live/");
  REQUIRE(sdp->tracks.size() == 4);
  const auto& video = sdp->tracks[0];
  CHECK(video.format.kind == media::TrackKind::kVideo);
  CHECK(video.format.encoding == "H264");
  CHECK(video.format.clock_rate == 90'000);
  CHECK(video.control == "trackID=1");
  CHECK(video.format.parameters.at("sprop-parameter-sets") == "Z0IAKeKQ,aM4");
  CHECK(sdp->tracks[1].format.encoding == "PCMA");  // static payload type
  CHECK(sdp->tracks[1].format.clock_rate == 8000);
  CHECK(sdp->tracks[1].control == "trackID=2");
  CHECK(sdp->tracks[2].format.kind == media::TrackKind::kMetadata);
  CHECK(sdp->tracks[2].control == "trackID=3");
  CHECK(sdp->tracks[3].format.encoding == "MPEG4-GENERIC");
  CHECK(sdp->tracks[3].format.channels == 2);
  CHECK(sdp->tracks[3].format.parameters.at("sizelength") == "13");
}

TEST_CASE("bad lines are skipped, a description without a track is refused, a long one is bounded") {
  const auto sdp = parse_sdp(
      "garbage\nm=video\nm=video 0 RTP/AVP x\nm=video 0 udp 33\nm=video 0 RTP/AVP 300\n"
      "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/0\na=rtpmap:97 H265/90000\na=rtpmap:96\n"
      "a=fmtp:96 ;;=x;a\na=rtpmap:96 H265/90000/99\n");
  REQUIRE(sdp);
  REQUIRE(sdp->tracks.size() == 1);
  CHECK(sdp->tracks[0].format.encoding == "H265");
  CHECK(sdp->tracks[0].format.channels == 1);
  for (const char* text : {"", "v=0\n", "m=application 0 RTP/AVP 96\n"}) CHECK(!parse_sdp(text));
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "m=video 0 RTP/AVP 96\n";
  CHECK(parse_sdp(many)->tracks.size() == kMaxTracks);
}

TEST_CASE("media over SRTP is left out, and named where there is nothing else") {
  const std::string secure = "m=video 0 RTP/SAVP 96\r\na=rtpmap:96 H264/90000\r\n";
  for (const std::string& only : {secure, std::string("m=video 0 UDP/TLS/RTP/SAVPF 96\r\n")}) {
    const auto refused = parse_sdp(only);
    REQUIRE(!refused);
    CHECK(refused.error().message.find("SRTP") != std::string::npos);
    CHECK(refused.error().hint.find("rtsps://") != std::string::npos);
  }
  const auto both =
      parse_sdp(secure + "a=control:secret\r\nm=video 0 RTP/AVP 97\r\na=rtpmap:97 H265/90000\r\n");
  REQUIRE(both);
  REQUIRE(both->tracks.size() == 1);
  CHECK(both->tracks[0].format.encoding == "H265");
  CHECK(both->tracks[0].control.empty());
}

TEST_CASE("control attributes become URLs") {
  struct Row {
    const char* base;
    const char* control;
    const char* url;
  };
  const Row rows[] = {
      {"rtsp://h/live", "", "rtsp://h/live"},
      {"rtsp://h/live", "*", "rtsp://h/live"},
      {"rtsp://h/live", "trackID=1", "rtsp://h/live/trackID=1"},
      {"rtsp://h/live/", "trackID=1", "rtsp://h/live/trackID=1"},
      {"rtsp://h/live", "/trackID=1", "rtsp://h/live/trackID=1"},
      {"rtsp://h/live?a=1", "trackID=1", "rtsp://h/live?a=1/trackID=1"},
      {"rtsp://h/live", "rtsp://10.0.0.9:554/x/track1", "rtsp://10.0.0.9:554/x/track1"},
  };
  for (const auto& row : rows) CHECK(control_url(row.base, row.control) == row.url);
}

TEST_CASE("where a track is sent by multicast, and by whom") {
  const auto session = parse_sdp(
      "v=0\r\nc=IN IP4 239.1.2.3/16\r\na=source-filter: incl IN IP4 239.1.2.3 10.0.0.5\r\n"
      "m=video 5000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
      "m=audio 5002 RTP/AVP 0\r\nc=IN IP6 ff15::1\r\na=source-filter: excl IN IP6 ff15::1 fe80::1\r\n"
      "m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n");
  REQUIRE(session);
  REQUIRE(session->tracks.size() == 3);
  CHECK(session->tracks[0].group == "239.1.2.3");
  CHECK(session->tracks[0].source == "10.0.0.5");
  CHECK(session->tracks[0].port == 5000);
  CHECK(session->tracks[1].group == "ff15::1");
  CHECK(session->tracks[1].source.empty());
  CHECK(session->tracks[2].format.kind == media::TrackKind::kMetadata);
  CHECK(session->tracks[2].format.encoding == "VND.ONVIF.METADATA");
  CHECK(!parse_sdp("m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n"));
}

TEST_CASE("the size of large JPEG pictures") {
  const auto session =
      parse_sdp("m=video 0 RTP/AVP 26\r\na=framesize:26 2592-1944\r\na=x-dimensions:2592,1944\r\n");
  REQUIRE(session);
  CHECK(session->tracks[0].format.parameters.at("framesize") == "2592-1944");
  CHECK(session->tracks[0].format.parameters.at("x-dimensions") == "2592,1944");
}
