#include "app/config.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

#include "app/config_file.hpp"
#include "app/config_values.hpp"
#include "app/yaml.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "net/hosts.hpp"

namespace naestro::app {
namespace {

namespace fs = std::filesystem;
using cli::ConfigFinding;

constexpr std::size_t kShownMax = kConfigShownMax;

// Who says something: decides what may be said, and what relative paths are relative to.
struct Layer {
  enum class Who : std::uint8_t { user, project, environment, command_line };
  Who who;
  std::string file;  // as it is shown
  std::string folder;
  std::string profile = {};
};

struct Value {
  std::string text;
  std::string origin;
};

bool is_key(std::string_view word) {
  return std::ranges::find(kConfigKeys, word) != std::end(kConfigKeys);
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string near = nearest(word, candidates);
  return near.empty() ? "the keys are " + join(candidates, ", ") : "did you mean '" + near + "'?";
}

class Loader {
 public:
  Loader(const ConfigPlaces& places, const cli::ConfigWords& words,
         const contract::ModelCatalog& models)
      : places_{places}, words_{words}, models_{models} {
    set_built_in("mode", "copilot");
    set_built_in("model", models.fallback().name);
    set_built_in(std::string{kPlannerModel}, "none");
    set_built_in(std::string{kHosts}, "none");
    set_built_in("assets", places.assets);
  }

  cli::Configured load() {
    const Layer user{Layer::Who::user, places_.user_file,
                     fs::path{places_.user_file}.parent_path().string()};
    const Layer project{Layer::Who::project, "./" + std::string{kConfigName}, places_.folder};
    const std::string project_file = places_.folder + "/" + std::string{kConfigName};
    std::error_code ignored;
    const bool same = fs::equivalent(project_file, places_.user_file, ignored);
    const auto of_user = read(user, places_.user_file);
    const auto of_project = same ? std::nullopt : read(project, project_file);
    base(user, of_user);
    base(project, of_project);
    if (!words_.profile.empty()) {
      const bool in_user = profile(user, of_user);
      if (!profile(project, of_project) && !in_user) unknown_profile(of_user, of_project);
    }
    if (places_.assets_of_environment) {
      set({Layer::Who::environment, "NAESTRO_ASSETS", places_.folder}, "assets", {},
          {.kind = YamlNode::Kind::scalar, .text = *places_.assets_of_environment}, true);
    }
    for (const std::string& word : words_.sets) command_line(word);
    return finish();
  }

 private:
  void set_built_in(const std::string& key, const std::string& text) {
    values_[key] = {text, "built-in"};
  }

  void note(bool error, const Layer& layer, json::Position at, std::string message,
            std::string remedy, Code code = Code::kConfigInvalid) {
    const bool in_file = layer.who == Layer::Who::user || layer.who == Layer::Who::project;
    out_.findings.push_back({error || words_.strict, code, layer.file, in_file ? at.line : 0,
                             at.column, std::move(message), std::move(remedy)});
  }

  std::optional<YamlNode> read(const Layer& layer, const std::string& file) {
    auto text = read_config(file);
    out_.settings.files.emplace_back(file, !text || *text);
    if (!text) {
      out_.findings.push_back({true, text.error().code, layer.file, 0, 0, text.error().message,
                               "mend or move the file"});
      return std::nullopt;
    }
    if (!*text) return std::nullopt;
    auto root = parse_yaml(**text);
    if (!root) {
      note(true, layer, root.error().at, root.error().message, root.error().remedy,
           root.error().code);
      return std::nullopt;
    }
    if (root->kind == YamlNode::Kind::null) return std::nullopt;
    if (root->kind != YamlNode::Kind::map) {
      note(true, layer, root->at,
           "expected keys and values, found " + std::string{type_name(*root)},
           "write 'key: value' lines");
      return std::nullopt;
    }
    return *std::move(root);
  }

  // Everything outside of profiles; inside of them what is not chosen is checked only.
  void base(const Layer& layer, const std::optional<YamlNode>& root) {
    if (!root) return;
    walk(layer, *root, "", true);
    const YamlNode* profiles = member(*root, "profiles");
    if (profiles == nullptr || profiles->kind != YamlNode::Kind::map) return;
    for (const auto& each : profiles->items) {
      if (each.key == words_.profile) continue;  // its turn comes
      if (is_group(layer, "profiles." + each.key, each)) walk(layer, each, "", false);
    }
  }

