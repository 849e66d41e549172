#include "app/sources.hpp"

#include <algorithm>
#include <filesystem>

#include "base/text.hpp"
#include "models/local_adapter.hpp"
#include "net/http.hpp"
#include "schema/validate.hpp"

namespace naestro::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kAnswerBytesMax = std::size_t{1} << 20;
constexpr std::size_t kNamesMax = 3;
constexpr std::size_t kNameBytesMax = 60;
constexpr const char* kLocalGoals =
    "goals that summarise or extract, plans with model steps; offline, without cost";

constexpr const char* kKeys[] = {"OPENAI_API_KEY",  "ANTHROPIC_API_KEY", "GEMINI_API_KEY",
                                 "MISTRAL_API_KEY", "XAI_API_KEY",       "OPENROUTER_API_KEY"};

const contract::ModelContract& model_of(const cli::House& house) {
  const contract::ModelContract* model = house.models.find(house.settings.model);
  return model == nullptr ? house.models.fallback() : *model;
}

// A foreign name, fit for a terminal.
std::string clean(std::string_view name) {
  if (!is_utf8(name)) return "(no text)";
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    // 0xc2 begins the C1 control characters, some of which terminals obey.
    out += byte < 0x20 || byte == 0x7f || byte == 0xc2 ? '?' : c;
  }
  return shorten(is_utf8(out) ? out : "(no text)", kNameBytesMax);
}

// {"models": [{"name"}...]} of Ollama, {"data": [{"id"}...]} of the others.
std::optional<std::vector<std::string>> names_in(std::string_view body) {
  const auto value = json::parse(body, {.bytes_max = kAnswerBytesMax, .large_integers = true});
  if (!value || !value->is_object()) return std::nullopt;
  const json::Object& object = value->get_object();
  const json::Array* rows = json::array_at(object, "models");
  if (rows == nullptr) rows = json::array_at(object, "data");
  if (rows == nullptr) return std::nullopt;
  std::vector<std::string> names;
  for (const json::Value& row : *rows) {
    if (!row.is_object()) continue;
    auto name = json::text_at(row.get_object(), "name");
    if (!name) name = json::text_at(row.get_object(), "id");
    if (name) names.push_back(clean(*name));
  }
  return names;
}

std::string counted(const std::vector<std::string>& names) {
  if (names.empty()) return "no models";
  const std::size_t shown = std::min(names.size(), kNamesMax);
  return std::to_string(names.size()) + (names.size() == 1 ? " model: " : " models: ") +
         join({names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown)}, ", ") +
         (shown < names.size() ? ", ..." : "");
}

// One word for a shell.
std::string quoted(const std::string& word) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-+,:@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? "'\\''" : std::string{c};
  return out + "'";
}

cli::Source built_in_engine(const cli::House& house) {
  cli::Source source{.name = "built-in engine",
                     .found = false,
                     .detail = {},
                     .used = true,
                     .unlocks = kLocalGoals};
  const models::LocalModelAdapter adapter{house.models, {.assets = house.settings.assets}};
  std::vector<std::string> there;
  for (const contract::ModelContract& model : house.models.all()) {
    if (!model.file.empty() && adapter.installed(model.name)) there.push_back(model.name);
  }
  source.found = !there.empty();
  source.detail = source.found ? house.settings.assets + ", " + counted(there)
                               : "not in " + house.settings.assets;
  return source;
}

const json::Object& answer_schema() {
  static const json::Object schema{
      {"type", "object"},
      {"properties",
       json::Object{{"animal", json::Object{{"enum", json::Array{"cat", "dog", "horse"}}}}}},
      {"required", json::Array{"animal"}},
      {"additionalProperties", false}};
  return schema;
}

door::Effect test_effect(const contract::ModelContract& model) {
  constexpr std::int64_t kIn = 256;
  constexpr std::int64_t kOut = 32;
  door::Effect effect;
  effect.step = "self-test";
  effect.target = "model:" + model.name;
  effect.contract = model.digest;
  effect.arguments = {{"model", model.name},
                      {"messages", json::Array{json::Object{
                                       {"role", "user"},
                                       {"content", "Which animal barks? Answer with JSON only."}}}},
                      {"schema", answer_schema()},
                      {"max_input_tokens", kIn},
                      {"max_output_tokens", kOut}};
  effect.declared = {{.kind = contract::EffectKind::model_local, .argument = {}}};
  effect.caps = {.tokens = kIn + kOut, .tool_calls = 0, .model_calls = 1, .usd = 0};
  effect.timeout_s = 120;  // the first start hashes the model file
  effect.max_output_bytes = 4096;
  return effect;
}

}  // namespace

