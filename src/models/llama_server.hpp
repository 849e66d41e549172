// llama.cpp's llama-server as a child process that answers on a private UNIX socket.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>

#include "base/bytes.hpp"
#include "models/child.hpp"
#include "models/model_file.hpp"

namespace naestro::models {

struct LlamaConfig {
  std::string binary = {};      // the program llama-server; its libraries lie beside it
  std::string model_file = {};  // GGUF
  Digest model_sha256{};
  std::string name = {};  // what the model is called in answers
  std::int64_t context_tokens = 4096;
  unsigned threads = 0;              // 0: by the number of cores
  std::string temp_folder = "/tmp";  // where the private folder (0700) with the socket is made
  std::string log_file = {};         // "": in the private folder, so it ends with the engine
  std::chrono::milliseconds start_time_max{60'000};
  // How a user gets a missing part, e.g. "run `make assets`".
  std::string install_remedy = {};
};

// Not thread-safe. The child dies with this object, and with this process however that ends; in
// the latter case only its empty socket folder stays behind.
class LlamaServer {
 public:
  explicit LlamaServer(LlamaConfig config);
  ~LlamaServer();
  LlamaServer(const LlamaServer&) = delete;
  LlamaServer& operator=(const LlamaServer&) = delete;

  // Starts the engine unless it runs, and waits until it has loaded the model. A wait that was
  // cut short is taken up by the next call. Checks the model file before each start.
  // Errors: kEngineMissing (absent, not executable, another file, a processor that it cannot run
  // on), kEngineFailed (it died or hangs; with the end of its log), kTimeout, kInterrupted.
  Result<void> ensure_ready(Deadline deadline, const std::stop_token& stop);
  void stop();

  [[nodiscard]] bool running() { return child_.running(); }
  // True when the engine is dead, or dies within `time`.
  bool ended_within(std::chrono::milliseconds time) { return child_.ended_within(time); }
  // Of the engine that was started last; 0 before.
  [[nodiscard]] pid_t pid() const { return child_.pid(); }
  // How many were started.
  [[nodiscard]] int starts() const { return starts_; }
  [[nodiscard]] const std::string& socket() const { return socket_; }
  // What happened to it: its ending, if any, and the last lines of its log.
  [[nodiscard]] std::string obituary();

 private:
  Result<void> start(Deadline deadline, const std::stop_token& stop);
  Result<void> make_folder();
  std::unexpected<Error> died();

  LlamaConfig config_;
  std::string folder_;  // private to this engine; "" when there is none
  std::string socket_;
  std::string log_;
  bool ready_ = false;
  int starts_ = 0;
  std::chrono::steady_clock::time_point started_at_;
  Child child_;
};

}  // namespace naestro::models
