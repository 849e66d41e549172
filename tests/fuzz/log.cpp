// A published log: files one after the other, each behind a line "== PATH". Whatever they hold, the
// check ends and what is wrong is a finding.
#include <map>

#include "fuzz/fuzz.hpp"
#include "ledger/tiles.hpp"

using namespace naestro;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::string_view kMark = "== ";
  std::string_view rest = fuzz::text(data, size);
  std::map<std::string, std::string, std::less<>> files;
  while (rest.starts_with(kMark)) {
    const auto [path, behind] = fuzz::halves(rest.substr(kMark.size()));
    const std::size_t end = behind.find("\n== ");
    files.emplace(path, behind.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view{} : behind.substr(end + 1);
  }
  std::size_t asked = 0;
  const auto get = [&](const std::string& path) -> Result<std::string> {
    ++asked;
    const auto found = files.find(path);
    if (found == files.end()) return fail(Code::kNotFound, path);
    return found->second;
  };
  const crypto::PublicKey key = crypto::key_pair_from_seed({}).public_key;
  const auto report = ledger::check_log(get, {.key = key});
  fuzz::require(!report.good() || report.size > 0, "what is good is under a signed head");
  fuzz::require(asked <= 64 + 8 * files.size(), "what is not there is not asked for without end");
  return 0;
}
