// The schemas of events and the events that the machine writes agree in both directions: the world
// of this room's tests holds each event to its schema, and no schema is without an event.
#include <functional>

#include "ledger/bundle.hpp"
#include "ledger/keys.hpp"
#include "ledger/tiles.hpp"
#include "run/kept_grants.hpp"
#include "run/kept_shadow.hpp"
#include "run/switches.hpp"
#include "run/system_events.hpp"
#include "run/test_consensus.hpp"
#include "run/test_world.hpp"
#include "schema/validate.hpp"

namespace naestro::run {
namespace {

using testing::EventSchemas;
using testing::World;

// Runs a plan from its beginning in an empty store. `change`: what differs this time.
Ending run_once(World& world, bool yes, const std::function<void(Start&)>& change = {},
                const std::string& text = testing::kPlan) {
  std::filesystem::remove_all(world.folders().state);
  std::filesystem::remove_all(world.folders().data + "/heads");
  const plan::Program program = world.compile(text);
  Start start = world.start(program, text);
  if (change) change(start);
  Machine machine{std::move(start), program, world.environment()};
  auto store = world.open();
  const Ending ending = world.execute(machine, machine.begin(), world.hold(), yes);
  world.expect_events(store->events("rtest").value());
  return ending;
}

TEST(Events, EverySchemaIsMetByAnEvent) {
  World world;
  EXPECT_EQ(run_once(world, true).how, Ending::How::done);

  // A limit, and a higher one on resume.
  const auto less = [](Start& start) { start.ceilings.tokens = 100; };
  EXPECT_EQ(run_once(world, true, less).how, Ending::How::limit);
  Recovery recovery;
  EXPECT_EQ(world.resume(recovery, true, {.usd = {}, .tokens = 500, .tool_calls = {}}).how,
            Ending::How::done);

  // A refusal that another process wrote.
  EXPECT_EQ(run_once(world, false).how, Ending::How::waits_for_consent);
  const Digest card = recovery.machine->card().digest;  // the same plan, the same card
  ASSERT_TRUE(world.open()->post("rtest", "consent",
                                 {{"digest", hex(card)}, {"yes", false}, {"who", "x"}}));
  EXPECT_EQ(world.resume(recovery, false).how, Ending::How::failed);

  // A planner's plan: one that runs, one that does not compile.
  const auto next = [](Start& start) { start.next = "plan"; };
  EXPECT_EQ(run_once(world, true, next, testing::planning_text(testing::kPlan)).how,
            Ending::How::done);
  EXPECT_EQ(run_once(world, true, next, testing::planning_text(R"({"naestro": "plan/2"})")).how,
            Ending::How::failed);

  world.tool_adapter.set([](const door::Effect&) { return fail(Code::kToolFailed, "broken"); });
  EXPECT_EQ(run_once(world, true).how, Ending::How::failed);
  world.tool_adapter.set(testing::tool_answer);
  world.model_adapter.set([](const door::Effect&) { return json::Object{{"text", "no JSON"}}; });
  EXPECT_EQ(run_once(world, true).how, Ending::How::failed);

  // Loops, attempts, skipped steps; an effect in doubt.
  const std::string loops = R"({"naestro":"plan/1","goal":"g",
    "inputs":{"list":{"schema":{"type":"array","items":{"type":"string"}},"value":["a","b"]}},
    "steps":[{"id":"m","do":{"model":{"task":"t"}},"for_each":{"in":"${inputs.list}","max":2,
      "on_error":"collect"},"retry":{"max":1,"wait_s":1},"out":{"type":"object"},
      "with":{"messages":[{"role":"user","content":"${item}"}]}},
      {"id":"off","do":{"tool":"files.list@1"},"with":{"path":"."},"when":"1 > 2"}],
    "outputs":{"all":"${steps.m.out}"}})";
  std::atomic<int> calls = 0;
  world.model_adapter.set([&](const door::Effect& effect) -> Result<json::Value> {
    if (effect.path.at(0) == 0) return fail(Code::kToolFailed, "never");
    if (++calls == 1) return fail(Code::kInterrupted, "lost");
    return json::Object{{"text", "{}"}};
  });
  EXPECT_EQ(run_once(world, true, {}, loops).how, Ending::How::done);
  world.model_adapter.set(testing::model_answer);
  const EmbeddedFile file{"post.json", testing::kPostTool};
  const contract::ToolCatalog tools =
      std::exchange(world.tools, contract::ToolCatalog::from(std::span{&file, 1}).value());
  world.tool_adapter.set([](const door::Effect&) { return fail(Code::kInterrupted, "lost"); });
  world.ask_only_plan = true;
  EXPECT_EQ(run_once(world, true, {}, testing::kPosts).how, Ending::How::waits_for_consent);

