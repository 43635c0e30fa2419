#include "libonvif/discovery/xml.h"

#include <doctest/doctest.h>

using namespace camctl::onvif::discovery;

TEST_CASE("elements are found by local names, as far as the text can be read") {
  pugi::xml_document document;
  load_leniently(
      document,
      "junk\n<a:Root xmlns:a='urn:a' xmlns='urn:d'><b:X><Y> 1 </Y></b:X><X>2<!-- c --><![CDATA[3]]></X><cut");
  CHECK(local_name(document.first_child()) == "Root");
  CHECK(text_of(find(document, "X")) == " 1 ");
  CHECK(text_of(find(document, "Root")) == " 1 23");
  CHECK_FALSE(find(document, "Z"));
  CHECK(namespace_of(find(document, "Y"), "a") == "urn:a");
  CHECK(namespace_of(find(document, "Y"), "") == "urn:d");
  CHECK(namespace_of(find(document, "Y"), "b").empty());
}

TEST_CASE("elements are visited down to a depth, and not below those that the visitor keeps") {
  pugi::xml_document document;
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "<a>";
  load_leniently(document, deep);
  int visited = 0;
  for_each(document, [&](pugi::xml_node) { return ++visited < 0; });
  CHECK(visited == kMaxXmlDepth + 1);
  visited = 0;
  for_each(document, [&](pugi::xml_node) { return ++visited == 3; });
  CHECK(visited == 3);
}

TEST_CASE("nothing to read") {
  for (const char* text : {"", "no xml", "<", "<>", "</a>"}) {
    pugi::xml_document document;
    load_leniently(document, text);
    CHECK_FALSE(find(document, "a"));
    CHECK(text_of(document).empty());
  }
}
