#include "contract/model.hpp"
#include "contract/tool.hpp"
#include "testing/testing.hpp"

namespace naestro::contract {
namespace {

constexpr std::string_view kTool = R"({
 "name":"notes.find","version":1,"description":"Finds notes.",
 "input":{"type":"object","properties":{"path":{"type":"string"},"query":{"type":"string"}},
          "required":["path"],"additionalProperties":false},
 "output":{"type":"object"},
 "arguments":{"path":"authority","query":"inert"},
 "labels":{"":{"integrity":["file"],"readers":["private"],"instruction_bearing":true}},
 "effects":[{"kind":"read","argument":"path","reversible":true}],
 "idempotency":"pure","undo":"","max_output_bytes":65536,"timeout_s":10,"cost_usd":"0.001",
 "deprecated":""})";

constexpr std::string_view kModel = R"({
 "name":"tiny","kind":"model.local","file":"tiny.gguf",
 "file_sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
 "context_tokens":2048,"usd_per_mtok_in":"0","usd_per_mtok_out":"1.5",
 "price_list":"local/1","licence":"Apache-2.0"})";

// The text with one member replaced ("" removes it).
std::string with(std::string_view text, std::string_view member, std::string_view replacement) {
  json::Value value = json::parse(text).value();
  value.get_object().erase(member);
  if (!replacement.empty()) value.get_object()[member] = json::parse(replacement).value();
  return json::write(value);
}

TEST(ToolContract, ReadsEveryMember) {
  const auto tool = parse_tool("notes.find.json", kTool);
  ASSERT_TRUE(tool) << tool.error().text();
  EXPECT_EQ(tool->id(), "notes.find@1");
  EXPECT_EQ(tool->arguments.at("path"), ArgumentKind::authority);
  EXPECT_EQ(tool->arguments.at("query"), ArgumentKind::inert);
  ASSERT_EQ(tool->effects.size(), 1U);
  EXPECT_EQ(tool->effects[0].kind, EffectKind::read);
  EXPECT_EQ(tool->effects[0].argument, "path");
  EXPECT_TRUE(tool->labels.at("").instruction_bearing);
  EXPECT_EQ(tool->idempotency, Idempotency::pure);
  EXPECT_EQ(tool->cost, 1'000'000);
  EXPECT_EQ(tool->timeout_s, 10);
  const auto again = parse_tool("other.json", json::pretty(json::parse(kTool).value()));
  EXPECT_EQ(again->digest, tool->digest);
}

TEST(ToolContract, ErrorsNameFileAndMember) {
  struct Case {
    std::string member, replacement, names;
  };
  const Case cases[] = {
      {"surprise", "1", "/surprise"},
      {"undo", "", "'undo'"},
      {"name", "\"Notes\"", "/name"},
      {"name", "\"notes..find\"", "/name"},
      {"version", "0", "/version"},
      {"version", "1.5", "/version"},
      {"arguments", R"({"path":"authority"})", "'query'"},
      {"arguments", R"({"path":"authority","query":"inert","x":"inert"})", "/arguments/x"},
      {"arguments", R"({"path":"authority","query":"odd"})", "/arguments/query"},
      {"effects", R"([{"kind":"read","argument":"query","reversible":true}])",
       "/effects/0/argument"},
      {"effects", R"([{"kind":"write","argument":"path","reversible":true}])", "/idempotency"},
      {"effects", R"([{"kind":"fly","argument":"","reversible":true}])", "/effects/0/kind"},
      {"idempotency", "\"none\"", "in-doubt effects are not built yet"},
      {"cost_usd", "\"-1\"", "/cost_usd"},
      {"labels", R"({"matches":{"integrity":["file"],"readers":["x"],"instruction_bearing":true}})",
       "/labels/matches"},
      {"labels", R"({"":{"integrity":[],"readers":["x"],"instruction_bearing":true}})",
       "/labels//integrity"},
      {"input", R"({"type":"object","properties":{}})", "'additionalProperties'"},
      {"output", R"({"patern":"x"})", "'patern'"},
  };
  for (const Case& item : cases) {
    const auto tool = parse_tool("notes.find.json", with(kTool, item.member, item.replacement));
    ASSERT_FALSE(tool) << item.member << " " << item.replacement;
    EXPECT_NE(tool.error().message.find("notes.find.json"), std::string::npos)
        << tool.error().text();
    EXPECT_NE(tool.error().message.find(item.names), std::string::npos) << tool.error().text();
  }
  const auto broken = parse_tool("notes.find.json", "{");
  EXPECT_EQ(broken.error().code, Code::kInvalidJson);
}

