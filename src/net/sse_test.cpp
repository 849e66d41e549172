#include "net/sse.hpp"

#include <vector>

#include "testing/property.hpp"
#include "testing/testing.hpp"

namespace naestro::net {
namespace {

std::vector<SseEvent> read(const std::vector<std::string>& pieces) {
  std::vector<SseEvent> events;
  SseParser parser;
  for (const std::string& piece : pieces) {
    const auto fed =
        parser.feed(piece, [&](SseEvent event) { events.push_back(std::move(event)); });
    EXPECT_TRUE(fed);
  }
  return events;
}

using Events = std::vector<SseEvent>;

TEST(Sse, ReadsTheExamplesOfTheStandard) {
  EXPECT_EQ(read({"data: YHOO\ndata: +2\ndata: 10\n\n"}),
            (Events{{"message", "YHOO\n+2\n10", ""}}));
  // A comment; an id; an empty id; a leading space that belongs to the data.
  EXPECT_EQ(read({": test stream\n\ndata: first event\nid: 1\n\n"
                  "data:second event\nid\n\ndata:  third event\n\n"}),
            (Events{{"message", "first event", "1"},
                    {"message", "second event", ""},
                    {"message", " third event", ""}}));
  // Two events with empty data lines; the last one lacks its blank line.
  EXPECT_EQ(read({"data\n\ndata\ndata\n\ndata:"}),
            (Events{{"message", "", ""}, {"message", "\n", ""}}));
  EXPECT_EQ(read({"data:test\n\ndata: test\n\n"}),
            (Events{{"message", "test", ""}, {"message", "test", ""}}));
}

TEST(Sse, LineEndsTypesAndMarks) {
  EXPECT_EQ(read({"\xEF\xBB\xBF"
                  "event: add\r\ndata: 1\r\n\r\ndata: 2\r\rdata: 3\n\n"}),
            (Events{{"add", "1", ""}, {"message", "2", ""}, {"message", "3", ""}}));
  EXPECT_EQ(read({"event: lost\n\ndata: x\nretry: 5\nother: y\n\n"}),
            (Events{{"message", "x", ""}}));
  EXPECT_EQ(read({std::string{"id: a\0b\ndata: x\n\n", 17}}), (Events{{"message", "x", ""}}));
}

TEST(Sse, BoundsAnEventAndASingleLine) {
  SseParser parser{16};
  int events = 0;
  const auto count = [&](const SseEvent&) { ++events; };
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(parser.feed(": keep alive\n", count));
  ASSERT_TRUE(parser.feed("data: 12345678\n\n", count));
  EXPECT_EQ(events, 1);
  ASSERT_TRUE(parser.feed("data: 12345\n", count));
  const auto over = parser.feed("data: 12345\n", count);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Code::kTooLarge);
  EXPECT_FALSE(parser.feed("\n\n", count));
  EXPECT_EQ(events, 1);
  SseParser endless{16};
  EXPECT_FALSE(endless.feed(std::string(17, 'x'), count));
}

// However the network cuts the bytes, the events are the same.
RC_GTEST_PROP(Sse, AnySplitGivesTheSameEvents, ()) {
  const auto tokens = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(
      std::vector<std::string>{"data", "event", "id", ":", " ", "\r", "\n", "\r\n", "\n\n", "x",
                               "\xEF\xBB\xBF", "data: a\n", "\xC3\xA9", "id: 7\n", ": c\n"}));
  std::string text;
  for (const std::string& token : tokens) text += token;
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < text.size();) {
    const auto size = static_cast<std::size_t>(*rc::gen::inRange(1, 6));
    pieces.push_back(text.substr(at, size));
    at += size;
  }
  RC_ASSERT(read(pieces) == read({text}));
}

}  // namespace
}  // namespace naestro::net
