// A small world for the tests of this room: real contracts, a real store in a temporary folder,
// adapters that count. Included by tests only.
#pragma once

#include <atomic>
#include <map>
#include <mutex>

#include "base/crypto.hpp"
#include "ledger/keys.hpp"
#include "ledger/verify.hpp"
#include "plan/compile.hpp"
#include "run/executor.hpp"
#include "run/recover.hpp"
#include "run/test_events.hpp"
#include "testing/testing.hpp"

namespace naestro::run::testing {

inline constexpr const char* kModel =
    R"({"name":"tiny","kind":"model.local","file":"tiny.gguf","file_sha256":")"
    R"(0000000000000000000000000000000000000000000000000000000000000000","context_tokens":4096,)"
    R"("usd_per_mtok_in":"0","usd_per_mtok_out":"0","price_list":"local/1","licence":"none"})";

inline contract::ModelCatalog model_catalog() {
  const EmbeddedFile file{"tiny.json", kModel};
  auto catalog = contract::ModelCatalog::from(std::span{&file, 1});
  check(catalog.has_value(), catalog ? "" : catalog.error().text());
  return *std::move(catalog);
}

// Two independent reads, a model over both, a write of what it says.
inline constexpr const char* kPlan = R"({
  "naestro": "plan/1", "goal": "test", "budget": {"tokens": 1000},
  "inputs": {"word": {"schema": {"type": "string", "minLength": 1, "maxLength": 99}, "value": "x"}},
  "steps": [
    {"id": "a", "do": {"tool": "files.search@1"}, "with": {"path": ".", "query": "${inputs.word}"}},
    {"id": "b", "do": {"tool": "files.search@1"}, "with": {"path": "sub", "query": "y"}},
    {"id": "m", "do": {"model": {"task": "t", "max_input_tokens": 100, "max_output_tokens": 50}},
     "with": {"messages": [{"role": "user",
                            "content": "${steps.a.out.match_count} ${steps.b.out}"}]},
     "out": {"type": "object", "properties": {"title": {"type": "string"}},
             "required": ["title"], "additionalProperties": false}},
    {"id": "w", "do": {"tool": "report.markdown@1"},
     "with": {"path": "out.md", "title": "${steps.m.out.title}", "sections": []}}],
  "outputs": {"title": "${steps.m.out.title}", "path": "${steps.w.out.path}"}})";

// A tool whose repeat is a second effect, and a plan that calls it.
inline constexpr const char* kPostTool =
    R"({"name":"note.post","version":1,"description":"For tests.","input":{"type":"object",)"
    R"("properties":{"text":{"type":"string"}},"required":["text"],"additionalProperties":false},)"
    R"("output":{"type":"object","properties":{"id":{"type":"integer"}},"required":["id"],)"
    R"("additionalProperties":false},"arguments":{"text":"payload"},"labels":{},)"
    R"("effects":[{"kind":"send","argument":"","reversible":false}],"idempotency":"none",)"
    R"("undo":"","max_output_bytes":1000,"timeout_s":5,"cost_usd":"0.001","deprecated":""})";
inline constexpr const char* kPosts =
    R"({"naestro":"plan/1","goal":"g","steps":[{"id":"p","do":{"tool":"note.post@1"},)"
    R"("with":{"text":"hello"},"retry":{"max":2}}],"outputs":{"id":"${steps.p.out.id}"}})";

// A plan that ends with the plan `proposed`, for runs of two segments.
inline std::string planning_text(const std::string& proposed) {
  return R"({"naestro": "plan/1", "goal": "planning",
    "inputs": {"p": {"schema": {"type": "object"}, "value": )" +
         proposed + R"(}},
    "steps": [{"id": "a", "do": {"tool": "files.search@1"}, "with": {"path": ".", "query": "q"}}],
    "outputs": {"plan": "${inputs.p}", "reason": "${steps.a.out.matches[0].text}"}})";
}