  // Whether the layer has the chosen profile.
  bool profile(Layer layer, const std::optional<YamlNode>& root) {
    const YamlNode* profiles = root ? member(*root, "profiles") : nullptr;
    const YamlNode* chosen = profiles == nullptr ? nullptr : member(*profiles, words_.profile);
    if (chosen == nullptr) return false;
    layer.profile = words_.profile;
    if (is_group(layer, "profiles." + words_.profile, *chosen)) walk(layer, *chosen, "", true);
    return true;
  }

  void unknown_profile(const std::optional<YamlNode>& user,
                       const std::optional<YamlNode>& project) {
    std::vector<std::string> names;
    for (const auto* root : {&user, &project}) {
      const YamlNode* profiles = *root ? member(**root, "profiles") : nullptr;
      if (profiles == nullptr) continue;
      for (const auto& each : profiles->items) names.push_back(each.key);
    }
    const std::string near = nearest(words_.profile, names);
    out_.findings.push_back({true, Code::kConfigInvalid, "--profile", 0, 0,
                             "no profile is called '" + shorten(words_.profile, kShownMax) + "'",
                             names.empty()  ? "the configuration has no profiles"
                             : near.empty() ? "there are " + join(names, ", ")
                                            : "did you mean '" + near + "'?"});
  }

  static const YamlNode* member(const YamlNode& map, std::string_view key) {
    const auto found = std::ranges::find(map.items, key, &YamlNode::key);
    return map.kind != YamlNode::Kind::map || found == map.items.end() ? nullptr : &*found;
  }

  // A group may be empty, as where all of it is commented out.
  bool is_group(const Layer& layer, const std::string& name, const YamlNode& node) {
    if (node.kind == YamlNode::Kind::map) return true;
    if (node.kind != YamlNode::Kind::null) {
      note(true, layer, node.at,
           "'" + shorten(name, kShownMax) + "' should hold keys and values, found " +
               std::string{type_name(node)},
           "indent its keys below it");
    }
    return false;
  }

  static bool is_group_name(std::string_view key) {
    return key == "limits" || key == "net" || key == "planner";
  }

  void walk(const Layer& layer, const YamlNode& map, const std::string& prefix, bool apply) {
    const bool root = prefix.empty();
    for (const YamlNode& value : map.items) {
      const std::string& key = value.key;
      const json::Position at = value.key_at;
      const std::string name = prefix + key;
      if (is_key(name)) {
        set(layer, name, at, value, apply);
      } else if (root && is_group_name(key)) {
        if (is_group(layer, key, value)) walk(layer, value, key + ".", apply);
      } else if (root && key == "profiles" && layer.profile.empty() && apply) {
        (void)is_group(layer, key, value);
      } else {
        std::vector<std::string> known;
        for (const std::string_view each : kConfigKeys) {
          const bool fits = root ? !each.contains('.') : each.starts_with(prefix);
          if (fits) known.emplace_back(each.substr(prefix.size()));
        }
        if (root) known.insert(known.end(), {"limits", "net", "planner", "profiles"});
        note(false, layer, at, "there is no key '" + shorten(name, kShownMax) + "'",
             did_you_mean(key, known));
      }
    }
  }

  void command_line(const std::string& word) {
    const Layer layer{Layer::Who::command_line, "-c", places_.folder};
    const std::size_t equals = word.find('=');
    const std::string key = word.substr(0, equals);
    if (equals == std::string::npos || !is_key(key)) {
      note(true, layer, {},
           equals == std::string::npos ? "'" + shorten(word, kShownMax) + "' sets nothing"
                                       : "there is no key '" + shorten(key, kShownMax) + "'",
           equals == std::string::npos
               ? "write -c dotted.key=value"
               : did_you_mean(key, {std::begin(kConfigKeys), std::end(kConfigKeys)}));
      return;
    }
    const std::string text = word.substr(equals + 1);
    if (!is_utf8(text)) {
      note(true, layer, {}, key + " is not valid UTF-8", "", Code::kInvalidUtf8);
      return;
    }
    set(layer, key, {}, {.kind = YamlNode::Kind::scalar, .text = text}, true);
  }