  // An agent whose model says nothing that can be used, and gives up.
  world.tools = tools;
  world.tool_adapter.set(testing::tool_answer);
  world.ask_only_plan = false;
  world.model_adapter.set([](const door::Effect& effect) -> Result<json::Value> {
    return json::Object{{"text", effect.path.at(0) == 0 ? "hm" : R"({"do":"give_up"})"}};
  });
  EXPECT_EQ(run_once(world, true, {},
                     R"({"naestro":"plan/1","goal":"g","steps":[{"id":"a","do":{"agent":{"task":)"
                     R"("t","turns":3,"tool_calls":1,"tools":["files.list@1"]}},"with":{)"
                     R"("messages":[{"role":"user","content":"x"}]},"out":{"type":"object"}}],)"
                     R"("outputs":{"a":"${steps.a.out}"}})")
                .how,
            Ending::How::failed);
  // One that has a role, though it comes to nothing.
  EXPECT_EQ(
      run_once(
          world, true, {},
          R"({"naestro":"plan/1","goal":"g","roles":{"r":{"version":1,"purpose":"p","prompt":)"
          R"("p","tools":["files.list@1"],"scope":{"read":["."]},"share":100,"turns":2,)"
          R"("tool_calls":1,"memory":["goal"],"model":{"task":"t"}}},"steps":[{"id":"a",)"
          R"("role":"r","do":{"agent":{}},"with":{"messages":[{"role":"user","content":"x"}]},)"
          R"("out":{"type":"object"}}],"outputs":{"a":"${steps.a.out}"}})")
          .how,
      Ending::How::failed);
  world.model_adapter.set(testing::model_answer);
  world.ask_only_plan = true;

  // Several answers to one question.
  world.tool_adapter.set(testing::consensus_answer);
  world.model_adapter.set([](const door::Effect& effect) {
    return json::Object{{"text", effect.step == "c.draft_1" ? "1" : "2"}};
  });
  EXPECT_EQ(run_once(world, true, {},
                     R"({"naestro":"plan/1","goal":"g","steps":[{"id":"c","do":{"consensus":{)"
                     R"("protocol":"vote","task":"t","max_input_tokens":9,"max_output_tokens":9}},)"
                     R"("with":{"messages":[{"role":"user","content":"x"}]},)"
                     R"("out":{"type":"integer"}}],"outputs":{"c":"${steps.c.out.answer}"}})")
                .how,
            Ending::How::done);
  world.model_adapter.set(testing::model_answer);

  // Results that the plan does not accept.
  std::string strict = testing::kPlan;
  strict.insert(strict.rfind('}'), R"(,"accept":[{"check":"${steps.a.out.match_count} > 1"}])");
  EXPECT_EQ(run_once(world, true, {}, strict).error->code, Code::kNotAccepted);

  // Two plans, of which one is chosen.
  EXPECT_EQ(run_once(
                world, true,
                [](Start& start) {
                  start.next = "plan";
                  start.ceilings = {};
                },
                R"({"naestro":"plan/1","goal":"p","inputs":{"all":{"schema":{"type":"array"},)"
                R"("value":[{"plan":{"a":1}},{"plan":{"b":1}}]}},"steps":[{"id":"l","do":)"
                R"({"tool":"files.search@1"},"with":{"path":".","query":"q"}}],)"
                R"("outputs":{"plan":"${inputs.all}"}})")
                .error->code,
            Code::kPlanRejected);

