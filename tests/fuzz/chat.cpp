// A model engine that streams any bytes: the reply is a text or an error, within bounds.
#include "models/chat.hpp"

#include <mutex>

#include "fuzz/fuzz.hpp"
#include "testing/stub_server.hpp"

using namespace naestro;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::mutex mutex;  // the server may still be at the last input, whose client has left
  static std::string said;
  static naestro::testing::StubServer server{
      [](const std::string& request, naestro::testing::StubConnection& connection) {
        if (request.starts_with("POST /apply-template ")) {
          connection.send(naestro::testing::StubServer::answer(200, R"({"prompt":"hi"})"));
        } else if (request.starts_with("POST /tokenize ")) {
          connection.send(naestro::testing::StubServer::answer(200, R"({"tokens":[1,2]})"));
        } else {
          connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
          std::unique_lock lock{mutex};
          const std::string answer = said;
          lock.unlock();
          connection.send(answer);
        }
      }};
  const std::string now{fuzz::text(data, size)};
  {
    const std::scoped_lock lock{mutex};
    said = now;
  }
  std::size_t streamed = 0;
  const auto reply = models::chat(
      {.url = "http://localhost/v1", .unix_socket = server.socket(), .counter = "http://localhost"},
      {.model = "m",
       .messages = {json::Object{{"role", "user"}, {"content", now}}},
       .schema = {},
       .context_tokens = 100,
       .max_input_tokens = 5,
       .max_output_tokens = 20,
       .seed = 7},
      std::chrono::steady_clock::now() + std::chrono::seconds{10}, {},
      [&](std::string_view chunk) { streamed += chunk.size(); });
  fuzz::require(reply.reached, "the engine was reached");
  fuzz::require(reply.tokens_in >= 0 && reply.tokens_out >= 0, "usage is not negative");
  if (reply.text) fuzz::require(reply.text->size() == streamed, "the text is what was streamed");
  return 0;
}
