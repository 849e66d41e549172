// An agent's step: turns of its model, calls of its tools, limits, and what is left of it all when
// the process is killed.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>

#include "policy/labels.hpp"
#include "run/test_run.hpp"

namespace naestro::run {
namespace {

using Words = std::vector<std::string>;

std::string call(const std::string& tool, const std::string& with) {
  return R"({"tool":")" + tool + R"(","with":)" + with + "}";
}
std::string calls(const Words& all) {
  std::string out;
  for (const std::string& each : all) out += (out.empty() ? "" : ",") + each;
  return R"({"do":"call","calls":[)" + out + "]}";
}
std::string search(const std::string& query, const std::string& path = "notes") {
  return call("files.search", R"({"path":")" + path + R"(","query":")" + query + "\"}");
}
const std::string kAnswer = R"({"do":"answer","answer":{"owner":"Ada"}})";

class AgentTest : public testing::RunFixture {
 protected:
  static std::string plan(
      const std::string& more = R"("turns":5,"tool_calls":6,"within":["notes"])",
      const std::string& tools = R"("files.search@1")", const std::string& of_step = "") {
    return R"({"naestro":"plan/1","goal":"g","steps":[{"id":"look","do":{"agent":{"task":"t",)"
           R"("max_input_tokens":1000,"max_output_tokens":50,"tools":[)" +
           tools + "]," + more +
           R"(}},"with":{"messages":[{"role":"user","content":"Who owns Rex?"}]},)"
           R"("out":{"type":"object","properties":{"owner":{"type":"string"}},)"
           R"("required":["owner"],"additionalProperties":false})" +
           of_step + R"(}],"outputs":{"owner":"${steps.look.out.owner}"}})";
  }
  // The model says these words, turn by turn, whatever process asks.
  void say(Words words) {
    world_.model_adapter.set([this, words](const door::Effect& effect) -> Result<json::Value> {
      if (effect.path.empty()) return json::Object{{"text", "{}"}};  // no agent's
      const auto turn = static_cast<std::size_t>(effect.path.back());
      const std::scoped_lock lock{mutex_};
      asked_[turn] = effect.arguments;
      return json::Object{{"text", words.at(std::min(turn, words.size() - 1))}};
    });
  }
  [[nodiscard]] std::string last_message(std::size_t turn) {
    const json::Array& messages = asked_.at(turn).at("messages").as_array();
    return std::string{json::view(messages.back().at("content").as_string())};
  }
  std::int64_t kinds(std::string_view kind) {
    return std::ranges::count(world_.kinds, std::string{kind});
  }
  // Why it stopped, by the record.
  std::string reason() {
    for (const auto& stored : events()) {
      if (stored.event.kind == "agent.stopped") {
        return stored.event.data.at("reason").as_string().c_str();
      }
    }
    return {};
  }
  void expect_stopped(const Words& words, const std::string& text, std::string_view reason_is,
                      std::string_view says) {
    fresh();
    say(words);
    const Ending ending = go(true, text);
    EXPECT_EQ(ending.how, Ending::How::failed) << words[0];
    ASSERT_TRUE(ending.error);
    EXPECT_EQ(ending.error->code, Code::kAgentStopped) << ending.error->text();
    EXPECT_TRUE(ending.error->message.contains(says)) << ending.error->message;
    EXPECT_EQ(reason(), reason_is);
    EXPECT_TRUE(replay(events()).empty());
    EXPECT_LE(machine_->budget().spent().tool_calls, machine_->bound().tool_calls);
  }

  // In its second turn another goal is wanted, for which there is no plan; the turn ends when it is
  // stopped, or after `slow`.
  void steer_at_turn_1(std::chrono::milliseconds slow) {
    const std::string planner =
        R"({"naestro":"plan/1","goal":"p","inputs":{"goal":{"schema":{"type":"string"}}},"steps":[)"
        R"({"id":"l","do":{"tool":"files.search@1"},"with":{"path":".","query":"q"}}],)"
        R"("outputs":{"plan":"${steps.l.out.match_count}"}})";
    const auto told = std::make_shared<std::atomic<bool>>(false);
    world_.model_adapter.meanwhile = [this, planner, slow, told](const door::Effect& effect,
                                                                 const std::stop_token& stop) {
      if (effect.path.back() != 1 || told->exchange(true)) return false;
      const auto posted = world_.open()->post(
          "rtest", "steer", {{"goal", "g"}, {"plan", planner}, {"next", "plan"}, {"who", "x"}});
      EXPECT_TRUE(posted);
      std::mutex mutex;
      std::unique_lock lock{mutex};
      std::condition_variable_any{}.wait_for(lock, stop, slow, [] { return false; });
      return stop.stop_requested();
    };
  }

