// Cedar's integration tests against policy/cedar.hpp: every request of every set.
#include "policy/cedar.hpp"

#include <set>

#include "proof/archive.hpp"
#include "proof/cedar_schema.hpp"
#include "proof/proofs.hpp"

namespace naestro::proof {
namespace {

using Files = std::map<std::string, std::string>;
using Ids = std::set<std::string>;

struct Tally {
  std::int64_t sets = 0;
  std::int64_t total = 0;
  std::int64_t agree = 0;
  std::int64_t exact = 0;  // also the same policies as reasons and as errors
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> texts;  // by policy text
  json::Array disagree;
};

// What a test names is relative to a folder above it.
const std::string* file_of(const Files& files, std::string_view test, std::string_view named) {
  for (std::string base{test}; !base.empty();) {
    const std::size_t slash = base.rfind('/');
    base = slash == std::string::npos ? "" : base.substr(0, slash);
    const auto found =
        files.find(base.empty() ? std::string{named} : base + "/" + std::string{named});
    if (found != files.end()) return &found->second;
  }
  return nullptr;
}

Ids ids_of(const json::Object& request, std::string_view member) {
  Ids out;
  if (const json::Array* ids = json::array_at(request, member)) {
    for (const json::Value& id : *ids) out.emplace(json::view(id.as_string()));
  }
  return out;
}

json::Value context_of(const json::Object& form, const CedarSchema& schema,
                       const std::string& action) {
  const auto known = schema.contexts.find(action);
  const json::Value& context = form.at("context");
  return known == schema.contexts.end() ? context : explicit_form(schema, known->second, context);
}

// Attributes and tags by the schema of the entity's type.
json::Value entities_of(json::Value rows, const CedarSchema& schema) {
  for (json::Value& row : rows.as_array()) {
    json::Object& entity = row.as_object();
    const auto uid = policy::uid_from_json(entity["uid"]);
    const auto known = uid ? schema.entities.find(uid->type) : schema.entities.end();
    if (known == schema.entities.end()) continue;
    entity["attrs"] = explicit_form(schema, known->second, entity["attrs"]);
    if (!entity.contains("tags")) continue;
    for (auto& tag : entity["tags"].as_object()) {
      tag.value() = explicit_form(schema, schema.entities.at(uid->type + " tags"), tag.value());
    }
  }
  return rows;
}

Result<policy::Request> request_of(const json::Object& form, const CedarSchema& schema) {
  policy::Request out;
  NAESTRO_LET(out.principal, policy::uid_from_json(form.at("principal")));
  NAESTRO_LET(out.action, policy::uid_from_json(form.at("action")));
  NAESTRO_LET(out.resource, policy::uid_from_json(form.at("resource")));
  NAESTRO_LET(policy::Value context,
              policy::value_from_json(context_of(form, schema, out.action.id)));
  if (auto* record = std::get_if<policy::Record>(&context.of)) out.context = std::move(*record);
  return out;
}

struct World {
  std::vector<policy::CedarPolicy> policies;
  policy::Entities entities;
  CedarSchema schema;
};

Result<World> world_of(const Files& files, const std::string& test, const json::Object& form) {
  const std::string* text = file_of(files, test, *json::text_at(form, "policies"));
  const std::string* entities = file_of(files, test, *json::text_at(form, "entities"));
  if (text == nullptr || entities == nullptr) {
    return fail(Code::kNotFound, "its policies or entities are not there");
  }
  World out;
  NAESTRO_LET(out.policies, policy::parse_cedar(*text));
  const auto named = json::text_at(form, "schema");
  const std::string* schema = named ? file_of(files, test, *named) : nullptr;
  if (schema != nullptr) {
    NAESTRO_LET(out.schema, parse_cedar_schema(*schema));
  }
  NAESTRO_LET(json::Value parsed, json::parse(*entities, {.large_integers = true}));
  NAESTRO_LET(out.entities, policy::Entities::parse(entities_of(std::move(parsed), out.schema)));
  return out;
}

// "" when decision, reasons and errors are as expected; else what differs.
std::string difference(const World& world, const json::Object& row, bool& decided) {
  const auto request = request_of(row, world.schema);
  if (!request) return request.error().message;
  const auto answer = policy::authorize(world.policies, *request, world.entities);
  decided = answer.allow == (json::text_at(row, "decision") == "allow");
  if (!decided) return answer.allow ? "allowed" : "denied";
  if (ids_of(row, "reason") != Ids(answer.reasons.begin(), answer.reasons.end())) return "reasons";
  return ids_of(row, "errors") != Ids(answer.errors.begin(), answer.errors.end()) ? "errors" : "";
}

void run_test(const Files& files, const std::string& name, const json::Object& form, Tally& tally) {
  ++tally.sets;
  const auto world = world_of(files, name, form);
  const std::string* text = file_of(files, name, *json::text_at(form, "policies"));
  auto& of_text = tally.texts[text != nullptr ? *text : name];
  for (const json::Value& each : *json::array_at(form, "requests")) {
    ++tally.total;
    ++of_text.first;
    bool decided = false;
    const std::string why =
        world ? difference(*world, each.as_object(), decided) : world.error().message;
    tally.agree += decided ? 1 : 0;
    of_text.second += decided ? 1 : 0;
    tally.exact += why.empty() ? 1 : 0;
    if (!why.empty() && tally.disagree.size() < 100) {
      tally.disagree.emplace_back(
          name + ": " + std::string{json::text_at(each.as_object(), "description").value_or("")} +
          ": " + why);
    }
  }
}

}  // namespace

Result<json::Value> cedar(const Folders& folders) {
  const std::filesystem::path& folder = folders.first;
  NAESTRO_LET(const Files files, files_of(folder));
  Tally tally;
  for (const auto& [name, text] : files) {
    if (!name.ends_with(".json") || name.ends_with(".entities.json")) continue;
    const auto form = json::parse(text, {.large_integers = true});
    const json::Object* test = form ? form->if_object() : nullptr;
    if (test == nullptr || json::array_at(*test, "requests") == nullptr) {
      if (!form) tally.disagree.emplace_back(name + ": " + form.error().text());
      continue;
    }
    run_test(files, name, *test, tally);
  }
  if (tally.sets == 0) {
    return fail(Code::kNotFound, folder.string() + " holds no tests with requests",
                "give the folder of Cedar's integration tests");
  }
  std::int64_t whole = 0;
  for (const auto& [text, count] : tally.texts) whole += count.first == count.second ? 1 : 0;
  return json::Object{{"set", "cedar"},
                      {"total", tally.total},
                      {"agree", tally.agree},
                      {"detail", json::Object{{"sets", tally.sets},
                                              {"exact", tally.exact},
                                              {"policy_texts", tally.texts.size()},
                                              {"policy_texts_whole", whole},
                                              {"disagree", std::move(tally.disagree)}}}};
}

}  // namespace naestro::proof
