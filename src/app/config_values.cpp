#include "app/config_values.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/text.hpp"
#include "net/hosts.hpp"
#include "policy/policy.hpp"

namespace naestro::app {
namespace {

namespace fs = std::filesystem;
using Checked = std::expected<std::string, ValueFault>;

bool is_inside(const fs::path& path, const fs::path& folder) {
  const auto [rest, _] = std::ranges::mismatch(folder, path);
  return rest == folder.end();
}

std::string shown(const std::string& text) { return "'" + shorten(text, kConfigShownMax) + "'"; }

std::string expected(const std::string& key) {
  if (key == "mode") return "one of guide, copilot, auto";
  if (key == "limits.usd") return "an amount in US dollars such as 0.05";
  if (key.starts_with("limits.")) return "a whole number, 0 or more";
  if (key == kCandidates) return "a whole number, 1 to 5";
  if (key == "model" || key == kPlannerModel) return "the name of a model";
  if (key == kHosts) return "a list of hosts such as [docs.example, 'http://127.0.0.1:8080']";
  return "a folder";
}

Checked wrong(const std::string& key, const std::string& found) {
  return std::unexpected{
      ValueFault{.message = key + " is " + expected(key) + ", found " + found, .remedy = {}}};
}

std::optional<std::int64_t> whole_number(const YamlNode& node) {
  std::int64_t value = 0;
  const char* end = node.text.data() + node.text.size();
  const auto [stop, error] = std::from_chars(node.text.data(), end, value);
  if (node.quoted || error != std::errc{} || stop != end) return std::nullopt;
  if (value < 0 || value > json::kMaxInteger) return std::nullopt;
  return value;
}

Checked checked_model(const YamlNode& node, const contract::ModelCatalog& models) {
  std::vector<std::string> names;
  for (const contract::ModelContract& model : models.all()) {
    if (!is_choice(model)) continue;
    if (model.name == node.text) return node.text;
    names.push_back(model.name);
  }
  const std::string near = nearest(node.text, names);
  return std::unexpected{ValueFault{
      .message = "no model is called " + shown(node.text),
      .remedy = near.empty() ? "there are " + join(names, ", ") : "did you mean '" + near + "'?"}};
}

Checked checked_folder(const std::string& key, const YamlNode& node, const Speaker& speaker,
                       const ConfigPlaces& places) {
  const bool of_home = node.text == "~" || node.text.starts_with("~/");
  const fs::path given =
      of_home ? fs::path{places.home + node.text.substr(1)} : fs::path{speaker.folder} / node.text;
  if (!speaker.project) return given.lexically_normal().string();
  // Links are followed: a project's folder must not reach out of itself by one.
  std::error_code error;
  const fs::path real = fs::weakly_canonical(given, error);
  if (!error && is_inside(real, fs::weakly_canonical(speaker.folder, error)) && !error) {
    return real.string();
  }
  return std::unexpected{
      ValueFault{.code = Code::kConfigTrust,
                 .message = key + " leads out of the project's folder",
                 .remedy = "a project's file may only name folders inside of it; use --" + key +
                           " or " + places.user_file}};
}

// A list of hosts is kept in one line, as -c writes it.
Checked checked_hosts(const std::string& key, const YamlNode& node) {
  std::string line = node.text;
  if (node.kind == YamlNode::Kind::list) {
    line = "none";
    for (const YamlNode& item : node.items) {
      if (item.kind != YamlNode::Kind::scalar) {
        auto fault = wrong(key, std::string{type_name(item)} + " in it");
        fault.error().at = item.at;
        return fault;
      }
      line += " " + item.text;
    }
  }
  const auto hosts = net::HostList::parse(line);
  if (hosts) return hosts->text();
  return std::unexpected{
      ValueFault{.message = key + ": " + hosts.error().message, .remedy = hosts.error().remedy}};
}

}  // namespace

bool is_choice(const contract::ModelContract& model) { return !model.file.empty() || model.served; }

Checked checked_value(const std::string& key, const YamlNode& node, const Speaker& speaker,
                      const ConfigPlaces& places, const contract::ModelCatalog& models) {
  const bool list = key == kHosts && node.kind == YamlNode::Kind::list;
  if (node.kind != YamlNode::Kind::scalar && !list) {
    return wrong(key, std::string{type_name(node)});
  }
  if (key == kHosts) return checked_hosts(key, node);
  if (key == kPlannerModel && node.text == "none") return node.text;
  if (key == "model" || key == kPlannerModel) return checked_model(node, models);
  if (key == "assets" || key == "workspace") return checked_folder(key, node, speaker, places);
  if (key == "mode") {
    if (policy::mode_from(node.text)) return node.text;
  } else if (key == "limits.usd") {
    if (const auto usd = parse_usd(node.text)) return format_usd(*usd);
  } else if (const auto number = whole_number(node);
             number && (key != kCandidates || (*number >= 1 && *number <= kCandidatesMax))) {
    return std::to_string(*number);
  }
  return wrong(key, node.quoted && key.starts_with("limits.") ? "the text " + shown(node.text)
                                                              : shown(node.text));
}

bool is_looser(const std::string& key, const std::string& text, const std::string& held) {
  if (key == "mode") return *policy::mode_from(text) > *policy::mode_from(held);
  if (key == "limits.usd") return *parse_usd(text) > *parse_usd(held);
  return key.starts_with("limits.") && std::stoll(text) > std::stoll(held);
}

}  // namespace naestro::app
