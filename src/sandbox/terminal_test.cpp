#include "sandbox/terminal.hpp"

#include "testing/testing.hpp"

namespace naestro::sandbox {
namespace {

std::string passed(std::string_view text) { return TerminalText{}.pass(text); }

TEST(Terminal, TextAndColoursPass) {
  for (const char* text : {"plain\n\ttext\r", "\x1b[1;31mred\x1b[0m", "\x1b[m", "\x1b[38:5:1mx",
                           "gr\xc3\xbc\xc3\x9f\x65 \xe2\x82\xac \xf0\x9f\x98\x80"}) {
    EXPECT_EQ(passed(text), text);
  }
}

TEST(Terminal, WhatATerminalObeysDoesNot) {
  const std::pair<std::string, const char*> cases[] = {
      {"a\x1b]0;title\x07"
       "b",
       "ab"},
      {"a\x1b]52;c;aGk=\x1b\\"
       "b",
       "ab"},
      {"a\x1b]8;;http://x\nb", "ab"},
      {"a\x1bPq#\x1bx\x1b\\"
       "b",
       "ab"},
      {"a\x1b[2J\x1b[H\x1b[6n\x1b[?1049hb", "ab"},
      {"a\x1b[>4;2mb", "ab"},
      {"a\x1b"
       "cb\x1b(0c\x1b\x1b[1mx",
       "abc\x1b[1mx"},
      {"a\x1b[1\x1b[1mb\x1b[\x05"
       "c",
       "a\x1b[1mbc"},
      {std::string{"a\x1b["} + std::string(100, '1') + "mb", "a"},
      {"a\x07\x08\x7f\x05"
       "b",
       "ab"},
      {"a\xc2\x9b"
       "2Jb",
       "a2Jb"},
      {"a\xe2\x80\xae"
       "b\xe2\x81\xa6"
       "c",
       "abc"},
      {"a\xff\xc3"
       "b\x80"
       "c\xe2\x82",
       "abc"},
  };
  for (const auto& [text, expected] : cases) {
    const std::string got = passed(text);
    if (text.size() > 100) {
      EXPECT_FALSE(got.contains('\x1b'));
    } else {
      EXPECT_EQ(got, expected) << ::testing::PrintToString(text);
    }
  }
}

TEST(Terminal, PiecesAreOneText) {
  const std::string text =
      "a\x1b[31mb\x1b]52;c;aGk=\x07"
      "c\xe2\x82\xac\xe2\x80\xae"
      "d";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    TerminalText one;
    EXPECT_EQ(one.pass(text.substr(0, cut)) + one.pass(text.substr(cut)),
              "a\x1b[31mbc\xe2\x82\xac"
              "d");
  }
}

}  // namespace
}  // namespace naestro::sandbox