// Answers every call from a function of the effect and counts calls by key.
class CountingAdapter final : public door::Adapter {
 public:
  using Answer = std::function<Result<json::Value>(const door::Effect&)>;
  explicit CountingAdapter(Answer answer) : answer_{std::move(answer)} {}
  door::Outcome act(const door::Intent& intent, std::stop_token stop,
                    const door::Provisional&) override {
    {
      const std::scoped_lock lock{mutex_};
      ++calls[hex(intent.key())];
    }
    if (meanwhile && meanwhile(intent.effect(), stop)) {
      door::Outcome cut;
      cut.result = fail(Code::kInterrupted, "stopped");
      return cut;
    }
    // Whatever attempt it is, what was read before the first one comes with it.
    EXPECT_EQ(intent.effect().prepares, intent.former().is_object()) << intent.effect().step;
    door::Outcome outcome;
    outcome.result = answer_(intent.effect());
    if (intent.effect().caps.model_calls > 0) {
      outcome.usage = {7, 5, 0, 1, 0};
      outcome.usage_known = true;
    }
    return outcome;
  }
  // As a file that has a reference's form in it.
  Result<json::Value> prepare(const door::Intent& intent) override {
    if (former) return former(intent.effect());
    return json::Object{{"path", intent.effect().arguments.at("path")},
                        {"content", "it was ${this}"},
                        {"encoding", "utf-8"}};
  }
  void set(Answer answer) { answer_ = std::move(answer); }
  std::map<std::string, int> calls;
  std::function<json::Object(const door::Effect&)> former;  // what prepare() finds
  // What happens before it answers; true: it was stopped.
  std::function<bool(const door::Effect&, const std::stop_token&)> meanwhile;

 private:
  Answer answer_;
  std::mutex mutex_;
};

inline Result<json::Value> tool_answer(const door::Effect& effect) {
  if (effect.target == "report.markdown@1") {
    const std::string text = json::canonical(effect.arguments);
    return json::Object{{"path", effect.arguments.at("path")},
                        {"bytes", text.size()},
                        {"sha256", hex(crypto::sha256(text))}};
  }
  return json::parse(R"({"matches":[{"file":"f.md","line":3,"text":"hello"}],"file_count":1,)"
                     R"("skipped_files":0,"match_count":1,"truncated":false})");
}

inline Result<json::Value> model_answer(const door::Effect&) {
  return json::Object{{"text", "{\"title\": \"A title\"}"}};
}

struct World {
  World()
      : tools{*contract::ToolCatalog::from(contract::embedded_tools())},
        models{model_catalog()},
        policy{*policy::Policy::parse(policy::embedded_policies()[0].name,
                                      policy::embedded_policies()[0].text)} {}

  [[nodiscard]] ledger::Folders folders() const {
    return {dir.str() + "/state", dir.str() + "/data"};
  }
  [[nodiscard]] plan::Environment environment() const {
    return {.tools = tools,
            .models = models,
            .policy = policy,
            .user = user,
            .concurrency_max = kConcurrencyMax};
  }
  std::unique_ptr<ledger::Store> open(ledger::WriteProbe probe = {}) {
    auto key = ledger::load_or_make_signing_key(folders().data, random);
    auto store = ledger::Store::open(folders(), {clock, random, *key, "h", "w", std::move(probe)});
    check(store.has_value(), store ? "" : store.error().text());
    return *std::move(store);
  }
  [[nodiscard]] std::unique_ptr<ledger::KeyRing> open_keys() const {
    return ledger::KeyRing::open(ledger::keys_file(folders()), ledger::Database::Mode::read_write)
        .value();
  }
  [[nodiscard]] static crypto::BlobKey key() {
    crypto::BlobKey key{};
    key[0] = 42;
    return key;
  }
  [[nodiscard]] Sealer sealer() const { return Sealer{key()}; }
  // Of a new run, and of one that own() took.
  [[nodiscard]] Hold hold() const { return {.sealer = sealer(), .key = key()}; }
  [[nodiscard]] Hold hold(std::int64_t fence) const { return {.sealer = sealer(), .fence = fence}; }
  plan::Program compile(std::string_view text) const {
    auto compiled = plan::compile(text, environment());
    check(compiled.program.has_value(),
          compiled.diagnostics.empty() ? "" : plan::format(compiled.diagnostics[0], "plan"));
    return *std::move(compiled.program);
  }
  [[nodiscard]] Start start(const plan::Program& program, std::string_view text) const {
    Start start;
    start.run = "rtest";
    start.plan_text = text;
    start.inputs = *bind_inputs(program, {});
    start.context = {{"workspace", "/w"}};
    start.ceilings = {program.budget.usd, program.budget.tokens, program.budget.tool_calls};
    start.versions = {{"naestro", "test"}, {"policy", hex(policy.digest())}};
    return start;
  }

