#include "base/words.hpp"

#include "testing/property.hpp"

namespace naestro::words {
namespace {

std::vector<std::string> texts(std::string_view text) {
  std::vector<std::string> out;
  for (const Token& token : tokens(text)) out.push_back(token.text);
  return out;
}

TEST(Words, TokensKeepCodesDatesAndNumbersWhole) {
  EXPECT_EQ(texts("RL-300, 12,5 and 1,234.50 EUR (2026-03-01)!"),
            (std::vector<std::string>{"RL-300", "12,5", "and", "1,234.50", "EUR", "2026-03-01"}));
  EXPECT_EQ(texts("a.b@c.org; it's -5"), (std::vector<std::string>{"a.b@c.org", "it's", "5"}));
  EXPECT_TRUE(tokens(" .,- ").empty());
}

TEST(Words, FormsOfOneWordShareAStem) {
  for (const auto& [a, b] :
       std::initializer_list<std::pair<const char*, const char*>>{{"claims", "claim"},
                                                                  {"Claimed", "claiming"},
                                                                  {"companies", "company"},
                                                                  {"boxes", "box"},
                                                                  {"swapped", "swap"},
                                                                  {"cause", "causes"},
                                                                  {"caused", "cause"},
                                                                  {"moved", "move"},
                                                                  {"asked", "ask"},
                                                                  {"ended", "end"},
                                                                  {"paid", "pays"},
                                                                  {"people", "person"},
                                                                  {"shipment", "shipped"},
                                                                  {"donated", "donation"},
                                                                  {"RL-300", "rl300"},
                                                                  {"company's", "company"},
                                                                  {"employees", "employee"}}) {
    EXPECT_EQ(stem(a), stem(b)) << a << " " << b;
  }
  for (const auto& [a, b] :
       std::initializer_list<std::pair<const char*, const char*>>{{"note", "not"},
                                                                  {"product", "production"},
                                                                  {"RL-300", "RL-200"},
                                                                  {"station", "state"}}) {
    EXPECT_NE(stem(a), stem(b)) << a << " " << b;
  }
}

TEST(Words, BagsFindPhrasesPartsAndJoinedWords) {
  const Bag bag{"To do: swap the RL-300 of 2026-03-14, post mortem."};
  for (const char* text : {"swap", "RL-300", "to-do", "post-mortem", "2026 03", "the RL-300 of"}) {
    EXPECT_TRUE(bag.has(phrase(text))) << text;
  }
  for (const char* text : {"", "RL-200", "swap RL-300", "14 post"}) {
    EXPECT_FALSE(bag.has(phrase(text))) << text;
  }
}

TEST(Words, KnowsIsoDates) {
  EXPECT_TRUE(is_iso_date("2026-03-01"));
  EXPECT_TRUE(is_iso_date("2026-03-01T10:00:00Z"));
  for (const char* text : {"2026-13-01", "2026-3-1", "2026-03-011", "26-03-01", "2026-03-00", ""}) {
    EXPECT_FALSE(is_iso_date(text)) << text;
  }
}

RC_GTEST_PROP(Words, AnyTextHasTokensInOrder, ()) {
  const auto text = *rc::gen::arbitrary<std::string>();
  std::size_t at = 0;
  for (const Token& token : tokens(text)) {
    RC_ASSERT(token.begin >= at && token.end > token.begin && token.end <= text.size());
    RC_ASSERT(text.substr(token.begin, token.end - token.begin) == token.text);
    at = token.end;
  }
}

RC_GTEST_PROP(Words, CaseDoesNotMatter, ()) {
  const auto word = *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange('a', 'z')));
  std::string upper = word;
  for (char& c : upper) c = static_cast<char>(c - 'a' + 'A');
  RC_ASSERT(stem(word) == stem(upper));
}

TEST(Words, MonthsByNameOrFirstThreeLetters) {
  EXPECT_EQ(month_named("January"), 1);
  EXPECT_EQ(month_named("dec"), 12);
  EXPECT_EQ(month_named("MAY"), 5);
  for (const char* word : {"", "ja", "janu", "septembers", "sept", "month"}) {
    EXPECT_EQ(month_named(word), 0) << word;
  }
}

}  // namespace
}  // namespace naestro::words
