// The name server inside: any bytes are answered, and with nothing but the listed names.
#include "sandbox/dns.hpp"

#include "base/text.hpp"
#include "testing/property.hpp"
#include "testing/testing.hpp"

namespace naestro::sandbox {
namespace {

std::string wire(const std::string& name) {
  std::string out;
  for (const std::string& label : split(name, '.')) {
    out += static_cast<char>(label.size());
    out += label;
  }
  return out + '\0';
}
std::string type_of(char type) { return std::string{'\0', type, '\0', '\1'}; }
std::string head(char flags = '\1', char questions = '\1') {
  return std::string{'i', 'd', flags, '\0', '\0', questions, '\0', '\0', '\0', '\0', '\0', '\0'};
}
std::string asking(const std::string& name, char type = '\1') {
  return head() + wire(name) + type_of(type);
}
int outcome(const NameAnswer& answer) { return answer.message.at(3) & 0xf; }

const StandIns kKnown = stand_ins(*net::HostList::parse(
    "a.example http://a.example:8080 b.example:22 http://192.0.2.1 [2001::1]"));

TEST(StandIns, EachNameHasOneAndNumbersHaveNone) {
  EXPECT_EQ(kKnown, (StandIns{{"a.example", kStandIns + 1}, {"b.example", kStandIns + 2}}));
  EXPECT_TRUE(stand_ins({}).empty());
}

TEST(Names, AKnownOneHasItsAddress) {
  const NameAnswer got = answer_name(asking("A.eXample"), kKnown);
  EXPECT_EQ(got.unknown, "");
  // The question as it was, and one answer: that name, A, IN, a minute, four bytes.
  EXPECT_EQ(got.message, "id\x85\x80" + std::string("\0\1\0\1\0\0\0\0", 8) + wire("A.eXample") +
                             type_of('\1') +
                             std::string("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc6\x12\0\1", 16));
  EXPECT_EQ(answer_name(asking("a.example", '\xff'), kKnown).message.size(), got.message.size());
}

TEST(Names, OfOtherTypesAKnownOneHasNothing) {
  for (const char type : {'\x1c', '\5', '\x41', '\x10'}) {
    const NameAnswer got = answer_name(asking("b.example", type), kKnown);
    EXPECT_EQ(got.message, "id\x85\x80" + std::string("\0\1\0\0\0\0\0\0", 8) + wire("b.example") +
                               type_of(type));
    EXPECT_EQ(got.unknown, "");
  }
}

TEST(Names, AllOthersAreNone) {
  for (const std::string name : {"c.example", "x.a.example", "example", "a.example.com",
                                 "secret-data.evil.example", "localhost.example"}) {
    const NameAnswer got = answer_name(asking(name), kKnown);
    EXPECT_EQ(outcome(got), 3) << name;
    EXPECT_EQ(got.unknown, name);
    EXPECT_EQ(got.message.substr(4),
              std::string("\0\1\0\0\0\0\0\0", 8) + wire(name) + type_of('\1'));
  }
  EXPECT_EQ(outcome(answer_name(head() + '\0' + type_of('\1'), kKnown)), 3);  // the root
}

TEST(Names, TheMachineItselfIsItsLoopback) {
  for (const std::string name : {"localhost", "x.LOCALHOST"}) {
    EXPECT_TRUE(answer_name(asking(name), kKnown).message.ends_with(std::string("\x7f\0\0\1", 4)));
  }
  const StandIns listed = stand_ins(*net::HostList::parse("http://localhost:8080"));
  EXPECT_TRUE(
      answer_name(asking("localhost"), listed).message.ends_with(std::string("\xc6\x12\0\1", 4)));
}

TEST(Names, WhatComesBehindTheQuestionIsPassedOver) {
  const NameAnswer plain = answer_name(asking("a.example"), kKnown);
  std::string more = asking("a.example") + std::string("\0\0\x29\4\xd0\0\0\0\0\0\0", 11);
  more[11] = '\1';  // one additional record, of EDNS
  EXPECT_EQ(answer_name(more, kKnown).message, plain.message);
}

TEST(Names, WhatIsNoQuestionIsNotAnswered) {
  for (std::size_t size = 0; size < 12; ++size) {
    EXPECT_EQ(answer_name(asking("a.example").substr(0, size), kKnown).message, "") << size;
  }
  EXPECT_EQ(answer_name(head('\x81') + wire("a.example") + type_of('\1'), kKnown).message, "");
}

TEST(Names, WhatIsMalformedIsCalledSo) {
  const std::string whole = asking("a.example");
  for (std::size_t size = 12; size < whole.size(); ++size) {
    const NameAnswer got = answer_name(whole.substr(0, size), kKnown);
    EXPECT_EQ(outcome(got), 1) << size;
    EXPECT_EQ(got.message.size(), 12U);
    EXPECT_EQ(got.unknown, "");
  }
  for (const std::string& question : {std::string("\xc0\x0c", 2) + type_of('\1'),
                                      "\x40" + std::string(64, 'a') + '\0' + type_of('\1'),
                                      std::string("\x9"
                                                  "a.example\0",
                                                  11) +
                                          type_of('\1'),
                                      wire(std::string(63, 'a') + "." + std::string(63, 'a') + "." +
                                           std::string(63, 'a') + "." + std::string(63, 'a')) +
                                          type_of('\1')}) {
    EXPECT_EQ(outcome(answer_name(head() + question, kKnown)), 1);
  }
  for (const char questions : {'\0', '\2'}) {
    EXPECT_EQ(
        outcome(answer_name(head('\1', questions) + wire("a.example") + type_of('\1'), kKnown)), 1);
  }
  EXPECT_EQ(outcome(answer_name(head('\x11') + wire("a.example") + type_of('\1'), kKnown)), 4);
  EXPECT_EQ(outcome(answer_name(head() + wire("a.example") + std::string("\0\1\0\3", 4), kKnown)),
            5);
}

RC_GTEST_PROP(Names, AnyBytesHaveAnAnswerOrNone, (const std::string& message)) {
  const NameAnswer got = answer_name(message, kKnown);
  RC_ASSERT(got.message.empty() || got.message.size() <= message.size() + 16);
  RC_ASSERT(got.message.empty() || got.message.substr(0, 2) == message.substr(0, 2));
}

}  // namespace
}  // namespace naestro::sandbox
