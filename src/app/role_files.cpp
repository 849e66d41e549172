#include "app/role_files.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "app/config_file.hpp"
#include "app/yaml.hpp"
#include "base/text.hpp"

namespace naestro::app {
namespace {

namespace fs = std::filesystem;
using contract::Role;
using contract::RoleEntry;
using contract::RoleFault;

constexpr std::string_view kEnding = ".yaml";
constexpr std::size_t kFilesMax = 200;  // of one folder
constexpr std::size_t kFaultsShown = 3;
constexpr const char* kSeeForm = "see docs/formats/role.md";

// A text that is a whole number, unless in quotes, is one.
json::Value scalar(const YamlNode& node) {
  std::int64_t number = 0;
  const char* end = node.text.data() + node.text.size();
  const auto [stop, error] = std::from_chars(node.text.data(), end, number);
  if (!node.quoted && error == std::errc{} && stop == end) return number;
  return json::Value(node.text);
}

std::unexpected<Error> faulty(const std::string& file, json::Position at,
                              const std::string& message, const std::string& remedy) {
  return fail(
      Code::kRoleInvalid,
      file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + message,
      remedy.empty() ? kSeeForm : remedy);
}

Result<Role> read(const std::string& name, const std::string& file, std::string_view text,
                  const contract::ToolCatalog& tools) {
  const auto root = parse_yaml(text, kSeeForm);
  if (!root) {
    const YamlFault& fault = root.error();
    return faulty(file, fault.at, fault.message, fault.remedy);
  }
  auto role = contract::read_role(name, to_json(*root, scalar));
  std::vector<RoleFault> faults = role ? unknown_tools(*role, tools) : role.error();
  if (role && !role->origin.empty()) {
    faults.push_back({"/origin", "where a role comes from no file says", "remove it"});
  }
  if (faults.empty()) return *std::move(role);
  std::string message;
  for (std::size_t i = 0; i < std::min(faults.size(), kFaultsShown); ++i) {
    const RoleFault& fault = faults[i];
    message +=
        (i == 0 ? "" : "; ") + (fault.pointer.empty() ? "" : fault.pointer + ": ") + fault.message;
  }
  if (faults.size() > kFaultsShown) {
    message += "; and " + std::to_string(faults.size() - kFaultsShown) + " more";
  }
  return faulty(file, place_of(*root, faults.front().pointer), message, faults.front().remedy);
}

Result<Role> read_file(const std::string& name, const fs::path& path, const std::string& shown,
                       const contract::ToolCatalog& tools) {
  const auto text = read_config(path.string());
  if (!text) return fail(text.error().code, shown + ": " + text.error().message);
  return read(name, shown, text->value_or(""), tools);
}

// Whether it is, or lies behind, a link out of the folder.
bool leaves(const fs::path& file, const fs::path& folder) {
  std::error_code error;
  const fs::path real = fs::canonical(file, error);
  if (error) return false;  // what is not there cannot be read
  const fs::path root = fs::canonical(folder, error);
  return error || std::ranges::mismatch(root, real).in1 != root.end();
}

// A project's: its folder is somebody else's, and says nothing of what lies outside of it.
Result<Role> read_project(const std::string& name, const fs::path& path, const std::string& shown,
                          const fs::path& folder, const contract::ToolCatalog& tools) {
  if (leaves(path, folder)) {
    return fail(Code::kRoleInvalid, shown + ": it is a link out of the project's folder",
                "put the file itself there");
  }
  return read_file(name, path, shown, tools);
}

// The files of a folder that may not be there, in the order of their names.
std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code ignored;
  for (fs::directory_iterator each{folder, ignored}; !ignored && each != fs::directory_iterator{};
       each.increment(ignored)) {
    if (each->path().extension() == kEnding) out.push_back(each->path());
  }
  std::ranges::sort(out);
  if (out.size() > kFilesMax) out.resize(kFilesMax);
  return out;
}

}  // namespace

contract::RoleCatalog load_roles(const ConfigPlaces& places, const contract::ToolCatalog& tools) {
  contract::RoleCatalog out;
  const fs::path user = fs::path{places.user_file}.parent_path() / "roles";
  for (const fs::path& path : files_of(user)) {
    const std::string name = path.stem().string();
    out.entries.push_back(
        {name, "user", path.string(), read_file(name, path, path.string(), tools)});
  }
  for (const EmbeddedFile& file : embedded_roles()) {
    const std::string name{file.name.substr(0, file.name.size() - kEnding.size())};
    if (out.find(name) != nullptr) {
      std::ranges::find(out.entries, name, &RoleEntry::name)->origin = "user instead of shipped";
      continue;
    }
    const std::string shown = "roles/" + std::string{file.name};
    out.entries.push_back({name, "shipped", shown, read(name, shown, file.text, tools)});
  }
  const fs::path project{places.folder};
  for (const fs::path& path : files_of(project / ".naestro" / "roles")) {
    const std::string name = path.stem().string();
    const std::string shown = "./.naestro/roles/" + path.filename().string();
    const RoleEntry* other = out.find(name);
    out.entries.push_back({name, "project", shown,
                           other == nullptr
                               ? read_project(name, path, shown, project, tools)
                               : faulty(shown, {1, 1},
                                        "there is a role '" + name + "' already (" + other->origin +
                                            "), which a project's file does not replace",
                                        "give the file another name")});
  }
  std::ranges::sort(out.entries, {}, [](const RoleEntry& entry) {
    return std::pair{entry.name, entry.origin == "project"};
  });
  return out;
}

}  // namespace naestro::app
