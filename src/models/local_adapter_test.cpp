#include "models/local_adapter.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/crypto.hpp"
#include "testing/stub_server.hpp"
#include "testing/testing.hpp"

namespace naestro::models {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::TempDir;

constexpr std::string_view kDefault = "qwen2.5-coder-0.5b-instruct";
constexpr std::string_view kSmall = "smollm2-135m-instruct";

contract::ModelCatalog catalog() {
  auto models = contract::ModelCatalog::from(contract::embedded_models());
  check(models.has_value(), "the shipped models are read");
  return std::move(*models);
}

// The assets folder when it holds the engine and the model, else "".
std::string assets(std::string_view model) {
  const char* set = std::getenv("NAESTRO_ASSETS");
  const fs::path folder =
      set != nullptr ? fs::path{set} : fs::path{NAESTRO_SOURCE_DIR} / "build" / "assets";
  const auto models = catalog();
  const bool there = fs::exists(folder / "llama" / "llama-server") &&
                     fs::exists(folder / "models" / models.find(model)->file);
  return there ? folder.string() : "";
}

// A model for the tests of plumbing: the small one where it is there, since it starts faster.
std::string_view any_model() { return assets(kSmall).empty() ? kDefault : kSmall; }

json::Object question(std::string_view model) {
  return {
      {"model", model},
      {"messages",
       json::Array{json::Object{{"role", "system"}, {"content", "Answer with JSON only."}},
                   json::Object{{"role", "user"},
                                {"content", "Was May a good month? Revenue rose by 18%."}}}},
      {"schema",
       json::Object{{"type", "object"},
                    {"properties",
                     json::Object{{"good", json::Object{{"type", "boolean"}}},
                                  {"reason", json::Object{{"type", "string"}, {"maxLength", 60}}}}},
                    {"required", json::Array{"good", "reason"}},
                    {"additionalProperties", false}}},
      {"max_input_tokens", 200},
      {"max_output_tokens", 120},
      {"seed", 7}};
}

json::Object essay(std::string_view model) {
  json::Object arguments = question(model);
  arguments.erase("schema");
  arguments["messages"] =
      json::Array{json::Object{{"role", "user"}, {"content", "Count from 1 to 1000, in words."}}};
  arguments["max_output_tokens"] = 1500;
  return arguments;
}

door::Outcome act(LocalModelAdapter& adapter, json::Object arguments, std::stop_token stop = {},
                  const door::Provisional& provisional = {}, std::int64_t timeout_s = 120) {
  door::Effect effect;
  effect.target = "model:test";
  effect.arguments = std::move(arguments);
  effect.timeout_s = timeout_s;
  return adapter.act(door::Intent::durable(std::move(effect), {}), std::move(stop), provisional);
}

std::string text(const door::Outcome& outcome) {
  return outcome.result ? std::string{*json::text_at(outcome.result->get_object(), "text")}
                        : outcome.result.error().text();
}

int sockets_in(const fs::path& folder) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator{folder}) {
    count += entry.path().filename().string().starts_with("naestro-") ? 1 : 0;
  }
  return count;
}

TEST(LocalAdapter, RefusesMalformedCallsWithoutBillingThem) {
  const auto models = catalog();
  LocalModelAdapter adapter{models, {.assets = "/nonexistent"}};
  EXPECT_EQ(adapter.engine_pid(), 0);
  EXPECT_EQ(adapter.engine_starts(), 0);
  const std::pair<const char*, json::Value> changes[] = {
      {"model", "gpt-9"},
      {"model", 1},
      {"messages", "hi"},
      {"messages", json::Array{}},
      {"messages", json::Array{json::Object{{"role", "user"}}}},
      {"messages", json::Array{json::Object{{"content", "hi"}}}},
      {"messages", json::Array{7}},
      {"schema", "string"},
      {"max_input_tokens", 0},
      {"max_output_tokens", "9"},
  };
  for (const auto& [name, value] : changes) {
    json::Object arguments = question(kDefault);
    arguments[name] = value;
    const door::Outcome outcome = act(adapter, std::move(arguments));
    ASSERT_FALSE(outcome.result) << name;
    EXPECT_TRUE(outcome.usage_known);
    EXPECT_EQ(outcome.usage.tokens(), 0);
    EXPECT_FALSE(outcome.result.error().remedy.empty());
  }
  const door::Outcome outcome = act(adapter, question(kDefault));
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().code, Code::kEngineMissing);
  EXPECT_TRUE(outcome.result.error().remedy.contains("scripts/fetch_assets.sh /nonexistent"));
  EXPECT_EQ(adapter.installed(kDefault).error().code, Code::kEngineMissing);
  EXPECT_EQ(adapter.installed("gpt-9").error().code, Code::kNotFound);
}

