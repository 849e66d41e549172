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

}  // namespace
}  // namespace naestro::tools
