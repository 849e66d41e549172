#include "tools/builtin.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "tools/calls.hpp"
#include "tools/tools_test.hpp"

namespace naestro::tools {
namespace {

const std::filesystem::path kContracts =
    std::filesystem::path{NAESTRO_SOURCE_DIR} / "contracts" / "tools";

std::set<std::string> keys(const json::Object& object) {
  std::set<std::string> out;
  for (const auto& member : object) out.emplace(member.key());
  return out;
}

TEST(ToolContracts, NameTheToolsAndTheirArguments) {
  const std::map<std::string, std::size_t> caps = {
      {"answer.compose@1", kAnswerOutputMax},
      {"chart.svg@1", kChartOutputMax},
      {"consensus.deal@1", kConsensusOutputMax},
      {"consensus.settle@1", kConsensusOutputMax},
      {"csv.duplicates@1", kCsvOutputMax},
      {"csv.join@1", kCsvOutputMax},
      {"csv.query@1", kCsvOutputMax},
      {"exec.run@1", kExecOutputMax},
      {"exec.run@2", kExecOutputMax},
      {"files.edit@1", kWriteOutputMax},
      {"files.instructions@1", kInstructionsOutputMax},
      {"files.list@1", kListOutputMax},
      {"files.read@1", kReadOutputMax},
      {"files.restore@1", kRestoreOutputMax},
      {"files.search@1", kSearchOutputMax},
      {"files.write@1", kWriteOutputMax},
      {"http.get@1", kHttpOutputMax},
      {"http.get@2", kHttpOutputMax},
      {"json.query@1", kCsvOutputMax},
      {"report.markdown@1", kReportOutputMax},
      {"text.compare@1", kCompareOutputMax},
      {"text.diff@1", kDiffOutputMax},
      {"text.find@1", kFindOutputMax},
      {"text.section@1", kSectionOutputMax},
      {"text.timeline@1", kTimelineOutputMax},
  };
  std::vector<std::string> ids;
  for (const std::string& id : known()) {
    const std::string name = id.substr(0, id.find('@'));
    const std::string version = id.substr(id.find('@') + 1);
    const std::string file = name + (version == "1" ? "" : "." + version) + ".json";
    const auto parsed = json::parse(testing::read_file(kContracts / file));
    ASSERT_TRUE(parsed) << name << parsed.error().text();
    const json::Object& contract = parsed->as_object();
    ids.push_back(std::string{*json::text_at(contract, "name")} + "@" +
                  std::to_string(*json::integer_at(contract, "version")));
    const json::Object& arguments = *json::object_at(contract, "arguments");
    EXPECT_EQ(keys(arguments), keys(json::at(*parsed, "/input/properties")->as_object()));
    for (const auto& argument : arguments) {
      const std::string_view kind = json::view(argument.value().as_string());
      EXPECT_TRUE(kind == "authority" || kind == "payload" || kind == "inert") << kind;
    }
    for (const json::Value& effect : *json::array_at(contract, "effects")) {
      const auto on = json::text_at(effect.as_object(), "argument");
      EXPECT_EQ(json::text_at(arguments, *on), "authority") << name;
    }
    EXPECT_EQ(static_cast<std::size_t>(*json::integer_at(contract, "max_output_bytes")),
              caps.at(id));
  }
  EXPECT_EQ(ids, known());
  EXPECT_TRUE(std::ranges::is_sorted(ids));
  // The planner's five tools, two of them in several versions, are those of the room agents.
  const auto files = std::distance(std::filesystem::directory_iterator{kContracts}, {});
  EXPECT_EQ(static_cast<std::size_t>(files), ids.size() + 8) << "a contract without a tool";
}

using BuiltinTest = ToolTest;

TEST_F(BuiltinTest, UnknownToolsAreNamed) {
  const auto result = call("csv.qurey", 1, {}, {ws, {}});
  EXPECT_EQ(result.error().code, Code::kNotFound);
  EXPECT_NE(result.error().remedy.find("csv.query@1"), std::string::npos);
  EXPECT_EQ(call("csv.query", 2, {}, {ws, {}}).error().code, Code::kNotFound);
}

TEST_F(BuiltinTest, AStoppedToolSaysSo) {
  file("a.csv", "a\n1\n");
  std::stop_source source;
  source.request_stop();
  for (const std::string_view tool : {"files.search", "csv.query", "report.markdown"}) {
    const auto result = call(tool, 1, {}, {ws, source.get_token()});
    EXPECT_EQ(result.error().code, Code::kInterrupted) << tool;
  }
}

// The schema check comes first, yet arguments of any type must not crash a tool.
TEST_F(BuiltinTest, ArgumentsOfAnyTypeAreErrorsNotCrashes) {
  file("a.csv", "a\n1\n");
  const std::string values[] = {
      "null", "7",    "\"a.csv\"", "\".\"",    "[]",
      "[1]",  "[{}]", "{}",        "\"a.md\"", "[{\"heading\":\"h\",\"table\":{\"rows\":[1]}}]"};
  const std::pair<std::string_view, std::vector<std::string>> tools[] = {
      {"files.search", {"path", "query", "pattern", "match", "max_matches"}},
      {"csv.query", {"file", "where", "group_by", "aggregates", "select", "order_by", "limit"}},
      {"report.markdown", {"path", "title", "sections"}},
      {"chart.svg", {"kind", "title", "table", "label", "values", "unit"}},
      {"files.edit", {"path", "edits", "sha256"}},
      {"files.read", {"path", "first_line", "last_line"}},
      {"files.write", {"path", "content"}},
      {"http.get", {"url", "auth", "other"}},
      {"json.query", {"file", "pointer", "format", "where", "select", "derive", "limit"}},
      {"text.diff", {"file_a", "file_b", "text"}},
  };
  for (const auto& [tool, names] : tools) {
    for (const std::string& first : values) {
      for (const std::string& second : values) {
        for (std::size_t i = 0; i + 1 < names.size(); ++i) {
          const std::string arguments =
              "{\"" + names[0] + "\":" + first + ",\"" + names[i + 1] + "\":" + second + "}";
          const auto result = run(tool, arguments);
          EXPECT_TRUE(result || !result.error().message.empty()) << arguments;
        }
      }
    }
  }
}

}  // namespace
}  // namespace naestro::tools
