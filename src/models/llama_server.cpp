#include "models/llama_server.hpp"

#include <fcntl.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "base/text.hpp"
#include "net/http.hpp"

namespace naestro::models {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPoll{20};
// It hears of an end between two batches of a prompt, seconds apart on a slow machine, and has
// nothing to keep.
constexpr milliseconds kGrace{200};
constexpr off_t kTailBytes = 2000;
constexpr std::size_t kTailLines = 8;

std::string absolute(const std::string& path) {  // the child works in another folder
  std::error_code error;
  const fs::path whole = fs::absolute(path, error);
  return error ? path : whole.string();
}

// The last lines of a file, on one line.
std::string tail(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "";
  std::string text(static_cast<std::size_t>(kTailBytes), '\0');
  const off_t size = lseek(fd, 0, SEEK_END);
  const ssize_t got = pread(fd, text.data(), text.size(), std::max<off_t>(0, size - kTailBytes));
  close(fd);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  if (!is_utf8(text)) {
    std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) > 0x7e; }, '?');
  }
  std::vector<std::string> lines = split(text, '\n');
  std::erase_if(lines, [](const std::string& line) { return line.empty(); });
  if (lines.size() > kTailLines) lines.erase(lines.begin(), lines.end() - kTailLines);
  return join(lines, " | ");
}

std::vector<std::string> arguments(const LlamaConfig& config, const std::string& socket) {
  // A prompt is read on all cores; tokens are written one after the other, with a barrier after
  // each layer, where a thread that lost its core to another program holds up all: one core less.
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const std::string reading = std::to_string(config.threads == 0 ? cores : config.threads);
  const std::string writing =
      std::to_string(config.threads == 0 ? std::max(1U, cores - 1) : config.threads);
  return {
      absolute(config.binary),
      "-m",
      absolute(config.model_file),
      "--alias",
      config.name,
      "--host",
      socket,  // a name that ends in .sock makes it a UNIX socket
      "-c",
      std::to_string(config.context_tokens),
      "-np",
      "1",  // one call at a time: answers then do not depend on their neighbours
      "-t",
      writing,
      "-tb",
      reading,
      "-b",
      "256",
      "-ub",
      "256",  // a prompt is cancelled at a batch's end: small batches
      "--device",
      "none",
      "-ngl",
      "0",
      "--jinja",
      "--no-webui",
      "--no-slots",
      "--offline",  // it never fetches anything
  };
}

}  // namespace

LlamaServer::LlamaServer(LlamaConfig config) : config_{std::move(config)} {}

LlamaServer::~LlamaServer() { stop(); }

void LlamaServer::stop() {
  child_.stop(kGrace);
  ready_ = false;
  if (folder_.empty()) return;
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
  folder_.clear();
}

Result<void> LlamaServer::make_folder() {
  constexpr std::string_view kPattern = "/naestro-XXXXXX";
  constexpr std::string_view kSocket = "/llama.sock";
  std::string base = absolute(config_.temp_folder);
  if (base.size() + kPattern.size() + kSocket.size() >= sizeof(sockaddr_un::sun_path)) {
    base = "/tmp";  // a socket's path holds 107 bytes
  }
  std::string name = base + std::string{kPattern};
  if (mkdtemp(name.data()) == nullptr) {
    return fail(Code::kIo, "no folder can be made in " + base + ": " + std::strerror(errno),
                "make it writable, or set TMPDIR to a folder that is");
  }
  folder_ = name;
  socket_ = folder_ + std::string{kSocket};
  log_ = config_.log_file.empty() ? folder_ + "/llama.log" : absolute(config_.log_file);
  return {};
}

Result<void> LlamaServer::start(Deadline deadline, const std::stop_token& stop_token) {
  stop();  // clears what a dead engine left
  if (access(config_.binary.c_str(), X_OK) != 0) {
    return fail(Code::kEngineMissing,
                "the engine " + config_.binary + " is not there: " + std::strerror(errno),
                config_.install_remedy);
  }
  if (auto file = verify_model_file(config_.model_file, config_.model_sha256, deadline, stop_token);
      !file) {
    Error error = std::move(file).error();
    if (error.code == Code::kEngineMissing) error.remedy = config_.install_remedy;
    return std::unexpected(std::move(error));
  }
  NAESTRO_TRY(make_folder());
  // HOME and the cache folder: it asks for them at start, although it may not use them offline.
  // Passive: threads that wait for others sleep. Spinning is a third faster on an idle machine, but
  // falls to a tenth of the speed and less where anything else runs.
  const ChildSpec spec{.argv = arguments(config_, socket_),
                       .environment = {"LC_ALL=C", "OMP_WAIT_POLICY=passive", "HOME=" + folder_,
                                       "LLAMA_CACHE=" + folder_},
                       .folder = folder_,
                       .log_file = log_};
  ++starts_;
  started_at_ = steady_clock::now();
  if (auto started = child_.start(spec); !started) {
    Error error = std::move(started).error();
    if (error.remedy.empty()) error.remedy = config_.install_remedy;
    stop();
    return std::unexpected(std::move(error));
  }
  return {};
}

std::string LlamaServer::obituary() {
  const std::string ending = child_.ending();
  const std::string last = tail(log_);
  return (ending.empty() ? "it still runs" : "it " + ending) +
         (last.empty() ? "; its log is empty" : "; its log ends: " + last);
}

std::unexpected<Error> LlamaServer::died() {
  if (child_.killed_by() == SIGILL) {
    return fail(Code::kEngineMissing,
                "this processor cannot run the engine " + config_.binary +
                    ": it met an illegal instruction (it is built for x86-64-v3: AVX2, FMA, F16C)",
                "use a machine with such a processor, or put a llama-server built for this one "
                "in its place");
  }
  if (child_.killed_by() == SIGKILL) {
    return fail(Code::kEngineFailed, "the model engine was killed: " + obituary(),
                "the system may have been short of memory; free some and try again");
  }
  return fail(Code::kEngineFailed, "the model engine died: " + obituary(),
              "read what its log says; " + config_.install_remedy + " to repair the installation");
}

Result<void> LlamaServer::ensure_ready(Deadline deadline, const std::stop_token& stop_token) {
  if (ready_ && child_.running()) return {};
  ready_ = false;
  if (!child_.running()) NAESTRO_TRY(start(deadline, stop_token));
  while (child_.running()) {
    const auto now = steady_clock::now();
    if (stop_token.stop_requested()) {
      return fail(Code::kInterrupted, "the start of the model engine was cancelled");
    }
    if (now - started_at_ > config_.start_time_max) {
      const std::string why = obituary();
      stop();
      return fail(Code::kEngineFailed,
                  "the model engine did not get ready within " +
                      std::to_string(config_.start_time_max.count()) + " ms: " + why,
                  "try again when the machine is less busy");
    }
    if (now >= deadline) {
      return fail(Code::kTimeout, "the time ran out while the model engine was starting",
                  "try again: it goes on starting meanwhile");
    }
    const auto left = std::chrono::ceil<milliseconds>(deadline - now);
    const auto health = net::fetch({.url = "http://localhost/health",
                                    .unix_socket = socket_,
                                    .timeout = std::min(left, milliseconds{2000})},
                                   stop_token);
    if (health && health->status == 200) {
      ready_ = true;
      return {};
    }
    child_.ended_within(std::min(left, kPoll));
  }
  return died();
}

}  // namespace naestro::models
