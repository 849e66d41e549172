#include "run/role.hpp"

#include <set>

#include "plan/form.hpp"

namespace naestro::run {

json::Object role_of(const plan::Program& program, const plan::Step& step) {
  const plan::RoleUse& role = *step.role;
  json::Array tools;
  json::Array within;
  json::Array named;
  json::Array told;
  if (step.agent) {
    std::set<std::string> ids;
    for (const std::size_t hand : step.agent->hands) {
      ids.insert(std::get<plan::ToolUse>(program.steps[hand].use).tool->id());
    }
    tools = json::Array(ids.begin(), ids.end());
    for (const std::string& path : step.agent->within) within.emplace_back(path);
  }
  if (role.tools_named) named.emplace_back("tools");
  if (role.within_named) named.emplace_back("within");
  for (const std::string& slice : role.told) told.emplace_back(slice);
  json::Object out{{"role", role.name},          {"version", role.version},
                   {"digest", hex(role.digest)}, {"purpose", role.purpose},
                   {"tools", std::move(tools)},  {"within", std::move(within)},
                   {"named", std::move(named)},  {"told", std::move(told)},
                   {"share", role.share},        {"ceilings", plan::form(role.ceilings)}};
  if (!role.origin.empty()) out["origin"] = role.origin;
  return out;
}

}  // namespace naestro::run
