#include "vault/lease.hpp"

#include <filesystem>

#include "testing/testing.hpp"
#include "vault/vault.hpp"

namespace naestro::vault {
namespace {

namespace fs = std::filesystem;

class LeaseTest : public ::testing::Test {
 protected:
  Vault unlocked() {
    Vault out = Vault::open(dir.str()).value();
    check(out.unlock({}, random).has_value(), "a key file opens it");
    return out;
  }
  void set(const std::string& value, std::optional<Bounds> bounds = {}) {
    const auto done = unlocked().set("k", value, 100, random, std::move(bounds));
    ASSERT_TRUE(done) << done.error().text();
  }
  Result<Handed> use(const Use& use, std::int64_t now_s = 100) {
    return unlocked().use(use, now_s, random);
  }
  std::string refusal(const Use& asked, std::int64_t now_s = 100) {
    const auto got = use(asked, now_s);
    if (got) return "none";
    EXPECT_EQ(got.error().code, Code::kSecretBounds) << got.error().text();
    EXPECT_TRUE(got.error().message.starts_with("the secret 'k' ")) << got.error().message;
    EXPECT_FALSE(got.error().remedy.empty());
    return got.error().message.substr(15);
  }
  [[nodiscard]] std::string file() const { return dir.str() + "/vault.json"; }
  json::Value form() { return json::parse(testing::read_file(file())).value(); }
  // Changes the row of the secret as somebody without the key can.
  void edit(const std::function<void(json::Object&)>& how) {
    json::Value all = form();
    how(all.get_object()["secrets"].get_array()[0].get_object());
    testing::write_file(file(), json::write(all));
  }

