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

TEST(LedgerFormat, ABodyIsAnEventOfVersion1OrCorrupt) {
  const Event event{"r1", 3, "step.ready", {{"step", "s"}}};
  EXPECT_EQ(event.id(), "r1/3");
  EXPECT_EQ(Event::from_body(event.body())->body(), event.body());
  EXPECT_EQ(Event::from_body("{").error().code, Code::kInvalidJson);
  for (const char* body : {
           R"([])",
           R"({"data":{},"kind":"k","seq":0,"v":1})",                      // no stream
           R"({"data":{},"kind":"k","seq":0,"stream":"r1","v":1,"w":1})",  // more
           R"({"data":{},"kind":"k","seq":0,"stream":"r1","v":2})",        // newer
           R"({"data":{},"kind":"k","seq":0,"stream":7,"v":1})",
           R"({"data":{},"kind":"k","seq":"0","stream":"r1","v":1})",
           R"({"data":{},"kind":null,"seq":0,"stream":"r1","v":1})",
           R"({"data":[],"kind":"k","seq":0,"stream":"r1","v":1})",
       }) {
    const auto read = Event::from_body(body);
    ASSERT_FALSE(read) << body;
    EXPECT_EQ(read.error().code, Code::kStoreCorrupt) << body;
  }
}

TEST(LedgerFormat, BlobsAreNamedWhereverTheyStand) {
  const Digest one{1};
  const Digest two{2};
  const json::Object data = {
      {"a", blob_ref(one)},
      {"b", json::Array{json::Object{{"c", blob_ref(two)}}, 7}},
      {"d", json::Object{{"blob", "no hash"}}},
      {"e", json::Object{{"blob", hex(one)}, {"more", 1}}},  // not the form of a reference
  };
  EXPECT_EQ(blobs_of(data), (std::vector<Digest>{one, two}));
  EXPECT_EQ(blob_id(blob_ref(two)).value(), two);
  for (const json::Value& bad : {json::Value(7), json::Value(json::Object{{"blob", 7}})}) {
    EXPECT_EQ(blob_id(bad).error().code, Code::kStoreCorrupt);
  }
}

TEST(LedgerFormat, AHeadThatIsMalformedOrOfAnotherDoesNotVerify) {
  const auto key = crypto::key_pair_from_seed({});
  const std::string good = sign_head({"naestro/store/x", 7, Digest{9}}, key);
  ASSERT_TRUE(open_head(good, key.public_key));
  // Why the head does not verify with `from` replaced.
  const auto why = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    const auto head = open_head(text, key.public_key);
    if (head) return "verifies after " + from + " -> " + to;
    EXPECT_EQ(head.error().code, Code::kBadSignature);
    return head.error().message;
  };
  const std::string malformed = "a signed head is malformed";
  const std::string root = base64(Digest{9});
  const std::string signature = good.substr(good.rfind(' ') + 1);
  EXPECT_EQ(why("\n\n", "\n"), malformed);                   // a line too few
  EXPECT_EQ(why("\n\n", "\nextension\n"), malformed);        // no empty line
  EXPECT_EQ(why(signature, signature + "more"), malformed);  // behind the last line feed
  EXPECT_EQ(why("\n7\n", "\nseven\n"), malformed);
  EXPECT_EQ(why("\n7\n", "\n7 \n"), malformed);
  EXPECT_EQ(why("\n7\n", "\n07\n"), malformed);
  EXPECT_EQ(why("\n7\n", "\n99999999999999999999\n"), malformed);
  EXPECT_EQ(why(root, "!"), malformed);
  EXPECT_EQ(why(root, "AAAA"), malformed);
  EXPECT_EQ(why("\u2014 naestro", "\u2014 other"), "a signed head has no signature of its store");
  EXPECT_EQ(why(signature, "!\n"), malformed);
  EXPECT_EQ(why(signature, "AAAA\n"), malformed);
  EXPECT_EQ(why("\n7\n", "\n8\n"), "a signed head does not verify");
  EXPECT_EQ(open_head(good, crypto::key_pair_from_seed({1}).public_key).error().message,
            "a signed head was signed by another key");
  EXPECT_FALSE(open_head(good + "\n", key.public_key));
  EXPECT_FALSE(open_head(good.substr(0, good.size() - 1) + "x", key.public_key));
}

}  // namespace
}  // namespace naestro::ledger
