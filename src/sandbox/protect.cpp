#include "sandbox/protect.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>

#include "base/text.hpp"

namespace naestro::sandbox {
namespace {

constexpr std::size_t kEntriesMax = 2'000'000;
constexpr int kDepthMax = 200;

struct Name {
  const char* name;
  char held;  // what is put there when nothing is: f a file, d a folder, 0 nothing
};

constexpr Name kNames[] = {
    // git: hooks, filters, what runs when a folder is looked at
    {".git", 'd'},
    {".gitattributes", 'f'},
    {".gitmodules", 'f'},
    {".gitconfig", 'f'},
    {".husky", 'f'},
    {".pre-commit-config.yaml", 0},
    {".hg", 0},
    {".hgrc", 0},
    // Naestro itself; a project's file only makes things stricter
    {".naestro", 'f'},
    {"naestro.yaml", 0},
    // shells and what they load
    {".bashrc", 'f'},
    {".bash_profile", 'f'},
    {".bash_login", 'f'},
    {".bash_logout", 0},
    {".bash_aliases", 0},
    {".profile", 'f'},
    {".zshrc", 'f'},
    {".zshenv", 'f'},
    {".zprofile", 'f'},
    {".zlogin", 0},
    {".kshrc", 0},
    {".inputrc", 0},
    {".envrc", 'f'},
    {".direnv", 0},
    // programs that run what their settings say
    {".npmrc", 0},
    {".yarnrc", 0},
    {".yarnrc.yml", 0},
    {".pypirc", 0},
    {".ripgreprc", 0},
    {".vimrc", 0},
    {".exrc", 0},
    {".gdbinit", 0},
    {".tmux.conf", 0},
    {".netrc", 0},
    {".git-credentials", 0},
    {".pgpass", 0},
    {".azure", 0},
    {".cargo", 0},
    {".zlogout", 0},
    {".ssh", 'f'},
    {".gnupg", 0},
    {".aws", 0},
    {".kube", 0},
    {".docker", 0},
    // editors, agents and their servers
    {".vscode", 'f'},
    {".idea", 'f'},
    {".cursor", 'f'},
    {".claude", 'f'},
    {".claude.json", 0},
    {".codex", 'f'},
    {".gemini", 'f'},
    {".windsurf", 0},
    {".zed", 0},
    {".fleet", 0},
    {".agents", 0},
    {".devcontainer", 'f'},
    {".mcp.json", 'f'},
    {"mcp.json", 0},
};

// When it was made, of an empty file that holds a name: nobody else's has that time.
constexpr timespec kMark = {86, 7'408'086};

// Without the signs that HFS+ passes over, and with what other file systems do to a name's end.
std::string folded(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const std::string_view three = name.substr(i, 3);
    const bool invisible = (three.size() == 3 && three[0] == '\xe2' &&
                            ((three[1] == '\x80' && ((three[2] >= '\x8b' && three[2] <= '\x8f') ||
                                                     (three[2] >= '\xaa' && three[2] <= '\xae'))) ||
                             (three[1] == '\x81' && three[2] >= '\xa0' && three[2] <= '\xaf'))) ||
                           three == "\xef\xbb\xbf";
    if (invisible) {
      i += 2;
      continue;
    }
    // Full-width letters and the full stop, which compatible forms make plain ones.
    if (three.size() == 3 && three[0] == '\xef' && (three[1] == '\xbc' || three[1] == '\xbd')) {
      const int code = 0xf000 | ((three[1] & 0x3f) << 6) | (three[2] & 0x3f);
      if (code >= 0xff01 && code <= 0xff5e) {
        out += static_cast<char>(code - 0xff01 + 0x21);
        i += 2;
        continue;
      }
    }
    // Signs that in small letters are an s and a k: the long s, the sign for Kelvin.
    if (name.substr(i, 2) == "\xc5\xbf" || three == "\xe2\x84\xaa") {
      out += three[0] == '\xc5' ? 's' : 'k';
      i += three[0] == '\xc5' ? 1 : 2;
      continue;
    }
    out += name[i];
  }
  out = ascii_lower(out);
  out = out.substr(0, out.find(':'));
  while (!out.empty() && (out.back() == '.' || out.back() == ' ')) out.pop_back();
  return out;
}

std::unexpected<Error> cannot(const std::string& what, std::string remedy = {}) {
  return fail(Code::kCannotConfine, "the program was not run: " + what, std::move(remedy));
}

// Which rule bars how much, for who has to make it bar less.
class Rules {
 public:
  explicit Rules(const Barred& bars) : bars_{bars} {}
  void count(const std::string& path, bool folder) {
    if (bars_.by) ++times_[bars_.by(path, folder)];
  }
  // "": what bars them has no name.
  [[nodiscard]] std::string remedy() const {
    const auto most = std::ranges::max_element(times_, {}, &Times::value_type::second);
    if (most == times_.end()) return {};
    return "rule " + most->first + " alone bars " + std::to_string(most->second) +
           " of them: let it name their folder, as a/**, which is one path to hide";
  }

