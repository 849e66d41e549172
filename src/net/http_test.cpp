#include "net/http.hpp"

#include <atomic>
#include <mutex>
#include <thread>

#include "testing/stub_server.hpp"
#include "testing/testing.hpp"

namespace naestro::net {
namespace {

using std::chrono::milliseconds;
using testing::StubConnection;
using testing::StubReply;
using testing::StubServer;

std::int64_t ms_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin).count();
}

Request to(const StubServer& server) {
  return {.url = "http://localhost/path?q=1", .unix_socket = server.socket()};
}

TEST(Http, SendsWhatItWasGivenAndReadsTheAnswer) {
  StubServer server{[](const std::string&, StubConnection& connection) {
    connection.send(StubServer::answer(404, "no such thing"));
  }};
  Request request = to(server);
  request.method = "POST";
  request.headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}};
  request.body = std::string(3000, 'x') + '\0' + "end";
  const auto response = fetch(request);
  ASSERT_TRUE(response) << response.error().text();
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "no such thing");
  const std::string seen = server.requests().at(0);
  EXPECT_TRUE(seen.starts_with("POST /path?q=1 HTTP/1.1\r\nHost: localhost\r\n")) << seen;
  EXPECT_TRUE(seen.contains("\r\nContent-Type: application/json\r\n"));
  EXPECT_TRUE(seen.contains("\r\nX-Empty:\r\n"));
  EXPECT_FALSE(seen.contains("Expect"));
  EXPECT_TRUE(seen.ends_with("\r\n\r\n" + request.body));
}

TEST(Http, SpeaksTcpAndLeavesRedirectsAlone) {
  StubServer server{[](const std::string&, StubConnection& connection) {
    connection.send(
        "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 2\r\n\r\nhi");
  }};
  const auto response = fetch({.url = server.url()});
  ASSERT_TRUE(response) << response.error().text();
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(response->body, "hi");
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(Http, StreamsGoodAnswersAndKeepsBadOnes) {
  std::atomic<int> status = 200;
  StubServer server{[&](const std::string&, StubConnection& connection) {
    if (status == 200) {
      connection.send(StubServer::chunked({"one ", "two ", "three"}));
    } else {
      connection.send(StubServer::answer(status, "sorry"));
    }
  }};
  std::string streamed;
  Request request = to(server);
  request.on_body = [&](std::string_view piece) {
    streamed += piece;
    return true;
  };
  auto response = fetch(request);
  ASSERT_TRUE(response) << response.error().text();
  EXPECT_EQ(streamed, "one two three");
  EXPECT_EQ(response->body, "");
  status = 500;
  response = fetch(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "sorry");
  EXPECT_EQ(streamed, "one two three");
  status = 200;  // the receiver may have enough early
  request.on_body = [](std::string_view) { return false; };
  response = fetch(request);
  ASSERT_TRUE(response) << response.error().text();
  EXPECT_EQ(response->status, 200);
}

TEST(Http, SaysHowMuchComesBeforeItComes) {
  StubReply reply{StubServer::answer(206, "half")};
  StubServer server{
      [&](const std::string&, StubConnection& connection) { connection.send(reply.bytes()); }};
  std::vector<std::pair<int, std::int64_t>> begun;
  bool go_on = true;
  std::string body;
  Request request = to(server);
  request.on_begin = [&](int status, std::int64_t length) {
    begun.emplace_back(status, length);
    return go_on;
  };
  request.on_body = [&](std::string_view piece) {
    body += piece;
    return true;
  };
  ASSERT_TRUE(fetch(request));
  reply.set(StubServer::chunked({"one", "two"}));
  ASSERT_TRUE(fetch(request));
  go_on = false;
  ASSERT_TRUE(fetch(request));
  reply.set(StubServer::answer(500, "sorry"));
  ASSERT_TRUE(fetch(request));
  EXPECT_EQ(body, "halfonetwo");
  EXPECT_EQ(begun, (std::vector<std::pair<int, std::int64_t>>{{206, 4}, {200, -1}, {200, -1}}));
}

TEST(Http, SaysWhereARedirectPoints) {
  StubServer server{[](const std::string&, StubConnection& connection) {
    connection.send("HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n");
  }};
  const auto response = fetch(to(server));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->redirect, "http://localhost/there");
}

TEST(Http, BoundsBodiesAndHeaders) {
  StubServer server{[](const std::string& request, StubConnection& connection) {
    if (request.contains("/headers")) {
      connection.send("HTTP/1.1 200 OK\r\n");
      while (connection.send("X-More: " + std::string(1000, 'x') + "\r\n")) continue;
    } else {
      connection.send("HTTP/1.1 200 OK\r\n\r\n");
      while (connection.send(std::string(1000, 'x'))) continue;
    }
  }};
  Request request = to(server);
  request.response_bytes_max = 100'000;
  for (const char* url : {"http://localhost/headers", "http://localhost/body"}) {
    request.url = url;
    const auto response = fetch(request);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Code::kTooLarge) << response.error().text();
  }
}

TEST(Http, BrokenAnswersAreErrors) {
  StubReply reply{""};
  StubServer server{
      [&](const std::string&, StubConnection& connection) { connection.send(reply.bytes()); }};
  for (const char* said :
       {"", "garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    reply.set(said);
    const auto response = fetch(to(server));
    ASSERT_FALSE(response) << said;
    EXPECT_EQ(response.error().code, Code::kIo) << response.error().text();
    EXPECT_FALSE(response.error().remedy.empty());
  }
  const auto nobody = fetch({.url = "http://localhost/", .unix_socket = "/nonexistent/x.sock"});
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, Code::kUnreachable);
}

TEST(Http, RefusesMalformedRequests) {
  const Request requests[] = {
      {.url = "file:///etc/passwd"},
      {.url = "http://a/\r\nX: y"},
      {.url = "http://"},
      {.method = "GET /\r\nX:", .url = "http://localhost/"},
      {.url = "http://localhost/", .headers = {{"X", "a\r\nY: b"}}},
      {.url = "http://localhost/", .headers = {{"X: y", "a"}}},
  };
  for (const Request& request : requests) {
    const auto response = fetch(request);
    ASSERT_FALSE(response) << request.url;
    EXPECT_EQ(response.error().code, Code::kUsage) << response.error().text();
  }
}

TEST(Http, TimesOutWhileNothingComes) {
  StubServer server{[](const std::string&, StubConnection& connection) {
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    EXPECT_TRUE(connection.gone_within(5000));
  }};
  Request request = to(server);
  request.timeout = milliseconds{100};
  const auto begin = std::chrono::steady_clock::now();
  const auto response = fetch(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kTimeout);
  EXPECT_LT(ms_since(begin), 2000);
  request.timeout = milliseconds{0};
  EXPECT_EQ(fetch(request).error().code, Code::kTimeout);
}

TEST(Http, CancelsAtOnce) {
  StubServer server{[](const std::string&, StubConnection& connection) {
    EXPECT_TRUE(connection.gone_within(5000));  // the server sees the client go
  }};
  std::stop_source source;
  std::jthread canceller{[&] {
    std::this_thread::sleep_for(milliseconds{50});
    source.request_stop();
  }};
  const auto begin = std::chrono::steady_clock::now();
  const auto response = fetch(to(server), source.get_token());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kInterrupted);
  EXPECT_LT(ms_since(begin), 800);  // without being woken it would take up to a second
  EXPECT_EQ(fetch(to(server), source.get_token()).error().code, Code::kInterrupted);
}

}  // namespace
}  // namespace naestro::net
