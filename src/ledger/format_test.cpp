// docs/formats/ledger.md is held to the code: its example must be one.
#include "ledger/checkpoint.hpp"
#include "ledger/event.hpp"
#include "ledger/merkle.hpp"
#include "testing/testing.hpp"

namespace naestro::ledger {
namespace {

// What stands in the page between "```NAME" and "```".
std::string block(const std::string& page, const std::string& name) {
  const std::string fence = "```" + name + "\n";
  const std::size_t begin = page.find(fence);
  if (begin == std::string::npos) return {};
  const std::size_t from = begin + fence.size();
  return page.substr(from, page.find("```", from) - from);
}

TEST(LedgerFormat, TheExampleOfThePageIsTrue) {
  const std::string page = testing::read_file(std::filesystem::path{NAESTRO_SOURCE_DIR} / "docs" /
                                              "formats" / "ledger.md");
  std::string body = block(page, "body");
  std::string envelope = block(page, "envelope");
  ASSERT_FALSE(body.empty() || envelope.empty());
  body.pop_back();  // the line feed in front of the fence
  envelope.pop_back();
  const auto event = Event::from_body(body);
  ASSERT_TRUE(event) << event.error().text();
  EXPECT_EQ(event->body(), body);
  EXPECT_EQ(json::canonical(json::parse(envelope).value()), envelope);

  const auto key = crypto::key_pair_from_seed({});
  const auto head = open_head(block(page, "checkpoint"), key.public_key);
  ASSERT_TRUE(head) << head.error().text();
  EXPECT_EQ(head->size, 1);
  EXPECT_EQ(head->root, event_leaf(body, envelope));
  EXPECT_EQ(sign_head(*head, key), block(page, "checkpoint"));
}

}  // namespace
}  // namespace naestro::ledger
