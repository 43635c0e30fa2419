#include "libonvif/discovery/mac_vendor.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

using namespace camctl::onvif::discovery;

namespace {

// A folder as Debian's ieee-data has it.
struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / "camctl-mac-vendor-test";
  Folder() {
    std::filesystem::create_directories(path);
    std::ofstream(path / "oui.csv") << "Registry,Assignment,Organization Name,Organization Address\n"
                                       "MA-L,ACCC8E,Axis Communications AB,Lund SE\n"
                                       "MA-L,4419B6,\"Hangzhou Hikvision, Ltd.\",\"a, b\"\n"
                                       "MA-L,70B3D5,IEEE Registration Authority,x\n";
    std::ofstream(path / "oui36.csv") << "MA-S,70B3D5F2E,Tiny Cameras,x\n";
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE("vendors of hardware addresses") {
  const Folder folder;
  MacVendors vendors(folder.path.string());
  CHECK(vendors.find("ac:cc:8e:01:02:03") == "Axis Communications AB");
  CHECK(vendors.find("44:19:b6:01:02:03") == "Hangzhou Hikvision, Ltd.");
  CHECK(vendors.find("70:b3:d5:f2:e1:23") == "Tiny Cameras");
  CHECK(vendors.find("70:b3:d5:00:01:23").empty());
  CHECK(vendors.find("00:00:5e:00:00:01").empty());
  CHECK(vendors.find("02:cc:8e:01:02:03").empty());  // nobody assigned that
  CHECK(vendors.find("ac:cc:8e").empty());
  CHECK(vendors.find("").empty());
}

TEST_CASE("without the registries there are no vendors") {
  MacVendors vendors("/nowhere");
  CHECK(vendors.find("ac:cc:8e:01:02:03").empty());
}

TEST_CASE("lines of the registries") {
  CHECK(vendor_in_line("MA-L,ACCC8E,Axis,x", "ACCC8E") == "Axis");
  CHECK(vendor_in_line("MA-L,ACCC8E,Axis\r", "ACCC8E") == "Axis");
  CHECK(vendor_in_line("MA-L,ACCC8E", "ACCC8E").empty());
  CHECK(vendor_in_line("MA-L,ACCC8E,\"", "ACCC8E").empty());
  CHECK(vendor_in_line("MA-S,ACCC8E123,Other,x", "ACCC8E").empty());
  CHECK(vendor_in_line("", "ACCC8E").empty());
}
