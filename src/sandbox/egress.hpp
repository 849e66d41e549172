// The only way out: a proxy in the parent, for a program whose network holds nothing but it. For
// programs that know no proxy there are names, each with an address in the program's own network,
// and what connects to one is carried to the host it stands for.
// Used inside the room only.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "net/hosts.hpp"
#include "sandbox/confine.hpp"
#include "sandbox/dns.hpp"
#include "sandbox/request.hpp"

namespace naestro::sandbox {

inline constexpr std::uint16_t kProxyPort = 3128;
// Of all connections of one program together.
inline constexpr std::uint64_t kSentBytesMax = std::uint64_t{16} << 20;
inline constexpr std::uint64_t kReceivedBytesMax = std::uint64_t{1} << 30;

// Serves what comes until it goes. A name is resolved once; of its addresses those that the list
// lets dial are tried, and no others. Threads: one that accepts and answers about names, one for
// each connection, at most kConnectionsMax.
class Egress {
 public:
  using Log = std::function<void(const std::string&)>;
  // `sockets`: one of UDP, which gets questions about names, and listening ones; closed at the end.
  // `log` gets a line for each request, on any thread.
  Egress(std::vector<int> sockets, net::HostList hosts, Log log);
  Egress(const Egress&) = delete;
  Egress& operator=(const Egress&) = delete;
  ~Egress();
  // When all processes of the program are dead: ends all connections and says what was reached and
  // refused.
  void report(Ended& ended);

 private:
  // One connection of the program.
  struct Attempt {
    std::string target;  // what it asked for; empty: nothing
    Reached reached;     // without an origin: nothing was
  };
  void finish();
  void accept_all();
  void accept(int listener);
  void answer_names();
  void serve(int client);
  // Of the proxy.
  Result<void> exchange(int client, Attempt& attempt);
  // Of an address that stands for a name.
  Result<void> relay(int client, std::uint32_t address, std::uint16_t port, Attempt& attempt);
  Result<void> carry(int client, const ProxyRequest& request, std::string behind, Attempt& attempt);
  Result<void> pass(int client, int host, std::string first, std::uint64_t most_to_host,
                    Reached& reached);
  Result<int> dial(const net::Url& url) const;
  bool spend(std::atomic<std::uint64_t>& left, std::size_t bytes);
  void tell(const Attempt& attempt, const Result<void>& how);
  void note(const std::string& line, bool once = false);

  std::vector<int> sockets_;
  int stop_;  // an eventfd, readable from the end on
  net::HostList hosts_;
  StandIns names_;
  Log log_;
  std::atomic<std::uint64_t> may_send_{kSentBytesMax};
  std::atomic<std::uint64_t> may_receive_{kReceivedBytesMax};
  std::atomic<int> open_{0};
  std::mutex mutex_;
  std::map<std::string, Reached> reached_;  // by origin
  std::vector<std::string> refused_;
  std::uint64_t refused_count_ = 0;
  std::vector<std::jthread> connections_;  // of the accepting thread
  std::jthread accepting_;
};

}  // namespace naestro::sandbox
