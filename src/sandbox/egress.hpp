// The only way out: a proxy in the parent, for a program whose network holds nothing but it.
// Used inside the room only.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "net/hosts.hpp"
#include "sandbox/request.hpp"

namespace naestro::sandbox {

inline constexpr int kProxyPort = 3128;
// Of all connections of one program together.
inline constexpr std::uint64_t kSentBytesMax = std::uint64_t{16} << 20;
inline constexpr std::uint64_t kReceivedBytesMax = std::uint64_t{1} << 30;

// Serves what comes to a listening socket until it goes. A name is resolved once; of its addresses
// those that the list lets dial are tried, and no others. Threads: one that accepts, one for each
// connection, at most kConnectionsMax.
class Egress {
 public:
  using Log = std::function<void(const std::string&)>;
  // `listener` is closed at the end. `log` gets a line for each request, on any thread.
  Egress(int listener, net::HostList hosts, Log log);
  Egress(const Egress&) = delete;
  Egress& operator=(const Egress&) = delete;
  ~Egress();
  // What was refused, a sentence each, at most a few; after the end of the program.
  std::vector<std::string> refusals();

 private:
  void accept_all();
  void serve(int client);
  Result<void> exchange(int client, std::string& target);
  Result<void> pass(int client, int host, std::string first, std::uint64_t most_to_host);
  Result<int> dial(const net::Url& url) const;
  bool spend(std::atomic<std::uint64_t>& left, std::size_t bytes);
  void tell(const std::string& target, const Result<void>& how);

  int listener_;
  int stop_;  // an eventfd, readable from the end on
  net::HostList hosts_;
  Log log_;
  std::atomic<std::uint64_t> may_send_{kSentBytesMax};
  std::atomic<std::uint64_t> may_receive_{kReceivedBytesMax};
  std::atomic<int> open_{0};
  std::mutex mutex_;
  std::vector<std::string> refusals_;
  std::vector<std::jthread> connections_;  // of the accepting thread
  std::jthread accepting_;
};

}  // namespace naestro::sandbox
