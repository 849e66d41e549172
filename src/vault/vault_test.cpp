#include "vault/vault.hpp"

#include <sys/stat.h>

#include <filesystem>

#include "testing/testing.hpp"

namespace naestro::vault {
namespace {

namespace fs = std::filesystem;

class VaultTest : public ::testing::Test {
 protected:
  Vault vault() { return Vault::open(folder()).value(); }
  Vault unlocked(const std::string& words = "") {
    Vault out = vault();
    const auto done = out.unlock([&] { return Result<std::string>{words}; }, random);
    check(done.has_value(), done ? "" : done.error().text());
    return out;
  }
  [[nodiscard]] std::string folder() const { return dir.str() + "/data"; }
  [[nodiscard]] std::string file() const { return folder() + "/vault.json"; }
  [[nodiscard]] std::string key_file() const {
    for (const auto& each : fs::directory_iterator{folder()}) {
      if (each.path().extension() == ".key") return each.path();
    }
    return {};
  }
  void set(const std::string& name, const std::string& value, Vault&& of) {
    const auto done = of.set(name, value, 100, random);
    ASSERT_TRUE(done) << done.error().text();
  }
  // What a use that nothing binds gets.
  Result<std::string> value(Vault&& of, const std::string& name) { return value(of, name); }
  Result<std::string> value(Vault& of, const std::string& name) {
    NAESTRO_LET(Handed handed,
                of.use({.secret = name, .origin = "https://a.example"}, 100, random));
    return handed.value;
  }
  [[nodiscard]] Code opening() const {
    const auto opened = Vault::open(folder());
    return opened ? Code::kUsage : opened.error().code;
  }

