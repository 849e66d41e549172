#include "net/get.hpp"

#include <cstdlib>
#include <map>
#include <thread>

#include "base/text.hpp"
#include "testing/stub_server.hpp"
#include "testing/testing.hpp"

namespace naestro::net {
namespace {

using std::chrono::milliseconds;
using testing::StubConnection;
using testing::StubServer;

std::string redirect_to(std::string_view where, int status = 302) {
  return "HTTP/1.1 " + std::to_string(status) + " Moved\r\nLocation: " + std::string{where} +
         "\r\nContent-Length: 5\r\n\r\nmoved";
}

// One server; what it answers, by the path that is asked for.
struct GetTest : ::testing::Test {
  std::map<std::string, std::string> answers;
  StubServer server{[this](const std::string& request, StubConnection& connection) {
    const std::string path = request.substr(4, request.find(' ', 4) - 4);
    const auto found = answers.find(path);
    connection.send(found == answers.end() ? StubServer::answer(404, "none") : found->second);
  }};
  std::string port = server.url().substr(server.url().rfind(':'));
  GetLimits limits{.body_bytes_max = 100'000, .hop_timeout = milliseconds{5'000}};

  Result<Page> ask(const std::string& url, const std::string& hosts) {
    return get(url, *HostList::parse(hosts), limits, {});
  }
  // The page of a path of the server, which the list names by number.
  Result<Page> page(const std::string& path) { return ask(server.url() + path, server.url()); }
  std::string refusal(const std::string& url, const std::string& hosts) {
    const auto got = ask(url, hosts);
    if (got) return "no refusal";
    EXPECT_EQ(got.error().code, Code::kHostDenied) << got.error().text();
    EXPECT_TRUE(got.error().remedy.contains("net.hosts")) << got.error().remedy;
    return got.error().message;
  }
};

TEST_F(GetTest, GivesThePageAndWhatWasSaidOfIt) {
  answers["/a?b=1"] =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\n\r\npage";
  const auto got = page("/a?b=1#part");
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_EQ(got->url, server.url() + "/a?b=1");
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(got->body, "page");
  const auto none = page("/none");
  ASSERT_TRUE(none) << none.error().text();
  EXPECT_EQ(none->status, 404);
  EXPECT_EQ(none->content_type, "");
  EXPECT_EQ(none->body, "none");
}

TEST_F(GetTest, OnlyWhatTheListNamesIsAsked) {
  for (const std::string& hosts :
       {std::string{"none"}, "https://127.0.0.1" + port, std::string{"http://127.0.0.1"},
        "http://localhost" + port, std::string{"docs.example"}}) {
    EXPECT_TRUE(refusal(server.url() + "/", hosts).contains("is not among the hosts")) << hosts;
  }
  EXPECT_TRUE(refusal(server.url() + "/", "none").contains("net.hosts: none"));
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(GetTest, OddUrlsAreJudgedAsWhatTheyAre) {
  for (const std::string host : {"127.1", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1"}) {
    EXPECT_TRUE(
        refusal("http://" + host + port + "/", "docs.example").contains("http://127.0.0.1"));
    EXPECT_TRUE(ask("http://" + host + port + "/", server.url())) << host;  // named by its number
  }
  EXPECT_TRUE(refusal("http://[::ffff:127.0.0.1]" + port + "/", server.url())
                  .contains("http://[::ffff:127.0.0.1]"));
  for (const std::string& url :
       {"http://docs.example@127.0.0.1" + port + "/", "http://user:word@127.0.0.1" + port + "/",
        "http://127.0.0.1" + port + "\\@docs.example/", std::string{"file:///etc/passwd"},
        server.url() + "/\r\nX: y"}) {
    const auto got = ask(url, server.url() + " http://docs.example");
    ASSERT_FALSE(got) << url;
    EXPECT_EQ(got.error().code, Code::kToolFailed) << got.error().text();
  }
  EXPECT_EQ(server.requests().size(), 5U);
}

// The name is on the list; where it leads is not.
TEST_F(GetTest, ANameThatLeadsToThisMachineIsNotDialled) {
  for (const std::string name : {"localhost", "docs.localhost"}) {
    const std::string entry = "http://" + name + port;
    const std::string why = refusal(entry + "/", entry);
    EXPECT_TRUE(why.contains("leads to ")) << why;
    EXPECT_TRUE(why.contains("127.0.0.1")) << why;
  }
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(GetTest, OfANamesAddressesThoseThatAreNamedAreDialled) {
  answers["/"] = StubServer::answer(200, "page");
  // It leads to ::1, too, which is passed over.
  const auto got =
      ask("http://localhost" + port + "/", "http://localhost" + port + " " + server.url());
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_EQ(got->body, "page");
  EXPECT_TRUE(refusal("http://localhost" + port + "/",
                      "http://localhost" + port + " https://127.0.0.1" + port)
                  .contains("leads to"));
}

TEST_F(GetTest, RedirectsAreFollowedWithinTheList) {
  answers["/a"] = redirect_to("/b?x=1", 301);
  answers["/b?x=1"] = redirect_to("http://localhost" + port + "/c#part", 307);
  answers["/c"] = StubServer::answer(200, "there");
  const auto got = ask(server.url() + "/a", server.url() + " http://localhost" + port);
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_EQ(got->url, "http://localhost" + port + "/c");
  EXPECT_EQ(got->body, "there");
  answers["/odd"] = "HTTP/1.1 304 Not Modified\r\n\r\n";
  EXPECT_EQ(page("/odd")->status, 304);
}

TEST_F(GetTest, RedirectsOutOfTheListAreNot) {
  const std::vector<std::pair<std::string, std::string>> kCases = {
      {"http://169.254.169.254/latest/meta-data/", "http://169.254.169.254 is not among"},
      {"https://evil.example/", "https://evil.example is not among"},
      {"//evil.example/", "http://evil.example is not among"},
      {"https://127.0.0.1" + port + "/", "is not among"},
      {"http://127.0.0.1/", "http://127.0.0.1 is not among"},
      {"http://localhost" + port + "/", "http://localhost" + port + " is not among"},
      {"http://[::ffff:127.0.0.1]" + port + "/", "is not among"},
      {"http://0xa9fea9fe/", "http://169.254.169.254 is not among"},
  };
  for (const auto& [where, expected] : kCases) {
    answers["/r"] = redirect_to(where);
    const std::string why = refusal(server.url() + "/r", server.url());
    EXPECT_TRUE(why.starts_with("the redirect of " + server.url() + "/r is not followed: "));
    EXPECT_TRUE(why.contains(expected)) << where << why;
  }
  for (const std::string where :
       {"file:///etc/passwd", "ftp://127.0.0.1/", "http://user@127.0.0.1/", "gopher://x/",
        "http://", "http://a b/", "javascript:alert(1)", "http://\x01/"}) {
    answers["/r"] = redirect_to(where);
    const auto got = page("/r");
    ASSERT_FALSE(got) << where;
    EXPECT_EQ(got.error().code, Code::kToolFailed) << where << got.error().text();
  }
  for (const std::string& request : server.requests()) EXPECT_TRUE(request.starts_with("GET /r "));
}

// A page of the list redirects to a name of the list, which leads to this machine.
TEST_F(GetTest, EveryHopsAddressIsJudged) {
  StubServer other{[](const std::string&, StubConnection& connection) {
    connection.send(StubServer::answer(200, "secret"));
  }};
  const std::string target = "http://docs.localhost" + other.url().substr(other.url().rfind(':'));
  answers["/r"] = redirect_to(target + "/secret");
  EXPECT_TRUE(refusal(server.url() + "/r", server.url() + " " + target)
                  .contains("the host docs.localhost leads to"));
  EXPECT_TRUE(other.requests().empty());
  const auto got = ask(server.url() + "/r", server.url() + " " + target + " " + other.url());
  ASSERT_TRUE(got) << got.error().text();  // now that its number is named
  EXPECT_EQ(got->body, "secret");
}

TEST_F(GetTest, AtMostFiveRedirects) {
  for (int i = 0; i < 6; ++i) {
    answers["/" + std::to_string(i)] = redirect_to("/" + std::to_string(i + 1));
  }
  answers["/6"] = StubServer::answer(200, "end");
  EXPECT_EQ(page("/1")->body, "end");
  const auto got = page("/0");
  ASSERT_FALSE(got);
  EXPECT_TRUE(got.error().message.contains("more than 5 times")) << got.error().text();
  answers["/loop"] = redirect_to("/loop");
  EXPECT_FALSE(page("/loop"));
}

TEST_F(GetTest, BodiesAreBounded) {
  answers["/fits"] = StubServer::answer(200, std::string(100'000, 'x'));
  EXPECT_EQ(page("/fits")->body.size(), 100'000U);
  answers["/long"] = StubServer::answer(200, std::string(100'001, 'x'));
  answers["/moved"] = "HTTP/1.1 302 Moved\r\nLocation: /fits\r\n\r\n" + std::string(100'001, 'x');
  for (const char* path : {"/long", "/moved"}) {
    const auto got = page(path);
    ASSERT_FALSE(got) << path;
    EXPECT_EQ(got.error().code, Code::kTooLarge);
  }
}

// 200,000 zeros as gzip has them.
const std::string kBomb{
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x31\x01\x00\x00\x00\xc2\xa0\x4a\xeb\x9f"
    "\xce\x0c\xfe\x40\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\xaf\x01\x94\x7d\x23\x36\x40\x0d\x03\x00",
    230};

TEST_F(GetTest, BodiesAreBoundedAfterDecompression) {
  const auto packed = [](std::string_view bytes, std::string_view how) {
    return "HTTP/1.1 200 OK\r\nContent-Encoding: " + std::string{how} +
           "\r\nContent-Length: " + std::to_string(bytes.size()) + "\r\n\r\n" + std::string{bytes};
  };
  answers["/"] = packed(kBomb, "gzip");
  limits.body_bytes_max = 200'000;
  const auto whole = page("/");
  ASSERT_TRUE(whole) << whole.error().text();
  EXPECT_EQ(whole->body, std::string(200'000, '0'));
  EXPECT_TRUE(server.requests().back().contains("Accept-Encoding: gzip, deflate\r\n"));
  limits.body_bytes_max = 199'999;
  EXPECT_EQ(page("/").error().code, Code::kTooLarge);
  answers["/"] = packed("no gzip", "gzip");
  EXPECT_EQ(page("/").error().code, Code::kIo);
  answers["/"] = packed("x", "x-unheard-of");
  EXPECT_EQ(page("/").error().code, Code::kIo);
  answers["/"] = packed("x", "gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip");
  EXPECT_EQ(page("/").error().code, Code::kIo);
}

TEST_F(GetTest, NothingOfOneHopIsSentToTheNext) {
  answers["/a"] =
      "HTTP/1.1 302 Moved\r\nSet-Cookie: id=secret\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n";
  ASSERT_TRUE(page("/a"));
  const std::string second = server.requests().at(1);
  EXPECT_EQ(second, "GET /b HTTP/1.1\r\nHost: 127.0.0.1" + port +
                        "\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n"
                        "User-Agent: naestro\r\n\r\n");
}

TEST_F(GetTest, NoProxyOfTheEnvironmentIsUsed) {
  StubServer proxy{[](const std::string&, StubConnection& connection) {
    connection.send(StubServer::answer(200, "proxied"));
  }};
  answers["/"] = StubServer::answer(200, "direct");
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) {
    ASSERT_EQ(::setenv(name, proxy.url().c_str(), 1), 0);
  }
  const auto got = page("/");
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) ::unsetenv(name);
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_EQ(got->body, "direct");
  EXPECT_TRUE(proxy.requests().empty());
}

TEST(Get, AnEndlessPageEnds) {
  StubServer server{[](const std::string& request, StubConnection& connection) {
    connection.send("HTTP/1.1 200 OK\r\n\r\n");
    if (request.contains("/fast")) {
      while (connection.send(std::string(1'000, 'x'))) continue;
    } else {  // a drop at a time
      while (connection.send("x") && !connection.gone_within(10)) continue;
    }
  }};
  const HostList hosts = *HostList::parse(server.url());
  const GetLimits limits{.body_bytes_max = 100'000, .hop_timeout = milliseconds{200}};
  EXPECT_EQ(get(server.url() + "/fast", hosts, {.body_bytes_max = 100'000}, {}).error().code,
            Code::kTooLarge);
  EXPECT_EQ(get(server.url() + "/slow", hosts, limits, {}).error().code, Code::kTimeout);
  std::stop_source source;
  std::jthread canceller{[&] {
    std::this_thread::sleep_for(milliseconds{50});
    source.request_stop();
  }};
  EXPECT_EQ(get(server.url() + "/slow", hosts, {}, source.get_token()).error().code,
            Code::kInterrupted);
}

TEST(Get, WhatCannotBeReachedIsNoRefusal) {
  int closed = 0;
  {
    const StubServer gone{[](const std::string&, StubConnection&) {}};
    closed = std::stoi(gone.url().substr(gone.url().rfind(':') + 1));
  }
  const std::string url = "http://127.0.0.1:" + std::to_string(closed);
  const auto got = get(url + "/", *HostList::parse(url), {}, {});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kUnreachable) << got.error().text();
  const auto nowhere = get("https://nowhere.invalid/", *HostList::parse("nowhere.invalid"), {}, {});
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, Code::kUnreachable) << nowhere.error().text();
}

// The value of a header in each request that the server saw; "-": none.
std::string sent(StubServer& server, const std::string& name) {
  std::string out;
  for (const std::string& request : server.requests()) {
    const std::size_t at = request.find("\r\n" + name + ": ");
    const std::size_t begin = at == std::string::npos ? at : at + name.size() + 4;
    out += at == std::string::npos ? "-" : request.substr(begin, request.find('\r', begin) - begin);
  }
  return out;
}

TEST_F(GetTest, WhatSaysWhoAsksStaysAtTheFirstOrigin) {
  StubServer other{[this](const std::string&, StubConnection& connection) {
    connection.send(redirect_to(server.url() + "/page"));
  }};
  answers["/here"] = redirect_to("/page");
  answers["/away"] = redirect_to(other.url() + "/x");
  answers["/page"] = StubServer::answer(200, "page");
  int asked = 0;
  const Credentials key = [&](const Url& url) -> Result<Header> {
    ++asked;
    return Header{"X-Key", url.host};
  };
  const HostList both = *HostList::parse(server.url() + " " + other.url());
  ASSERT_TRUE(get(server.url() + "/here", both, limits, {}, key));
  EXPECT_EQ(sent(server, "X-Key"), "127.0.0.1127.0.0.1");
  EXPECT_EQ(asked, 1);
  const auto got = get(server.url() + "/away", both, limits, {}, key);
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_EQ(got->body, "page");
  EXPECT_EQ(sent(server, "X-Key"), "127.0.0.1127.0.0.1127.0.0.1-");  // nor when it leads back
  EXPECT_EQ(sent(other, "X-Key"), "-");
}

TEST_F(GetTest, NobodyAsksForItWhereTheListDenies) {
  bool asked = false;
  const Credentials key = [&](const Url&) -> Result<Header> {
    asked = true;
    return fail(Code::kSecretRevoked, "no more");
  };
  EXPECT_EQ(get(server.url(), {}, limits, {}, key).error().code, Code::kHostDenied);
  EXPECT_FALSE(asked);
  EXPECT_EQ(get(server.url(), *HostList::parse(server.url()), limits, {}, key).error().code,
            Code::kSecretRevoked);
  EXPECT_TRUE(server.requests().empty());
}

}  // namespace
}  // namespace naestro::net