  // Checks a value and keeps it when it is the layer's to say.
  void set(const Layer& layer, const std::string& key, json::Position at, const YamlNode& node,
           bool apply) {
    if (layer.who == Layer::Who::project && key == "assets") {
      note(true, layer, at, "a project's file may not say where programs and models lie",
           "set assets in " + places_.user_file + " or with -c assets=FOLDER", Code::kConfigTrust);
      return;
    }
    if (node.kind == YamlNode::Kind::null ||
        (node.kind == YamlNode::Kind::scalar && node.text.empty())) {
      note(true, layer, at, key + " has no value", "give one, or remove the line");
      return;
    }
    const bool project = layer.who == Layer::Who::project;
    auto text = checked_value(key, node, {layer.folder, project}, places_, models_);
    if (!text) {
      const ValueFault& fault = text.error();
      note(true, layer, fault.at.value_or(node.at), fault.message, fault.remedy, fault.code);
      return;
    }
    if (!apply) return;
    if (project && key == kHosts) text = narrowed(layer, at, *text);
    const auto held = values_.find(key);
    if (project && held != values_.end() && is_looser(key, *text, held->second.text)) {
      note(false, layer, at,
           key + " stays " + held->second.text + " (" + held->second.origin +
               "): a project's file makes things stricter, never looser",
           "set it in " + places_.user_file + " or with -c " + key + "=" + *text);
      return;
    }
    const bool in_file = at.line > 0 && layer.who <= Layer::Who::project;
    values_[key] = {*std::move(text),
                    layer.who == Layer::Who::environment
                        ? "environment " + layer.file
                        : layer.file + (in_file ? ":" + std::to_string(at.line) : "") +
                              (layer.profile.empty() ? "" : " (profile " + layer.profile + ")")};
  }

  // What a project's file leaves of the hosts that hold so far.
  std::string narrowed(const Layer& layer, json::Position at, const std::string& text) {
    const auto held = *net::HostList::parse(values_[std::string{kHosts}].text);
    const auto asked = *net::HostList::parse(text);
    if (const auto beyond = asked.without(held); !beyond.empty()) {
      note(false, layer, at,
           std::string{kHosts} + " leaves out " + shorten(beyond.text(), kConfigShownMax) +
               ": a project's file makes things stricter, never looser",
           "where it is wanted, add it to " + std::string{kHosts} + " in " + places_.user_file);
    }
    return asked.common(held).text();
  }

  std::optional<std::int64_t> number_of(const std::string& key) {
    const auto held = values_.find(key);
    if (held == values_.end()) return std::nullopt;
    return std::stoll(held->second.text);
  }

  cli::Configured finish() {
    cli::Settings& settings = out_.settings;
    for (const std::string_view word : kConfigKeys) {
      const std::string key{word};
      const auto held = values_.find(key);
      if (held != values_.end()) {
        settings.rows.push_back({key, held->second.text, held->second.origin});
      } else {
        settings.rows.push_back({key,
                                 key == "workspace"   ? "."
                                 : key == kCandidates ? "1"
                                                      : "none",
                                 "built-in"});
      }
    }
    settings.mode = values_["mode"].text;
    if (values_["model"].text != models_.fallback().name) settings.model = values_["model"].text;
    const std::string& planner = values_[std::string{kPlannerModel}].text;
    if (planner != "none") settings.planner_model = planner;
    settings.planner_candidates = number_of(std::string{kCandidates}).value_or(1);
    settings.assets = values_["assets"].text;
    if (values_.contains("workspace")) settings.workspace = values_["workspace"].text;
    settings.hosts = values_[std::string{kHosts}].text;
    if (values_.contains("limits.usd"))
      settings.limits.usd = *parse_usd(values_["limits.usd"].text);
    settings.limits.tokens = number_of("limits.tokens");
    settings.limits.tool_calls = number_of("limits.tool_calls");
    return std::move(out_);
  }

  const ConfigPlaces& places_;
  const cli::ConfigWords& words_;
  const contract::ModelCatalog& models_;
  std::map<std::string, Value> values_;
  cli::Configured out_;
};

}  // namespace

cli::Configured load_config(const ConfigPlaces& places, const cli::ConfigWords& words,
                            const contract::ModelCatalog& models) {
  return Loader{places, words, models}.load();
}

}  // namespace naestro::app
