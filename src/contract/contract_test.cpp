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

constexpr std::string_view kServed = R"({"url":"https://api.example.org/v1","model":"big-1",
 "key_env":"EXAMPLE_KEY","dialect":"reasoning"})";

// The text with one member replaced ("" removes it).
std::string with(std::string_view text, std::string_view member, std::string_view replacement) {
  json::Value value = json::parse(text).value();
  value.get_object().erase(member);
  if (!replacement.empty()) value.get_object()[member] = json::parse(replacement).value();
  return json::write(value);
}

// A model without a file.
std::string bare() { return with(with(kModel, "file", "\"\""), "file_sha256", "\"\""); }

TEST(ToolContract, ReadsEveryMember) {
  const auto tool = parse_tool("notes.find.json", kTool);
  ASSERT_TRUE(tool) << tool.error().text();
  EXPECT_EQ(tool->id(), "notes.find@1");
  EXPECT_EQ(tool->description, "Finds notes.");
  EXPECT_EQ(json::write(tool->input.at("required")), R"(["path"])");
  EXPECT_EQ(json::write(tool->output), R"({"type":"object"})");
  EXPECT_EQ(tool->arguments.at("path"), ArgumentKind::authority);
  EXPECT_EQ(tool->arguments.at("query"), ArgumentKind::inert);
  ASSERT_EQ(tool->effects.size(), 1U);
  EXPECT_EQ(tool->effects[0].kind, EffectKind::read);
  EXPECT_EQ(tool->effects[0].argument, "path");
  EXPECT_TRUE(tool->effects[0].reversible);
  EXPECT_EQ(tool->labels, (Labels{{"", {{"file"}, {"private"}, true}}}));
  EXPECT_EQ(tool->idempotency, Idempotency::pure);
  EXPECT_EQ(tool->cost, 1'000'000);
  EXPECT_EQ(tool->undo, "");
  EXPECT_EQ(tool->max_output_bytes, 65536);
  EXPECT_EQ(tool->timeout_s, 10);
  EXPECT_EQ(tool->deprecated, "");
  const auto old = parse_tool("a", with(kTool, "deprecated", "\"use notes.seek\""));
  EXPECT_EQ(old->deprecated, "use notes.seek");
  EXPECT_NE(old->digest, tool->digest);
  const auto again = parse_tool("other.json", json::pretty(json::parse(kTool).value()));
  EXPECT_EQ(again->digest, tool->digest);
}

TEST(ToolContract, NamesAreLowerCaseWordsJoinedByDots) {
  for (const char* name : {"a", "z", "notes.find_all", "notes2.z09_", "a.b.c"}) {
    const auto tool = parse_tool("a.json", with(kTool, "name", json::write(json::Value(name))));
    ASSERT_TRUE(tool) << tool.error().text();
    EXPECT_EQ(tool->name, name);
  }
  for (const char* name : {"Notes", "notes..find", ".notes", "notes.", "notes.1", "_notes",
                           "notes{", "notes:1", "notes-find"}) {
    const auto tool = parse_tool("a.json", with(kTool, "name", json::write(json::Value(name))));
    ASSERT_FALSE(tool) << name;
    EXPECT_EQ(tool.error().code, Code::kSchemaMismatch);
    EXPECT_EQ(tool.error().message, "a.json: '/name': a name is lower-case words joined by dots");
  }
}

TEST(ToolContract, ALabelStandsAtAPointerIntoTheOutput) {
  const auto tool = parse_tool(
      "a.json",
      with(kTool, "labels",
           R"({"/matches":{"integrity":["file"],"readers":["x"],"instruction_bearing":true}})"));
  ASSERT_TRUE(tool) << tool.error().text();
  EXPECT_EQ(tool->labels, (Labels{{"/matches", {{"file"}, {"x"}, true}}}));
}

TEST(ToolContract, AnEffectMayNameNoArgument) {
  const auto tool = parse_tool(
      "a.json",
      with(kTool, "effects", R"([{"kind":"model.cloud","argument":"","reversible":false}])"));
  ASSERT_TRUE(tool) << tool.error().text();
  ASSERT_EQ(tool->effects.size(), 1U);
  EXPECT_EQ(tool->effects[0].argument, "");
  EXPECT_FALSE(tool->effects[0].reversible);
}

