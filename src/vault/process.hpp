// A child that holds what this process is not to hold, and answers what it is asked.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace naestro::vault {

class Process {
 public:
  // One message for one message; runs in the child.
  using Answer = std::function<std::string(std::string_view question)>;

  // Forks. In the child `begin` runs first, with all that is open here; its error is that of
  // start(). Then the child keeps its socket alone, leaves no core dump and cannot be looked into
  // by others of this user, and `confine` (may be empty) takes from it what else it can. It ends
  // with this process, however that ends. To be called where no other thread holds what `begin`
  // needs.
  static Result<std::unique_ptr<Process>> start(const std::function<Result<Answer>()>& begin,
                                                const std::function<void()>& confine);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // On any thread, one at a time. kIo: the child is gone, and comes no more.
  Result<std::string> ask(std::string_view question);
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  Process(int socket, pid_t pid) : socket_{socket}, pid_{pid} {}
  std::mutex mutex_;
  int socket_;
  pid_t pid_;
};

}  // namespace naestro::vault