  std::mutex mutex_;
  std::map<std::size_t, json::Object> asked_;
};

TEST_F(AgentTest, ItCallsToolsHearsThemAndAnswers) {
  say({calls({search("Rex"), search("owner")}), calls({search("Ada")}), kAnswer});
  const Ending ending = go(true, plan());
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  EXPECT_EQ(machine_->outputs().at("owner"), "Ada");
  EXPECT_EQ(kinds("agent.turned"), 3);
  EXPECT_EQ(world_.tool_adapter.calls.size(), 3);  // each under its own key
  EXPECT_TRUE(last_message(1).contains(R"(files.search {"path":"notes","query":"Rex"}: {)"))
      << last_message(1);
  EXPECT_TRUE(last_message(1).contains("Turn 2 of 5, 4 calls left.")) << last_message(1);
  EXPECT_EQ(machine_->bound().model_calls, 5);
  EXPECT_EQ(machine_->bound().tool_calls, 6);
  EXPECT_EQ(machine_->bound().tokens, 5 * 1050);
  EXPECT_EQ(reason(), "answered");
  EXPECT_TRUE(replay(events()).empty());
  expect_audit_good();
}

// Another goal cuts its turn off; where nothing comes of it the turn is taken again, and what it
// heard before is still known.
TEST_F(AgentTest, ATurnThatIsCutOffIsTakenAgain) {
  say({calls({search("Rex")}), calls({search("Ada")}), kAnswer});
  steer_at_turn_1(std::chrono::seconds{20});
  const Ending ending = go(true, plan());
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  EXPECT_EQ(kinds("plan.kept"), 1);
  EXPECT_EQ(kinds("effect.lost"), 1);
  EXPECT_EQ(kinds("agent.turned"), 3);
  EXPECT_EQ(world_.tool_adapter.calls.size(), 3);  // two of the agent, one of the planner
  EXPECT_TRUE(last_message(2).contains("Turn 3 of 5")) << last_message(2);
  EXPECT_TRUE(replay(events()).empty());
}

// One whose tools have changed something comes to its end: another plan would have them do it anew.
TEST_F(AgentTest, OneThatChangedSomethingIsNotCutOff) {
  const std::string write =
      call("report.markdown", R"({"path":"notes/x.md","title":"t","sections":[]})");
  say({calls({write}), calls({search("Ada")}), kAnswer});
  steer_at_turn_1(std::chrono::milliseconds{600});
  const Ending ending = go(true, plan(R"("turns":5,"tool_calls":6,"within":["notes"])",
                                      R"("files.search@1","report.markdown@1")"));
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  EXPECT_EQ(kinds("plan.kept"), 1);
  EXPECT_EQ(kinds("effect.lost"), 0);
  EXPECT_LT(std::ranges::find(world_.kinds, "agent.stopped"),
            std::ranges::find(world_.kinds, "plan.replanning"));
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(AgentTest, TheBeginningOfWhatItIsToldStaysTheSame) {
  say({calls({search("Rex")}), calls({search("Ada")}), kAnswer});
  ASSERT_EQ(go(true, plan()).how, Ending::How::done);
  for (std::size_t turn = 1; turn < 3; ++turn) {
    const json::Array& before = asked_.at(turn - 1).at("messages").as_array();
    const json::Array& now = asked_.at(turn).at("messages").as_array();
    ASSERT_EQ(now.size(), before.size() + 2);
    EXPECT_TRUE(std::equal(before.begin(), before.end(), now.begin()));
  }
}

TEST_F(AgentTest, WhatItMayNotDoIsToldAndNotDone) {
  say({calls({search("x", "../etc"), search("x", "secret"), call("files.serch", "{}"),
              call("files.search", R"({"path":"notes"})")}),
       kAnswer});
  ASSERT_EQ(go(true, plan()).how, Ending::How::done);
  EXPECT_TRUE(world_.tool_adapter.calls.empty());
  const std::string heard = last_message(1);
  EXPECT_TRUE(heard.contains("outside of what may be read: notes")) << heard;
  EXPECT_TRUE(heard.contains("did you mean 'files.search'?")) << heard;
  EXPECT_TRUE(heard.contains("query")) << heard;
  EXPECT_TRUE(heard.contains("6 calls left")) << heard;  // what was not made is not counted
}

TEST_F(AgentTest, AtItsLastTurnItCanOnlyAnswer) {
  say({calls({search("a")}), kAnswer});
  ASSERT_EQ(go(true, plan(R"("turns":2,"tool_calls":6,"within":["notes"])")).how,
            Ending::How::done);
  EXPECT_TRUE(last_message(1).contains("last turn"));
  EXPECT_FALSE(json::write(asked_.at(1).at("schema")).contains("files.search"));
  EXPECT_TRUE(json::write(asked_.at(0).at("schema")).contains("files.search"));
}

TEST_F(AgentTest, AFaultIsToldAndMended) {
  say({"Sure, I will look!", R"({"do":"call","calls":[]})", calls({search("a")}),
       R"({"do":"answer","answer":{"boss":1}})", kAnswer});
  ASSERT_EQ(go(true, plan()).how, Ending::How::done);
  EXPECT_TRUE(last_message(1).contains("that is no JSON")) << last_message(1);
  EXPECT_TRUE(last_message(4).contains("owner")) << last_message(4);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(AgentTest, EachLimitHasItsName) {
  expect_stopped({R"({"do":"give_up","why":"there is no Rex"})"}, plan(), "gave_up",
                 "there is no Rex");
  expect_stopped({"I am sorry, I cannot help with that."}, plan(), "faults", "3 turns");
  expect_stopped({calls({search("a")})}, plan(), "stalled", "asked before");
  expect_stopped({calls({search("a")}), calls({search("b")})},
                 plan(R"("turns":2,"tool_calls":6,"within":["notes"])"), "turns", "all 2 turns");
  // Its tokens let it speak twice; the first time it still may call.
  expect_stopped({calls({search("a")}), "no", "no"},
                 plan(R"("turns":9,"tool_calls":6,"within":["notes"])", R"("files.search@1")",
                      R"(,"budget":{"tokens":1062})"),
                 "tokens", "of 1062 tokens");
  EXPECT_EQ(machine_->bound().tokens, 1062);
}

TEST_F(AgentTest, CallsBeyondTheLimitAreNotMade) {
  say({calls({search("a"), search("b"), search("c")}), kAnswer});
  ASSERT_EQ(go(true, plan(R"("turns":5,"tool_calls":2,"within":["notes"])")).how,
            Ending::How::done);
  EXPECT_EQ(world_.tool_adapter.calls.size(), 2);
  EXPECT_TRUE(last_message(1).contains("no calls are left, all 2 are used")) << last_message(1);
}

TEST_F(AgentTest, MoneyIsNeitherSpentByToolsNorByTurnsBeyondTheStepsBudget) {
  const EmbeddedFile paid{"paid.json",
                          R"({"name":"paid.look","version":1,"description":"For tests.","input":)"
                          R"({"type":"object","properties":{"k":{"type":"string"}},)"
                          R"("required":["k"],"additionalProperties":false},"output":)"
                          R"({"type":"object"},"arguments":{"k":"inert"},"labels":{},"effects":[],)"
                          R"("idempotency":"pure","undo":"","max_output_bytes":1000,)"
                          R"("timeout_s":5,"cost_usd":"0.01","deprecated":""})"};
  world_.tools = *contract::ToolCatalog::from(std::span{&paid, 1});
  const auto look = [](const std::string& key) {
    return call("paid.look", R"({"k":")" + key + "\"}");
  };
  say({calls({look("a"), look("b"), look("c")}), kAnswer});
  const Ending ending = go(true, plan(R"("turns":5,"tool_calls":6)", R"("paid.look@1")",
                                      R"(,"budget":{"usd":"0.025"})"));
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  EXPECT_EQ(world_.tool_adapter.calls.size(), 2);
  EXPECT_TRUE(last_message(1).contains("it costs 0.01 USD, and 0.005 are left")) << last_message(1);
  EXPECT_EQ(machine_->bound().usd, 25'000'000);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(AgentTest, WhatIsPinnedIsNotTheModelsToSay) {
  const std::string tools =
      R"({"tool":"report.markdown@1","with":{"path":"out.md"}},"files.search@1")";
  say({calls({search("a"),
              call("report.markdown", R"({"path":"evil.md","title":"T","sections":[]})")}),
       calls({call("report.markdown", R"({"title":"T","sections":[]})")}), kAnswer});
  const Ending ending = go(true, plan(R"("turns":5,"tool_calls":6,"within":["notes"])", tools));
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  ASSERT_EQ(machine_->files().size(), 1);
  EXPECT_EQ(machine_->files()[0].at("path"), "out.md");
  EXPECT_TRUE(last_message(1).contains("path")) << last_message(1);
  EXPECT_TRUE(replay(events()).empty());
}

TEST_F(AgentTest, WhatAPersonRefusesIsToldAndTheRestGoesOn) {
  say({calls({call("report.markdown", R"({"path":"x.md","title":"T","sections":[]})")}), kAnswer});
  bool first = true;
  world_.decide = [&](const Question&) { return std::exchange(first, false); };
  const Ending ending = go(true, plan(R"("turns":5,"tool_calls":6,"within":["notes"])",
                                      R"("report.markdown@1","files.search@1")"));
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  EXPECT_TRUE(last_message(1).contains("refused")) << last_message(1);
  EXPECT_TRUE(machine_->files().empty());
}

TEST_F(AgentTest, KilledAnywhereItEndsTheSameAndNothingIsDoneTwice) {
  say({calls({search("a"), search("b")}), calls({search("c")}), kAnswer});
  EXPECT_EQ(killed_everywhere(plan()), 6);
}

TEST_F(AgentTest, WhatItReadsCannotDecideWhereDataGoes) {
  // A model that reads notes must not say where a report is written unseen: each is asked.
  say({calls({search("a")}), kAnswer});
  ASSERT_EQ(go(true, plan(R"("turns":5,"tool_calls":6,"within":["notes"])",
                          R"("report.markdown@1","files.search@1")"))
                .how,
            Ending::How::done);
  const plan::Step& report = *machine_->program().find("look.report_markdown");
  EXPECT_TRUE(report.flow.untrusted_authority);
  EXPECT_FALSE(machine_->program().find("look.files_search")->flow.untrusted_authority);
  EXPECT_FALSE(machine_->program().find("look.files_search")->proved());
}

TEST_F(AgentTest, WithoutWithinEachReadIsAskedFor) {
  say({calls({search("a")}), kAnswer});
  int asked = 0;
  world_.decide = [&](const Question& question) {
    asked += question.scope == Question::Scope::effect ? 1 : 0;
    return true;
  };
  ASSERT_EQ(go(true, plan(R"("turns":5,"tool_calls":6)")).how, Ending::How::done);
  EXPECT_EQ(asked, 1);
}

// Two steps: an agent with a role of which it names less than it has, and a model's.
std::string role_plan() {
  return R"({"naestro":"plan/1","goal":"Who owns Rex?","budget":{"tokens":8000,"usd":"1"},
    "roles":{"finder":{"version":7,"purpose":"Finds.","prompt":"You find.",
       "tools":["files.search@1","files.read@1"],"scope":{"read":["notes"]},"share":75,"turns":5,
       "tool_calls":6,"memory":["goal"],
       "model":{"task":"t","max_input_tokens":1000,"max_output_tokens":50}},
     "judge":{"version":1,"purpose":"Judges.","prompt":"You judge.","tools":[],
       "scope":{"read":[]},"share":25,"turns":1,"tool_calls":0,"memory":[],
       "model":{"task":"t","max_input_tokens":1000,"max_output_tokens":50}}},
    "steps":[{"id":"look","role":"finder","do":{"agent":{"tools":["files.search@1"]}},
       "with":{"messages":[{"role":"user","content":"Look."}]},
       "out":{"type":"object","properties":{"owner":{"type":"string"}},
              "required":["owner"],"additionalProperties":false}},
      {"id":"say","role":"judge","do":{"model":{}},"when":"${steps.look.out.owner} == 'Ada'",
       "with":{"messages":[{"role":"user","content":"Is it ${steps.look.out.owner}?"}]},
       "out":{"type":"object"},"on_error":"continue"}],
    "outputs":{"owner":"${steps.look.out.owner}"}})";
}

TEST_F(AgentTest, ARoleIsSaidWhenItsStepBegins) {
  say({calls({search("Rex")}), kAnswer});
  const Ending ending = go(true, role_plan());
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  EXPECT_EQ(kinds("role.spawned"), 2);
  std::vector<json::Object> said;
  std::string before;
  for (const auto& stored : events()) {
    if (stored.event.kind == "role.spawned") {
      EXPECT_EQ(before, "step.ready");
      said.push_back(stored.event.data);
    }
    before = stored.event.kind;
  }
  ASSERT_EQ(said.size(), 2U);
  EXPECT_EQ(said[0].at("step"), "look");
  EXPECT_EQ(said[0].at("role"), "finder");
  EXPECT_EQ(said[0].at("version"), 7);
  EXPECT_EQ(json::write(said[0].at("tools")), R"(["files.search@1"])");
  EXPECT_EQ(json::write(said[0].at("named")), R"(["tools"])");
  EXPECT_EQ(json::write(said[0].at("told")), R"(["goal"])");
  EXPECT_EQ(json::write(said[0].at("ceilings")), R"({"tokens":6000,"usd":"0.75"})");
  EXPECT_EQ(said[0].at("share"), 75);
  // What the plan says in words is sealed.
  EXPECT_TRUE(said[0].at("purpose").as_object().contains("blob"));
  EXPECT_TRUE(said[0].at("within").as_object().contains("blob"));
  EXPECT_EQ(said[1].at("role"), "judge");
  EXPECT_EQ(json::write(said[1].at("tools")), "[]");
  EXPECT_EQ(json::write(said[1].at("ceilings")), R"({"tokens":2000,"usd":"0.25"})");
  // Its model is told who it is, behind how to speak and before its task.
  const json::Array& messages = asked_.at(0).at("messages").as_array();
  EXPECT_TRUE(std::string{messages.at(1).at("content").as_string()}.starts_with(
      "You find.\n\nThe goal of the whole plan, of which your task is a part: Who owns Rex?"));
  EXPECT_EQ(messages.at(2).at("content"), "Look.");
  EXPECT_TRUE(replay(events()).empty());
  expect_audit_good();
}

// As the compiler said of it, so it is when it is done.
TEST_F(AgentTest, AProjectsRoleIsSaidToBeOneAndHasTheLabelOfAFile) {
  std::string text = role_plan();
  text.insert(text.find(R"("version":7)"), R"("origin":"project",)");
  say({kAnswer});
  const Ending ending = go(true, text);
  ASSERT_EQ(ending.how, Ending::How::done) << (ending.error ? ending.error->text() : "");
  std::vector<std::string> origins;
  for (const auto& stored : events()) {
    if (stored.event.kind == "role.spawned") {
      origins.emplace_back(json::text_at(stored.event.data, "origin").value_or("none"));
    }
  }
  EXPECT_EQ(origins, (std::vector<std::string>{"project", "none"}));
  const contract::Label label = policy::whole(machine_->labels_of("look"));
  EXPECT_TRUE(label.integrity.contains("file") && label.instruction_bearing);
  EXPECT_TRUE(replay(events()).empty());
  expect_audit_good();
}

TEST_F(AgentTest, TheShareOfItsRoleStopsIt) {
  std::string text = role_plan();
  const auto change = [&](const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
  };
  change(R"("tokens":8000)", R"("tokens":2124)");
  change(R"("share":75)", R"("share":50)");
  change(R"("share":25)", R"("share":50)");
  expect_stopped({calls({search("1")}), calls({search("2")}), calls({search("3")})}, text, "tokens",
                 "of 1062 tokens");
  EXPECT_EQ(machine_->bound().tokens, 1062 + 1050);
}

TEST_F(AgentTest, WithoutRolesNothingIsSaidOfThem) {
  say({kAnswer});
  ASSERT_EQ(go(true, plan()).how, Ending::How::done);
  EXPECT_EQ(kinds("role.spawned"), 0);
}

}  // namespace
}  // namespace naestro::run
