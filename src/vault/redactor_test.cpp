#include "vault/redactor.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "base/json.hpp"
#include "testing/property.hpp"
#include "testing/testing.hpp"

namespace naestro::vault {
namespace {

const std::string kValue = "sk-Zx9/+&=\"q\\7 öß";

std::string other_base64(const std::string& text) { return base64(as_bytes(text)); }

TEST(Redactor, NothingIsFoundWithoutSecrets) {
  EXPECT_EQ(Redactor{}.redacted("a text"), std::nullopt);
  EXPECT_EQ(Redactor{}.found_in("a text"), "");
  const Redactor shorter{{{"s", "1234567"}}};
  EXPECT_EQ(shorter.redacted("1234567"), std::nullopt);
}

TEST(Redactor, EachEncodingIsFoundWhereverItStands) {
  const Redactor redactor{{{"key", kValue}, {"other", "another-one-0"}}};
  for (const std::string& text : encodings_of(kValue)) {
    for (const std::string& before : {"", "x", "a longer beginning "}) {
      for (const std::string& behind : {"", "y", " and a longer end"}) {
        const std::string whole = before + text + behind;
        EXPECT_EQ(redactor.redacted(whole), before + "⟦secret:key⟧" + behind) << text;
        EXPECT_EQ(redactor.found_in(whole), "key");
      }
    }
  }
  EXPECT_GE(encodings_of(kValue).size(), 20U);
  EXPECT_EQ(redactor.redacted("nothing of it, sk-Zx9 alone"), std::nullopt);
}

TEST(Redactor, WhatOthersEncodeIsFound) {
  const Redactor redactor{{{"key", kValue}}};
  for (std::size_t before = 0; before < 7; ++before) {
    for (std::size_t behind = 0; behind < 7; ++behind) {
      const std::string whole = std::string(before, 'a') + kValue + std::string(behind, 'b');
      for (const std::string& text :
           {other_base64(whole), hex(as_bytes(whole)), json::write(json::Value(whole))}) {
        const auto clean = redactor.redacted(text);
        ASSERT_TRUE(clean) << text;
        EXPECT_TRUE(clean->contains("⟦secret:key⟧"));
        EXPECT_LT(clean->size(), text.size() + 20);
      }
    }
  }
}

// A text is read at several places at one time: a value is found across all their borders.
TEST(Redactor, FoundAtEveryPlaceOfEveryLength) {
  const std::string value = "hunter2-hunter2";
  const Redactor redactor{{{"k", value}, {"longer", value + "-and-more"}}};
  for (std::size_t length = 0; length < 130; ++length) {
    const std::string text(length, 'h');
    for (std::size_t at = 0; at <= length; ++at) {
      const std::string before = text.substr(0, at);
      const std::string behind = text.substr(at);
      EXPECT_EQ(redactor.redacted(before + value + behind), before + "⟦secret:k⟧" + behind);
    }
  }
  std::string many;
  std::string wanted;
  for (int i = 0; i < 200; ++i) {
    many +=
        std::string(static_cast<std::size_t>(i % 9), 'h') + value + (i % 3 == 0 ? "-and-more" : "");
    wanted += std::string(static_cast<std::size_t>(i % 9), 'h') +
              (i % 3 == 0 ? "⟦secret:longer⟧" : "⟦secret:k⟧");
  }
  EXPECT_EQ(redactor.redacted(many), wanted);
}

// What is none of ASCII is encoded as a whole, not byte by byte.
TEST(Redactor, SignsOfSeveralBytesAreFound) {
  const Redactor redactor{{{"k", "kö€漢𝄞/\"z"}}};
  for (const std::string& text : {
           std::string{R"(\u006b\u00f6\u20ac\u6f22\ud834\udd1e\u002f\u0022\u007a)"},
           std::string{R"(\u006B\u00F6\u20AC\u6F22\uD834\uDD1E\u002F\u0022\u007A)"},
           std::string{R"(k\u00f6\u20ac\u6f22\ud834\udd1e/\"z)"},
           std::string{"&#107;&#246;&#8364;&#28450;&#119070;&#47;&#34;&#122;"},
           std::string{"&#x6b;&#xf6;&#x20ac;&#x6f22;&#x1d11e;&#x2f;&#x22;&#x7a;"},
           std::string{"z\"/𝄞漢€ök"},
           std::string{"=6B=C3=B6=E2=82=AC=E6=BC=A2=F0=9D=84=9E=2F=22=7A"},
           std::string{"k\0\xf6\0\xac\x20\x22\x6f\x34\xd8\x1e\xdd/\0\"\0z\0", 18},
           std::string{"\0k\0\xf6\x20\xac\x6f\x22\xd8\x34\xdd\x1e\0/\0\"\0z", 18},
       }) {
    EXPECT_EQ(redactor.redacted("x" + text + "y"), "x⟦secret:k⟧y") << text;
  }
}

TEST(Redactor, SignsThatHaveNamesAreFoundByThem) {
  const Redactor redactor{{{"k", "a<b>c'd&e\tf\rg\"h"}}};
  for (const char* text : {"a&lt;b&gt;c&#39;d&amp;e\tf\rg&quot;h", R"(a<b>c'd&e\tf\rg\"h)"}) {
    EXPECT_EQ(redactor.redacted(text), "⟦secret:k⟧") << text;
  }
  const Redactor lines{{{"k", "first line\n-----END-----\nthe second\nshort"}}};
  EXPECT_EQ(lines.redacted("say first line and the second"), "say ⟦secret:k⟧ and ⟦secret:k⟧");
  EXPECT_EQ(lines.redacted(R"(first line\n-----END-----\nthe second\nshort)"), "⟦secret:k⟧");
  EXPECT_EQ(lines.redacted("-----END----- short"), std::nullopt);
}

TEST(Redactor, TheLongestOfThoseThatBeginAlikeIsTaken) {
  const Redactor redactor{{{"short", "password"}, {"long", "password-of-production"}}};
  EXPECT_EQ(redactor.redacted("password-of-production, password"), "⟦secret:long⟧, ⟦secret:short⟧");
  EXPECT_EQ(redactor.redacted("passwordpassword"), "⟦secret:short⟧⟦secret:short⟧");
}

TEST(Redactor, EachLineOfAValueOfSeveralIsOne) {
  const Redactor redactor{
      {{"pem", "first-line-of-it\r\n  second-line-of-it\nshort\nlast-line-of-it"}}};
  EXPECT_EQ(redactor.redacted("first-line-of-it\r\n  second-line-of-it\nshort\nlast-line-of-it."),
            "⟦secret:pem⟧.");
  EXPECT_EQ(redactor.redacted("a second-line-of-it b"), "a ⟦secret:pem⟧ b");
  EXPECT_EQ(redactor.redacted("7: first-line-of-it"), "7: ⟦secret:pem⟧");
  EXPECT_EQ(redactor.redacted("short"), std::nullopt);
}

TEST(Redactor, AStreamGivesWhatTheWholeGives) {
  const Redactor redactor{{{"key", "hunter2-hunter2"}, {"b", "0123456789"}}};
  const std::string text = "a hunter2-hunter2b0123456789 hunter2-hunter aHVudGVyMi1odW50ZXIy.";
  const std::string whole = redactor.redacted(text).value();
  for (std::size_t size = 1; size <= text.size(); ++size) {
    std::string held;
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += size) {
      held += text.substr(at, size);
      out += redactor.sure(held);
    }
    EXPECT_EQ(out + redactor.redacted(held).value_or(held), whole) << size;
  }
}

// One after the other with something between them, in each encoding: nothing of any is left.
TEST(Redactor, OfTenThousandSecretsInEachEncodingNoneIsLeft) {
  constexpr std::size_t kSecrets = 10'000;
  constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=&\"\\_-. ";
  std::uint64_t at = 1;
  const auto next = [&at] {
    return (at = at * 6364136223846793005U + 1442695040888963407U) >> 33U;
  };
  std::vector<NamedValue> secrets;
  for (std::size_t i = 0; i < kSecrets; ++i) {
    std::string value;
    for (std::size_t j = 0; j < 16 + i % 33; ++j) value += kLetters[next() % kLetters.size()];
    secrets.push_back({"s", value});
  }
  const Redactor redactor{secrets};
  std::size_t planted = 0;
  std::string text;
  for (const NamedValue& secret : secrets) {
    const std::vector<std::string> forms = encodings_of(secret.value);
    ASSERT_GE(forms.size(), 12U);
    // All encodings of some, one of the others.
    const bool all = next() % 20 == 0;
    const std::size_t first = all ? 0 : next() % forms.size();
    const std::size_t end = all ? forms.size() : first + 1;
    for (std::size_t i = first; i < end; ++i, ++planted) {
      text += forms[i];
      text += " and ";
    }
  }
  const std::string clean = redactor.redacted(text).value();
  std::size_t found = 0;
  for (std::size_t from = 0; (from = clean.find("⟦secret:s⟧ and ", from)) != std::string::npos;
       from += 10) {
    ++found;
  }
  EXPECT_EQ(found, planted);
  EXPECT_EQ(clean.size(), planted * std::string_view{"⟦secret:s⟧ and "}.size());
  EXPECT_GE(planted, kSecrets);
}

// As a look at each place with each pattern would find it.
std::string slowly(const std::vector<NamedValue>& secrets, const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t best = 0;
    std::string name;
    for (const NamedValue& secret : secrets) {
      if (secret.value.size() < kSecretBytesMin) continue;
      for (const std::string& each : encodings_of(secret.value)) {
        if (each.size() > best && text.compare(at, each.size(), each) == 0) {
          best = each.size();
          name = secret.name;
        }
      }
    }
    out += best == 0 ? text.substr(at, 1) : "⟦secret:" + name + "⟧";
    at += std::max<std::size_t>(best, 1);
  }
  return out;
}