  testing::TempDir dir;
  SystemRandom random;
};

TEST_F(VaultTest, WhatIsSetIsThereAndNowhereInTheClear) {
  EXPECT_TRUE(vault().entries().empty());
  EXPECT_FALSE(fs::exists(folder()));  // looking makes nothing
  set("API_KEY", "hunter2-hunter2", unlocked());
  set("b.c-d", "another one", unlocked());
  Vault again = unlocked();
  EXPECT_EQ(value(again, "API_KEY").value(), "hunter2-hunter2");
  ASSERT_EQ(again.all()->size(), 2U);
  EXPECT_EQ(again.all()->back().value, "another one");
  EXPECT_EQ(value(again, "none").error().code, Code::kNotFound);
  EXPECT_EQ(again.entries().front().version, 1);
  EXPECT_EQ(again.entries().front().made_at, 100);
  for (const std::string& each : {file(), key_file()}) {
    struct stat info{};
    ASSERT_EQ(::stat(each.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U) << each;
    EXPECT_FALSE(testing::read_file(each).contains("hunter2"));
  }
}

TEST_F(VaultTest, ANewVersionTakesThePlaceOfTheOld) {
  set("k", "hunter2-hunter2", unlocked());
  set("k", "hunter3-hunter3", unlocked());
  EXPECT_EQ(value(unlocked(), "k").value(), "hunter3-hunter3");
  EXPECT_EQ(vault().entries().front().version, 2);
}

TEST_F(VaultTest, WhatIsRevokedIsHandedOutNoMoreButKeptOutOfTexts) {
  set("k", "hunter2-hunter2", unlocked());
  ASSERT_TRUE(vault().revoke("k"));
  EXPECT_EQ(value(unlocked(), "k").error().code, Code::kSecretRevoked);
  EXPECT_EQ(unlocked().all()->front().value, "hunter2-hunter2");
  set("k", "hunter3-hunter3", unlocked());
  EXPECT_TRUE(value(unlocked(), "k"));
  ASSERT_TRUE(vault().remove("k"));
  EXPECT_TRUE(vault().entries().empty());
  EXPECT_EQ(vault().remove("k").error().code, Code::kNotFound);
  EXPECT_EQ(vault().revoke("k").error().code, Code::kNotFound);
}

TEST_F(VaultTest, NamesAndValuesThatAreNoneAreRefused) {
  for (const char* name : {"", "1a", "a b", "a/b", "-a", "ä"}) {
    EXPECT_EQ(check_name(name).error().code, Code::kUsage) << name;
  }
  EXPECT_FALSE(check_name(std::string(65, 'a')));
  EXPECT_TRUE(check_name(std::string(64, 'a')));
  EXPECT_TRUE(check_name("_a-9.B"));
  Vault open = unlocked();
  for (const std::string& value : {std::string{"1234567"}, std::string(8193, 'x'),
                                   std::string{"1234567\xff"}, std::string{"12345678\0", 9}}) {
    EXPECT_EQ(open.set("k", value, 1, random).error().code, Code::kUsage);
  }
  EXPECT_EQ(open.set("k k", "12345678", 1, random).error().code, Code::kUsage);
  EXPECT_FALSE(fs::exists(file()));
}

TEST_F(VaultTest, APassphraseProtectsItAndIsTakenBack) {
  set("k", "hunter2-hunter2", unlocked());
  const std::string former = key_file();
  ASSERT_TRUE(unlocked().protect("correct horse", random));
  EXPECT_FALSE(fs::exists(former));
  EXPECT_TRUE(vault().by_passphrase());
  Vault locked = vault();
  EXPECT_EQ(locked.unlock([] { return Result<std::string>{"wrong"}; }, random).error().code,
            Code::kVaultLocked);
  EXPECT_EQ(locked.unlock([]() -> Result<std::string> { return fail(Code::kIo, "gone"); }, random)
                .error()
                .code,
            Code::kIo);
  EXPECT_EQ(value(unlocked("correct horse"), "k").value(), "hunter2-hunter2");
  ASSERT_TRUE(unlocked("correct horse").protect("", random));
  EXPECT_FALSE(vault().by_passphrase());
  EXPECT_EQ(value(unlocked(), "k").value(), "hunter2-hunter2");
  const std::string second = key_file();
  ASSERT_TRUE(unlocked().protect("", random));  // another key
  EXPECT_NE(key_file(), second);
  EXPECT_FALSE(fs::exists(second));
  EXPECT_EQ(value(unlocked(), "k").value(), "hunter2-hunter2");
}

TEST_F(VaultTest, WhatOthersChangeIsTakenUp) {
  set("k", "hunter2-hunter2", unlocked());
  Vault open = unlocked();
  ASSERT_TRUE(vault().revoke("k"));
  EXPECT_EQ(value(open, "k").error().code, Code::kSecretRevoked);
  ASSERT_TRUE(unlocked().protect("", random));
  EXPECT_EQ(value(open, "k").error().code, Code::kVaultLocked);
  testing::write_file(file(), "{");
  EXPECT_EQ(value(open, "k").error().code, Code::kConfigInvalid);
  fs::remove(file());
  EXPECT_EQ(value(open, "k").error().code, Code::kNotFound);
}

TEST_F(VaultTest, AChangeGoesUponWhatIsThereByThen) {
  Vault first = unlocked();
  Vault second = unlocked();  // neither knows of the other's key
  ASSERT_TRUE(first.set("a", "hunter2-hunter2", 1, random));
  ASSERT_TRUE(second.set("b", "hunter3-hunter3", 1, random));
  Vault third = vault();
  ASSERT_TRUE(first.set("c", "hunter4-hunter4", 1, random));
  ASSERT_TRUE(third.revoke("a"));
  EXPECT_EQ(unlocked().all()->size(), 3U);
  EXPECT_TRUE(vault().entries().front().revoked);
  ASSERT_TRUE(unlocked().protect("", random));
  ASSERT_TRUE(first.set("d", "hunter5-hunter5", 1, random));  // reads the new key file
  EXPECT_EQ(unlocked().all()->size(), 4U);
  EXPECT_EQ(std::distance(fs::directory_iterator{folder()}, {}), 3);  // vault, key, lock
  ASSERT_TRUE(unlocked().protect("correct horse", random));
  EXPECT_EQ(first.set("e", "hunter6-hunter6", 1, random).error().code, Code::kVaultLocked);
  EXPECT_EQ(unlocked("correct horse").all()->size(), 4U);
  Vault late = vault();
  ASSERT_TRUE(vault().remove("d"));
  EXPECT_EQ(late.revoke("d").error().code, Code::kNotFound);
}

TEST_F(VaultTest, ValuesWithWhiteSpaceAtTheirEndsAndNamesWithThemAreRefused) {
  for (const char* value : {" 12345678", "12345678\n", "12345678\r", "\t12345678", "         "}) {
    EXPECT_EQ(check_value(value).error().code, Code::kUsage) << value;
  }
  EXPECT_TRUE(check_value("1234 5678\n9"));
  EXPECT_FALSE(check_name("NAME=hunter2-hunter2").error().text().contains("hunter2"));
  EXPECT_FALSE(vault().revoke("NAME=hunter2-hunter2").error().text().contains("hunter2"));
}

TEST_F(VaultTest, AnotherKeyOpensNothing) {
  set("k", "hunter2-hunter2", unlocked());
  Vault open = vault();
  const auto unlock = [&] { return open.unlock({}, random); };
  testing::write_file(key_file(), base64(Bytes(32, 7)) + "\n");
  EXPECT_EQ(unlock().error().code, Code::kVaultLocked);
  testing::write_file(key_file(), "short");
  EXPECT_EQ(unlock().error().code, Code::kVaultLocked);
  fs::remove(key_file());
  EXPECT_EQ(unlock().error().code, Code::kVaultLocked);
}

TEST_F(VaultTest, NoPartOpensInAnothersPlace) {
  set("a", "hunter2-hunter2", unlocked());
  set("b", "hunter3-hunter3", unlocked());
  json::Value form = json::parse(testing::read_file(file())).value();
  json::Array& rows = form.get_object()["secrets"].get_array();
  const json::Value a = rows[0];
  for (const char* part : {"key", "value"}) {
    json::Value swapped = form;
    json::Array& other = swapped.get_object()["secrets"].get_array();
    other[1].get_object()[part] = a.get_object().at(part);
    testing::write_file(file(), json::write(swapped));
    EXPECT_EQ(value(unlocked(), "b").error().code, Code::kCrypto) << part;
    EXPECT_EQ(unlocked().all().error().code, Code::kCrypto) << part;
    EXPECT_TRUE(value(unlocked(), "a"));
  }
  json::Value both = form;
  both.get_object()["secrets"].get_array()[1].get_object()["key"] = a.get_object().at("key");
  testing::write_file(file(), json::write(both));
  EXPECT_EQ(unlocked().protect("", random).error().code, Code::kCrypto);
  // An older version put back under its number.
  rows[0].get_object()["version"] = 2;
  testing::write_file(file(), json::write(form));
  EXPECT_EQ(value(unlocked(), "a").error().code, Code::kCrypto);
  rows[0].get_object()["version"] = 1;
  rows[0].get_object()["value"] = "AAAA";
  testing::write_file(file(), json::write(form));
  EXPECT_EQ(value(unlocked(), "a").error().code, Code::kCrypto);
}

TEST_F(VaultTest, WhatIsNoVaultIsRefusedAndLeft) {
  set("k", "hunter2-hunter2", unlocked());
  const std::string good = testing::read_file(file());
  const auto without = [&](const std::string& part, const std::string& other) {
    std::string out = good;
    const std::size_t at = out.find(part);
    check(at != std::string::npos, part);
    return out.replace(at, part.size(), other);
  };
  for (const std::string& bad :
       {std::string{"{"}, std::string{"[]"}, without("vault/1", "vault/2"),
        without("\"key\": {", "\"kez\": {"), without("\"secrets\"", "\"secretz\""),
        without("\"check\": \"", "\"check\": \"x"), without("\"by\": \"file\"", "\"by\": \"tpm\""),
        without("\"file\": \"vault-", "\"file\": \"../vault-"),
        without("\"by\": \"file\"", "\"by\": \"passphrase\""),
        without("\"name\": \"k\"", "\"name\": \"k k\""),
        without("\"version\": 1", "\"version\": 0"), without("\"value\": \"", "\"value\": \"?"),
        without("[\n", "[7,\n")}) {
    testing::write_file(file(), bad);
    EXPECT_EQ(opening(), Code::kConfigInvalid) << bad;
    EXPECT_EQ(testing::read_file(file()), bad);
  }
  fs::remove(file());
  fs::create_directory(file());
  EXPECT_NE(opening(), Code::kUsage);  // as for a vault that opens
}

}  // namespace
}  // namespace naestro::vault