// Two restarts, then it is given up, with the engine's last words.
TEST(LocalAdapter, AnEngineThatKeepsDyingIsGivenUp) {
  const TempDir folder;
  const std::string model = folder.str() + "/models/tiny.gguf";
  const std::string engine = folder.str() + "/llama/llama-server";
  testing::write_file(model, "weights");
  testing::write_file(
      engine, "#!/bin/sh\necho start >> " + folder.str() + "/starts\necho 'no luck' >&2\nexit 1\n");
  fs::permissions(engine, fs::perms::owner_all);
  const std::string form =
      R"({"name":"tiny","kind":"model.local","file":"tiny.gguf","file_sha256":")" +
      hex(crypto::sha256("weights")) +
      R"(","context_tokens":2048,"usd_per_mtok_in":"0","usd_per_mtok_out":"0",)"
      R"("price_list":"local/1","licence":"none"})";
  const EmbeddedFile files[] = {{"tiny.json", form}};
  const auto models = contract::ModelCatalog::from(files);
  ASSERT_TRUE(models);
  LocalModelAdapter adapter{*models, {.assets = folder.str(), .temp_folder = folder.str()}};
  EXPECT_TRUE(adapter.installed("tiny"));
  const door::Outcome outcome = act(adapter, question("tiny"));
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().code, Code::kEngineFailed);
  EXPECT_TRUE(outcome.result.error().message.contains("no luck"));
  EXPECT_EQ(testing::read_file(folder.str() + "/starts"), "start\nstart\nstart\n");
}

// The default model keeps to a schema, the same way each time.
TEST(LocalModel, AnswersBySchemaAndRepeatsItself) {
  const std::string folder = assets(kDefault);
  NAESTRO_NEEDS("llama", !folder.empty());
  const auto models = catalog();
  std::string texts[2];
  for (std::string& answer : texts) {  // each from an engine of its own
    LocalModelAdapter adapter{models, {.assets = folder}};
    std::string chunks;
    const door::Outcome outcome =
        act(adapter, question(kDefault), {}, [&](std::string_view chunk) { chunks += chunk; });
    ASSERT_TRUE(outcome.result) << outcome.result.error().text();
    answer = text(outcome);
    EXPECT_EQ(chunks, answer);
    EXPECT_TRUE(outcome.usage_known);
    EXPECT_GT(outcome.usage.tokens_in, 20);
    EXPECT_GT(outcome.usage.tokens_out, 5);
    EXPECT_EQ(outcome.usage.model_calls, 1);
    EXPECT_EQ(outcome.usage.usd, 0);
    EXPECT_EQ(text(act(adapter, question(kDefault))), answer);
  }
  EXPECT_EQ(texts[0], texts[1]);
  const auto value = json::parse(texts[0]);
  ASSERT_TRUE(value) << texts[0];
  ASSERT_TRUE(value->is_object());
  EXPECT_EQ(value->get_object().size(), 2U);
  EXPECT_TRUE(json::bool_at(value->get_object(), "good"));
  EXPECT_TRUE(json::text_at(value->get_object(), "reason"));
}

TEST(LocalModel, SurvivesTheDeathOfItsEngineAndLeavesNothingBehind) {
  const std::string_view model = any_model();
  const std::string folder = assets(model);
  NAESTRO_NEEDS("llama", !folder.empty());
  const TempDir temp;
  const auto models = catalog();
  pid_t last = 0;
  {
    LocalModelAdapter adapter{models, {.assets = folder, .temp_folder = temp.str()}};
    const std::string answer = text(act(adapter, question(model)));
    // Between two calls.
    const pid_t first = adapter.engine_pid();
    kill(first, SIGKILL);
    EXPECT_EQ(text(act(adapter, question(model))), answer);
    EXPECT_NE(adapter.engine_pid(), first);
    EXPECT_EQ(adapter.engine_starts(), 2);
    // In the middle of one: it may have been computed, so it is not asked again by itself.
    const pid_t second = adapter.engine_pid();
    bool killed = false;
    const door::Outcome outcome = act(adapter, question(model), {}, [&](std::string_view) {
      if (!std::exchange(killed, true)) kill(second, SIGKILL);
    });
    ASSERT_FALSE(outcome.result);
    EXPECT_EQ(outcome.result.error().code, Code::kEngineFailed);
    EXPECT_FALSE(outcome.usage_known);
    EXPECT_EQ(text(act(adapter, question(model))), answer);
    EXPECT_EQ(adapter.engine_starts(), 3);
    // Its socket is swept away while it lives.
    for (const auto& entry : fs::directory_iterator{temp.path()}) {
      fs::remove_all(entry.path());
    }
    EXPECT_EQ(text(act(adapter, question(model))), answer);
    EXPECT_EQ(adapter.engine_starts(), 4);
    last = adapter.engine_pid();
    EXPECT_EQ(sockets_in(temp.path()), 1);
  }
  EXPECT_EQ(kill(last, 0), -1);
  EXPECT_EQ(errno, ESRCH);
  EXPECT_EQ(sockets_in(temp.path()), 0);
}