RC_GTEST_PROP(Redactor, FindsWhatALookAtEachPlaceFinds, ()) {
  // Few letters, so that beginnings and overlaps come up.
  const auto letters = [](int least, int most) {
    std::string out;
    const int size = *rc::gen::inRange(least, most);
    for (int i = 0; i < size; ++i) out += *rc::gen::element('a', 'b', '%', '6');
    return out;
  };
  std::vector<NamedValue> secrets;
  for (int i = 0; i < 3; ++i) secrets.push_back({std::to_string(i), letters(6, 14)});
  std::string text = letters(0, 40);
  for (int i = 0; i < 3; ++i) {
    const std::vector<std::string> forms = encodings_of(secrets[static_cast<std::size_t>(i)].value);
    text += forms[*rc::gen::inRange<std::size_t>(0, forms.size())] + letters(0, 12);
  }
  // Equal values under two names may be called by either.
  RC_PRE(secrets[0].value != secrets[1].value && secrets[1].value != secrets[2].value &&
         secrets[0].value != secrets[2].value);
  const Redactor redactor{secrets};
  const std::string got = redactor.redacted(text).value_or(text);
  const auto plain = [](std::string in) {
    for (const char* name : {"0", "1", "2"}) {
      for (std::size_t at = 0;
           (at = in.find("⟦secret:" + std::string{name} + "⟧")) != std::string::npos;) {
        in.replace(at, std::string{"⟦secret:0⟧"}.size(), "#");
      }
    }
    return in;
  };
  RC_ASSERT(plain(got) == plain(slowly(secrets, text)));
}

}  // namespace
}  // namespace naestro::vault
