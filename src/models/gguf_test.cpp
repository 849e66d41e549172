#include "models/gguf.hpp"

#include "testing/property.hpp"
#include "testing/testing.hpp"

namespace naestro::models {
namespace {

template <class T>
std::string raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string text(std::string_view value) {
  return raw(std::uint64_t{value.size()}) + std::string{value};
}
std::string entry(std::string_view key, std::uint32_t type, const std::string& value) {
  return text(key) + raw(type) + value;
}
std::string file(std::uint64_t count, const std::string& entries, std::uint32_t version = 3) {
  return "GGUF" + raw(version) + raw(std::uint64_t{0}) + raw(count) + entries;
}

const std::string kTokens =
    entry("tokenizer.ggml.tokens", 9,
          raw(std::uint32_t{8}) + raw(std::uint64_t{2}) + text("a") + text("b"));

TEST(Gguf, SaysWhatTheHeadSays) {
  const auto head = read_gguf_head(
      file(7, entry("general.name", 8, text("x")) + entry("general.license", 8, text("mit")) +
                  entry("a.rope", 6, raw(1.0F)) + entry("qwen2.context_length", 4, raw(32768U)) +
                  kTokens + entry("t.scores", 9, raw(6U) + raw(std::uint64_t{1}) + raw(1.0F)) +
                  entry("tokenizer.chat_template", 8, text("{{x}}"))));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->context_tokens, 32768);
  EXPECT_EQ(head->licence, "mit");
  EXPECT_TRUE(head->chat_template);
}

TEST(Gguf, NumbersOfEveryWidth) {
  const auto context = [](std::uint32_t type, const std::string& value) {
    return read_gguf_head(file(1, entry("a.context_length", type, value)))->context_tokens;
  };
  EXPECT_EQ(context(5, raw(std::int32_t{7})), 7);
  EXPECT_EQ(context(10, raw(std::uint64_t{8})), 8);
  EXPECT_EQ(context(11, raw(std::int64_t{9})), 9);
  EXPECT_EQ(context(11, raw(std::int64_t{-9})), 0);
  EXPECT_EQ(context(6, raw(1.0F)), 0);
  EXPECT_EQ(context(8, text("many")), 0);
}

TEST(Gguf, WhatIsNoneIsNone) {
  EXPECT_FALSE(read_gguf_head(""));
  EXPECT_FALSE(read_gguf_head("GGU"));
  EXPECT_FALSE(read_gguf_head("GGUF"));
  EXPECT_FALSE(read_gguf_head("<html>"));
  EXPECT_FALSE(read_gguf_head(file(0, "", 1)));
  EXPECT_FALSE(read_gguf_head(file(0, "", 4)));
  EXPECT_TRUE(read_gguf_head(file(0, "", 2)));
}

TEST(Gguf, OtherTypesThanExpectedSayNothing) {
  const auto head = read_gguf_head(file(3, entry("general.license", 4, raw(1U)) +
                                               entry("tokenizer.chat_template", 7, "\1") +
                                               entry("a.context_length", 4, raw(5U))));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->licence, "");
  EXPECT_FALSE(head->chat_template);
  EXPECT_EQ(head->context_tokens, 5);
  // A number that is cut is none.
  const std::string cut = file(1, entry("a.context_length", 4, "\5"));
  EXPECT_EQ(read_gguf_head(cut)->context_tokens, 0);
}

TEST(Gguf, UnknownTypesEndTheReading) {
  const std::string good = entry("a.context_length", 4, raw(5U));
  const auto context = [&](const std::string& before) {
    return read_gguf_head(file(2, before + good))->context_tokens;
  };
  EXPECT_EQ(context(entry("x", 13, "")), 0);
  EXPECT_EQ(context(entry("x", 9, raw(9U) + raw(std::uint64_t{1}))), 0);
  EXPECT_EQ(context(entry("x", 9, raw(9U) + raw(std::uint64_t{0}))), 5);
}

// A file that ends anywhere, or counts more than there is, is read as far as it goes.
RC_GTEST_PROP(Gguf, AnyBytesAreReadOrRefused, ()) {
  std::string bytes = file(3, kTokens + entry("a.context_length", 4, raw(5U)) +
                                  entry("tokenizer.chat_template", 8, text("{{x}}")));
  const auto end = *rc::gen::inRange<std::size_t>(0, bytes.size());
  const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
  bytes[at] = *rc::gen::arbitrary<char>();
  (void)read_gguf_head(bytes.substr(0, end));
  (void)read_gguf_head(bytes);
}

}  // namespace
}  // namespace naestro::models
