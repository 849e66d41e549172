// Names that programs outside of the wall trust: what stands under one is run or obeyed by a shell,
// by git, by an editor, when a person comes back to the folder. Nothing behind the wall may make,
// change or remove them. Used inside the room only.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "sandbox/confine.hpp"
#include "sandbox/root.hpp"

namespace naestro::sandbox {

// Of each sort of what stays: more mounts than this are not made.
inline constexpr std::size_t kKeptMax = 4'000;

// Whether a file of this name is protected: also in capitals, with signs that some file systems
// pass over, with dots or blanks behind it.
bool is_protected(std::string_view name);

struct Kept {
  std::string path;  // absolute
  Identity identity;
  bool link = false;
  bool placed = false;  // for its path, which is lost with the name of a folder above it
};

// What is protected in one folder that a program may write, from before it runs until it is dead.
class Protection {
 public:
  // Looks through the folder. `more`: names that are protected at its top alone; `fixes`: what is
  // protected by its path, null: nothing. `hold`: under the
  // protected names that are not there it puts empty files and folders, which stay until this
  // object goes, so that nothing else can be put there. Errors: kCannotConfine (it cannot be looked
  // through, or holds more than can be protected).
  static Result<Protection> of(const std::string& folder, bool hold,
                               const std::vector<std::string>& more = {}, const Barred& fixes = {});

  Protection(Protection&&) noexcept;
  Protection& operator=(Protection&&) noexcept;
  Protection(const Protection&) = delete;
  Protection& operator=(const Protection&) = delete;
  ~Protection();

  [[nodiscard]] const std::vector<Kept>& kept() const { return kept_; }

  // When no process of the program is left: what was made under a protected name below gets
  // another, so that nothing obeys it. One sentence for each.
  std::vector<std::string> sweep();

 private:
  // A file or folder that holds names, with a shared lock: others may hold it as well.
  struct Holder {
    int fd = -1;
    Identity identity;
    bool folder = false;
    std::vector<std::string> paths = {};
  };
  Protection(std::string folder, std::vector<std::string> more, Barred fixes)
      : folder_{std::move(folder)}, more_{std::move(more)}, fixes_{std::move(fixes)} {}
  Result<void> hold_absent();
  bool hold(int at, const char* name, bool folder);
  void let_go();

  std::string folder_;
  std::vector<std::string> more_;
  Barred fixes_;
  std::vector<Kept> kept_;
  std::set<std::pair<dev_t, ino_t>> known_;
  std::vector<Holder> holders_;
};

// What of the folder is barred: a folder where everything in it is, else files. kCannotConfine
// where it cannot be looked through, or there are too many.
Result<std::vector<std::string>> barred_in(const std::string& folder, const Barred& bars);

// What Landlock alone may let a program change: the folder, or, where something in it is protected,
// all beside that. Folders that hold such a thing then take no new files.
Result<std::vector<std::string>> beside(const std::string& folder, const std::vector<Kept>& kept);

}  // namespace naestro::sandbox
