#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

#include "proof/proofs.hpp"
#include "schema/validate.hpp"

namespace naestro::proof {
namespace {

namespace fs = std::filesystem;

Result<json::Value> read(const fs::path& file) {
  std::ifstream in{file};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  auto value = json::parse(text, {.large_integers = true});
  if (!value) return fail(Code::kInvalidJson, file.string() + " is no JSON", value.error());
  return value;
}

// All JSON files below a folder, sorted; none when it is not there.
std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> out;
  if (!fs::is_directory(folder)) return out;
  for (const auto& entry : fs::recursive_directory_iterator{folder}) {
    if (entry.path().extension() == ".json") out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

// What the suite's server would serve, and the metaschema files by their own names.
Result<schema::Resources> resources(const fs::path& folder) {
  schema::Resources out;
  for (const fs::path& file : files_below(folder / "remotes")) {
    NAESTRO_LET(json::Value value, read(file));
    const std::string name = fs::relative(file, folder / "remotes").generic_string();
    out.emplace("http://localhost:1234/" + name, std::move(value));
  }
  for (const fs::path& file : files_below(folder / "metaschema")) {
    NAESTRO_LET(json::Value value, read(file));
    const json::Object* object = value.if_object();
    const auto id = object == nullptr ? std::nullopt : json::text_at(*object, "$id");
    if (id) out.emplace(*id, std::move(value));
  }
  return out;
}

struct Tally {
  std::int64_t total = 0;
  std::int64_t agree = 0;
};

struct Report {
  Tally tally;
  json::Array disagree;      // "file: case: test"
  json::Object short_files;  // file -> "agree of total" where not all do
};

// A case: a schema with its tests. A schema that is refused agrees in none of them.
void run_case(const json::Object& group, const schema::Resources& known, const std::string& file,
              Tally& tally, Report& report) {
  const std::string name = file + ": " + std::string{*json::text_at(group, "description")};
  const auto compiled = schema::Schema::compile(group.at("schema"), known, schema::Unknown::ignore);
  for (const json::Value& item : *json::array_at(group, "tests")) {
    const json::Object& test = item.get_object();
    ++tally.total;
    if (compiled && compiled->validate(test.at("data"), 1).empty() == test.at("valid").get_bool()) {
      ++tally.agree;
      continue;
    }
    std::string line = name + ": " + std::string{*json::text_at(test, "description")};
    if (!compiled) line += " (" + compiled.error().message + ")";
    report.disagree.emplace_back(line);
  }
}

Result<void> run_file(const fs::path& file, const std::string& name, const schema::Resources& known,
                      Report& report) {
  NAESTRO_LET(const json::Value groups, read(file));
  Tally tally;
  for (const json::Value& group : groups.get_array()) {
    run_case(group.get_object(), known, name, tally, report);
  }
  report.tally.total += tally.total;
  report.tally.agree += tally.agree;
  if (tally.agree < tally.total) {
    report.short_files[name] = std::to_string(tally.agree) + " of " + std::to_string(tally.total);
  }
  return {};
}

}  // namespace

Result<json::Value> json_schema(const Folders& folders) {
  const fs::path& folder = folders.first;
  const fs::path tests = folder / "tests/draft2020-12";
  NAESTRO_LET(const schema::Resources known, resources(folder));
  Report required;
  Report optional;
  for (const fs::path& file : files_below(tests)) {
    const std::string name = fs::relative(file, tests).generic_string();
    NAESTRO_TRY(run_file(file, name, known, name.starts_with("optional/") ? optional : required));
  }
  if (required.tally.total == 0) {
    return fail(Code::kNotFound, folder.string() + " holds no tests/draft2020-12/*.json",
                "give the folder of the JSON Schema test suite");
  }
  return json::Object{
      {"set", "json-schema"},
      {"total", required.tally.total},
      {"agree", required.tally.agree},
      {"detail", json::Object{{"disagree", std::move(required.disagree)},
                              {"optional_total", optional.tally.total},
                              {"optional_agree", optional.tally.agree},
                              {"optional_not_met", std::move(optional.short_files)}}}};
}

}  // namespace naestro::proof
