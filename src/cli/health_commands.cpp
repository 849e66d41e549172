// Commands of the first five minutes: init, doctor.
#include <algorithm>

#include "cli/render.hpp"
#include "cli/session.hpp"
#include "ledger/files.hpp"

namespace naestro::cli {
namespace {

constexpr const char* kConfigFile = "naestro.yaml";

// Makes the file unless one is there; says which.
Result<std::string> write_starter(const House& house) {
  const std::string path = house.cwd + "/" + kConfigFile;
  const std::string name = "./" + std::string{kConfigFile};
  auto there = ledger::read_whole(path);
  const bool made = !there && there.error().code == Code::kNotFound;
  if (made) {
    NAESTRO_TRY(ledger::create_durably(path, as_bytes(house.starter_config), 0644));
    there = ledger::read_whole(path);  // perhaps another process was faster
  }
  if (!there) return std::unexpected(there.error());
  if (*there != house.starter_config) {
    return name + " is there already and was left as it is ('naestro config' shows what holds)";
  }
  return made ? "wrote " + name : name + " is there already and as init would write it";
}

std::string sources_text(const std::vector<Source>& sources) {
  std::string out;
  std::vector<std::vector<std::string>> rows;
  for (const Source& source : sources) {
    rows.push_back({"  " + source.name, source.found ? "found" : "not found", source.detail});
  }
  out += table(rows);
  rows.clear();
  for (const Source& source : sources) {
    if (source.found) rows.push_back({"  " + source.name, source.unlocks});
  }
  out += "Goals that these unlock:\n";
  rows.push_back({"  without a model",
                  "goals that find, count, sum, compare, list or order what is in your files"});
  return out + table(rows);
}

// The live call at the end; the last line says where things stand.
int try_model(House& house, const std::vector<Source>& sources) {
  const bool engine =
      std::ranges::any_of(sources, [](const Source& s) { return s.used && s.found; });
  if (!engine) {
    print(house.out,
          "Test call: none, no engine that this version can use is installed. Get it:\n  " +
              house.engine_command(house) +
              "\nReady for goals and plans that need no model; for the others get the engine, "
              "then 'naestro doctor --live'.\n");
    return 0;
  }
  print(house.out, "Test call of the model (the first one checks its file) ...\n");
  const auto call = house.test_call(house);
  if (!call) {
    const int code = report(house, call.error());
    print(house.out, "Not ready for model steps: the test call failed; see 'naestro doctor'.\n");
    return call.error().code == Code::kEngineMissing ? 0 : code;
  }
  print(house.out,
        "  " + call->model + " answered " + call->answer + ": " + std::to_string(call->tokens_in) +
            " tokens in, " + std::to_string(call->tokens_out) + " out, " +
            duration_text(call->duration_ms * 1000) +
            "\nReady. Next: naestro run \"GOAL\" -w FOLDER, naestro demo, naestro --help.\n");
  return 0;
}

json::Value to_json(const Check& check) {
  return json::Object{{"id", check.id},
                      {"status", name(check.status)},
                      {"meaning", check.meaning},
                      {"remedy", check.remedy},
                      {"duration_ms", check.duration_ms}};
}

}  // namespace

int init(House& house) {
  const auto wrote = write_starter(house);
  if (!wrote) return report(house, wrote.error());
  print(house.out, *wrote + "\n");
  {
    const auto session = open_session(house);  // says so when it makes the key
    if (!session) return report(house, session.error());
    print(house.out, "signing key  " + house.folders.data + "/signing.key\nstore        " +
                         ledger::store_file(house.folders) + "\n");
  }
  print(house.out, "Looking for models:\n");
  const auto sources = house.look_around(house);
  print(house.out, sources_text(sources));
  return try_model(house, sources);
}

int doctor(House& house, bool live, bool json) {
  const std::vector<Check> checks = house.examine(house, live);
  const auto count = [&](Check::Status status) {
    return std::ranges::count(checks, status, &Check::status);
  };
  const auto fails = count(Check::Status::fail);
  if (json) {
    json::Array rows;
    for (const Check& check : checks) rows.push_back(to_json(check));
    print(house.out,
          json::pretty(json::Object{
              {"version", house.version}, {"good", fails == 0}, {"checks", std::move(rows)}}));
    return fails == 0 ? 0 : 1;
  }
  std::vector<std::vector<std::string>> rows;
  for (const Check& check : checks) {
    rows.push_back({std::string{name(check.status)}, check.id, check.meaning});
    if (!check.remedy.empty()) rows.push_back({"", "", "-> " + check.remedy});
  }
  print(house.out, table(rows) + std::to_string(count(Check::Status::ok)) + " ok, " +
                       std::to_string(count(Check::Status::warn)) + " warn, " +
                       std::to_string(fails) + " fail\n");
  return fails == 0 ? 0 : 1;
}

}  // namespace naestro::cli