  // Another goal in mid-run: a plan for it that is taken, and none.
  const std::string lists =
      R"({"naestro":"plan/1","goal":"g","steps":[{"id":"l","do":{"tool":"files.list@1"},)"
      R"("with":{"path":"sub"}}],"outputs":{"l":"${steps.l.out}"}})";
  const std::string planner =
      R"({"naestro":"plan/1","goal":"p","inputs":{"goal":{"schema":{"type":"string"}},"p":{)"
      R"("schema":{"type":"object"},"value":)" +
      lists +
      R"(}},"steps":[{"id":"f","do":{"tool":"files.search@1"},"with":{"path":".",)"
      R"("query":"q"}}],"outputs":{"plan":"${inputs.p}"}})";
  for (const std::string_view output : {"plan", "none"}) {
    EXPECT_EQ(run_once(world, false).how, Ending::How::waits_for_consent);
    ASSERT_TRUE(world.open()->post(
        "rtest", "steer", {{"goal", "g"}, {"plan", planner}, {"next", output}, {"who", "x"}}));
    EXPECT_EQ(world.resume(recovery, false).how, Ending::How::waits_for_consent);
  }

  // A run whose time is over at once.
  EXPECT_EQ(run_once(world, true, [](Start& start) { start.ceilings.wall_s = 0; }).how,
            Ending::How::limit);

  // A parked run that is killed from elsewhere when it is resumed.
  EXPECT_EQ(run_once(world, false).how, Ending::How::waits_for_consent);
  ASSERT_TRUE(world.open()->post("rtest", "kill", {{"who", "x"}}));
  EXPECT_EQ(world.resume(recovery, false).error->code, Code::kKilled);

  // A fork.
  EXPECT_EQ(run_once(world, true,
                     [](Start& start) {
                       const json::Value kept = json::parse(R"({"matches":[],"file_count":1,)"
                                                            R"("skipped_files":0,"match_count":1,)"
                                                            R"("truncated":false})")
                                                    .value();
                       start.fork = Fork{"rother", "b", {{"a", {"recorded", kept, {}}}}};
                     })
                .how,
            Ending::How::done);

  // A yes for the run, which answers two questions; and one for always, which is taken back.
  const std::string write = R"("do":{"tool":"report.markdown@1"},"with":{"path":)"
                            R"("${steps.f.out.match_count}.md","title":"t","sections":[]}})";
  world.ask_only_plan = true;
  EXPECT_EQ(run_once(world, true, {},
                     R"({"naestro":"plan/1","goal":"g","steps":[{"id":"f","do":{"tool":)"
                     R"("files.search@1"},"with":{"path":".","query":"q"}},{"id":"one",)" +
                         write + R"(,{"id":"two",)" + write + "]}")
                .how,
            Ending::How::waits_for_consent);
  EXPECT_EQ(world.resume(recovery, false).how, Ending::How::waits_for_consent);
  const Question question = recovery.machine->questions().front();
  auto grants = recovery.machine->lasting(question);
  grants.front().id = kRunGrant;
  ASSERT_TRUE(world.open()->post("rtest", "consent",
                                 {{"digest", hex(question.digest)},
                                  {"yes", true},
                                  {"scope", "run"},
                                  {"grants", policy::to_json(grants)}}));
  EXPECT_EQ(world.resume(recovery, false).how, Ending::How::done);
  auto store = world.open();
  auto at = static_cast<std::int64_t>(store->events(ledger::kSystemStream)->size());
  const Sealer sealer = world.sealer();
  for (const ledger::Append& each :
       {given_grants(grants, "rtest", "x", at++, sealer), revoked_grant("run", "x", at++, sealer),
        shredded_run("r", "x", at++, sealer),
        refused_in_sandbox({"net", {"x"}, "/w", {"h"}, {"no"}, 1}, "x", at++, sealer),
        set_shadow("/w", "/w/new.yaml", "x", at++, sealer),
        set_shadow("/w", std::nullopt, "x", at++, sealer),
        switched({{SwitchOf::What::tool, "t"}, true, "why", "x"}, at++, sealer),
        switched({{SwitchOf::What::tool, "t"}, false, "", "x"}, at++, sealer),
        switched({{}, true, "", "x"}, at++, sealer)}) {
    ASSERT_TRUE(store->append(std::span{&each, 1}));
  }
  world.expect_events(store->events(ledger::kSystemStream).value());