// One row per kind: its word in rules and contracts, and whether a pure tool may have it.
TEST(EffectKinds, HaveWordsAndChangeTheWorldOrNot) {
  struct Case {
    EffectKind kind;
    std::string_view word;
    bool changes;
  };
  for (const Case& item : {Case{EffectKind::read, "read", false},
                           {EffectKind::model_local, "model.local", false},
                           {EffectKind::model_cloud, "model.cloud", false},
                           {EffectKind::write, "write", true},
                           {EffectKind::exec, "exec", true},
                           {EffectKind::net, "net", false},
                           {EffectKind::send, "send", true},
                           {EffectKind::pay, "pay", true}}) {
    EXPECT_EQ(name(item.kind), item.word);
    EXPECT_EQ(effect_kind(item.word), item.kind);
    EXPECT_EQ(changes_world(item.kind), item.changes) << item.word;
  }
  EXPECT_EQ(effect_kind("Read"), std::nullopt);
}

TEST(ArgumentKinds, HaveTheWordsOfContracts) {
  for (const ArgumentKind kind :
       {ArgumentKind::authority, ArgumentKind::payload, ArgumentKind::inert}) {
    EXPECT_EQ(argument_kind(name(kind)), kind);
  }
  EXPECT_EQ(name(ArgumentKind::inert), "inert");
  EXPECT_EQ(argument_kind("Inert"), std::nullopt);
}

TEST(Idempotencies, HaveTheWordsOfContracts) {
  EXPECT_EQ(idempotency_from("keyed"), Idempotency::keyed);
  EXPECT_EQ(idempotency_from(""), std::nullopt);
  EXPECT_EQ(name(Idempotency::pure), "pure");
  EXPECT_EQ(name(Idempotency::idempotent), "idempotent");
  EXPECT_EQ(name(Idempotency::keyed), "keyed");
  EXPECT_EQ(name(Idempotency::none), "none");
}

TEST(ToolContract, AnEffectMayHappenForEachEntryOfAList) {
  const auto tool = parse_tool(
      "a", with(with(kTool, "input",
                     R"({"type":"object","properties":{"path":{"type":"array"},"query":{}},)"
                     R"("additionalProperties":false})"),
                "effects", R"([{"kind":"net","argument":"path","each":true,"reversible":true}])"));
  ASSERT_TRUE(tool) << tool.error().text();
  EXPECT_TRUE(tool->effects[0].each);
  EXPECT_FALSE(parse_tool("a", kTool)->effects[0].each);
}

