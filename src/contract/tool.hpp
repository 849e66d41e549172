// Tool contracts: what a tool promises, as data. The compiler reads them, the door enforces them,
// the tools room implements them. Source of the form: schemas/tool.schema.json.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/embedded.hpp"
#include "base/json.hpp"
#include "base/money.hpp"
#include "contract/label.hpp"
#include "contract/words.gen.hpp"
#include "schema/validate.hpp"

namespace naestro::contract {

// False for what leaves the world as it was (read, model calls, net).
bool changes_world(EffectKind kind);

struct DeclaredEffect {
  EffectKind kind;
  std::string argument;    // the authority argument that names the object ("path"); "" for none
  bool reversible = true;  // whether it can be undone, for the consent card
  // The argument is a list, and the effect happens once for each entry: not at all where the list
  // is empty or left out.
  bool each = false;
};

struct ToolContract {
  std::string name;  // "files.search"
  std::int64_t version = 1;
  std::string description;
  json::Value input;   // JSON Schema of the arguments, an object
  json::Value output;  // JSON Schema of the result
  // Both, compiled; there in every contract that parse_tool() gave.
  std::optional<schema::Schema> input_schema;
  std::optional<schema::Schema> output_schema;
  std::map<std::string, ArgumentKind> arguments;  // every property of `input` by its name
  Labels labels;                                  // of the output, by JSON pointer
  std::vector<DeclaredEffect> effects;
  Idempotency idempotency = Idempotency::none;
  std::string undo;  // the tool that undoes it, or ""
  std::int64_t max_output_bytes = 0;
  std::int64_t timeout_s = 0;
  NanoUsd cost = 0;        // per call
  std::string deprecated;  // why and what instead; "" when it is not
  Digest digest{};         // SHA-256 of the contract's canonical JSON

  // "files.search@1"
  [[nodiscard]] std::string id() const { return name + "@" + std::to_string(version); }
};

// Reads one contract; the error names the file and the faulty member. Refused besides a breach of
// the schema: an input property without a kind, an effect on an argument that is no authority,
// "pure" with an effect that changes something.
Result<ToolContract> parse_tool(std::string_view file, std::string_view text);

// The contracts that this process knows, immutable after it is built.
class ToolCatalog {
 public:
  // Refuses two contracts of one id, and an undo that names no tool of the catalog.
  static Result<ToolCatalog> from(std::span<const EmbeddedFile> files);
  // version 0: the newest. Null when there is none.
  [[nodiscard]] const ToolContract* find(std::string_view name, std::int64_t version = 0) const;
  [[nodiscard]] const std::vector<ToolContract>& all() const { return tools_; }

 private:
  std::vector<ToolContract> tools_;  // sorted by name, version
};

// The shipped contracts (contracts/tools/*.json).
// Whether it does nothing but read what its arguments name.
bool only_reads(const ToolContract& tool);

std::span<const EmbeddedFile> embedded_tools();
// The schemas of the contract forms (schemas/tool.schema.json, schemas/model.schema.json).
std::span<const EmbeddedFile> embedded_schemas();

}  // namespace naestro::contract