  testing::TempDir dir;
  SystemRandom random;
  Use get{"k", "r1", "fetch", "http.get@2", "https://a.example", "GET", true};
};

TEST_F(LeaseTest, AUseElsewhereIsRefusedAndSaysWhy) {
  set("hunter2-hunter2",
      checked({{"A.example", "http://127.0.0.1:81", "http://127.example"}, {"get"}, {"http.get"}})
          .value());
  const auto handed = use(get);
  ASSERT_TRUE(handed) << handed.error().text();
  EXPECT_EQ(handed->value, "hunter2-hunter2");
  EXPECT_TRUE(handed->of_vault);
  Use other = get;
  other.origin = "https://b.example";
  EXPECT_EQ(refusal(other),
            "is not for the host https://b.example, only for http://127.0.0.1:81, "
            "http://127.example, https://a.example");
  for (const char* url : {"https://a.example:444", "http://a.example", "https://a.example.b",
                          "https://xa.example", "http://127.0.0.1"}) {
    other.origin = url;
    EXPECT_TRUE(refusal(other).starts_with("is not for the host ")) << url;
  }
  other.origin = "http://127.0.0.1:81";
  EXPECT_EQ(refusal(other), "none");
  other.origin = "http://127.example";
  EXPECT_EQ(refusal(other),
            "would go to 'http://127.example', where everybody on the way can read it");
  other = get;
  other.method = "POST";
  EXPECT_EQ(refusal(other), "is not for the method POST, only for GET");
  other = get;
  other.tool = "model:far";
  EXPECT_EQ(refusal(other), "is not for the tool model:far, only for http.get");
  ASSERT_TRUE(unlocked().bind("k", checked({{"a.example"}, {}, {"http.get@1"}}).value(), random));
  EXPECT_EQ(refusal(get), "is not for the tool http.get@2, only for http.get@1");
}

TEST_F(LeaseTest, NoPlanSendsWhatIsBoundToNoHostAndNothingGoesInTheClear) {
  set("hunter2-hunter2");
  EXPECT_EQ(refusal(get), "is bound to no host, so no plan may send it anywhere");
  get.by_plan = false;
  EXPECT_EQ(refusal(get), "none");
  for (const char* url :
       {"http://localhost", "http://127.0.0.9:8", "http://[::1]", "http://[::1]:8"}) {
    get.origin = url;
    EXPECT_EQ(refusal(get), "none") << url;
  }
  for (const char* url :
       {"http://a.example", "http://[::2]", "http://127.0.0.1.example", "ftp://a", ""}) {
    get.origin = url;
    EXPECT_TRUE(refusal(get).starts_with("would go to '")) << url;
  }
}

TEST_F(LeaseTest, ItEnds) {
  set("hunter2-hunter2", Bounds{.hosts = {"https://a.example"}, .ends_at = 200});
  EXPECT_TRUE(use(get, 199));
  EXPECT_EQ(refusal(get, 200), "was only to be used for a time, which is over");
  set("hunter3-hunter3");  // a new value has the old end
  EXPECT_EQ(refusal(get, 201), "was only to be used for a time, which is over");
  ASSERT_TRUE(unlocked().bind("k", {.hosts = {"https://a.example"}}, random));
  EXPECT_TRUE(use(get, 201));
}

TEST_F(LeaseTest, UsesAreCountedAlsoOfTwoAtOnce) {
  set("hunter2-hunter2", Bounds{.hosts = {"https://a.example"}, .uses_max = 3});
  Vault first = unlocked();
  Vault second = unlocked();
  EXPECT_TRUE(first.use(get, 100, random));
  EXPECT_TRUE(second.use(get, 100, random));
  EXPECT_EQ(second.entries().front().used, 2);
  Use elsewhere = get;
  elsewhere.origin = "https://b.example";
  EXPECT_FALSE(first.use(elsewhere, 100, random));  // is not counted
  EXPECT_TRUE(first.use(get, 100, random));
  EXPECT_EQ(refusal(get), "was only to be used 3 times, and was");
  set("hunter3-hunter3");  // counted anew
  EXPECT_TRUE(use(get));
  ASSERT_TRUE(
      unlocked().bind("k", {.hosts = {"https://a.example"}, .ends_at = 0, .uses_max = 1}, random));
  EXPECT_TRUE(use(get));
  EXPECT_EQ(refusal(get), "was only to be used 1 time, and was");
}

TEST_F(LeaseTest, EditingTheFileMakesNothingWider) {
  set("hunter2-hunter2", Bounds{{"https://a.example"}, {"GET"}, {"http.get"}, 200, 2});
  ASSERT_TRUE(use(get));
  const std::string good = testing::read_file(file());
  const std::function<void(json::Object&)> edits[] = {
      [](json::Object& row) { row.erase("for"); },
      [](json::Object& row) { row["for"].get_object().erase("hosts"); },
      [](json::Object& row) {
        row["for"].get_object()["hosts"].get_array().push_back("https://b.example");
      },
      [](json::Object& row) { row["for"].get_object()["methods"] = json::Array{"POST"}; },
      [](json::Object& row) { row["for"].get_object().erase("tools"); },
      [](json::Object& row) { row["for"].get_object()["ends_at"] = 300; },
      [](json::Object& row) { row["for"].get_object()["uses_max"] = 9; },
      [](json::Object& row) { row.erase("used"); },
  };
  for (const auto& each : edits) {
    testing::write_file(file(), good);
    edit(each);
    const auto got = use(get);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, Code::kCrypto) << got.error().text();
    EXPECT_TRUE(got.error().message.contains("the secret 'k' of "));
    EXPECT_EQ(unlocked().bind("k", {}, random).error().code, Code::kCrypto);
    EXPECT_EQ(unlocked().set("k", "hunter3-hunter3", 1, random).error().code, Code::kCrypto);
  }
  testing::write_file(file(), good);
  EXPECT_TRUE(use(get));
}

TEST_F(LeaseTest, WhatCannotBeReadBindsNotNothing) {
  set("hunter2-hunter2");
  const std::string good = testing::read_file(file());
  const std::pair<std::string, std::string> members[] = {
      {"for", "7"},
      {"for", R"({"hosts":7})"},
      {"for", R"({"hosts":[]})"},
      {"for", R"({"methods":[7]})"},
      {"for", R"({"tools":"a"})"},
      {"for", R"({"ends_at":"a"})"},
      {"for", R"({"uses_max":0})"},
      {"used", "0"},
      {"used", "\"a\""},
      {"former", "7"},
      {"former", "[7]"},
      {"former", R"([{"version":0,"key":"AAAA","value":"AAAA"}])"},
      {"former", R"([{"version":1,"key":"","value":"AAAA"}])"},
      {"former", R"([{"version":1,"key":"AAAA"}])"}};
  for (const auto& [name, value] : members) {
    testing::write_file(file(), good);
    edit([&](json::Object& row) { row[name] = json::parse(value).value(); });
    const auto opened = Vault::open(dir.str());
    ASSERT_FALSE(opened) << name << value;
    EXPECT_EQ(opened.error().code, Code::kConfigInvalid) << name << value;
  }
}

TEST_F(LeaseTest, OneLeaseHasOneId) {
  set("hunter2-hunter2", Bounds{.hosts = {"https://a.example"}});
  const std::string id = use(get)->lease;
  EXPECT_EQ(id.size(), 16U);
  EXPECT_EQ(use(get)->lease, id);
  for (std::string Use::* part : {&Use::run, &Use::step, &Use::tool}) {
    Use other = get;
    other.*part += "x";
    EXPECT_NE(use(other)->lease, id);
  }
  ASSERT_TRUE(unlocked().bind("k", {.hosts = {"https://a.example"}, .ends_at = 999}, random));
  const std::string bound = use(get)->lease;
  EXPECT_NE(bound, id);
  set("hunter3-hunter3");
  EXPECT_NE(use(get)->lease, bound);
}

TEST_F(LeaseTest, FormerValuesAreStillKeptOutOfTexts) {
  for (int i = 10; i < 22; ++i) set("hunter2-hunter" + std::to_string(i));
  const auto values = [&] {
    std::vector<std::string> out;
    for (const NamedValue& each : unlocked().all().value()) out.push_back(each.value);
    return out;
  };
  const std::vector<std::string> kept = values();
  EXPECT_EQ(kept.size(), 1 + kFormerMax);
  EXPECT_EQ(kept.front(), "hunter2-hunter21");
  EXPECT_EQ(kept.at(1), "hunter2-hunter13");
  EXPECT_EQ(kept.back(), "hunter2-hunter20");
  ASSERT_TRUE(unlocked().protect("", random));
  EXPECT_EQ(values(), kept);
  EXPECT_FALSE(testing::read_file(file()).contains("hunter2"));
  const std::string good = testing::read_file(file());
  // A former one put in the place of that of now opens nowhere.
  edit([](json::Object& row) {
    const json::Object former = row["former"].get_array()[0].get_object();
    for (const char* part : {"version", "key", "value"}) row[part] = former.at(part);
  });
  EXPECT_EQ(use(get).error().code, Code::kCrypto);
  testing::write_file(file(), good);
  edit([](json::Object& row) { row["former"].get_array()[0].get_object()["version"] = 7; });
  EXPECT_TRUE(use({.secret = "k", .origin = "https://a.example"}));
  EXPECT_EQ(unlocked().all().error().code, Code::kCrypto);
  EXPECT_EQ(unlocked().protect("", random).error().code, Code::kCrypto);
  ASSERT_TRUE(unlocked().remove("k"));
  EXPECT_TRUE(unlocked().all()->empty());
}

TEST_F(LeaseTest, WhatBindsNothingIsRefusedWhenItIsSaid) {
  const auto why = [](const Bounds& said) {
    const auto got = checked(said);
    if (got) return std::string{"none"};
    EXPECT_EQ(got.error().code, Code::kUsage);
    return got.error().message;
  };
  EXPECT_EQ(why({{"none"}}), "'none' is no host");
  EXPECT_EQ(why({{"a.example b.example"}}), "'a.example b.example' is no host");
  EXPECT_NE(why({{"https://a.example/path"}}), "none");
  EXPECT_NE(why({{"ftp://a.example"}}), "none");
  EXPECT_EQ(why({{}, {"FETCH"}}), "'FETCH' is no method");
  for (const char* tool : {"", "model:", "a b", "A"}) {
    EXPECT_EQ(why({{}, {}, {tool}}), "'" + std::string{tool} + "' is no tool");
  }
  EXPECT_NE(why({{}, {}, {std::string(81, 'a')}}), "none");
  const Bounds in_order = checked({{"b.example", "a.example", "a.example:443"},
                                   {"post", "GET", "get"},
                                   {"model:m", "http.get"}})
                              .value();
  EXPECT_EQ(json::write(to_json(in_order)),
            R"({"hosts":["https://a.example","https://b.example"],"methods":["GET","POST"],)"
            R"("tools":["http.get","model:m"]})");
}

TEST_F(LeaseTest, OnlyWhatIsThereIsBound) {
  EXPECT_EQ(unlocked().bind("k", {}, random).error().code, Code::kNotFound);
  set("hunter2-hunter2");
  Vault late = unlocked();
  ASSERT_TRUE(unlocked().remove("k"));
  EXPECT_EQ(late.bind("k", {}, random).error().code, Code::kNotFound);
  EXPECT_EQ(use(get).error().code, Code::kNotFound);
  get.secret = "k k";
  EXPECT_EQ(use(get).error().code, Code::kUsage);
}

TEST_F(LeaseTest, TheFilesOfAVaultAreNamedAndItsKeyIsLookedAt) {
  EXPECT_TRUE(unlocked().files().empty());
  EXPECT_TRUE(unlocked().key_fits());
  set("hunter2-hunter2");
  ASSERT_EQ(unlocked().files().size(), 2U);
  EXPECT_EQ(unlocked().files().front(), file());
  const std::string key = unlocked().files().back();
  EXPECT_TRUE(fs::exists(key));
  Vault open = Vault::open(dir.str()).value();
  EXPECT_TRUE(open.key_fits());
  fs::remove(key);
  EXPECT_EQ(open.key_fits().error().code, Code::kVaultLocked);
  testing::write_file(key, base64(Bytes(32, 7)));
  EXPECT_TRUE(open.key_fits().error().message.contains("is the key of another vault"));
}

}  // namespace
}  // namespace naestro::vault
