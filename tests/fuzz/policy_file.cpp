// policy.yaml: any text as the file of a project. It is read as a whole and only narrows what was
// there, or it is an error that says where and adds nothing.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/policy_files.hpp"
#include "fuzz/fuzz.hpp"

using namespace naestro;

namespace {

struct Place {
  std::string folder = std::filesystem::temp_directory_path() /
                       ("naestro-fuzz-policy-" + std::to_string(::getpid()));
  policy::Policy builtin = *policy::Policy::parse(policy::embedded_policies().front().name,
                                                  policy::embedded_policies().front().text);
  Place() { std::filesystem::create_directories(folder + "/.naestro"); }
  ~Place() { std::filesystem::remove_all(folder); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Place place;
  std::ofstream{place.folder + "/.naestro/policy.yaml", std::ios::binary}.write(
      reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  const auto loaded = app::load_policy({.folder = place.folder,
                                        .user_file = place.folder + "/user/naestro.yaml",
                                        .home = place.folder,
                                        .assets = place.folder,
                                        .assets_of_environment = {}},
                                       place.builtin);
  const bool read = loaded.policy.files().size() == 2;
  fuzz::require(read == loaded.findings.empty(), "a file is read, or there is a finding");
  for (const auto& finding : loaded.findings) {
    fuzz::require(finding.line >= 1 && !finding.message.empty(), "a finding says what and where");
  }
  if (!read) return 0;
  for (const policy::Rule& rule : loaded.policy.files()[1].rules) {
    fuzz::require(rule.line >= 1, "a rule stands in a line");
  }
  using contract::EffectKind;
  for (const auto kind : {EffectKind::read, EffectKind::write, EffectKind::net}) {
    const std::vector<contract::DeclaredEffect> effects = {{kind, "path", true}};
    for (const char* path : {"a", "secrets/b.md", "https://a.example/"}) {
      const json::Object known = {{"path", path}};
      const policy::Question question{
          .target = "files.write@1", .effects = effects, .authority = known};
      fuzz::require(loaded.policy.decide(question).first.decision >=
                        place.builtin.decide(question).first.decision,
                    "a project's file loosens nothing");
    }
  }
  return 0;
}
