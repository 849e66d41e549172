// Roles, as data: what a step of a plan is for and has at most. The form is
// schemas/role.schema.json, of the files (roles/*.yaml) as of a plan's `roles`;
// docs/formats/role.md says what a role does to a step.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/json.hpp"
#include "contract/tool.hpp"

namespace naestro::contract {

struct Role {
  std::string name;
  std::int64_t version = 1;
  std::string purpose;              // in one sentence
  std::string prompt;               // what its model is told first
  std::vector<std::string> tools;   // ids, "files.search@1"
  std::vector<std::string> read;    // paths of the workspace in their normal form
  std::int64_t share = 100;         // percent of a plan's ceilings that one step may take
  std::int64_t turns = 1;           // of an agent, at most
  std::int64_t tool_calls = 0;      // likewise
  std::vector<std::string> memory;  // what of the run its model is told: "goal", "instructions"
  std::string task;                 // hints for a step that says nothing else
  std::optional<std::string> model;
  std::optional<std::int64_t> max_input_tokens;
  std::optional<std::int64_t> max_output_tokens;
  // Who gave a plan its definition: "shipped", "user", "project"; "" where the plan has it itself.
  // Only what fills plans in says so, no file.
  std::string origin;
  json::Value definition;  // as it was read
  Digest digest{};         // SHA-256 of the canonical JSON of all of it but `origin`
};

// What is wrong with a definition, and where in it (RFC 6901).
struct RoleFault {
  std::string pointer;
  std::string message;
  std::string remedy;  // may be empty
};

// At least one fault where it is no role, or the name is not [a-z][a-z0-9_]{0,63}.
std::expected<Role, std::vector<RoleFault>> read_role(std::string_view name,
                                                      const json::Value& definition);
// Its tools that the catalog does not have.
std::vector<RoleFault> unknown_tools(const Role& role, const ToolCatalog& tools);

// A role as it was found: shipped, or in a person's file.
struct RoleEntry {
  std::string name;
  std::string origin;  // "shipped", "user", "user instead of shipped", "project"
  std::string file;    // as messages call it
  Result<Role> role;   // or what is wrong with the file, which spoils nothing else
};

// The roles that there are to choose from, in the order of their weight.
struct RoleCatalog {
  std::vector<RoleEntry> entries;
  // The first of that name, or null.
  [[nodiscard]] const RoleEntry* find(std::string_view name) const;
};

}  // namespace naestro::contract
