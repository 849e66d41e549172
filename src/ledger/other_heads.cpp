// Stores that are gone: their heads are kept outside of them.
#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <filesystem>

#include "ledger/files.hpp"
#include "ledger/verify.hpp"

namespace naestro::ledger {

std::string OtherHead::text() const {
  char when[32];
  const std::time_t seconds = written_at;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &parts);
  return "a head of store " + store +
         (head ? " over " + std::to_string(head->size) + " events" : " that does not verify") +
         ", written " + when + " UTC, is kept here, but that store is gone";
}

std::string OtherHead::remedy() const {
  return "restore its store.db from a backup; if you moved or removed it yourself, remove " + file;
}

std::vector<OtherHead> other_heads(const Folders& folders, std::string_view store,
                                   const crypto::PublicKey& key) {
  std::vector<OtherHead> out;
  std::error_code error;
  std::filesystem::directory_iterator at{folders.data + "/heads", error};
  for (; at != std::filesystem::directory_iterator{}; at.increment(error)) {
    const std::string name = at->path().filename().string();
    const bool id = name.size() == 16 && name.find_first_not_of("0123456789abcdef") == name.npos;
    if (!id || name == store) continue;
    const std::string file = head_file(folders, name);
    struct stat status{};
    (void)::stat(file.c_str(), &status);
    const auto text = read_whole(file);
    out.push_back({name, file, text ? open_head(*text, key) : std::unexpected(text.error()),
                   status.st_mtim.tv_sec});
  }
  std::ranges::sort(out, {}, &OtherHead::store);
  return out;
}

}  // namespace naestro::ledger
