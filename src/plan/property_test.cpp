#include "testing/property.hpp"

#include <algorithm>
#include <numeric>

#include "base/text.hpp"
#include "plan/test_world.hpp"
#include "schema/validate.hpp"

namespace naestro::plan {
namespace {

using testing::listing;
using testing::World;

const World& world() {
  static const World one;
  return one;
}

// A random plan without faults: step i uses some of the steps before it.
struct StepSpec {
  int kind = 0;  // 0 files.search, 1 paid.lookup, 2 cloudy, 3 report.write
  std::vector<std::size_t> uses;
  std::vector<std::size_t> needs;
  int control = 0;  // 0 none, 1 retry, 2 when, 3 for_each, 4 repeat, 5 on_error, 6 all of them
};
using Spec = std::vector<StepSpec>;

// Without control members: every step runs once.
Spec plain_spec() {
  const auto count = *rc::gen::inRange<std::size_t>(1, 12);
  Spec spec(count);
  for (std::size_t i = 0; i < count; ++i) {
    spec[i].kind = *rc::gen::inRange(0, 4);
    for (std::size_t k = 0; k < i; ++k) {
      const int dice = *rc::gen::inRange(0, 6);
      if (dice == 0) spec[i].uses.push_back(k);
      if (dice == 1) spec[i].needs.push_back(k);
    }
  }
  return spec;
}

Spec any_spec() {
  Spec spec = plain_spec();
  for (StepSpec& step : spec) step.control = *rc::gen::inRange(0, 7);
  return spec;
}

std::vector<std::size_t> any_order(std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = count; i > 1; --i) {
    std::swap(order[i - 1], order[*rc::gen::inRange<std::size_t>(0, i)]);
  }
  return order;
}

std::string id_of(std::size_t i, const std::string& prefix) { return prefix + std::to_string(i); }

void add_control(int control, json::Object& step) {
  const bool all = control == 6;
  if (control == 1 || all) step["retry"] = json::Object{{"max", 2}, {"wait_s", 3}};
  if (control == 2 || all) step["when"] = "length(${inputs.list}) > 1";
  if (control == 3 || all) {
    step["for_each"] = json::Object{{"in", "${inputs.list}"}, {"max", 5}, {"parallel", 2}};
  }
  if (control == 4 || all) step["repeat"] = json::Object{{"until", "true"}, {"max", 3}};
  if (control == 5 || all) step["on_error"] = "continue";
}

// `mark` makes each step's content its own, so that no two steps have one structure.
json::Value step_of(const Spec& spec, std::size_t i, const std::string& prefix) {
  const StepSpec& step = spec[i];
  std::string text = "mark" + std::to_string(i);
  json::Array lone;
  for (const std::size_t use : step.uses) {
    const bool array = spec[use].control == 3 || spec[use].control == 6;
    text += " ${steps." + id_of(use, prefix) + (array ? ".out[0].a}" : ".out.a}");
    lone.emplace_back("${steps." + id_of(use, prefix) + ".out}");
  }
  json::Object out{{"id", id_of(i, prefix)}};
  json::Object with;
  if (step.kind == 0) {
    out["do"] = json::Object{{"tool", "files.search"}};
    with["path"] = text;
    with["query"] = "x";
  } else if (step.kind == 1) {
    out["do"] = json::Object{{"tool", "paid.lookup@1"}};
    with["key"] = json::Object{{"text", text}, {"all", lone}};
  } else if (step.kind == 2) {
    const std::int64_t input = 100 + static_cast<std::int64_t>(i);
    out["do"] = json::Object{{"model", json::Object{{"task", "t"},
                                                    {"model", "cloudy"},
                                                    {"max_input_tokens", input},
                                                    {"max_output_tokens", 50}}}};
    with["messages"] = json::Array{json::Object{{"role", "user"}, {"content", text}}};
    out["out"] = json::Object{{"type", "object"}};
    out["timeout_s"] = 10 + static_cast<std::int64_t>(i);
  } else {
    out["do"] = json::Object{{"tool", "report.write"}};
    with["path"] = text;
    with["data"] = lone;
  }
  out["with"] = std::move(with);
  json::Array needs;
  for (const std::size_t need : step.needs) needs.emplace_back(id_of(need, prefix));
  if (!needs.empty()) out["needs"] = std::move(needs);
  add_control(step.control, out);
  return out;
}

json::Value plan_of(const Spec& spec, const std::vector<std::size_t>& order,
                    const std::string& prefix = "s") {
  json::Array steps;
  for (const std::size_t i : order) steps.push_back(step_of(spec, i, prefix));
  return json::Object{
      {"naestro", "plan/1"},
      {"goal", "any"},
      {"inputs", json::Object{{"list", json::Object{{"schema", json::Object{{"type", "array"}}}}}}},
      {"steps", std::move(steps)}};
}

std::vector<std::size_t> in_order(const Spec& spec) {
  std::vector<std::size_t> order(spec.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

Program compiled(const json::Value& plan) {
  Compiled out = world().compile_value(plan);
  if (!out.program) RC_FAIL(listing(out));
  return std::move(*out.program);
}

json::Value shuffled(const json::Value& value) {
  if (const json::Array* array = value.if_array()) {
    json::Array out;
    for (const json::Value& item : *array) out.push_back(shuffled(item));
    return out;
  }
  const json::Object* object = value.if_object();
  if (object == nullptr) return value;
  json::Object out;
  for (const std::size_t i : any_order(object->size())) {
    const auto& member = *std::next(object->begin(), static_cast<std::ptrdiff_t>(i));
    out.emplace(member.key(), shuffled(member.value()));
  }
  return out;
}

RC_GTEST_PROP(PlanProperty, OrderOfKeysDoesNotMatter, ()) {
  const Spec spec = any_spec();
  const json::Value plan = plan_of(spec, in_order(spec));
  const Program first = compiled(plan);
  const Program second = compiled(shuffled(plan));
  RC_ASSERT(hex(first.program_digest) == hex(second.program_digest));
  RC_ASSERT(hex(first.plan_digest) == hex(second.plan_digest));
}

RC_GTEST_PROP(PlanProperty, OrderOfStepsDoesNotMatter, ()) {
  const Spec spec = any_spec();
  const Program first = compiled(plan_of(spec, in_order(spec)));
  const Program second = compiled(plan_of(spec, any_order(spec.size())));
  RC_ASSERT(hex(first.program_digest) == hex(second.program_digest));
}

RC_GTEST_PROP(PlanProperty, RenamingStepsKeepsProgramAndBounds, ()) {
  const Spec spec = any_spec();
  const Program first = compiled(plan_of(spec, in_order(spec), "s"));
  const Program second = compiled(plan_of(spec, in_order(spec), "other_"));
  RC_ASSERT(first.steps.size() == second.steps.size());
  for (std::size_t i = 0; i < first.steps.size(); ++i) {
    RC_ASSERT("other_" + first.steps[i].id.substr(1) == second.steps[i].id);
    RC_ASSERT(first.steps[i].needs == second.steps[i].needs);
  }
  json::Value a = to_json(first.bound);
  json::Value b = to_json(second.bound);
  RC_ASSERT(a.as_object().erase("critical_path") == 1U);
  RC_ASSERT(b.as_object().erase("critical_path") == 1U);
  RC_ASSERT(json::equal(a, b));
}

RC_GTEST_PROP(PlanProperty, AnUnusedStepAddsExactlyItsOwn, ()) {
  Spec spec = any_spec();
  const Program before = compiled(plan_of(spec, in_order(spec)));
  const int kind = *rc::gen::inRange(0, 4);
  spec.push_back({kind, {}, {}, 0});
  const Program after = compiled(plan_of(spec, in_order(spec)));
  const Program alone =
      compiled(json::Object{{"naestro", "plan/1"},
                            {"goal", "any"},
                            {"steps", json::Array{step_of(spec, spec.size() - 1, "s")}}});
  RC_ASSERT(after.bound.usd == before.bound.usd + alone.bound.usd);
  RC_ASSERT(after.bound.tokens == before.bound.tokens + alone.bound.tokens);
  RC_ASSERT(after.bound.tool_calls == before.bound.tool_calls + alone.bound.tool_calls);
  RC_ASSERT(after.bound.model_calls == before.bound.model_calls + alone.bound.model_calls);
  RC_ASSERT(after.bound.wall_s >= before.bound.wall_s);
}

// Runs the program on `slots` slots, each step for some time up to its timeout, never idle while a
// step is ready: the shell's scheduling in miniature.
struct Measured {
  std::int64_t wall = 0;
  std::int64_t parallel = 0;
};

Measured simulate(const Program& program, std::int64_t slots) {
  const std::size_t count = program.steps.size();
  std::vector<std::int64_t> end(count, -1);
  std::vector<bool> started(count, false);
  Measured out;
  std::int64_t now = 0;
  for (std::size_t done = 0; done < count;) {
    const auto running = std::ranges::count_if(
        in_order(Spec(count)), [&](std::size_t i) { return started[i] && end[i] > now; });
    std::int64_t busy = running;
    for (std::size_t i = 0; i < count && busy < slots; ++i) {
      const bool ready = !started[i] && std::ranges::all_of(program.steps[i].needs, [&](auto need) {
        return started[need] && end[need] <= now;
      });
      if (!ready) continue;
      started[i] = true;
      end[i] = now + *rc::gen::inRange<std::int64_t>(1, program.steps[i].timeout_s + 1);
      ++busy;
    }
    out.parallel = std::max(out.parallel, busy);
    std::int64_t next = -1;
    done = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (started[i] && end[i] > now && (next < 0 || end[i] < next)) next = end[i];
    }
    if (next < 0) break;
    now = next;
    for (std::size_t i = 0; i < count; ++i) done += started[i] && end[i] <= now ? 1 : 0;
  }
  out.wall = now;
  return out;
}

RC_GTEST_PROP(PlanProperty, TimeAndParallelismStayWithinTheBound, ()) {
  const Spec spec = plain_spec();
  Environment environment = world().environment();
  environment.concurrency_max = *rc::gen::inRange<std::int64_t>(1, 6);
  const Compiled out = compile(json::write(plan_of(spec, in_order(spec))), environment);
  RC_ASSERT(out.program.has_value());
  const Measured measured = simulate(*out.program, environment.concurrency_max);
  RC_ASSERT(measured.wall <= out.program->bound.wall_s);
  RC_ASSERT(measured.parallel <= out.program->bound.concurrency);
}

schema::Schema plan_schema() {
  const auto text = naestro::testing::read_file(std::filesystem::path{NAESTRO_SOURCE_DIR} /
                                                "schemas/plan.schema.json");
  return schema::Schema::compile(json::parse(text).value()).value();
}

// Pointers of every value below `value`, but not into what is free data.
void pointers(const json::Value& value, const std::string& at, std::vector<std::string>& out) {
  if (!at.empty()) out.push_back(at);
  if (at.ends_with("/value") || at.ends_with("/data")) return;
  if (const json::Object* object = value.if_object()) {
    for (const auto& member : *object) {
      pointers(member.value(), at + "/" + json::pointer_token(member.key()), out);
    }
  } else if (const json::Array* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      pointers((*array)[i], at + "/" + std::to_string(i), out);
    }
  }
}

// What the schema rejects, the compiler rejects; what the compiler accepts, the schema accepts.
RC_GTEST_PROP(PlanProperty, SchemaAndCompilerAgreeOnShape, ()) {
  static const schema::Schema schema = plan_schema();
  json::Value plan = testing::sample();
  const int edits = *rc::gen::inRange(0, 3);
  for (int i = 0; i < edits; ++i) {
    std::vector<std::string> all;
    pointers(plan, "", all);
    const std::string pointer = all[*rc::gen::inRange<std::size_t>(0, all.size())];
    const std::string text =
        *rc::gen::element<std::string>("", "1", "-1", "0", "1.5", "1e9", "\"\"", "\"a\"", "[]",
                                       "{}", "null", "true", "[1]", "{\"a\":1}", "{\"tool\":1}");
    const bool add = *rc::gen::inRange(0, 4) == 0;
    plan = testing::edited(plan, add ? pointer.substr(0, pointer.rfind('/')) + "/-" : pointer,
                           add && text.empty() ? "1" : text);
  }
  const bool fits = schema.validate(plan).empty();
  const Compiled out = world().compile_value(plan);
  RC_CLASSIFY(out.program.has_value(), "accepted");
  RC_CLASSIFY(!fits, "refused by the schema");
  if (out.program && !fits) RC_FAIL(json::pretty(plan));
  RC_ASSERT(out.program.has_value() ||
            std::ranges::any_of(out.diagnostics, [](const Diagnostic& diagnostic) {
              return diagnostic.severity == Severity::error;
            }));
}

// Whatever the text is, the answer is a program or at least one error.
RC_GTEST_PROP(PlanProperty, BrokenTextIsNeverMoreThanDiagnostics, ()) {
  std::string text{testing::kPlan};
  const int edits = *rc::gen::inRange(1, 4);
  for (int i = 0; i < edits; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    const auto length = *rc::gen::inRange<std::size_t>(0, 4);
    text.replace(at, length,
                 *rc::gen::element<std::string>("", "$", "{", "}", "[", "\"", "0", "9", ".", "\\",
                                                "\xff", "${", "@", "~"));
  }
  const Compiled out = world().compile(text);
  const bool failed = std::ranges::any_of(
      out.diagnostics, [](const Diagnostic& d) { return d.severity == Severity::error; });
  RC_ASSERT(out.program.has_value() != failed);
}

TEST(PlanSchema, AcceptsThePlansThatCompile) {
  const schema::Schema schema = plan_schema();
  EXPECT_TRUE(world().compile(testing::kPlan).program);
  EXPECT_TRUE(schema.validate(testing::sample()).empty());
}

// A chain of layers: each step uses one of the layer before.
TEST(Compile, AThousandSteps) {
  Spec spec(1000);
  for (std::size_t i = 0; i < spec.size(); ++i) {
    spec[i].kind = static_cast<int>(i % 4);
    if (i >= 10) spec[i].uses = {i - 10};
    if (i >= 20) spec[i].needs = {i - 17};
  }
  const Compiled out = world().compile_value(plan_of(spec, in_order(spec)));
  ASSERT_TRUE(out.program) << listing(out);
  EXPECT_EQ(out.program->steps.size(), 1000U);
  EXPECT_EQ(out.program->bound.tool_calls, 750);
  for (std::size_t i = 0; i < spec.size(); ++i) {
    for (const std::size_t need : out.program->steps[i].needs) EXPECT_LT(need, i);
  }
}

}  // namespace
}  // namespace naestro::plan