TEST(ToolCatalog, FindsVersionsAndRefusesTwins) {
  const std::string second = with(kTool, "version", "2");
  const std::string tenth = with(kTool, "version", "10");
  const EmbeddedFile files[] = {{"a", tenth}, {"b", kTool}, {"c", second}};
  const auto catalog = ToolCatalog::from(files);
  ASSERT_TRUE(catalog) << catalog.error().text();
  EXPECT_EQ(catalog->all().size(), 3U);
  EXPECT_EQ(catalog->find("notes.find")->version, 10);
  EXPECT_EQ(catalog->find("notes.find", 2)->version, 2);
  EXPECT_EQ(catalog->find("notes.find", 3), nullptr);
  EXPECT_EQ(catalog->find("notes"), nullptr);
  const EmbeddedFile twins[] = {{"a", kTool}, {"b", kTool}};
  EXPECT_FALSE(ToolCatalog::from(twins));
  const std::string undo = with(kTool, "undo", "\"notes.lose\"");
  const EmbeddedFile undoes[] = {{"a", undo}};
  EXPECT_FALSE(ToolCatalog::from(undoes));
}

TEST(ModelContract, ReadsEveryMember) {
  const auto model = parse_model("tiny.json", kModel);
  ASSERT_TRUE(model) << model.error().text();
  EXPECT_EQ(model->kind, EffectKind::model_local);
  EXPECT_EQ(model->file, "tiny.gguf");
  EXPECT_EQ(hex(model->file_sha256).substr(0, 8), "e3b0c442");
  EXPECT_EQ(model->context_tokens, 2048);
  EXPECT_EQ(model->usd_per_mtok_out, 1'500'000'000);
}

TEST(ModelContract, ErrorsNameFileAndMember) {
  struct Case {
    std::string member, replacement, names;
  };
  const Case cases[] = {
      {"surprise", "1", "/surprise"},
      {"licence", "", "'licence'"},
      {"kind", "\"write\"", "/kind"},
      {"file", "\"a/b\"", "/file"},
      {"file_sha256", "\"x\"", "/file_sha256"},
      {"kind", "\"model.cloud\"", "/file"},
      {"usd_per_mtok_in", "\"free\"", "/usd_per_mtok_in"},
  };
  for (const Case& item : cases) {
    const auto model = parse_model("tiny.json", with(kModel, item.member, item.replacement));
    ASSERT_FALSE(model) << item.member << " " << item.replacement;
    EXPECT_NE(model.error().message.find("tiny.json"), std::string::npos) << model.error().text();
    EXPECT_NE(model.error().message.find(item.names), std::string::npos) << model.error().text();
  }
}

TEST(ModelCatalog, FindsByNameAndRefusesTwins) {
  const EmbeddedFile files[] = {{"tiny.json", kModel}};
  const auto catalog = ModelCatalog::from(files);
  ASSERT_TRUE(catalog);
  EXPECT_EQ(catalog->find("tiny"), &catalog->fallback());
  EXPECT_EQ(catalog->find("huge"), nullptr);
  const EmbeddedFile twins[] = {{"a", kModel}, {"b", kModel}};
  EXPECT_FALSE(ModelCatalog::from(twins));
}

TEST(Contracts, TheShippedOnesAreRead) {
  const auto tools = ToolCatalog::from(embedded_tools());
  EXPECT_TRUE(tools) << tools.error().text();
  const auto models = ModelCatalog::from(embedded_models());
  ASSERT_TRUE(models) << models.error().text();
  // The build embeds the files in the order of their names, so a new contract could become the
  // default unnoticed.
  EXPECT_EQ(models->fallback().name, "qwen2.5-coder-0.5b-instruct");
  EXPECT_NE(models->find("smollm2-135m-instruct"), nullptr);
}

}  // namespace
}  // namespace naestro::contract
