#include "app/policy_files.hpp"

#include <filesystem>

#include "app/config_file.hpp"
#include "app/yaml.hpp"
#include "base/text.hpp"

namespace naestro::app {
namespace {

using policy::Layer;

// All but `locked` are texts, whatever they look like.
json::Value scalar(const YamlNode& node) {
  if (!node.quoted && (node.text == "true" || node.text == "false")) return node.text == "true";
  return json::Value(node.text);
}

// The ledger keeps the name of a rule's file in the clear; whose home it lies in is nobody's
// matter.
std::string shown_path(const std::string& path, const std::string& home) {
  if (path.starts_with(home + "/")) return "~" + path.substr(home.size());
  return "$XDG_CONFIG_HOME/naestro/" + std::string{kPolicyName};
}

class Loader {
 public:
  explicit Loader(policy::Policy builtin) : out_{std::move(builtin), {}, {}} {}

  // `shown`: what messages and decisions call it.
  void file(Layer layer, const std::string& path, const std::string& shown) {
    auto text = read_config(path);
    out_.files.emplace_back(path, !text || *text);
    if (!text) {
      return error(shown, {0, 0}, text.error().code, text.error().message, "mend or move the file");
    }
    if (!*text) return;
    const auto root = parse_yaml(**text);
    if (!root) {
      const YamlFault& fault = root.error();
      // What is wrong with the text alone is told as it is of the configuration.
      const bool plain = fault.code == Code::kConfigInvalid;
      return error(shown, fault.at, plain ? Code::kPolicyInvalid : fault.code, fault.message,
                   plain ? "see docs/formats/policy.md" : fault.remedy);
    }
    const auto line = [&](const std::string& pointer) { return place_of(*root, pointer).line; };
    const auto added = out_.policy.add(layer, shown, to_json(*root, scalar), line);
    if (added) return;
    error(shown, {added.error().line, 1}, Code::kPolicyInvalid, added.error().message,
          added.error().remedy);
  }

  LoadedPolicy done() { return std::move(out_); }

 private:
  void error(const std::string& file, json::Position at, Code code, std::string message,
             std::string remedy) {
    out_.findings.push_back(
        {true, code, file, at.line, at.column, std::move(message), std::move(remedy)});
  }

  LoadedPolicy out_;
};

}  // namespace

Result<cli::House::Yaml> read_yaml_file(const std::string& file) {
  const auto text = read_config(file);
  if (!text) return fail(text.error().code, file + ": " + text.error().message);
  if (!*text) return fail(Code::kNotFound, "there is no file " + file);
  auto root = parse_yaml(**text);
  if (!root) {
    const YamlFault& fault = root.error();
    return fail(fault.code,
                file + ":" + std::to_string(fault.at.line) + ":" + std::to_string(fault.at.column) +
                    ": " + fault.message,
                fault.remedy);
  }
  json::Value value = to_json(*root, scalar);
  return cli::House::Yaml{std::move(value), [root = *std::move(root)](const std::string& pointer) {
                            return place_of(root, pointer).line;
                          }};
}

LoadedPolicy load_policy(const ConfigPlaces& places, policy::Policy builtin) {
  Loader loader{std::move(builtin)};
  if (!places.organisation_policy.empty()) {
    loader.file(Layer::organisation, places.organisation_policy, places.organisation_policy);
  }
  const std::filesystem::path of_user{places.user_file};
  const std::string user = (of_user.parent_path() / kPolicyName).string();
  loader.file(Layer::user, user, shown_path(user, places.home));
  const std::string project = ".naestro/" + std::string{kPolicyName};
  loader.file(Layer::project, (std::filesystem::path{places.folder} / project).string(),
              "./" + project);
  return loader.done();
}

}  // namespace naestro::app
