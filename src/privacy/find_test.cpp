// What is found of each class, and what is not.
#include "privacy/find.hpp"

#include <gtest/gtest.h>

#include "privacy/valid.hpp"

namespace naestro::privacy {
namespace {

// "kind:text kind:text".
std::string found(std::string_view text) {
  std::string out;
  for (const Found& one : find(text)) {
    out += (out.empty() ? "" : " | ") + std::string{name_of(one.kind)} + ":" +
           std::string{text.substr(one.at, one.size)};
  }
  return out;
}

struct Case {
  const char* text;
  const char* found;
};
void all(std::initializer_list<Case> cases) {
  for (const Case& one : cases) EXPECT_EQ(found(one.text), one.found) << one.text;
}

TEST(Privacy, Emails) {
  all({{"write to <ann.b+c@example.co.uk>, now", "email:ann.b+c@example.co.uk"},
       {"mailto:ann@example.org.", "email:ann@example.org"},
       {"'ann@example.org'", "email:ann@example.org"},
       {"jörg@bücher.example", "email:jörg@bücher.example"},
       {"a@b.cd and e_f@g-h.ij", "email:a@b.cd | email:e_f@g-h.ij"},
       {"ann@localhost, @ann, ann@, ann@.org, ann@1.2, ann.@x.org", ""},
       {"ann@example..org ann@-x.org !@x.org", ""},
       {"user@host.c", ""}});
  EXPECT_EQ(found("a" + std::string(80, 'b') + "@example.org"),
            "email:" + std::string(64, 'b') + "@example.org");
}

TEST(Privacy, Ibans) {
  all({{"to GB82 WEST 1234 5698 7654 32 today", "iban:GB82 WEST 1234 5698 7654 32"},
       {"gb82west12345698765432", "iban:gb82west12345698765432"},
       {"(DE89-3704-0044-0532-0130-00)", "iban:DE89-3704-0044-0532-0130-00"},
       {"NO9386011117947 is short", "iban:NO9386011117947"},
       {"GB83WEST12345698765432", ""},   // another check digit
       {"GB82WEST1234569876543", ""},    // too short for the country
       {"ZZ82WEST12345698765432", ""},   // no country
       {"XGB82WEST12345698765432", ""},  // part of a word
       {"GB82WEST12345698765432X", ""},
       {"GB82 WEST 1234; 5698 7654 32", ""},
       {"x1 12 GB8", ""}});
  EXPECT_FALSE(is_iban("GB8"));
  EXPECT_FALSE(is_iban("NO93860111179_7"));
}

TEST(Privacy, Cards) {
  all({{"4111111111111111", "card:4111111111111111"},
       {"4111 1111 1111 1111, 3782-822463-10005",
        "card:4111 1111 1111 1111 | card:3782-822463-10005"},
       {"5555555555554444 6011111111111117 3530111333300000 2223003122003222",
        "card:5555555555554444 | card:6011111111111117 | card:3530111333300000 | "
        "card:2223003122003222"},
       {"4222222222222 and 30569309025904", "card:4222222222222 | card:30569309025904"},
       {"4111111111111112", ""},  // another check digit
       {"9111111111111110", ""},  // nobody issues it
       {"my card 9111111111111111 9111111111111110", "card:9111111111111110"},
       {"id4111111111111111, 0.4111111111111111, 4111111111111111.5", ""},
       {"41111111111111110000000", ""},
       {"411 1111 1111 11111", ""},
       {"4111 1111-1111 1111 4 1", ""}});
}

TEST(Privacy, SocialSecurityNumbers) {
  all({{"536-90-4399", "us_ssn:536-90-4399"},
       {"SSN 536 90 4399, social security: 536904399", "us_ssn:536 90 4399 | us_ssn:536904399"},
       {"536 90 4399, 536904399", ""},  // nobody says so
       {"000-12-3456 666-12-3456 900-12-3456 536-00-4399 536-90-0000", ""},
       {"078-05-1120 219-09-9999", ""},  // printed in advertisements
       {"536-90 4399, 536-90-43991, 1536-90-4399, 12-536-90-4399, 536-90-4399-1", ""},
       {"536-90", ""},
       {"ssn 666904399 a536904399 536904399b", ""}});
  EXPECT_FALSE(is_us_ssn("53690439x"));
}

TEST(Privacy, Addresses) {
  all({{"from 203.0.113.9:8080, 10.0.0.1.", "ip:203.0.113.9 | ip:10.0.0.1"},
       {"[2001:db8::8:800:200c:417a] fe80::1%eth0", "ip:2001:db8::8:800:200c:417a | ip:fe80::1"},
       {"2001:DB8:0:0:8:800:200C:417A", "ip:2001:DB8:0:0:8:800:200C:417A"},
       {"::ffff:192.0.2.128.", "ip:::ffff:192.0.2.128"},
       {"2001:db8::", "ip:2001:db8::"},
       {"version 1.2.3.4, v1.2.3.4, 1.2.3.4.5, 256.1.1.1, 1.2.3, 01.2.3.4", ""},
       {"127.0.0.1 0.0.0.0 255.255.255.255 ::1 ::", ""},
       {"1 . 2 . 3 . 4 and 1.2.3.4000 and 1..2.3.4", ""},
       {"std::vector, 12:30:45, face::add, 1::2::3, 1:2:3:4:5:6:7:8:9, 12345::1", ""},
       {"1:2:3:4:5:6:7::8:9 2001:db8::1.2.3 a1::b:c:: 1:", ""},
       {"at ::12:30: x", "ip:::12:30"}});
}

TEST(Privacy, Phones) {
  all({{"+44 20 7946 0958", "phone:+44 20 7946 0958"},
       {"+46 (0)8 928 571 38, +15551234567", "phone:+46 (0)8 928 571 38 | phone:+15551234567"},
       {"00 49 30 123456", "phone:00 49 30 123456"},
       {"(555) 010-9999 x12, 1-555-010-9999 ext. 7",
        "phone:(555) 010-9999 x12 | phone:1-555-010-9999 ext. 7"},
       {"555.010.9999ext 5", "phone:555.010.9999ext 5"},
       {"01.44.55.66.77 or (08) 8747 6301 or 0161 496 0000",
        "phone:01.44.55.66.77 | phone:(08) 8747 6301 | phone:0161 496 0000"},
       {"0161 4960000", "phone:0161 4960000"},
       {"call me at 555-0199", "phone:555-0199"},
       {"Phone:\n  467 3395", "phone:467 3395"},
       {"450 0840-Fax, 71-33-52-22 (mobile)", "phone:450 0840 | phone:71-33-52-22"},
       {"tel 5550199", "phone:5550199"},
       {"467 3395", ""},
       {"I called. In 2019-2024 we sold 450 0840 of them", ""},
       {"phone\nother words\n467 3395", ""},
       {"call in 1998-2004, call on 2026-11-27, desk 27.11.2026", ""},
       {"desk 12, call 123456, office 1 2 3 4 5 6", ""},
       {"+999 no, +0123456789, +12 34, 000 000 000 000", ""},
       {"555-010-99999 $555-010-9999 555-010-9999% v-555-010-9999a", ""},
       {"costs 0.161 496 0000", ""},
       {"155-010-9999 2-555-010-9999", ""},
       {"5.555-010-9999", ""}});
}

TEST(Privacy, DatesOfBirthAndPapersOnlyWhereSomethingSaysSo) {
  all({{"born on 1980-05-17", "birth_date:1980-05-17"},
       {"DOB: 17.5.1980; birthday 5/17/80", "birth_date:17.5.1980 | birth_date:5/17/80"},
       {"date of birth 17th of May, 1980", "birth_date:17th of May, 1980"},
       {"she was born May 17, 1980 in Rome", "birth_date:May 17, 1980"},
       {"born 40.5.1980, born 5-17.1980, born 1780-05-17, born 17 Foo 1980", ""},
       {"born 17 1980, born 45 May 1980, born 17 May 2980, born 17 May 80", ""},
       {"born x_17 May 1980", ""},
       {"made on 1980-05-17. Born. It was 1980-05-17 then", ""},
       {"born 17, a long way from here in May 1980", ""},
       {"born 12345-05-17", ""},
       {"passport no. C01X00T47, ID 1234567", "id_number:C01X00T47 | id_number:1234567"},
       {"passport 12345, passport c01x00t47, passport 1234567890ABCDEF, passport ABCDEF123", ""},
       {"order C01X00T47", ""}});
}

TEST(Privacy, WhatTwoClassesClaimIsTheFirsts) {
  EXPECT_EQ(found("call 4111 1111 1111 1111"), "card:4111 1111 1111 1111");
  EXPECT_EQ(found("phone 536-90-4399"), "us_ssn:536-90-4399");
  EXPECT_EQ(found("5550109999@example.org"), "email:5550109999@example.org");
  EXPECT_EQ(found("call me: passport 1234567"), "id_number:1234567");
}

TEST(Privacy, TakenOutOfTexts) {
  EXPECT_EQ(redacted_text("no one"), std::nullopt);
  EXPECT_EQ(redacted_text("to a@b.cd, from 10.0.0.1!"), "to ⟦pii:email⟧, from ⟦pii:ip⟧!");
}

TEST(Privacy, TakenOutOfJson) {
  const json::Value value = json::parse(R"({"phone": ["467 3395", true], "a@b.cd": 1.5,
      "ssn": 536904399, "born_on": "1980-05-17", "n": 7, "m": "nothing", "10.0.0.1": "c@d.ef"})")
                                .value();
  EXPECT_EQ(json::canonical(redacted_value(value)),
            R"({"born_on":"⟦pii:birth_date⟧","m":"nothing","n":7,"phone":["⟦pii:phone⟧",true],)"
            R"("ssn":"⟦pii:us_ssn⟧","⟦pii:email⟧":1.5,"⟦pii:ip⟧":"⟦pii:email⟧"})");
}

TEST(Privacy, TakenOutOfJsonInTexts) {
  const json::Value inner = json::Object{{"note", "call\n4111111111111111"}};
  const json::Value outer =
      json::Object{{"a", json::write(inner)}, {"b", "[1, 2]"}, {"c", "{x a@b.cd"}};
  EXPECT_EQ(json::canonical(redacted_value(outer)),
            R"({"a":"{\"note\":\"call\\n⟦pii:card⟧\"}","b":"[1, 2]","c":"{x ⟦pii:email⟧"})");
}

// Twice the text is at most some twice the work, whatever it is made of.
TEST(Privacy, TimeIsLinear) {
  for (const std::string part : {"a", "1", "@", ":", "1 ", "4111-", "a@", "GB82", "1.", "(1) ",
                                 "f:", "born 17 May ", "call 555 ", "+"}) {
    std::string text;
    while (text.size() < (std::size_t{1} << 20)) text += part;
    EXPECT_LE(find(text).size(), text.size());
  }
}

TEST(Privacy, AnyBytesAreATextToSearch) {
  std::uint32_t state = 7;
  const std::string_view signs = "0123456789 .-+()@:/abGB\n\xc3\xa4x";
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (int i = 0; i < 40; ++i) {
      state = state * 1'664'525 + 1'013'904'223;
      text += signs[(state >> 16U) % signs.size()];
    }
    std::size_t end = 0;
    for (const Found& one : find(text)) {
      EXPECT_GE(one.at, end) << text;
      EXPECT_GT(one.size, 0) << text;
      end = one.at + one.size;
      EXPECT_LE(end, text.size()) << text;
    }
  }
}

TEST(Privacy, CountryCodes) {
  EXPECT_EQ(country_code("1555"), 1);
  EXPECT_EQ(country_code("4420"), 2);
  EXPECT_EQ(country_code("35312"), 3);
  EXPECT_EQ(country_code("0123"), std::nullopt);
  EXPECT_EQ(country_code("12"), std::nullopt);
  EXPECT_EQ(country_code("x12"), std::nullopt);
}

}  // namespace
}  // namespace naestro::privacy
