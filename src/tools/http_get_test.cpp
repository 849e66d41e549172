#include "testing/stub_server.hpp"
#include "tools/adapter.hpp"
#include "tools/calls.hpp"
#include "tools/tools_test.hpp"

namespace naestro::tools {
namespace {

using testing::StubConnection;
using testing::StubReply;
using testing::StubServer;

struct HttpGetTest : ToolTest {
  StubReply answer{StubServer::answer(200, "page")};
  StubServer server{
      [this](const std::string&, StubConnection& connection) { connection.send(answer.bytes()); }};
  net::HostList hosts = *net::HostList::parse(server.url());

  Result<json::Value> get(std::string_view url) {
    return call("http.get", 1, {{"url", url}}, {ws, {}, nullptr, &hosts});
  }
  std::string with(std::string_view type, std::string_view body) {
    return "HTTP/1.1 200 OK\r\nContent-Type: " + std::string{type} +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
  }
};

TEST_F(HttpGetTest, GivesTextAndWhatWasSaidOfIt) {
  answer.set(with("text/html", "<p>é</p>"));
  auto got = get(server.url() + "/a#b");
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_EQ(json::write(*got), R"({"url":")" + server.url() + R"(/a","status":200,)" +
                                   R"("content_type":"text/html","body":"<p>é</p>"})");
  answer.set(StubServer::answer(503, ""));
  got = get(server.url());
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_EQ(json::write(*got),
            R"({"url":")" + server.url() + R"(/","status":503,"content_type":"","body":""})");
}

TEST_F(HttpGetTest, WithoutAListNothingIsReached) {
  for (const auto& got :
       {run("http.get", R"({"url":")" + server.url() + "\"}"), get("https://docs.example/")}) {
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, Code::kHostDenied) << got.error().text();
    EXPECT_TRUE(got.error().remedy.contains("net.hosts"));
  }
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(HttpGetTest, OtherThanTextIsAnError) {
  for (const std::string body : {"caf\xe9", "\x89PNG\r\n",
                                 "\xff\xfe"
                                 "a",
                                 "half \xc3"}) {
    answer.set(with("image/png", body));
    const auto got = get(server.url());
    ASSERT_FALSE(got) << body;
    EXPECT_EQ(got.error().code, Code::kToolFailed);
    EXPECT_TRUE(got.error().message.contains("no UTF-8 text (content type: image/png)"))
        << got.error().text();
  }
  answer.set(StubServer::answer(200, "\xff"));
  EXPECT_TRUE(get(server.url()).error().message.contains("content type: not said"));
}

TEST_F(HttpGetTest, WhatTheServerSaysIsDataAlsoInItsHead) {
  answer.set(with("text/\xff\x1b[31m" + std::string(500, 'x'), "page"));
  const auto got = get(server.url());
  ASSERT_TRUE(got) << got.error().text();
  const std::string text = json::write(*got);
  EXPECT_TRUE(json::parse(text)) << text;
  EXPECT_TRUE(text.contains("text/\xef\xbf\xbd")) << text;
  EXPECT_FALSE(text.contains('\x1b'));
  EXPECT_LT(text.size(), 500U);
}

TEST_F(HttpGetTest, TheLargestPageFitsTheCap) {
  answer.set(with("text/plain", std::string(262'144, '\x01')));
  const auto got = get(server.url());
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_LE(json::write(*got).size(), kHttpOutputMax);
  answer.set(with("text/plain", std::string(262'145, 'x')));
  EXPECT_EQ(get(server.url()).error().code, Code::kTooLarge);
}

struct HttpSecretTest : HttpGetTest {
  std::vector<vault::Use> uses;
  std::string value = "hunter2-hunter2";
  vault::Keys keys = [this](const vault::Use& use) -> Result<vault::Handed> {
    uses.push_back(use);
    if (value.empty()) return fail(Code::kSecretBounds, "not for this");
    return vault::Handed{value, true, "0123456789abcdef"};
  };

  Result<json::Value> get_with(const std::string& auth) {
    return call("http.get", 2, {{"url", server.url() + "/a"}, {"auth", *json::parse(auth)}},
                {ws, {}, nullptr, &hosts, keys});
  }
  std::string request() { return server.requests().back(); }
};

TEST_F(HttpSecretTest, GoesIntoTheHeaderThatIsNamed) {
  ASSERT_TRUE(get_with(R"({"secret":"K"})"));
  EXPECT_TRUE(request().contains("\r\nAuthorization: Bearer hunter2-hunter2\r\n")) << request();
  ASSERT_TRUE(get_with(R"({"secret":"K","header":"X-Api-Key"})"));
  EXPECT_TRUE(request().contains("\r\nX-Api-Key: hunter2-hunter2\r\n")) << request();
  EXPECT_FALSE(request().contains("Authorization"));
  ASSERT_TRUE(get_with(R"({"secret":"K","header":"Authorization"})"));
  EXPECT_TRUE(request().contains("\r\nAuthorization: hunter2-hunter2\r\n")) << request();
  ASSERT_EQ(uses.size(), 3U);
  EXPECT_EQ(uses.front().secret, "K");
  EXPECT_EQ(uses.front().origin, server.url());
  EXPECT_EQ(uses.front().method, "GET");
}

TEST_F(HttpSecretTest, WithoutTheSecretNothingIsSent) {
  value = "first\r\nX-Other: second";
  EXPECT_TRUE(get_with(R"({"secret":"K"})").error().message.contains("has several lines"));
  value = "";
  EXPECT_EQ(get_with(R"({"secret":"K"})").error().code, Code::kSecretBounds);
  keys = {};
  EXPECT_EQ(get_with(R"({"secret":"K"})").error().code, Code::kNotFound);
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(HttpSecretTest, WhatNamesNoSecretIsAnError) {
  for (const char* auth :
       {"7", "{}", R"({"secret":7})", R"({"secret":"K","header":7})",
        R"({"secret":"K","header":"Content-Length"})", R"({"secret":"K","header":"hOST"})"}) {
    const auto got = get_with(auth);
    ASSERT_FALSE(got) << auth;
    EXPECT_EQ(got.error().code, Code::kToolFailed) << auth;
  }
  EXPECT_TRUE(uses.empty());
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(HttpSecretTest, TheAdapterSaysWhoUsesItAndNotesThat) {
  ToolAdapter adapter{Workspace::open(dir.str()).value(), hosts, call, {}, {}, keys};
  door::Effect effect;
  effect.step = "fetch";
  effect.target = "http.get@2";
  effect.arguments = {{"url", server.url()}, {"auth", json::Object{{"secret", "K"}}}};
  const auto act = [&] { return adapter.act(door::Intent::durable(effect, {}), {}, {}); };
  const door::Outcome good = act();
  ASSERT_TRUE(good.result) << good.result.error().text();
  EXPECT_EQ(good.secret, "K");
  EXPECT_EQ(good.lease, "0123456789abcdef");
  EXPECT_EQ(uses.front().step, "fetch");
  EXPECT_EQ(uses.front().tool, "http.get@2");
  EXPECT_TRUE(uses.front().by_plan);
  value = "";
  const door::Outcome refused = act();
  EXPECT_EQ(refused.result.error().code, Code::kSecretBounds);
  EXPECT_EQ(refused.secret, "");
}

}  // namespace
}  // namespace naestro::tools
