// An HTTP server that says exactly the bytes a test wants, on a UNIX socket and on loopback.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
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

// What a server's thread says, changed by the test's: the server may not have let go of the former
// bytes when the client has read them.
class StubReply {
 public:
  explicit StubReply(std::string bytes) : bytes_{std::move(bytes)} {}
  void set(std::string bytes) {
    const std::lock_guard lock{mutex_};
    bytes_ = std::move(bytes);
  }
  std::string bytes() {
    const std::lock_guard lock{mutex_};
    return bytes_;
  }

 private:
  std::mutex mutex_;
  std::string bytes_;
};

}  // namespace naestro::testing