std::vector<LocalServer> known_servers() {
  return {{"Ollama", "http://127.0.0.1:11434/api/tags"},
          {"llama-server", "http://127.0.0.1:8080/v1/models"},
          {"LM Studio", "http://127.0.0.1:1234/v1/models"}};
}

cli::Source ask_server(const LocalServer& server) {
  const std::string where = server.url.substr(server.url.find("//") + 2);
  cli::Source source{.name = server.name,
                     .found = false,
                     .detail = "nothing answers at " + where,
                     .used = false,
                     .unlocks =
                         "plans with model steps, and as planner.model goals that no skill "
                         "explains, once a model of it is added: naestro models "
                         "add NAME --url " +
                         server.url.substr(0, server.url.find('/', 8)) + "/v1"};
  const auto response = net::fetch(
      {.url = server.url, .timeout = kProbeTimeMax, .response_bytes_max = kAnswerBytesMax});
  if (!response) return source;
  const auto names = response->status == 200 ? names_in(response->body) : std::nullopt;
  if (!names) {
    source.detail = "something else answers at " + where;
    return source;
  }
  source.found = true;
  source.detail = where + ", " + counted(*names);
  return source;
}

std::vector<cli::Source> look_around(const cli::House& house,
                                     const std::function<bool(const char*)>& environment) {
  std::vector<cli::Source> out{built_in_engine(house)};
  for (const LocalServer& server : known_servers()) out.push_back(ask_server(server));
  for (const char* key : kKeys) {
    const bool set = environment(key);
    out.push_back(
        {.name = key,
         .found = set,
         .detail = set ? "set in the environment (its value is not read)" : "not set",
         .used = false,
         .unlocks = "plans with model steps in the cloud, for money, and as planner.model "
                    "goals that no skill explains, once a model is "
                    "added: naestro models add NAME --url URL --key-env " +
                    std::string{key}});
  }
  return out;
}

std::string engine_command(const cli::House& house) {
  const fs::path assets = house.settings.assets;
  const fs::path root = assets.parent_path().parent_path();  // ROOT/build/assets
  std::error_code ignored;
  const std::string script = "scripts/fetch_assets.sh";
  const bool here = fs::exists(root / script, ignored);
  return (here ? quoted((root / script).string()) : script) + " " + quoted(assets.string()) +
         (house.settings.model.empty() ? " default" : " all");
}

Result<cli::TestCall> test_call(const cli::House& house) {
  const contract::ModelContract& model = model_of(house);
  const door::Effect effect = test_effect(model);
  const auto [verdict, kind] = house.policy.decide(
      {.target = effect.target, .effects = effect.declared, .authority = effect.authority});
  // It belongs to no run, which could carry out an obligation.
  if (verdict.decision != policy::Decision::allow || !verdict.obligations.none()) {
    return fail(Code::kDenied, "policy does not allow a test call: rule " + verdict.rule,
                verdict.reason);
  }
  models::LocalModelAdapter adapter{house.models, {.assets = house.settings.assets}};
  if (auto there = adapter.installed(model.name); !there) {
    Error error = std::move(there).error();
    error.remedy = "run " + engine_command(house);
    return std::unexpected(std::move(error));
  }
  door::Outcome outcome =
      door::perform(door::Intent::self_test(effect), adapter, house.clock, {}, {});
  if (!outcome.result) return std::unexpected(std::move(outcome.result).error());
  const std::string text{json::text_at(outcome.result->get_object(), "text").value_or("")};
  NAESTRO_LET(const json::Value answer, json::parse(text));
  NAESTRO_LET(const auto schema, schema::Schema::compile(answer_schema()));
  NAESTRO_TRY(schema::conforms(schema, answer, "the answer"));
  return cli::TestCall{model.name, json::write(answer), outcome.usage.tokens_in,
                       outcome.usage.tokens_out, outcome.latency_us / 1000};
}

}  // namespace naestro::app
