// The roles that there are to choose from.
#include <optional>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/render.hpp"
#include "cli/roles.hpp"
#include "cli/session.hpp"

namespace naestro::cli {
namespace {

// Of a role that does not say how much its model is told.
constexpr const char* kReads =
    "what the model holds, at most 32,000 tokens and a quarter of its share";

json::Object role_json(const contract::RoleEntry& entry) {
  json::Object out{{"name", entry.name}, {"origin", entry.origin}, {"file", entry.file}};
  if (!entry.role) {
    out["error"] = json::Object{{"code", info(entry.role.error().code).name},
                                {"message", entry.role.error().message},
                                {"remedy", entry.role.error().remedy}};
    return out;
  }
  out["error"] = nullptr;
  out["digest"] = hex(entry.role->digest);
  out["definition"] = entry.role->definition;
  return out;
}

// What is wrong with the model that a good role names, which its file cannot know.
std::optional<Error> odd_model(const House& house, const contract::RoleEntry& entry) {
  if (!entry.role || !entry.role->model || house.models.find(*entry.role->model) != nullptr) {
    return std::nullopt;
  }
  std::vector<std::string> names;
  for (const contract::ModelContract& model : house.models.all()) names.push_back(model.name);
  const std::string& model = *entry.role->model;
  const std::string near = nearest(model, names);
  return fail(Code::kRoleInvalid,
              entry.file + ": /model/model: no model is called '" + shorten(model, 64) + "'",
              near.empty() ? "list them with 'naestro models'" : "did you mean '" + near + "'?")
      .error();
}

// `workspace`: the one that was named, or the configured one, which may lack.
Result<contract::RoleCatalog> roles_of(const House& house, const std::string& workspace) {
  std::string folder = workspace;
  if (workspace != house.settings.workspace) {
    NAESTRO_LET(folder, workspace_of(house, workspace));
  }
  contract::RoleCatalog catalog = house.roles(folder);
  for (contract::RoleEntry& entry : catalog.entries) {
    if (auto odd = odd_model(house, entry)) entry.role = std::unexpected(*std::move(odd));
  }
  return catalog;
}

std::string paths(const contract::Role& role) {
  return role.read.empty() ? "-" : one_line(join(role.read, ", "));
}

}  // namespace

int list_roles(House& house, const std::string& workspace, bool as_json) {
  const auto found = roles_of(house, workspace);
  if (!found) return report(house, found.error());
  const contract::RoleCatalog& catalog = *found;
  json::Array array;
  std::vector<std::vector<std::string>> rows{
      {"ROLE", "FROM", "TOOLS", "READS", "SHARE", "TURNS", "WHAT IT IS FOR"}};
  const Error* faulty = nullptr;
  std::string faults;
  for (const contract::RoleEntry& entry : catalog.entries) {
    array.push_back(role_json(entry));
    if (!entry.role) {
      faulty = &entry.role.error();
      faults += printable(entry.role.error().text()) + "\n";
      rows.push_back({entry.name, entry.origin, "-", "-", "-", "-", "cannot be used, see below"});
      continue;
    }
    const contract::Role& role = *entry.role;
    rows.push_back({role.name + "@" + std::to_string(role.version), entry.origin,
                    std::to_string(role.tools.size()), shorten(paths(role), 30),
                    std::to_string(role.share) + "%", std::to_string(role.turns),
                    shorten(one_line(role.purpose), 80)});
  }
  print(house.out, as_json ? json::pretty(array) : table(rows));
  if (!as_json && faulty != nullptr) print(house.err, faults);
  return faulty == nullptr ? 0 : info(faulty->code).exit;
}

int show_role(House& house, const std::string& workspace, const std::string& name, bool as_json) {
  const auto found = roles_of(house, workspace);
  if (!found) return report(house, found.error());
  const contract::RoleCatalog& catalog = *found;
  const contract::RoleEntry* entry = catalog.find(name);
  if (entry == nullptr) {
    std::vector<std::string> names;
    for (const contract::RoleEntry& each : catalog.entries) names.push_back(each.name);
    const std::string near = nearest(name, names);
    return report(
        house, fail(Code::kNotFound, "no role is called '" + shorten(name, 64) + "'",
                    near.empty() ? "list them with 'naestro roles'" : "did you mean " + near + "?")
                   .error());
  }
  if (as_json) print(house.out, json::pretty(json::Value(role_json(*entry))));
  if (!entry->role)
    return as_json ? info(entry->role.error().code).exit : report(house, entry->role.error());
  if (as_json) return 0;
  const contract::Role& role = *entry->role;
  print(house.out,
        role.name + "@" + std::to_string(role.version) + "  " + entry->origin + ", " + entry->file +
            "\n  " + one_line(role.purpose) + "\n\nTools:  " +
            (role.tools.empty() ? "none" : join(role.tools, ", ")) + "\nReads:  " + paths(role) +
            "\nShare:  " + std::to_string(role.share) + "% of a plan's ceilings for one step\n" +
            "Turns:  " + std::to_string(role.turns) + ", with " +
            count(role.tool_calls, "tool call") + "\nTold:   " + told_text(role.memory) +
            "\nModel:  " + role.model.value_or("the configured one") + " for the task " +
            role.task + "; in " +
            (role.max_input_tokens ? count(*role.max_input_tokens, "token") : kReads) + ", out " +
            (role.max_output_tokens ? count(*role.max_output_tokens, "token")
                                    : "the configured default") +
            "\nDigest: " + hex(role.digest) + "\n\n" + printable(role.prompt) + "\n");
  return 0;
}

}  // namespace naestro::cli