  // Runs to the end or the parking; every question is answered with yes when `yes`.
  Ending execute(Machine& machine, Batch first, Hold hold, bool yes,
                 ledger::WriteProbe probe = {}) {
    rt::ThreadLoop loop;
    auto reader = open();
    ledger::StoreWriter writer{open(std::move(probe)), open_keys()};
    rt::ThreadPool pool{4};
    Executor* handle = nullptr;
    Observer observer;
    observer.event = [this](const ledger::Event& event) {
      kinds.push_back(event.kind);
      schemas.expect(event);
    };
    observer.ask = [&](const Question& question) {
      if (ask_only_plan && question.scope != Question::Scope::plan) return false;
      Answer answer{!decide || decide(question), "terminal", "tester"};
      answer.reason = reason;
      if (yes) handle->answer(question.digest, std::move(answer));
      return yes;
    };
    StoreMeter meter{*reader, clock};
    StoreGate gate{*reader};
    Executor executor{
        {clock, loop, pool, writer, *reader, tool_adapter, model_adapter, meter, gate},
        std::move(observer),
        machine,
        std::move(hold)};
    handle = &executor;
    return executor.run(std::move(first));
  }

  void expect_events(std::span<const ledger::StoredEvent> events) {
    for (const ledger::StoredEvent& stored : events) schemas.expect(stored);
  }

  // What a crashed or parked run becomes when it is resumed.
  Ending resume(Recovery& recovery, bool yes, const door::Ceilings& raised = {},
                const ledger::WriteProbe& probe = {}) {
    auto store = open();
    const auto fence = store->own("rtest");
    check(fence.has_value(), fence ? "" : fence.error().text());
    const auto events = store->events("rtest");
    expect_events(*events);  // also those of a process that died before it could look
    auto recovered = recover(*events, blob_opener(*store, sealer()), sealer(), environment(), true);
    check(recovered.has_value(), recovered ? "" : recovered.error().text());
    recovery = *std::move(recovered);
    check(recovery.divergences.empty(), "a record derives itself");
    auto first = recovery.machine->feed(resumed(raised));
    check(first.has_value(), first ? "" : first.error().text());
    const Ending ending = execute(*recovery.machine, *std::move(first), hold(*fence), yes, probe);
    check(store->disown("rtest", *fence).has_value(), "disown");
    return ending;
  }

  naestro::testing::TempDir dir;
  SystemClock clock;
  SeededRandom random{3};
  contract::ToolCatalog tools;
  contract::ModelCatalog models;
  policy::Policy policy;
  CountingAdapter tool_adapter{tool_answer};
  CountingAdapter model_adapter{model_answer};
  bool ask_only_plan = false;                   // nobody is there for any other question
  std::function<bool(const Question&)> decide;  // yes to each where there is none
  std::string reason;                           // of every yes
  std::string user;                             // who plans
  std::vector<std::string> kinds;
  EventSchemas schemas;
};

}  // namespace naestro::run::testing