TEST(ToolContract, ErrorsNameFileAndMember) {
  struct Case {
    std::string member, replacement, message;
    Code code = Code::kSchemaMismatch;
  };
  const Case cases[] = {
      {"surprise", "1", "'/surprise': the member 'surprise' is not known here"},
      {"undo", "", "the value: the member 'undo' is missing"},
      {"version", "0", "'/version': expected at least 1"},
      {"version", "1.5", "'/version': expected an integer, found a number"},
      {"arguments", R"({"path":"authority"})",
       "'/arguments': the property 'query' of 'input' has no kind"},
      {"arguments", R"({"path":"authority","query":"inert","x":"inert"})",
       "'/arguments/x': no such property of 'input'"},
      {"arguments", R"({"path":"authority","query":"inert","a/b":"inert"})",
       "'/arguments/a~1b': no such property of 'input'"},
      {"arguments", R"({"path":"authority","query":"odd"})",
       R"('/arguments/query': expected one of ["authority","payload","inert"])"},
      {"effects", R"([{"kind":"read","argument":"query","reversible":true}])",
       "'/effects/0/argument': 'query' is no argument of the kind authority"},
      {"effects", R"([{"kind":"read","argument":"where","reversible":true}])",
       "'/effects/0/argument': 'where' is no argument of the kind authority"},
      {"effects",
       R"([{"kind":"read","argument":"path","reversible":true},)"
       R"({"kind":"read","argument":"query","reversible":true}])",
       "'/effects/1/argument': 'query' is no argument of the kind authority"},
      {"effects", R"([{"kind":"write","argument":"path","reversible":true}])",
       "'/idempotency': 'pure' contradicts the effect 'write'"},
      {"effects", R"([{"kind":"fly","argument":"","reversible":true}])",
       R"('/effects/0/kind': expected one of ["read","model.local","model.cloud","write",)"
       R"("exec","net","send","pay"])"},
      {"effects", R"([{"kind":"read","argument":"path","each":true,"reversible":true}])",
       "'/effects/0/each': each is of the kind net, whose argument is an array of the input"},
      {"effects", R"([{"kind":"net","argument":"path","each":true,"reversible":true}])",
       "'/effects/0/each': each is of the kind net, whose argument is an array of the input"},
      {"effects", R"([{"kind":"net","argument":"","each":true,"reversible":true}])",
       "'/effects/0/each': each is of the kind net, whose argument is an array of the input"},
      {"cost_usd", "\"-1\"", "'/cost_usd': '-1' is not an amount of US dollars"},
      {"labels", R"({"matches":{"integrity":["file"],"readers":["x"],"instruction_bearing":true}})",
       R"('/labels/matches': a label stands at "" or at a JSON pointer, which begins with '/')"},
      {"labels", R"({"a/b":{"integrity":["file"],"readers":["x"],"instruction_bearing":true}})",
       R"('/labels/a~1b': a label stands at "" or at a JSON pointer, which begins with '/')"},
      {"labels", R"({"":{"integrity":[],"readers":["x"],"instruction_bearing":true}})",
       "'/labels//integrity': expected at least 1 items, found 0"},
      {"input", R"({"type":"object","properties":{}})",
       "'/input': the member 'additionalProperties' is missing"},
      {"input",
       R"({"type":"object","properties":{"path":{"type":"text"}},"additionalProperties":false})",
       "'/input': 'type' is a type name or a set of them", Code::kSchemaInvalid},
      {"output", R"({"patern":"x"})", "'/output': the schema keyword 'patern' is not supported",
       Code::kSchemaUnsupported},
  };
  for (const Case& item : cases) {
    const auto tool = parse_tool("notes.find.json", with(kTool, item.member, item.replacement));
    ASSERT_FALSE(tool) << item.member << " " << item.replacement;
    EXPECT_EQ(tool.error().code, item.code) << tool.error().text();
    EXPECT_EQ(tool.error().message, "notes.find.json: " + item.message);
  }
  const auto broken = parse_tool("notes.find.json", "{");
  EXPECT_EQ(broken.error().code, Code::kInvalidJson);
  EXPECT_EQ(broken.error().message,
            "notes.find.json: text is not valid JSON at line 1, column 2 (incomplete JSON)");
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
  EXPECT_EQ(ToolCatalog::from(twins).error().message,
            "two tool contracts have the id notes.find@1");
  const EmbeddedFile broken[] = {{"a", kTool}, {"b", "{}"}};
  EXPECT_EQ(ToolCatalog::from(broken).error().message,
            "b: the value: the member 'name' is missing; the value: the member 'version' is "
            "missing; the value: the member 'description' is missing; and more");
}

TEST(ToolCatalog, AnUndoNamesAToolOfTheCatalog) {
  const std::string undone = with(kTool, "undo", "\"notes.lose\"");
  const std::string undo = with(kTool, "name", "\"notes.lose\"");
  const EmbeddedFile alone[] = {{"a", undone}};
  EXPECT_EQ(ToolCatalog::from(alone).error().message,
            "notes.find@1: '/undo': no tool is called 'notes.lose'");
  const EmbeddedFile both[] = {{"a", undone}, {"b", undo}};
  const auto catalog = ToolCatalog::from(both);
  ASSERT_TRUE(catalog) << catalog.error().text();
  EXPECT_NE(catalog->find(catalog->find("notes.find")->undo), nullptr);
}

