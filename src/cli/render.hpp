// Text for people. Everything returns whole lines, without colours.
#pragma once

#include <string>

#include "base/json.hpp"
#include "plan/program.hpp"
#include "run/machine.hpp"
#include "run/view.hpp"

namespace naestro::cli {

// "1,768 tokens"
std::string count(std::int64_t n, const std::string& noun);
// Why something failed, under one code: where the far side of a door gave one, that is it.
std::string failure_text(std::string_view code, const std::string& message);

// "12 tool calls, 1,768 tokens, 0 USD (price list local/1), 95 s"
std::string bound_text(const plan::Bound& bound, const std::string& price_list);
std::string usage_text(const door::Usage& usage);
// What the compiler proved of each step, and what it left to be checked at run time.
std::string proofs_text(const plan::Program& program, const run::Card& card);
// The consent card: plan, bound, what it took before (`likely`), one line per step, what is
// reversible. All that is asked for stands on it in full.
std::string card_text(const plan::Program& program, const run::Card& card,
                      const std::string& workspace, const std::string& price_list,
                      const std::string& likely);
// What the ceilings of a run leave, one line; "" where it has none.
std::string left_text(const door::Budget& budget);
// Who asks about an effect, and where what goes in comes from.
std::string about_text(const run::Machine::About& about);
// One line per event, "" for those that people need not see.
// What another plan in mid-run makes of the one before: the data of plan.patched.
std::string patch_text(const json::Object& patch);
// How far those who were asked agree: the data of consensus.reached.
std::string agreement_text(const json::Object& agreement);
// What was said in it: why it was decided so, and the other answers. `result`: the step's, as JSON.
std::string opinions_text(std::string_view result);
std::string event_text(const ledger::Event& event);
// "2026-11-24 07:15:01" UTC.
std::string time_text(std::int64_t wall_us);
std::string duration_text(std::int64_t us);
// Columns padded to their widest cell.
std::string table(const std::vector<std::vector<std::string>>& rows);
// The option that raises a limit: "usd" -> "--max-usd"; "" where none does.
std::string limit_flag(std::string_view limit);
std::string price_list_of(const plan::Program& program);

}  // namespace naestro::cli
