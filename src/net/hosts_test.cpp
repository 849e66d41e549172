#include "net/hosts.hpp"

#include <fstream>
#include <random>

#include "base/json.hpp"
#include "base/text.hpp"
#include "testing/testing.hpp"

namespace naestro::net {
namespace {

// "SCHEME HOST PORT TEXT", or "refused".
std::string read(std::string_view text) {
  const auto url = parse_url(text);
  if (!url) {
    EXPECT_EQ(url.error().code, Code::kToolFailed);
    EXPECT_FALSE(url.error().remedy.empty());
    EXPECT_TRUE(is_utf8(url.error().message));
    return "refused";
  }
  return url->scheme + " " + url->host + " " + std::to_string(url->port) + " " + url->text;
}

TEST(Url, HasOneForm) {
  const std::pair<const char*, const char*> kCases[] = {
      {"https://a.example", "https a.example 443 https://a.example/"},
      {"HTTPS://A.Example:443/x/../y?q=1#part", "https a.example 443 https://a.example/y?q=1"},
      {"http://a.example:8080/", "http a.example 8080 http://a.example:8080/"},
      {"https://a_b-c.example/\xc3\xa9", "https a_b-c.example 443 https://a_b-c.example/%c3%a9"},
      {"https://xn--bcher-kva.example/",
       "https xn--bcher-kva.example 443 https://xn--bcher-kva.example/"},
      // Numbers that stand for addresses, in all their spellings.
      {"http://127.1/", "http 127.0.0.1 80 http://127.0.0.1/"},
      {"http://0x7f.1", "http 127.0.0.1 80 http://127.0.0.1/"},
      {"http://0X7F000001/", "http 127.0.0.1 80 http://127.0.0.1/"},
      {"http://2130706433/", "http 127.0.0.1 80 http://127.0.0.1/"},
      {"http://0177.0.0.01/", "http 127.0.0.1 80 http://127.0.0.1/"},
      {"http://%31%32%37.0.0.1/", "http 127.0.0.1 80 http://127.0.0.1/"},
      {"http://[::ffff:127.0.0.1]", "http ::ffff:127.0.0.1 80 http://[::ffff:127.0.0.1]/"},
      {"http://[0:0:0:0:0:ffff:7f00:1]/", "http ::ffff:127.0.0.1 80 http://[::ffff:127.0.0.1]/"},
      {"http://[::1]:81/", "http ::1 81 http://[::1]:81/"},
      {"http://[2001:DB8::0:1]/", "http 2001:db8::1 80 http://[2001:db8::1]/"},
  };
  for (const auto& [text, expected] : kCases) {
    EXPECT_EQ(read(text), expected) << text;
    // What is sent is read again by libcurl: to the same thing.
    EXPECT_EQ(read(parse_url(text)->text), expected);
  }
}

// What is read without libcurl is read by it to the same.
TEST(Url, APlainOneIsReadAsLibcurlReadsIt) {
  const std::string_view pieces[] = {"a",  "b9",  "1",   "0x7f",    "0",         "-",       ".",
                                     "..", "/",   "/.",  "//",      "xn--",      "A",       "_",
                                     "?",  "#",   "%41", ":",       "80",        "@",       "[",
                                     "]",  "127", "~",   "example", "localhost", "\xc3\xa9"};
  std::mt19937 dice{1};
  const auto any = [&](std::size_t below) {
    return std::uniform_int_distribution<std::size_t>{0, below - 1}(dice);
  };
  int good = 0;
  for (int i = 0; i < 60'000; ++i) {
    std::string text = any(8) == 0 ? "HTTP://" : any(2) == 0 ? "https://" : "http://";
    for (std::size_t n = 1 + any(7); n > 0; --n) text += pieces[any(std::size(pieces))];
    if (any(2) == 0) text += "/x/Y_z-1.json";
    const auto one = parse_url(text);
    const auto other = parse_any_url(text);
    ASSERT_EQ(one.has_value(), other.has_value()) << text;
    if (!one) continue;
    ++good;
    ASSERT_EQ(one->text, other->text) << text;
    ASSERT_EQ(one->host, other->host) << text;
    ASSERT_EQ(one->scheme, other->scheme) << text;
    ASSERT_EQ(one->port, other->port) << text;
  }
  EXPECT_GT(good, 5'000);
  const std::string long_name = "https://" + std::string(70, 'a') + ".example/";
  EXPECT_EQ(parse_url(long_name)->host, parse_any_url(long_name)->host);
}

TEST(Url, OddOnesAreRefused) {
  const std::string kCases[] = {
      "", "a.example", "//a.example/", "/path", "file:///etc/passwd", "ftp://a.example/",
      "gopher://a.example/_x", "javascript:alert(1)", "data:,x", "ws://a.example/",
      "https:a.example", "https:/a.example", "https:///a.example", "https://", "https://?",
      "http://#", "http://:80/",
      // Users and passwords, and what looks like a host beside them.
      "https://user@a.example/", "https://user:word@a.example/", "https://@a.example/",
      "https://:@a.example/", "https://a.example@evil.example/",
      "https://a.example:80@evil.example/", "https://a.example%40@evil.example/",
      "https://evil.example\\@a.example/", "https://a.example\\evil.example/",
      "https:\\\\a.example/",
      // Signs that hosts do not have.
      "https://a.example;evil.example/", "https://a.example,evil.example/", "https://a example/",
      "https://a.example%00.evil.example/", "https://a.example%2fevil.example/",
      "https://b\xc3\xbc"
      "cher.example/",
      "https://a.example\xe3\x80\x82/", "https://\xef\xbc\x91/", "https://*.example/",
      "https://a.example./", "https://127.0.0.1./", "https://./", "https://-../", "https://\xff/",
      // Numbers that are no address, but may be one to some resolver.
      "http://1.2.3.4.5/", "http://256.1.1.1/", "http://a.example.1/", "http://0x/",
      "http://a.0xff/", "http://08.1.1.1/", "http://4294967296/", "http://127.0.0.0x/",
      "http://[::1", "http://::1/", "http://[::1]x/", "http://[fe80::1%25eth0]/",
      "http://[fe80::1%eth0]/", "http://[1.2.3.4]/", "http://[::g]/", "http://[v1.a]/",
      "http://[]/", "http://a.example:0/", "http://a.example:65536/", "http://a.example:-1/",
      "http://a.example:x/", "http://a.example:80:80/",
      // Blanks and control characters.
      " https://a.example/", "https://a.example/ x", "https://a.example/\r\nX: y",
      "https://a.\texample/", "https://a.example/\x7f", std::string{"https://a.example/\0", 19},
      "https://a.example/" + std::string(kUrlBytesMax, 'x')};
  for (const std::string& text : kCases) EXPECT_EQ(read(text), "refused") << text;
}

// The vectors of the web platform: what is taken is read as they say, or is refused.
TEST(Url, IsReadAsBrowsersReadIt) {
  const auto file = testing::shared_dir() / "data/urls/urltestdata.json";
  NAESTRO_NEEDS("shared", !testing::shared_dir().empty() && std::filesystem::exists(file));
  const std::string text = testing::read_file(file);
  const auto cases = json::parse(text);
  int taken = 0;
  int all = 0;
  ASSERT_TRUE(cases) << cases.error().text();
  for (const json::Value& each : cases->as_array()) {
    if (!each.is_object()) continue;
    const json::Object& vector = each.as_object();
    const auto input = json::text_at(vector, "input");
    if (!input || json::text_at(vector, "base")) continue;
    ++all;
    const auto url = parse_url(*input);
    if (!url) continue;
    ++taken;
    ASSERT_FALSE(json::bool_at(vector, "failure").value_or(false)) << *input;
    EXPECT_EQ(url->scheme + ":", json::text_at(vector, "protocol")) << *input;
    const std::string port{*json::text_at(vector, "port")};
    EXPECT_EQ(std::to_string(url->port),
              !port.empty() ? port : (url->scheme == "http" ? "80" : "443"))
        << *input;
    if (!url->host.contains(':')) {
      EXPECT_EQ(url->host, json::text_at(vector, "hostname")) << *input;
    }
    EXPECT_EQ(json::text_at(vector, "username"), "") << *input;
  }
  EXPECT_GT(all, 400);
  EXPECT_GT(taken, 20);
}

HostList list(std::string_view text) {
  auto parsed = HostList::parse(text);
  EXPECT_TRUE(parsed) << parsed.error().text();
  return parsed ? *parsed : HostList{};
}

TEST(HostList, NamesOriginsExactly) {
  const HostList hosts = list("docs.example  http://127.0.0.1:8080 https://b.example:8443");
  EXPECT_EQ(hosts.text(), "http://127.0.0.1:8080 https://b.example:8443 https://docs.example");
  for (const char* url :
       {"https://docs.example/a?b", "https://DOCS.example:443/", "http://127.0.0.1:8080/",
        "http://127.1:8080", "https://b.example:8443/"}) {
    EXPECT_TRUE(hosts.allows(*parse_url(url))) << url;
  }
  for (const char* url :
       {"http://docs.example/", "https://docs.example:444/", "https://x.docs.example/",
        "https://docs.example.evil.example/", "https://evildocs.example/", "https://example/",
        "http://127.0.0.1/", "https://127.0.0.1:8080/", "http://[::ffff:127.0.0.1]:8080/",
        "http://localhost:8080/", "https://b.example/"}) {
    EXPECT_FALSE(hosts.allows(*parse_url(url))) << url;
  }
  EXPECT_FALSE(list("").allows(*parse_url("https://docs.example/")));
  EXPECT_EQ(list("none").text(), "none");
  EXPECT_TRUE(list(" none  ").empty());
  EXPECT_EQ(list("a.example https://a.example:443 A.EXAMPLE").text(), "https://a.example");
}

TEST(HostList, AnEntryIsAHostAndNoMore) {
  for (const char* entry : {"a.example/", "a.example/path", "https://a.example/", "a.example?q",
                            "a.example#x", "*.example", "*", "u@a.example", "ftp://a.example",
                            "a.example:x", "https://", "none.", "::1", "a.example,b.example"}) {
    EXPECT_FALSE(HostList::parse(entry)) << entry;
    EXPECT_FALSE(HostList::parse(std::string{"b.example "} + entry)) << entry;
  }
  EXPECT_EQ(list("[::1]:8080").text(), "https://[::1]:8080");
}

TEST(HostList, ListsAreCompared) {
  const HostList mine = list("a.example b.example");
  const HostList theirs = list("b.example c.example http://a.example");
  EXPECT_EQ(theirs.common(mine).text(), "https://b.example");
  EXPECT_EQ(theirs.without(mine).text(), "http://a.example https://c.example");
  EXPECT_TRUE(theirs.without(theirs).empty());
}

TEST(Addresses, OnlyThePublicInternetIs) {
  for (const char* address :
       {"1.1.1.1", "8.8.8.8", "93.184.216.34", "11.0.0.0", "9.255.255.255", "172.15.255.255",
        "172.32.0.0", "100.63.255.255", "100.128.0.0", "169.253.255.255", "192.167.255.255",
        "223.255.255.255", "168.63.129.17", "2606:4700::1111", "2001:4860:4860::8888",
        "2001:200::1", "2a00::1", "3fef::1"}) {
    EXPECT_TRUE(is_public(address)) << address;
  }
  for (const char* address : {"127.0.0.1",
                              "127.255.255.255",
                              "0.0.0.0",
                              "0.1.2.3",
                              "10.0.0.1",
                              "10.255.255.255",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.0.1",
                              "192.168.255.255",
                              "100.64.0.1",
                              "100.127.255.255",
                              "169.254.169.254",
                              "169.254.0.0",
                              "192.0.0.192",
                              "192.0.2.1",
                              "198.18.0.1",
                              "198.19.255.255",
                              "198.51.100.7",
                              "203.0.113.7",
                              "192.88.99.1",
                              "224.0.0.1",
                              "239.1.1.1",
                              "240.0.0.1",
                              "255.255.255.255",
                              "168.63.129.16",
                              "100.100.100.200",
                              "::",
                              "::1",
                              "::127.0.0.1",
                              "::ffff:127.0.0.1",
                              "::ffff:8.8.8.8",
                              "::ffff:0:8.8.8.8",
                              "64:ff9b::7f00:1",
                              "64:ff9b:1::1",
                              "100::1",
                              "fc00::1",
                              "fd00:ec2::254",
                              "fd20:ce::254",
                              "fe80::1",
                              "fec0::1",
                              "ff02::1",
                              "2002:7f00:1::",
                              "2001::1",
                              "2001:db8::1",
                              "2001:10::1",
                              "2001:1ff::1",
                              "3ffe::1",
                              "3fff::1",
                              "5f00::1",
                              "",
                              "localhost",
                              "1.2.3",
                              "0x7f.1",
                              "1.1.1.1 ",
                              "fe80::1%lo"}) {
    EXPECT_FALSE(is_public(address)) << address;
  }
}

TEST(Addresses, ThoseOfThisMachineAreItsOwn) {
  EXPECT_TRUE(is_own("127.0.0.1"));
  EXPECT_FALSE(is_own("93.184.216.34"));
  EXPECT_FALSE(is_own(""));
}

TEST(Addresses, AnEntryByNumberAllowsWhatIsNotPublic) {
  const Url url = *parse_url("http://intra.example:8080/x");
  const HostList hosts =
      list("http://intra.example:8080 http://10.0.0.5:8080 http://[fd00::5]:8080");
  EXPECT_TRUE(hosts.may_dial(url, "93.184.216.34"));
  EXPECT_TRUE(hosts.may_dial(url, "10.0.0.5"));
  EXPECT_TRUE(hosts.may_dial(url, "fd00::5"));
  EXPECT_FALSE(hosts.may_dial(url, "10.0.0.6"));
  EXPECT_FALSE(hosts.may_dial(url, "127.0.0.1"));
  EXPECT_FALSE(hosts.may_dial(url, ""));
  // Scheme and port are part of it.
  EXPECT_FALSE(hosts.may_dial(*parse_url("http://intra.example/"), "10.0.0.5"));
  EXPECT_FALSE(hosts.may_dial(*parse_url("https://intra.example:8080/"), "10.0.0.5"));
}

}  // namespace
}  // namespace naestro::net
