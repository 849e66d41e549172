#include "agents/planner.hpp"

#include "agents/draft.hpp"
#include "agents/second_opinion.hpp"
#include "agents/survey.hpp"
#include "agents/written.hpp"
#include "base/text.hpp"

namespace naestro::agents {

namespace {

// The shipped contracts, read when a model's plan is first in question: most goals need none.
Result<json::Value> with_tools(Result<json::Value> (*tool)(const json::Object&,
                                                           const contract::ToolCatalog&),
                               const json::Object& arguments) {
  static const auto tools = contract::ToolCatalog::from(contract::embedded_tools());
  if (!tools) return std::unexpected(tools.error());
  return tool(arguments, *tools);
}

}  // namespace

Result<Planner> Planner::shipped() {
  NAESTRO_LET(SkillBook skills, SkillBook::from(embedded_skills()));
  const EmbeddedFile& words = embedded_words().front();
  NAESTRO_LET(Lexicon lexicon, Lexicon::parse(words.name, words.text));
  return Planner{std::move(skills), std::move(lexicon)};
}

Result<json::Value> Planner::call(std::string_view tool, std::int64_t version,
                                  const json::Object& arguments,
                                  const tools::Context& context) const {
  if (context.stop.stop_requested()) return fail(Code::kInterrupted, "the tool was stopped");
  if (version == 1 && tool == "planner.survey") return survey(arguments, lexicon_, context);
  if (version == 1 && tool == "planner.draft") return draft(arguments, skills_, lexicon_);
  if (version <= 3 && tool == "planner.brief") return with_tools(brief, arguments);
  if (version <= 2 && tool == "planner.adopt") return with_tools(adopt, arguments);
  if (version == 1 && tool == "planner.second_opinion") return second_opinion(arguments);
  return fail(Code::kNotFound, "there is no planner's tool '" + shorten(tool, 100) + "'",
              "known are " + join(known(), ", "));
}

std::vector<std::string> known() {
  return {"planner.adopt@1", "planner.adopt@2", "planner.brief@1",          "planner.brief@2",
          "planner.brief@3", "planner.draft@1", "planner.second_opinion@1", "planner.survey@1"};
}

Result<json::Value> call(std::string_view tool, std::int64_t version, const json::Object& arguments,
                         const tools::Context& context) {
  static const Result<Planner> planner = Planner::shipped();
  if (!planner) return std::unexpected(planner.error());
  return planner->call(tool, version, arguments, context);
}

}  // namespace naestro::agents