 private:
  using Times = std::map<std::string, std::size_t>;
  const Barred& bars_;
  Times times_;
};

// Calls for each entry; folders below, but for protected ones, are looked through as well when
// `enter` says so. False: it cannot be read.
struct Walk {
  std::function<void(int at, const std::string& folder, const dirent& entry)> entry;
  std::function<void(int at, const std::string& folder, const std::vector<std::string>&)> whole;
  const std::vector<std::string>& more;  // protected at the top
  const Barred& bars;                    // or by their path
  bool names_count = true;               // whether protected names are
  std::size_t seen = 0;

  [[nodiscard]] bool obeyed(std::string_view name, int depth) const {
    return is_protected(name) ||
           (depth == 0 && std::ranges::find(more, folded(name)) != more.end());
  }
  bool through(int parent, const char* name, const std::string& path, int depth) {
    if (depth > kDepthMax) return errno = ELOOP, false;
    const int fd = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
      return depth > 0 && (errno == EACCES || errno == ENOENT);  // nobody else's program can either
    DIR* const list = ::fdopendir(fd);
    if (list == nullptr) return ::close(fd), false;
    std::vector<std::string> folders;
    std::vector<std::string> names;
    while (const dirent* each = ::readdir(list)) {
      const std::string_view text{each->d_name};
      if (text == "." || text == "..") continue;
      ++seen;
      if (text == "HEAD" || text == "objects" || text == "refs") names.emplace_back(text);
      const bool folder = is_folder(fd, *each);
      if ((names_count && obeyed(text, depth)) ||
          (bars && bars(path + "/" + each->d_name, folder))) {
        entry(fd, path, *each);
      } else if (folder) {
        folders.emplace_back(text);
      }
    }
    whole(fd, path, names);
    bool ok = seen <= kEntriesMax;
    if (!ok) errno = EFBIG;
    for (const std::string& each : folders) {
      ok = ok && through(fd, each.c_str(), path + "/" + each, depth + 1);
    }
    const int saved = errno;
    ::closedir(list);
    errno = saved;
    return ok;
  }
  [[nodiscard]] bool bars_path(int at, const std::string& path, const dirent& each) const {
    return bars && bars(path + "/" + each.d_name, is_folder(at, each));
  }
  static bool is_folder(int at, const dirent& each) {
    if (each.d_type != DT_UNKNOWN) return each.d_type == DT_DIR;
    struct stat info{};
    return ::fstatat(at, each.d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
  }
};

bool is_bare_repository(const std::vector<std::string>& names) { return names.size() == 3; }

// Of a repository without .git the same files are obeyed.
constexpr const char* kOfBare[] = {"HEAD", "config", "config.worktree", "hooks", "commondir"};

}  // namespace

bool is_protected(std::string_view name) {
  const std::string plain = folded(name);
  if (plain == "git~1") return true;  // the short name of .git on FAT
  return std::ranges::any_of(kNames, [&](const Name& each) { return plain == each.name; });
}

namespace {

// What a link leads to, where that is in the folder, is obeyed as well.
void keep_target(std::vector<Kept>& to, const std::string& folder, const std::string& link) {
  char real[PATH_MAX];
  struct stat info{};
  if (::realpath(link.c_str(), real) == nullptr || ::lstat(real, &info) != 0) return;
  if (!std::string_view{real}.starts_with(folder + "/")) return;
  to.push_back({real, {info.st_dev, info.st_ino}, false, true});
}

}  // namespace

// What stands above the folder and makes all in it obeyed; "" if nothing does.
std::string protected_above(const std::string& folder) {
  std::string above;
  for (const std::string& name : split(folder, '/')) {
    const auto holds = [&above](const char* part) {
      return ::access((above + "/" + part).c_str(), F_OK) == 0;
    };
    if (!above.empty() && holds("HEAD") && holds("objects") && holds("refs")) return above;
    if (name.empty()) continue;
    above += "/" + name;
    if (is_protected(name)) return above;
  }
  return {};
}

Result<Protection> Protection::of(const std::string& folder, bool hold,
                                  const std::vector<std::string>& more, const Barred& fixes) {
  if (const std::string above = protected_above(folder); !above.empty()) {
    return fail(Code::kCannotConfine,
                "the program was not run: " + folder + " lies in " + above +
                    ", what is written there is run or obeyed outside",
                "name another folder; it may still be read: --profile read-only");
  }
  Protection out{folder, more, fixes};
  const auto keep = [&out, &folder](int at, const std::string& path, const char* name,
                                    bool placed) {
    struct stat info{};
    if (::fstatat(at, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return;
    if (S_ISLNK(info.st_mode)) {
      keep_target(out.kept_, folder, path + "/" + name);
    } else {
      out.known_.emplace(info.st_dev, info.st_ino);
    }
    out.kept_.push_back(
        {path + "/" + name, {info.st_dev, info.st_ino}, S_ISLNK(info.st_mode), placed});
  };
  Walk walk{.entry = {}, .whole = {}, .more = out.more_, .bars = out.fixes_};
  Rules rules{out.fixes_};
  walk.entry = [&](int at, const std::string& path, const dirent& entry) {
    const bool placed = walk.bars_path(at, path, entry);
    keep(at, path, entry.d_name, placed);
    if (placed) rules.count(path + "/" + entry.d_name, Walk::is_folder(at, entry));
  };
  walk.whole = [&](int at, const std::string& path, const std::vector<std::string>& names) {
    if (!is_bare_repository(names)) return;
    for (const char* name : kOfBare) keep(at, path, name, false);
  };
  if (hold) NAESTRO_TRY(out.hold_absent());  // before the look, which then keeps them as well
  if (!walk.through(AT_FDCWD, folder.c_str(), folder, 0)) {
    return cannot(folder +
                  " cannot be looked through for protected names: " + std::strerror(errno));
  }
  if (out.kept_.size() > kKeptMax) {
    return cannot(folder + " holds more that has to stay as it is than can be held: " +
                      std::to_string(out.kept_.size()),
                  rules.remedy());
  }
  return out;
}

// Puts something under the name, if nothing stands there. False: it cannot be (errno).
bool Protection::hold(int at, const char* name, bool folder) {
  // All files are one: another name costs less than another file.
  const auto same = std::ranges::find(holders_, false, &Holder::folder);
  if (!folder && same != holders_.end() &&
      ::linkat(at, same->paths.front().c_str() + folder_.size() + 1, at, name, 0) == 0) {
    same->paths.push_back(folder_ + "/" + name);
    return true;
  }
  const int made = folder ? ::mkdirat(at, name, 0500)
                          : ::openat(at, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0400);
  if (made > 0) ::close(made);
  const bool mine = made >= 0;
  if (!mine && errno != EEXIST) return false;
  const int fd = ::openat(
      at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (folder ? O_DIRECTORY : 0));
  struct stat info{};
  if (fd < 0 || ::fstat(fd, &info) != 0) {
    if (fd >= 0) ::close(fd);
    return true;  // somebody's own, kept as it is
  }
  const timespec times[2] = {kMark, kMark};
  if (mine && ::futimens(fd, times) == 0) ::fstat(fd, &info);
  const bool marked = info.st_mtim.tv_sec == kMark.tv_sec &&
                      info.st_mtim.tv_nsec == kMark.tv_nsec && (folder || info.st_size == 0);
  const Identity identity{info.st_dev, info.st_ino};
  const auto known = std::ranges::find(holders_, identity, &Holder::identity);
  if (marked && known != holders_.end()) {
    known->paths.push_back(folder_ + "/" + name);
  } else if (marked && ::flock(fd, LOCK_SH | LOCK_NB) == 0) {
    holders_.push_back({fd, identity, folder, {folder_ + "/" + name}});
    return true;
  }
  ::close(fd);
  return true;
}

Result<void> Protection::hold_absent() {
  const int at = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (at < 0) return cannot(folder_ + " cannot be opened: " + std::strerror(errno));
  for (const Name& each : kNames) {
    if (each.held == 0 || hold(at, each.name, each.held == 'd')) continue;
    if (errno == EACCES || errno == EROFS) break;  // then the program cannot make it either
    const int saved = errno;
    ::close(at);
    return cannot(folder_ + "/" + each.name + " cannot be held: " + std::strerror(saved));
  }
  for (const std::string& name : more_) hold(at, name.c_str(), false);
  ::close(at);
  return {};
}

std::vector<std::string> Protection::sweep() {
  std::vector<std::string> out;
  std::size_t refused = 0;
  const auto refuse = [&](int at, const std::string& path, const char* name, bool by_rule) {
    struct stat info{};
    if (::fstatat(at, name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        known_.contains({info.st_dev, info.st_ino})) {
      return;
    }
    const bool stayed = std::ranges::any_of(kept_, [&](const Kept& each) {
      return each.link && each.identity == Identity{info.st_dev, info.st_ino} &&
             each.path == path + "/" + name;
    });
    if (stayed) return;
    std::string other;
    int number = 1;
    do {
      other = std::string{"refused-"} + (number > 1 ? std::to_string(number) : "") + name;
      // A name that differs in signs that are not seen must not come back by them.
      for (char& c : other) {
        if (static_cast<unsigned char>(c) >= 0x80) c = '_';
      }
    } while (::renameat2(at, name, at, other.c_str(), RENAME_NOREPLACE) != 0 && errno == EEXIST &&
             ++number < 1000);
    ++refused;
    if (out.size() < 20) {
      out.push_back(
          "'" + one_line(path.substr(std::min(path.size(), folder_.size() + 1))) +
          (path.size() > folder_.size() ? "/" : "") + one_line(name) +
          (by_rule ? "' is where a rule of the policy denies writing" : "' is a protected name") +
          "; what the program made there is now '" + one_line(other) + "' beside it");
    }
  };
  Walk walk{.entry = {}, .whole = {}, .more = more_, .bars = fixes_};
  walk.entry = [&](int at, const std::string& path, const dirent& entry) {
    refuse(at, path, entry.d_name, !is_protected(entry.d_name) && walk.bars_path(at, path, entry));
  };
  walk.whole = [&](int at, const std::string& path, const std::vector<std::string>& names) {
    if (is_bare_repository(names)) refuse(at, path, "HEAD", false);
  };
  if (!walk.through(AT_FDCWD, folder_.c_str(), folder_, 0)) {
    out.push_back(
        "'" + one_line(folder_) +
        "' could not be looked through for protected names afterwards: " + std::strerror(errno));
  }
  if (refused > out.size()) {
    out.push_back("and " + std::to_string(refused - out.size()) + " more of these");
  }
  return out;
}

void Protection::let_go() {
  for (const Holder& each : holders_) {
    // Who else holds it lets it go later.
    const bool last = ::flock(each.fd, LOCK_EX | LOCK_NB) == 0;
    for (const std::string& path : last ? each.paths : std::vector<std::string>{}) {
      struct stat now{};
      if (::lstat(path.c_str(), &now) != 0 || Identity{now.st_dev, now.st_ino} != each.identity) {
        continue;
      }
      if (each.folder) ::rmdir(path.c_str());
      if (!each.folder && now.st_size == 0) ::unlink(path.c_str());
    }
    ::close(each.fd);
  }
  holders_.clear();
}

Protection::Protection(Protection&& other) noexcept
    : folder_{std::move(other.folder_)},
      more_{std::move(other.more_)},
      fixes_{std::move(other.fixes_)},
      kept_{std::move(other.kept_)},
      known_{std::move(other.known_)},
      holders_{std::exchange(other.holders_, {})} {}

Protection& Protection::operator=(Protection&& other) noexcept {
  if (this != &other) {
    let_go();
    folder_ = std::move(other.folder_);
    more_ = std::move(other.more_);
    fixes_ = std::move(other.fixes_);
    kept_ = std::move(other.kept_);
    known_ = std::move(other.known_);
    holders_ = std::exchange(other.holders_, {});
  }
  return *this;
}

Protection::~Protection() { let_go(); }

Result<std::vector<std::string>> barred_in(const std::string& folder, const Barred& bars) {
  std::vector<std::string> out;
  Rules rules{bars};
  const std::vector<std::string> none;
  Walk walk{.entry = {}, .whole = {}, .more = none, .bars = bars, .names_count = false};
  walk.entry = [&](int at, const std::string& path, const dirent& entry) {
    if (entry.d_type == DT_LNK) return;
    out.push_back(path + "/" + entry.d_name);
    rules.count(out.back(), Walk::is_folder(at, entry));
  };
  walk.whole = [](int, const std::string&, const std::vector<std::string>&) {};
  if (!walk.through(AT_FDCWD, folder.c_str(), folder, 0)) {
    return cannot(folder +
                  " cannot be looked through for what the policy bars: " + std::strerror(errno));
  }
  if (out.size() > kKeptMax) {
    return cannot("the policy bars more of " + folder + " than can be hidden: " +
                      std::to_string(out.size()) + ", such as " + out.front(),
                  rules.remedy());
  }
  return out;
}

Result<std::vector<std::string>> beside(const std::string& folder, const std::vector<Kept>& kept) {
  const std::string inside = folder + "/";
  const auto holds = [&](const Kept& each) { return each.path.starts_with(inside); };
  if (std::ranges::none_of(kept, holds)) return std::vector{folder};
  DIR* const list = ::opendir(folder.c_str());
  if (list == nullptr) {
    return cannot(folder + " cannot be looked through: " + std::strerror(errno));
  }
  std::vector<std::string> names;
  while (const dirent* each = ::readdir(list)) names.emplace_back(each->d_name);
  ::closedir(list);
  std::vector<std::string> out;
  for (const std::string& name : names) {
    const std::string path = inside + name;
    struct stat info{};
    if (name == "." || name == ".." || is_protected(name) || ::lstat(path.c_str(), &info) != 0 ||
        S_ISLNK(info.st_mode) ||
        std::ranges::any_of(kept, [&](const Kept& each) { return each.path == path; })) {
      continue;
    }
    if (!S_ISDIR(info.st_mode)) {
      out.push_back(path);
      continue;
    }
    NAESTRO_LET(const std::vector<std::string> below, beside(path, kept));
    out.insert(out.end(), below.begin(), below.end());
  }
  return out;
}

}  // namespace naestro::sandbox
