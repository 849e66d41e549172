// Judges the calls of a model one by one, where it plans as it goes: a run without a compiled plan.
// It knows what a person said, the tools' contracts, and the calls and results so far. What a value
// is allowed to decide follows from its label (provenance.hpp).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "contract/tool.hpp"
#include "policy/provenance.hpp"
#include "policy/reference.hpp"
#include "policy/words.gen.hpp"

namespace naestro::policy {

// Why a call may come at all.
enum class Basis : std::uint8_t {
  words,  // the person's words must call for an effect of its sort
  plan,   // it is a step of a plan that a person approved
};

struct Judgement {
  Decision decision = Decision::deny;
  std::string rule;                    // "monitor.authority"
  std::vector<std::string> arguments;  // those that are not the person's, by name
};

class Monitor {
 public:
  // Two tools of one name: the later one counts.
  Monitor(std::string_view words, const std::vector<contract::ToolContract>& tools);

  // Unknown tools are denied; what only reads is allowed. An effect is asked about where an
  // authority argument is not the person's or the plan's, or where nothing calls for it.
  [[nodiscard]] Judgement judge(std::string_view tool, const json::Object& arguments,
                                Basis basis) const;
  // A person said yes to this call: its authority values, and effects of this tool, are theirs.
  void endorse(std::string_view tool, const json::Object& arguments);
  // The call was done and gave this.
  void done(std::string_view tool, const json::Object& arguments, const json::Value& result);

 private:
  [[nodiscard]] bool is_named_host(std::string_view argument, const json::Value& value) const;
  [[nodiscard]] bool said(const json::Value& scalar) const;
  [[nodiscard]] bool beside_own(const contract::ToolContract& tool, const json::Object& arguments,
                                std::string_view argument) const;
  [[nodiscard]] bool is_own(const contract::ToolContract& tool, const json::Object& arguments,
                            std::string_view argument, const json::Value& scalar) const;
  [[nodiscard]] bool may_decide(const contract::ToolContract& tool, const json::Object& arguments,
                                std::string_view argument) const;
  [[nodiscard]] bool is_persons(const contract::ToolContract& tool,
                                const json::Object& arguments) const;
  [[nodiscard]] bool called_for(const contract::ToolContract& tool,
                                const json::Object& arguments) const;

  void add_made(const contract::ToolContract& tool, const json::Object& arguments,
                const json::Value& result);

  std::map<std::string, contract::ToolContract, std::less<>> tools_;
  std::vector<std::string> words_;  // of the person, in lower case
  Provenance provenance_;
  References references_;
  std::set<std::string> made_;                   // paths of what own calls made
  std::set<std::string, std::less<>> endorsed_;  // tools
};

}  // namespace naestro::policy
