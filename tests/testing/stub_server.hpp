// An HTTP server that says exactly the bytes a test wants, on a UNIX socket and on loopback.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "testing/testing.hpp"

namespace naestro::testing {

// One connection, which closes when the handler returns.
class StubConnection {
 public:
  explicit StubConnection(int fd) : fd_{fd} {}
  // False when the client has gone.
  bool send(std::string_view bytes) const;
  // Whether the client has gone; waits up to `ms` for that.
  [[nodiscard]] bool gone_within(int ms) const;

 private:
  int fd_;
};

class StubServer {
 public:
  // `request`: head and body as they came. One thread serves one connection after the other.
  using Handler = std::function<void(const std::string& request, StubConnection& connection)>;
  explicit StubServer(Handler handler);
  ~StubServer();
  StubServer(const StubServer&) = delete;
  StubServer& operator=(const StubServer&) = delete;

  [[nodiscard]] const std::string& socket() const { return socket_; }
  [[nodiscard]] std::string url() const;  // over TCP
  [[nodiscard]] std::vector<std::string> requests();

  // A whole answer with a Content-Length.
  static std::string answer(int status, std::string_view body);
  // Status 200 with a chunked body of these pieces.
  static std::string chunked(const std::vector<std::string>& pieces);

 private:
  void serve();
  Handler handler_;
  TempDir folder_;
  std::string socket_;
  int listen_[2] = {-1, -1};
  int wake_[2] = {-1, -1};
  int port_ = 0;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace naestro::testing
