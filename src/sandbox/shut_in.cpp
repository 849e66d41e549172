#include "sandbox/shut_in.hpp"

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sandbox/kernel.hpp"
#include "sandbox/wall.hpp"

namespace naestro::sandbox {

bool shut_in(const std::string& folder) {
  const Kernel kernel = glance();
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  bool whole = kernel.landlock_abi > 0 && kernel.seccomp;
  if (kernel.landlock_abi > 0) {
    const auto ruleset = landlock_ruleset(kernel.landlock_abi);
    // Put up also where the folder cannot be allowed: then nothing is.
    const bool allowed =
        ruleset && landlock_allow(*ruleset, kernel.landlock_abi, {folder, Access::fill});
    const bool up = ruleset && ::syscall(kLandlockRestrict, *ruleset, 0) == 0;
    whole = whole && allowed && up;
    if (ruleset) ::close(*ruleset);
  }
  std::vector<sock_filter> calls = system_call_filter({.landlock_abi = kernel.landlock_abi});
  const sock_fprog filter{static_cast<unsigned short>(calls.size()), calls.data()};
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0 && whole;
}

}  // namespace naestro::sandbox
