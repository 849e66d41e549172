// naestro-proof NAME DIR [--json]: runs a third-party corpus against the product's own code and
// prints the figures of schemas/proof.schema.json. Exit 0 when every case agrees, else 1.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "proof/proofs.hpp"

namespace {

int usage() {
  std::fputs("usage: naestro-proof NAME DIR [--json]\n  NAME: merkle, json-schema, cedar\n",
             stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace naestro;
  std::vector<std::string> words;
  bool as_json = false;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--json")
      as_json = true;
    else
      words.push_back(word);
  }
  struct Proof {
    std::string_view name;
    Result<json::Value> (*run)(const std::filesystem::path&);
  };
  constexpr Proof kProofs[] = {
      {"merkle", proof::merkle}, {"json-schema", proof::json_schema}, {"cedar", proof::cedar}};
  if (words.size() != 2) return usage();
  const auto* const chosen = std::ranges::find(kProofs, words[0], &Proof::name);
  if (chosen == std::end(kProofs)) return usage();
  const auto report = chosen->run(words[1]);
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
