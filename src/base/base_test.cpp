
#include <set>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/money.hpp"
#include "base/remedy.hpp"
#include "base/text.hpp"
#include "testing/property.hpp"
#include "testing/testing.hpp"

namespace naestro {
namespace {

TEST(Error, TextNamesCodeCauseAndRemedy) {
  const Error inner = fail(Code::kIo, "cannot read x").error();
  Error outer = fail(Code::kStoreOpen, "store", inner).error();
  outer.remedy = "free some space";
  outer.context.emplace_back("file", "x");
  EXPECT_EQ(outer.text(), "NE0201 store [file=x] <- NE0007 cannot read x; free some space");
}

TEST(Error, EveryCodeHasARemedyOfItsOwn) {
  std::set<std::string_view> seen;
  for (const CodeInfo& row : all_codes()) {
    EXPECT_GT(remedy(row.code).size(), 20U) << row.name;
    EXPECT_FALSE(remedy(row.code).ends_with('.')) << row.name;
    EXPECT_TRUE(seen.insert(remedy(row.code)).second) << row.name;
  }
  EXPECT_TRUE(remedy(Code::kStoreFull).starts_with("free some space"));
}

TEST(Money, ReadsAndWrites) {
  EXPECT_EQ(parse_usd("0.05").value(), 50'000'000);
  EXPECT_EQ(parse_usd("12").value(), 12'000'000'000);
  EXPECT_EQ(parse_usd("0.000000001").value(), 1);
  for (const char* bad : {"", ".5", "5.", "-1", "1e3", "0.0000000001", "99999999", "1.2.3"}) {
    EXPECT_FALSE(parse_usd(bad)) << bad;
  }
}

RC_GTEST_PROP(MoneyProperty, FormatAndParseAreInverse, ()) {
  const auto amount = *rc::gen::inRange<std::int64_t>(0, 9'007'199'254'740'991);
  RC_ASSERT(parse_usd(format_usd(amount)).value() == amount);
}

// RFC 4231, cases 1 and 2.
TEST(Crypto, HmacIsThatOfTheStandard) {
  const Bytes twenty(20, 0x0b);
  EXPECT_EQ(hex(crypto::HmacKey{twenty}.of(as_bytes("Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex(crypto::HmacKey{as_bytes("Jefe")}.of(as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Bytes, HexAndBase64) {
  EXPECT_EQ(hex(as_bytes("\x01\xfe")), "01fe");
  const Digest digest = crypto::sha256("abc");
  EXPECT_EQ(hex(digest), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest_from_hex(hex(digest)).value(), digest);
  EXPECT_FALSE(digest_from_hex("ABCD"));
  EXPECT_EQ(as_text(from_base64(base64(as_bytes("hello"))).value()), "hello");
  EXPECT_TRUE(from_base64("")->empty());
  EXPECT_FALSE(from_base64("a"));
  EXPECT_TRUE(from_base64("AA//"));
  EXPECT_FALSE(from_base64("AA/\xaf"));
  EXPECT_FALSE(from_base64("aGVsbG8=x"));
}

TEST(Crypto, SealIsReproducibleAndTamperEvident) {
  crypto::BlobKey key{};
  key[3] = 7;
  const Bytes sealed = crypto::seal(key, as_bytes("secret"));
  EXPECT_EQ(sealed, crypto::seal(key, as_bytes("secret")));
  EXPECT_EQ(as_text(crypto::open(key, sealed).value()), "secret");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes bad = sealed;
    bad[i] ^= 1;
    EXPECT_FALSE(crypto::open(key, bad));
  }
  EXPECT_FALSE(crypto::open(key, ByteSpan{sealed}.first(10)));
}

TEST(Crypto, SignaturesBindTheMessage) {
  SeededRandom random{1};
  const auto pair = crypto::make_key_pair(random);
  const auto signature = crypto::sign(pair, as_bytes("m"));
  EXPECT_TRUE(crypto::verify(pair.public_key, as_bytes("m"), signature));
  EXPECT_FALSE(crypto::verify(pair.public_key, as_bytes("n"), signature));
}

TEST(Text, Utf8) {
  EXPECT_TRUE(is_utf8("aé€😀"));
  for (const char* bad :
       {"\xff", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
  EXPECT_EQ(shorten("ab€cd", 6), "ab...");
}

TEST(Text, NothingPrintedSteersATerminal) {
  EXPECT_EQ(printable("a\x1b[8mb\tc\n"), "a\\u001b[8mb\tc\n");
  EXPECT_EQ(printable("x\u202ey\u2066z\u009b"), "x\\u202ey\\u2066z\\u009b");
  EXPECT_EQ(printable(std::string{"\0", 1} + "\r\x7f"), "\\u0000\\u000d\\u007f");
  EXPECT_EQ(one_line("a\tb\nc\x1b"), "a\\tb\\nc\\u001b");
  EXPECT_EQ(printable("é€😀\xff"), "é€😀\xef\xbf\xbd");
}

TEST(Text, NearestSuggestsOnlyNearWords) {
  EXPECT_EQ(nearest("files.serch", {"files.search", "csv.query"}), "files.search");
  EXPECT_EQ(nearest("quux", {"files.search", "csv.query"}), "");
  EXPECT_EQ(join({"", "a", "b"}, ","), ",a,b");
}

TEST(Clock, SystemClockMovesOn) {
  SystemClock clock;
  EXPECT_GT(clock.wall_us(), 1'600'000'000'000'000);
  const auto before = clock.mono_us();
  EXPECT_GE(clock.mono_us(), before);
}

}  // namespace
}  // namespace naestro
