// naestro-proof NAME DIR [--with DIR2] [--json]: runs a third-party corpus against the product's
// own code and prints the figures of schemas/proof.schema.json. Exit 0 when every case agrees,
// else 1.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "proof/proofs.hpp"

namespace {

int usage() {
  std::fputs(
      "usage: naestro-proof NAME DIR [--with DIR2] [--json]\n"
      "  NAME: merkle, json-schema, cedar, agentdojo, agentdyn, urls, bfcl\n"
      "  --with: pairs across two folders (agentdojo), both together (agentdyn)\n",
      stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace naestro;
  std::vector<std::string> words;
  bool as_json = false;
  std::optional<std::filesystem::path> with;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--json") {
      as_json = true;
    } else if (word == "--with" && i + 1 < argc) {
      with = argv[++i];
    } else {
      words.push_back(word);
    }
  }
  struct Proof {
    std::string_view name;
    Result<json::Value> (*run)(const proof::Folders&);
    bool pairs;  // whether a second folder means something
  };
  constexpr Proof kProofs[] = {
      {"merkle", proof::merkle, false},    {"json-schema", proof::json_schema, false},
      {"cedar", proof::cedar, false},      {"agentdojo", proof::agentdojo, true},
      {"agentdyn", proof::agentdyn, true}, {"urls", proof::urls, false},
      {"bfcl", proof::bfcl, false}};
  if (words.size() != 2) return usage();
  const auto* const chosen = std::ranges::find(kProofs, words[0], &Proof::name);
  if (chosen == std::end(kProofs) || (with && !chosen->pairs)) return usage();
  const auto report = chosen->run({words[1], with});
  if (!report) {
    std::fprintf(stderr, "%s\n", report.error().text().c_str());
    return 2;
  }
  const auto& object = report->get_object();
  const auto total = json::integer_at(object, "total").value();
  const auto agree = json::integer_at(object, "agree").value();
  if (as_json) {
    std::fputs(json::pretty(*report).c_str(), stdout);
  } else {
    std::printf("%s: %lld of %lld cases agree\n", words[0].c_str(), static_cast<long long>(agree),
                static_cast<long long>(total));
  }
  return total > 0 && agree == total ? 0 : 1;
}
