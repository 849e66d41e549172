// Random consensus steps in the simulated world, whose speakers say anything: bounds, crashes,
// replays. NAESTRO_SIM_SEED=n runs one seed again.
#include <cstdlib>
#include <map>

#include "run/test_consensus.hpp"
#include "run/test_plans.hpp"

namespace naestro::run {
namespace {

using testing::Dice;
using testing::Reply;
using testing::SimRun;

std::string any_consensus(Dice& dice) {
  constexpr const char* kProtocols[] = {"vote", "judge", "tournament", "debate"};
  constexpr const char* kObject =
      R"({"type":"object","properties":{"n":{"type":"integer"},"why":{"type":"string"}},)"
      R"("required":["n"],"additionalProperties":false})";
  constexpr const char* kOut[] = {R"({"type":"integer"})", R"({"type":"string"})", kObject};
  json::Object of{{"protocol", kProtocols[dice.roll(0, 3)]},
                  {"task", "t"},
                  {"model", dice.one_in(2) ? "tiny" : "priced"},
                  {"proposers", dice.roll(2, 4)},
                  {"max_input_tokens", 100},
                  {"max_output_tokens", dice.roll(9, 60)}};
  if (of.at("protocol") == "debate") of["rounds"] = dice.roll(1, 3);
  if (of.at("protocol") == "judge" && dice.one_in(2)) {
    of["judge"] = json::Object{{"model", "tiny"}, {"max_output_tokens", 9}};
  }
  json::Object step{
      {"id", "c"},
      {"do", json::Object{{"consensus", std::move(of)}}},
      {"with",
       json::Object{{"messages", json::Array{json::Object{{"role", "user"}, {"content", "n?"}}}}}},
      {"out", json::parse(kOut[dice.roll(0, 2)]).value()},
      {"timeout_s", dice.roll(1, 9)}};
  if (dice.one_in(2)) step["retry"] = json::Object{{"max", dice.roll(1, 2)}, {"wait_s", 1}};
  return testing::plan_text(json::Array{std::move(step)}, {{"all", "${steps.c.out}"}});
}

std::string any_letter(Dice& dice) {
  return std::string(1, static_cast<char>('A' + dice.roll(0, 4)));
}

// What a speaker says: of use more often than not.
json::Value any_words(const std::string& part, const json::Value& form, Dice& dice) {
  if (part == "judge") return json::Object{{"choice", any_letter(dice)}, {"why", "w"}};
  if (part == "matches") {
    constexpr const char* kBetter[] = {"first", "second", "equal"};
    return json::Object{{"better", kBetter[dice.roll(0, 2)]}, {"why", "w"}};
  }
  if (part == "same") {
    json::Array group{any_letter(dice), any_letter(dice)};
    return json::Object{{"groups", json::Array{std::move(group)}}};
  }
  if (part.starts_with("critic")) {
    json::Object one{{"answer", any_letter(dice)}, {"says", "it is wrong"}};
    return json::Object{{"critiques", json::Array{std::move(one)}}};
  }
  const std::int64_t n = dice.roll(0, 2);
  const auto type = json::text_at(form.get_object(), "type");
  if (type == "integer") return n;
  if (type == "string") return json::Value("it is " + std::to_string(n));
  return json::Object{{"n", n}, {"why", std::to_string(dice.roll(0, 3))}};
}

// The same for the same call, whatever process makes it.
Reply reply_to(const door::Intent& intent, std::uint64_t seed) {
  const door::Effect& effect = intent.effect();
  for (std::size_t i = 0; i < 8; ++i) seed = seed * 257 + intent.key()[i];
  Dice dice{seed};
  Reply reply{dice.roll(0, effect.timeout_s * 1000), {}};
  if (effect.target.starts_with("consensus.")) {
    reply.outcome.result = testing::consensus_answer(effect);
    return reply;
  }
  reply.outcome.usage = {dice.roll(0, 99), dice.roll(0, 9), 0, 1, 0};
  reply.outcome.usage_known = dice.one_in(2);
  const auto words = any_words(effect.step.substr(2), effect.arguments.at("schema"), dice);
  reply.outcome.result = json::Object{{"text", json::write(words)}};
  if (dice.one_in(6)) reply.outcome.result = json::Object{{"text", "I think it is two."}};
  if (dice.one_in(8)) reply.outcome.result = fail(Code::kEngineFailed, "not yet");
  return reply;
}

TEST(ConsensusSim, WhateverTheySayItEndsTheSameWithinItsBound) {
  const testing::SimWorld world;
  testing::EventSchemas schemas;
  std::map<std::string, int> decided;
  const char* one = std::getenv("NAESTRO_SIM_SEED");
  const std::uint64_t first = one == nullptr ? 0 : std::strtoull(one, nullptr, 10);
  for (std::uint64_t seed = first; seed < (one == nullptr ? 300 : first + 1); ++seed) {
    SCOPED_TRACE("NAESTRO_SIM_SEED=" + std::to_string(seed));
    Dice dice{seed};
    const std::string text = any_consensus(dice);
    const plan::Program program = world.compile(text);
    const auto far_side = [seed](const door::Intent& intent) { return reply_to(intent, seed); };
    SimRun whole{world, far_side, seed};
    whole.schemas = &schemas;
    const Ending ending = whole.begin(program, world.start(program, text));
    const door::Usage& spent = whole.machine->budget().spent();
    EXPECT_LE(spent.usd, program.bound.usd);
    EXPECT_LE(spent.tokens(), program.bound.tokens);
    EXPECT_LE(spent.tool_calls, program.bound.tool_calls);
    EXPECT_LE(spent.model_calls, program.bound.model_calls);
    EXPECT_LE(whole.wall_us, program.bound.wall_s * 1'000'000);
    EXPECT_EQ(whole.broken, "");
    EXPECT_TRUE(whole.replays());
    if (ending.how == Ending::How::done) {
      ++decided[whole.machine->outputs().at("all").at("by").as_string().c_str()];
    } else {  // nobody answered, and nothing else
      ASSERT_TRUE(ending.error);
      EXPECT_TRUE(ending.error->message.contains("gave an answer")) << ending.error->text();
      ++decided["nothing"];
    }
    SimRun parts{world, far_side, seed};
    parts.crash_after = dice.roll(1, whole.steps - 1);
    Ending end = parts.begin(program, world.start(program, text));
    while (parts.crashed) {
      parts.crash_after = dice.one_in(3) ? dice.roll(1, whole.steps) : -1;
      if (parts.durable.events.empty()) {  // there is no such run
        end = parts.begin(program, world.start(program, text));
        continue;
      }
      const auto recovered = parts.recovery();
      ASSERT_TRUE(recovered);
      if (recovered->machine->state() != Machine::State::done &&
          recovered->machine->state() != Machine::State::failed) {
        end = parts.resume();
        continue;
      }
      parts.machine = std::make_unique<Machine>(std::move(*recovered->machine));
      end.how = ending.how;
      break;
    }
    EXPECT_EQ(end.how, ending.how);
    EXPECT_EQ(parts.machine->final_digest(), whole.machine->final_digest()) << text;
    EXPECT_TRUE(parts.replays());
    if (::testing::Test::HasFailure()) return;
  }
  if (one != nullptr) return;
  for (const char* by :
       {"agreement", "judge", "tournament", "synthesis", "majority", "only", "order"}) {
    EXPECT_GT(decided[by], 0) << by;
  }
  std::string line;
  for (const auto& [by, count] : decided) line += by + " " + std::to_string(count) + " ";
  std::printf("decided by: %s\n", line.c_str());
}

}  // namespace
}  // namespace naestro::run
