#include "contract/role.hpp"

#include <algorithm>
#include <charconv>

#include "base/crypto.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "contract/form.hpp"

namespace naestro::contract {
namespace {

std::vector<std::string> texts_of(const json::Object& object, std::string_view member) {
  std::vector<std::string> out;
  for (const json::Value& item : *json::array_at(object, member)) {
    out.emplace_back(json::view(item.get_string()));
  }
  return out;
}

// The form knows ids with a version alone.
const ToolContract* find(const ToolCatalog& tools, std::string_view id) {
  const std::size_t at = id.find('@');
  std::int64_t version = 0;
  std::from_chars(id.data() + at + 1, id.data() + id.size(), version);
  return tools.find(id.substr(0, at), version);
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name[0] >= 'a' && name[0] <= 'z' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

}  // namespace

std::expected<Role, std::vector<RoleFault>> read_role(std::string_view name,
                                                      const json::Value& definition) {
  std::vector<RoleFault> faults;
  if (!is_name(name)) {
    faults.push_back(
        {"", "'" + std::string{name} + "' is no name of a role", "write [a-z][a-z0-9_]{0,63}"});
  }
  for (const auto& violation : form_schema("role.schema.json").validate(definition)) {
    faults.push_back({violation.instance, violation.message, ""});
  }
  if (!faults.empty()) return std::unexpected(std::move(faults));
  const json::Object& form = definition.get_object();
  const json::Object& model = *json::object_at(form, "model");
  Role role;
  role.name = name;
  role.version = *json::integer_at(form, "version");
  role.purpose = text_of(form, "purpose");
  role.prompt = trimmed(text_of(form, "prompt"));
  role.tools = texts_of(form, "tools");
  role.share = *json::integer_at(form, "share");
  role.turns = *json::integer_at(form, "turns");
  role.tool_calls = *json::integer_at(form, "tool_calls");
  role.memory = texts_of(form, "memory");
  role.task = text_of(model, "task");
  if (const auto named = json::text_at(model, "model")) role.model = *named;
  role.max_input_tokens = json::integer_at(model, "max_input_tokens");
  role.max_output_tokens = json::integer_at(model, "max_output_tokens");
  for (const std::string& path : texts_of(*json::object_at(form, "scope"), "read")) {
    const auto normal = normal_path(path);
    const std::string here = "/scope/read/" + std::to_string(role.read.size() + faults.size());
    if (normal) {
      role.read.push_back(*normal);
    } else {
      faults.push_back({here, "'" + path + "' is no path of the workspace",
                        "write \"notes\", or \".\" for all of it"});
    }
  }
  if (!faults.empty()) return std::unexpected(std::move(faults));
  if (const auto origin = json::text_at(form, "origin")) role.origin = *origin;
  role.definition = definition;
  json::Object said = form;
  said.erase("origin");
  role.digest = crypto::sha256(json::canonical(said));
  return role;
}

std::vector<RoleFault> unknown_tools(const Role& role, const ToolCatalog& tools) {
  std::vector<RoleFault> out;
  std::vector<std::string> ids;
  for (const ToolContract& tool : tools.all()) ids.push_back(tool.id());
  for (std::size_t i = 0; i < role.tools.size(); ++i) {
    if (find(tools, role.tools[i]) != nullptr) continue;
    const std::string near = nearest(role.tools[i], ids);
    out.push_back(
        {"/tools/" + std::to_string(i), "no tool is called '" + role.tools[i] + "'",
         near.empty() ? "list them with 'naestro tools'" : "did you mean '" + near + "'?"});
  }
  return out;
}

const RoleEntry* RoleCatalog::find(std::string_view name) const {
  const auto found = std::ranges::find(entries, name, &RoleEntry::name);
  return found == entries.end() ? nullptr : &*found;
}

}  // namespace naestro::contract