  // Everything is switched off when a run goes on.
  EXPECT_EQ(run_once(world, false).how, Ending::How::waits_for_consent);
  store = world.open();
  const ledger::Append all = switched({{}, true, "", "x"}, 0, sealer);
  ASSERT_TRUE(store->append(std::span{&all, 1}));
  EXPECT_EQ(world.resume(recovery, true).how, Ending::How::held);

  // A rate limit, and what a run takes of it.
  const auto slow =
      json::parse(R"({"policy":"policy/1","rules":[{"id":"slow","effect":"allow","kinds":["read"],)"
                  R"("obligations":{"rate_limit":{"calls":1,"per":"1h"}}}]})");
  ASSERT_TRUE(world.policy.add(policy::Layer::user, "p", *slow, [](const auto&) { return 1; }));
  store.reset();
  EXPECT_EQ(run_once(world, true).how, Ending::How::limit);
  store = world.open();
  world.expect_events(store->events(ledger::kSystemStream).value());

  for (const auto& [kind, schema] : world.schemas.kinds()) {
    EXPECT_EQ(world.schemas.met().contains(kind), !EventSchemas::unmet().contains(kind))
        << "schemas/events/" << kind << ".json";
  }
}

TEST(Events, EachSchemaCarriesItsNameAndTheListOfKindsIsWhole) {
  const EventSchemas schemas;
  json::Array kinds;
  for (const auto& [kind, schema] : schemas.kinds()) {
    const json::Value form =
        EventSchemas::read(EventSchemas::folder() / "events" / (kind + ".json"));
    EXPECT_EQ(json::text_at(form.get_object(), "$id"),
              "https://naestro.example/schemas/events/" + kind + "/1");
    EXPECT_EQ(json::bool_at(form.get_object(), "additionalProperties"), false) << kind;
    kinds.emplace_back(kind);
  }
  const json::Value body = EventSchemas::read(EventSchemas::folder() / "event.schema.json");
  EXPECT_EQ(*json::at(body, "/properties/kind/enum"), json::Value(kinds));
}

TEST(Events, AProofAndAnExportHaveTheirForm) {
  World world;
  EXPECT_EQ(run_once(world, true).how, Ending::How::done);
  auto store = world.open();
  const auto signer = ledger::read_public_key(world.folders().data + "/signing.pub").value();
  const auto form =
      schema::Schema::compile(EventSchemas::read(EventSchemas::folder() / "bundle.schema.json"));
  ASSERT_TRUE(form) << form.error().text();
  crypto::BlobKey key{};
  key[0] = 42;  // the world's
  for (const ledger::BundleWish& wish :
       {ledger::BundleWish{"rtest", {}, signer, {}}, ledger::BundleWish{"rtest", 3, signer, {}},
        ledger::BundleWish{"rtest", {}, signer, key}}) {
    const auto bundle = ledger::make_bundle(*store, wish);
    ASSERT_TRUE(bundle) << bundle.error().text();
    const auto fits = schema::conforms(*form, json::Value(*bundle), "bundle");
    EXPECT_TRUE(fits) << (fits ? "" : fits.error().text());
    EXPECT_TRUE(ledger::check_bundle(json::write(*bundle), {signer, {}, {}}).good());
  }
}

TEST(Events, ReceiptsHaveTheirForm) {
  World world;
  EXPECT_EQ(run_once(world, true).how, Ending::How::done);
  const auto tree = world.open()->signed_tree().value();
  const auto signer = ledger::read_public_key(world.folders().data + "/signing.pub").value();
  std::string receipts;
  ASSERT_TRUE(ledger::publish_log(world.folders(), tree, signer,
                                  [&](const std::string& path, std::string_view content) {
                                    if (path == "receipts.json") receipts = content;
                                    return Result<void>{};
                                  }));
  const auto form =
      schema::Schema::compile(EventSchemas::read(EventSchemas::folder() / "receipts.schema.json"));
  ASSERT_TRUE(form) << form.error().text();
  const json::Value value = json::parse(receipts).value();
  EXPECT_GT(value.at("consents").as_array().size(), 0);
  const auto fits = schema::conforms(*form, value, "receipts");
  EXPECT_TRUE(fits) << (fits ? "" : fits.error().text());
}

}  // namespace
}  // namespace naestro::run
