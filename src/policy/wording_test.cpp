#include "policy/wording.hpp"

#include "testing/testing.hpp"

namespace naestro::policy {
namespace {

TEST(Wording, TextIsFolded) {
  EXPECT_EQ(folded("  Rosa \t\n LINDT "), "rosa lindt");
  EXPECT_EQ(folded(""), "");
  EXPECT_EQ(text_of(json::Value("A  b")), "a b");
  EXPECT_EQ(text_of(json::Value(40.5)), "40.5");
  EXPECT_EQ(text_of(json::Value(40.0)), "40");
  EXPECT_EQ(text_of(json::Value(7)), "7");
}

TEST(Wording, NamesAreComparedByWhatTheyAreAbout) {
  EXPECT_EQ(stems("list_OpenFiles"), (std::vector<std::string>{"list", "open", "file"}));
  EXPECT_EQ(stems("bus"), std::vector<std::string>{"bus"});
  EXPECT_TRUE(about_the_same("search_files", "delete_file"));
  EXPECT_TRUE(about_the_same("participants", "participant_email"));
  EXPECT_FALSE(about_the_same("get_mail", "get_page"));
  EXPECT_FALSE(about_the_same("file_id", "mail_id"));
  EXPECT_FALSE(about_the_same("", "mail"));
}

TEST(Wording, KeysSayIdsAndNames) {
  for (const char* id : {"id", "id_", "file_id", "eventId"}) EXPECT_TRUE(names_an_id(id)) << id;
  for (const char* other : {"", "_", "valid", "idea", "paid"}) EXPECT_FALSE(names_an_id(other));
  for (const char* name : {"name", "filename", "file_name", "title", "Subject", "event_label"}) {
    EXPECT_TRUE(names_a_name(name)) << name;
  }
  for (const char* other : {"", "_", "named", "body", "title_id"}) {
    EXPECT_FALSE(names_a_name(other)) << other;
  }
}

TEST(Wording, AddressesAreFoundInText) {
  EXPECT_EQ(addresses_in("write to rosa.l+x@lindt.example. or <a@b.example>, not to @all or b@c"),
            (std::set<std::string>{"rosa.l+x@lindt.example", "a@b.example"}));
  EXPECT_EQ(addresses_in("me@x.example"), std::set<std::string>{"me@x.example"});
  EXPECT_EQ(addresses_in("me@x.example-"), std::set<std::string>{"me@x.example"});
  EXPECT_EQ(addresses_in("me@"), std::set<std::string>{});
  EXPECT_EQ(addresses_in("nobody"), std::set<std::string>{});
}

TEST(Wording, APathLiesInTheFoldersAboveIt) {
  const std::set<std::string> folders{"/reports", "/a/b"};
  for (const char* in : {"/reports/x", "/reports/x/y.pdf", "/a/b/c"}) {
    EXPECT_TRUE(is_within(in, folders)) << in;
  }
  for (const char* out : {"/reports", "/reports2/x", "/a/c", "/reports/../etc/x", "reports/x", "/",
                          "", "/x/reports/y", "//reports"}) {
    EXPECT_FALSE(is_within(out, folders)) << out;
  }
  EXPECT_FALSE(is_path("/"));
  EXPECT_FALSE(is_path("a/b"));
}

}  // namespace
}  // namespace naestro::policy