TEST(ModelContract, ReadsEveryMember) {
  const auto model = parse_model("tiny.json", kModel);
  ASSERT_TRUE(model) << model.error().text();
  EXPECT_EQ(model->name, "tiny");
  EXPECT_EQ(model->kind, EffectKind::model_local);
  EXPECT_EQ(model->file, "tiny.gguf");
  EXPECT_EQ(hex(model->file_sha256).substr(0, 8), "e3b0c442");
  EXPECT_EQ(model->context_tokens, 2048);
  EXPECT_EQ(model->usd_per_mtok_in, 0);
  EXPECT_EQ(model->usd_per_mtok_out, 1'500'000'000);
  EXPECT_EQ(model->price_list, "local/1");
  EXPECT_EQ(model->licence, "Apache-2.0");
  const auto again = parse_model("other.json", json::pretty(json::parse(kModel).value()));
  EXPECT_EQ(again->digest, model->digest);
  EXPECT_NE(parse_model("a", with(kModel, "licence", "\"MIT\""))->digest, model->digest);
}

TEST(ModelContract, EachSideOfACallIsRoundedUpToANanoDollar) {
  ModelContract model;
  model.usd_per_mtok_in = 150'000'000;  // 0.15 USD
  model.usd_per_mtok_out = 600'000'001;
  EXPECT_EQ(price(model, 0, 0), 0);
  EXPECT_EQ(price(model, 100, 0), 15'000);
  EXPECT_EQ(price(model, 0, 1), 601);
  EXPECT_EQ(price(model, 100, 1), 15'601);
  EXPECT_EQ(price(model, json::kMaxInteger, json::kMaxInteger), json::kMaxInteger);
}

TEST(ModelContract, ErrorsNameFileAndMember) {
  struct Case {
    std::string member, replacement, message;
  };
  const Case cases[] = {
      {"surprise", "1", "'/surprise': the member 'surprise' is not known here"},
      {"licence", "", "the value: the member 'licence' is missing"},
      {"kind", "\"write\"", R"('/kind': expected one of ["model.local","model.cloud"])"},
      {"file", "\"a/b\"", "'/file': a local model names its file, without folders"},
      {"file", "\"\"", "'/file': a local model names its file, without folders"},
      {"file_sha256", "\"x\"", "'/file_sha256': 'x' is not a digest"},
      {"kind", "\"model.cloud\"",
       "'/served': a model in the cloud needs a server that answers for it"},
      {"served", std::string{kServed}, "'/kind': what another machine answers is 'model.cloud'"},
      {"usd_per_mtok_in", "\"free\"", "'/usd_per_mtok_in': 'free' is not an amount of US dollars"},
      {"usd_per_mtok_out", "\"0.0000000001\"",
       "'/usd_per_mtok_out': '0.0000000001' is not an amount of US dollars"},
  };
  for (const Case& item : cases) {
    const auto model = parse_model("tiny.json", with(kModel, item.member, item.replacement));
    ASSERT_FALSE(model) << item.member << " " << item.replacement;
    EXPECT_EQ(model.error().code, Code::kSchemaMismatch) << model.error().text();
    EXPECT_EQ(model.error().message, "tiny.json: " + item.message);
  }
}

TEST(ModelContract, WithoutWeightsIsTheScriptedOne) {
  const auto scripted = parse_model("tiny.json", bare());
  ASSERT_TRUE(scripted) << scripted.error().text();
  EXPECT_EQ(scripted->kind, EffectKind::model_local);
  EXPECT_EQ(scripted->file, "");
  EXPECT_EQ(scripted->file_sha256, Digest{});
  EXPECT_FALSE(scripted->served);
}

TEST(ModelContract, AServerMayAnswerForIt) {
  const std::string cloud = with(bare(), "kind", "\"model.cloud\"");
  const auto model = parse_model("big.json", with(cloud, "served", kServed));
  ASSERT_TRUE(model) << model.error().text();
  ASSERT_TRUE(model->served);
  EXPECT_EQ(model->kind, EffectKind::model_cloud);
  EXPECT_EQ(model->served->url, "https://api.example.org/v1");
  EXPECT_EQ(model->served->model, "big-1");
  EXPECT_EQ(model->served->key_env, "EXAMPLE_KEY");
  EXPECT_TRUE(model->served->reasoning);
  const auto url = [&](std::string_view to, const std::string& of) {
    return parse_model("m.json",
                       with(of, "served", with(kServed, "url", json::write(json::Value(to)))));
  };
  for (const char* here : {"http://localhost:11434/v1", "http://127.0.0.1/v1", "https://[::1]:1"}) {
    EXPECT_TRUE(url(here, bare())) << here;
    EXPECT_TRUE(url(here, cloud)) << here;  // it may pass on what it is asked
  }
  for (const char* elsewhere : {"http://api.example.org/v1", "http://localhost.example.org",
                                "http://me@localhost/v1", "ftp://localhost/", "localhost"}) {
    EXPECT_EQ(url(elsewhere, cloud).error().message,
              "m.json: '/served/url': a server is asked by https, or by http on this machine")
        << elsewhere;
  }
  for (const char* form : {"https://a.example/v1/", "https://a.example/v1?key=1",
                           "https://me@a.example/v1", "https://a.example/v1#x"}) {
    EXPECT_TRUE(url(form, cloud).error().message.contains("without a last '/'")) << form;
  }
  const std::string served = with(cloud, "served", kServed);
  EXPECT_EQ(parse_model("m.json", with(served, "file", "\"a.gguf\"")).error().message,
            "m.json: '/file': a model that is served has no file");
  EXPECT_EQ(parse_model("m.json", with(served, "file_sha256", "\"00\"")).error().message,
            "m.json: '/file_sha256': a model that is served has no file");
}

TEST(ModelContract, NamesAreThoseOfFiles) {
  for (const char* good : {"a", "0", "qwen2.5-coder_0", "a-.b"}) EXPECT_TRUE(is_model_name(good));
  for (const char* bad : {"", ".a", "-a", "A", "a/b", "a b", "\u00e9"}) {
    EXPECT_FALSE(is_model_name(bad)) << bad;
  }
  EXPECT_TRUE(is_model_name(std::string(64, 'a')));
  EXPECT_FALSE(is_model_name(std::string(65, 'a')));
}

TEST(ModelCatalog, FindsByNameAndRefusesTwins) {
  const EmbeddedFile files[] = {{"tiny.json", kModel}};
  const auto catalog = ModelCatalog::from(files);
  ASSERT_TRUE(catalog);
  EXPECT_EQ(catalog->find("tiny"), &catalog->fallback());
  EXPECT_EQ(catalog->find("huge"), nullptr);
  EXPECT_EQ(catalog->all().size(), 1U);
  const EmbeddedFile twins[] = {{"a", kModel}, {"b", kModel}};
  EXPECT_EQ(ModelCatalog::from(twins).error().message,
            "b: '/name': another model is called 'tiny' already");
  const EmbeddedFile broken[] = {{"a", kModel}, {"b", "["}};
  EXPECT_EQ(ModelCatalog::from(broken).error().message,
            "b: text is not valid JSON at line 1, column 2 (incomplete JSON)");
}

TEST(Labels, AreReadAsTheyAreWritten) {
  const Labels labels{{"", {{"user", "file"}, {"private"}, false}},
                      {"/a~1b", {{"tool:x"}, {"public"}, true}}};
  const json::Value written = to_json(labels);
  EXPECT_EQ(
      json::canonical(written),
      R"({"":{"instruction_bearing":false,"integrity":["file","user"],"readers":["private"]},)"
      R"("/a~1b":{"instruction_bearing":true,"integrity":["tool:x"],"readers":["public"]}})");
  EXPECT_EQ(labels_from_json(written), labels);
}

TEST(Labels, WhatIsMalformedTrustsNothing) {
  for (const char* text :
       {"1", "{}", R"({"integrity":["user"],"readers":["public"]})",
        R"({"integrity":["user"],"readers":["public"],"instruction_bearing":0})",
        R"({"readers":["public"],"instruction_bearing":false})",
        R"({"integrity":"user","readers":["public"],"instruction_bearing":false})",
        R"({"integrity":[],"readers":["public"],"instruction_bearing":false})",
        R"({"integrity":["user",1],"readers":["public"],"instruction_bearing":false})",
        R"({"integrity":["user"],"instruction_bearing":false})",
        R"({"integrity":["user"],"readers":[],"instruction_bearing":false})",
        R"({"integrity":["user"],"readers":[null],"instruction_bearing":false})"}) {
    EXPECT_EQ(label_from_json(json::parse(text).value()), unlabelled()) << text;
  }
  EXPECT_EQ(unlabelled(), (Label{{"unknown"}, {"private"}, true}));
  EXPECT_EQ(labels_from_json(json::parse("[]").value()), Labels{});
  EXPECT_EQ(labels_from_json(json::parse(R"({"/a":7})").value()), (Labels{{"/a", unlabelled()}}));
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