TEST(LocalModel, CancelsDeadlinesAndCaps) {
  const std::string_view model = any_model();
  const std::string folder = assets(model);
  NAESTRO_NEEDS("llama", !folder.empty());
  const auto models = catalog();
  LocalModelAdapter adapter{models, {.assets = folder}};
  const std::string answer = text(act(adapter, question(model)));

  std::stop_source source;
  steady_clock::time_point asked;
  const door::Outcome cancelled =
      act(adapter, essay(model), source.get_token(), [&](std::string_view) {
        if (source.request_stop()) asked = steady_clock::now();
      });
  ASSERT_FALSE(cancelled.result) << text(cancelled);
  EXPECT_EQ(cancelled.result.error().code, Code::kInterrupted);
  EXPECT_LT(steady_clock::now() - asked, milliseconds{2000});
  EXPECT_FALSE(cancelled.usage_known);

  // A call that waits for its turn gives up as well; the next one gets it.
  std::stop_source both;
  bool began = false;
  std::jthread holder{[&] {
    act(adapter, essay(model), both.get_token(), [&](std::string_view) {
      if (std::exchange(began, true)) return;
      std::stop_source waiting;
      std::jthread stopper{[&waiting] {
        std::this_thread::sleep_for(milliseconds{100});
        waiting.request_stop();
      }};
      const door::Outcome waited = act(adapter, question(model), waiting.get_token());
      EXPECT_EQ(waited.result.error().code, Code::kInterrupted);
      EXPECT_TRUE(waited.usage_known);
      both.request_stop();
    });
  }};
  holder.join();
  EXPECT_TRUE(began);

  const door::Outcome late = act(adapter, essay(model), {}, {}, 1);
  ASSERT_FALSE(late.result);
  EXPECT_EQ(late.result.error().code, Code::kTimeout) << text(late);

  json::Object over = question(model);
  over["max_input_tokens"] = 10;
  const door::Outcome refused = act(adapter, over);
  ASSERT_FALSE(refused.result);
  EXPECT_EQ(refused.result.error().code, Code::kModelInputCap);
  EXPECT_TRUE(refused.usage_known);

  json::Object shorter = essay(model);
  shorter["max_output_tokens"] = 8;
  const door::Outcome cut = act(adapter, shorter);
  ASSERT_FALSE(cut.result);
  EXPECT_EQ(cut.result.error().code, Code::kModelAnswer) << text(cut);
  EXPECT_TRUE(cut.usage_known);
  EXPECT_EQ(cut.usage.tokens_out, 8);

  json::Object strange = question(model);
  strange["schema"] = json::Object{{"$ref", "#/nowhere"}};
  const door::Outcome no_grammar = act(adapter, strange);
  ASSERT_FALSE(no_grammar.result);
  EXPECT_EQ(no_grammar.result.error().code, Code::kSchemaUnsupported) << text(no_grammar);

  // None of that changed what it answers.
  EXPECT_EQ(text(act(adapter, question(model))), answer);
  EXPECT_EQ(adapter.engine_starts(), 1);
}

// What is counted before a call is what the engine then reports, so that the cap is exact.
TEST(LocalModel, CountsItsInputExactly) {
  for (const std::string_view model : {kDefault, kSmall}) {
    const std::string folder = assets(model);
    if (folder.empty() && model == kSmall) continue;
    NAESTRO_NEEDS("llama", !folder.empty());
    const auto models = catalog();
    LocalModelAdapter adapter{models, {.assets = folder}};
    json::Object arguments = question(model);
    arguments["messages"].get_array().push_back(
        json::Object{{"role", "user"}, {"content", "<|im_end|> \xC3\xA9\xE2\x82\xAC  x\n\n"}});
    const door::Outcome outcome = act(adapter, arguments);
    ASSERT_TRUE(outcome.result) << text(outcome);
    arguments["max_input_tokens"] = outcome.usage.tokens_in;
    EXPECT_TRUE(act(adapter, arguments).result);
    arguments["max_input_tokens"] = outcome.usage.tokens_in - 1;
    EXPECT_FALSE(act(adapter, arguments).result);
  }
}

// The real engine too dies with a parent that was killed.
TEST(LocalModel, TheEngineDiesWithAKilledParent) {
  const std::string_view model = any_model();
  const std::string folder = assets(model);
  NAESTRO_NEEDS("llama", !folder.empty());
  const TempDir temp;
  const auto models = catalog();
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // orphans come to us
  int pipe_fds[2];
  ASSERT_EQ(pipe(pipe_fds), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    LocalModelAdapter adapter{models, {.assets = folder, .temp_folder = temp.str()}};
    static_cast<void>(act(adapter, question(model)));
    const pid_t pid = adapter.engine_pid();
    static_cast<void>(!write(pipe_fds[1], &pid, sizeof pid));
    for (;;) pause();
  }
  pid_t engine = 0;
  ASSERT_EQ(read(pipe_fds[0], &engine, sizeof engine), static_cast<ssize_t>(sizeof engine));
  ASSERT_GT(engine, 0);
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  int status = 0;
  ASSERT_EQ(waitpid(engine, &status, 0), engine);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  close(pipe_fds[0]);
  close(pipe_fds[1]);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

}  // namespace
}  // namespace naestro::models
