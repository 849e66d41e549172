#include "cli/roles.hpp"

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "cli/render.hpp"
#include "plan/roles.hpp"

namespace naestro::cli {
namespace {

std::string text(const json::Object& object, std::string_view member) {
  return std::string{json::text_at(object, member).value_or("")};
}

std::vector<std::string> texts(const json::Object& object, std::string_view member) {
  std::vector<std::string> out;
  const json::Array* array = json::array_at(object, member);
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    if ((*array)[i].is_string()) out.emplace_back(json::view((*array)[i].get_string()));
  }
  return out;
}

std::string named(const json::Object& role) {
  return text(role, "role") + "@" + std::to_string(json::integer_at(role, "version").value_or(0));
}

// "0.5 USD, 4,999 tokens"; "" where there are none.
std::string ceilings_text(const json::Object& role) {
  const json::Object* ceilings = json::object_at(role, "ceilings");
  if (ceilings == nullptr) return {};
  std::string out;
  const auto add = [&](const std::string& what) { out += (out.empty() ? "" : ", ") + what; };
  if (const auto usd = json::text_at(*ceilings, "usd")) add(std::string{*usd} + " USD");
  if (const auto n = json::integer_at(*ceilings, "tokens")) add(count(*n, "token"));
  if (const auto n = json::integer_at(*ceilings, "tool_calls")) add(count(*n, "tool call"));
  if (const auto n = json::integer_at(*ceilings, "wall_s")) add(count(*n, "second"));
  return out;
}

// The roles that the plan's steps name and it does not define, each once, with their first step.
std::map<std::string, std::string> missing_roles(const json::Object& plan) {
  std::map<std::string, std::string> out;
  const json::Object* defined = json::object_at(plan, "roles");
  const json::Array* steps = json::array_at(plan, "steps");
  for (std::size_t i = 0; steps != nullptr && i < steps->size(); ++i) {
    const json::Object* step = (*steps)[i].if_object();
    if (step == nullptr) continue;
    for (const std::string& name : plan::roles_named(*step)) {
      if (defined != nullptr && defined->contains(name)) continue;
      out.emplace(name, text(*step, "id"));
    }
  }
  return out;
}

// Where a role comes from is what was found, not what a plan says of itself.
Result<void> no_origins(const json::Value* roles) {
  if (roles == nullptr || !roles->is_object()) return {};
  for (const auto& member : roles->get_object()) {
    const json::Object* definition = member.value().if_object();
    if (definition == nullptr || !definition->contains("origin")) continue;
    return fail(Code::kRoleInvalid,
                "the plan says of its role '" + shorten(std::string{member.key()}, 64) +
                    "' where it comes from, which only Naestro says",
                "remove the role's member 'origin'");
  }
  return {};
}

// " (project)", where the definition was written into the plan.
std::string origin_text(const json::Object& role) {
  const std::string origin = text(role, "origin");
  return origin.empty() ? "" : " (" + origin + ")";
}

}  // namespace

std::string told_text(const std::vector<std::string>& told) {
  std::string out;
  for (const std::string& slice : told) {
    out += slice == "goal" ? "the plan's goal, " : "what AGENTS.md files say, ";
  }
  return out + "the step's messages";
}

Result<std::string> with_roles(const House& house, const std::string& workspace, std::string plan) {
  const auto parsed = json::parse(plan);
  const json::Object* object = parsed ? parsed->if_object() : nullptr;
  if (object == nullptr) return plan;
  const json::Value* own = object->if_contains("roles");
  NAESTRO_TRY(no_origins(own));
  const auto missing = missing_roles(*object);
  if (missing.empty()) return plan;
  if (own != nullptr && !own->is_object()) return plan;
  const contract::RoleCatalog catalog = house.roles(workspace);
  std::string added;
  for (const auto& [name, step] : missing) {
    const contract::RoleEntry* entry = catalog.find(name);
    if (entry == nullptr) continue;
    if (!entry->role) {
      Error error = entry->role.error();
      error.message = "step '" + step + "' has the role '" + name + "': " + error.message;
      return std::unexpected(std::move(error));
    }
    json::Object definition = entry->role->definition.get_object();
    definition["origin"] = entry->origin.starts_with("user") ? "user" : entry->origin;
    added += (added.empty() ? "" : ", ") + json::canonical(json::Value(name)) + ": " +
             json::canonical(json::Value(std::move(definition)));
  }
  if (added.empty()) return plan;
  if (own == nullptr) {
    plan.insert(plan.rfind('}'), ", \"roles\": {" + added + "}");
  } else {
    plan.insert(json::offset_of(plan, "/roles") + 1,
                added + (own->get_object().empty() ? "" : ", "));
  }
  return plan;
}

void suggest_roles(const House& house, const std::string& workspace, plan::Compiled& compiled) {
  std::vector<std::string> names;  // read from files where one is asked for
  for (plan::Diagnostic& diagnostic : compiled.diagnostics) {
    if (diagnostic.code != "NP1301") continue;
    if (names.empty()) {
      for (const contract::RoleEntry& entry : house.roles(workspace).entries) {
        if (entry.role) names.push_back(entry.name);
      }
    }
    // What was found stands in quotes.
    const std::string& found = diagnostic.found;
    const std::string near = nearest(found.substr(1, found.size() - 2), names);
    diagnostic.hint =
        (near.empty() ? "" : "did you mean '" + near + "'? ") + "there are " + join(names, ", ");
  }
}

std::string role_line(const json::Object& role) {
  const auto tools = texts(role, "tools");
  const auto within = texts(role, "within");
  const std::string most = ceilings_text(role);
  return named(role) + origin_text(role) +
         (tools.empty() ? "" : ", " + count(static_cast<std::int64_t>(tools.size()), "tool")) +
         (within.empty() ? "" : ", reads " + shorten(one_line(join(within, ", ")), 60)) +
         (most.empty() ? "" : ", at most " + most);
}

std::string role_text(const json::Object& role) {
  const auto tools = texts(role, "tools");
  const auto within = texts(role, "within");
  const auto whose = [own = texts(role, "named")](std::string_view what) {
    return std::ranges::find(own, what) != own.end() ? " (the step's, out of its role's)"
                                                     : " (its role's)";
  };
  const std::string most = ceilings_text(role);
  std::string out = "  role     " + named(role) + origin_text(role) + ": " +
                    shorten(one_line(text(role, "purpose")), 200) + "\n";
  out += "  tools    " + (tools.empty() ? "none" : join(tools, ", ") + whose("tools")) + "\n";
  if (!tools.empty()) {
    out += "  reads    " +
           (within.empty() ? "what it is allowed, each time it asks"
                           : one_line(join(within, ", ")) + whose("within")) +
           "\n";
  }
  out += "  share    " + std::to_string(json::integer_at(role, "share").value_or(0)) +
         "% of the plan's ceilings" + (most.empty() ? ", which has none" : ": at most " + most) +
         "\n";
  out += "  told     its role's prompt, " + told_text(texts(role, "told")) + "\n";
  return out;
}

}  // namespace naestro::cli
