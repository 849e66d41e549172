// What a test does in a process of its own: with less rights, less room, or a kernel that refuses.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace naestro::testing {

// What `work` gives in a forked process, which ends without cleaning up; "(died: status)" if it
// did not come so far. Only where no other thread runs.
std::string in_process(const std::function<std::string()>& work);

// A system call that is to fail with `error`; with `argument` >= 0 only where the low half of that
// argument is `value`.
struct Refusal {
  long call = 0;
  int error = 0;
  int argument = -1;
  unsigned value = 0;
};

// From here on the kernel answers these calls of this process, and of all that it starts, with
// their errors. It cannot be taken back.
void refuse(const std::vector<Refusal>& refusals);

// Whether the command line of any process of the machine holds the text.
bool any_process_says(const std::string& mark);

}  // namespace naestro::testing
