// The texts of a log in the clear: what is written of them, and what is found when they are others.
#include "ledger/readable.hpp"

#include "base/opening.hpp"
#include "ledger/test_store.hpp"

namespace naestro::ledger {
namespace {

class ReadableTest : public StoreTest {
 protected:
  void SetUp() override {
    store_ = open();
    key_.fill(7);
    auto keys = KeyRing::open(keys_file(folders()), Database::Mode::read_write).value();
    const KeyRing::Fresh fresh{"r1", key_};
    ASSERT_TRUE(keys->keep(std::span{&fresh, 1}));
    add("r1", {"\"plain\"", "\"private\"", "\xff\xfe"});
    add("r2", {"\"of another key\""});
  }
  void add(const std::string& run, const std::vector<std::string>& texts) {
    Append append = events(*store_, run, static_cast<int>(texts.size()), store_->own(run).value());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      append.blobs.push_back(crypto::seal(key_, as_bytes(texts[i])));
      ids_.push_back(crypto::sha256(append.blobs.back()));
      append.events[i].data["what"] = blob_ref(ids_.back());
    }
    append.sign = true;
    ASSERT_TRUE(store_->append(std::span{&append, 1}));
  }
  Result<WrittenTexts> publish(std::uint64_t size = 4) {
    auto keys = KeyRing::open(keys_file(folders()), Database::Mode::read_only).value();
    const TakeOut take_out = [](std::string_view text) {
      return text == "\"private\"" ? std::optional<std::string>{"\"...\""} : std::nullopt;
    };
    return publish_texts(folders(), *store_, *keys, size, take_out,
                         [&](const std::string& path, std::string_view content) -> Result<void> {
                           if (full_) return fail(Code::kStoreFull, "full");
                           files_[path] = content;
                           return {};
                         });
  }
  std::string found(const std::string& text) const {
    BundleReport report;
    check_texts("r1", text, {hex(ids_[0]), hex(ids_[1])}, report);
    std::string out;
    for (const Finding& one : report.findings) out += one.what + " " + one.where + "\n";
    return out + std::to_string(report.texts) + " " + std::to_string(report.taken_out);
  }

  std::unique_ptr<Store> store_;
  crypto::BlobKey key_{};
  std::vector<Digest> ids_;
  std::map<std::string, std::string> files_;
  bool full_ = false;
};

TEST_F(ReadableTest, WhatIsWrittenIsProvenOrSaysThatItIsNot) {
  const WrittenTexts written = publish().value();
  EXPECT_EQ(written.texts, 1);
  EXPECT_EQ(written.taken_out, 1);
  EXPECT_EQ(written.sealed, 2);  // one is no text, one's key is gone
  ASSERT_EQ(files_.size(), 1);
  const std::string& file = files_.at("readable/r1.jsonl");
  EXPECT_EQ(found(file), "1 1");
  EXPECT_FALSE(file.contains("private"));
  EXPECT_FALSE(file.contains(base64(key_)));
  EXPECT_EQ(found(""), "0 0");
}

TEST_F(ReadableTest, WhatIsAnotherIsFound) {
  ASSERT_TRUE(publish());
  const std::string good = files_.at("readable/r1.jsonl");
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return found(text);
  };
  const auto is = [](const std::string& said, const std::string& what) {
    EXPECT_TRUE(said.contains(what + " readable/r1.jsonl")) << said;
  };
  is(with("plain", "other"), "text_changed");
  is(with("\"nonce\":\"", "\"nonce\":\"AAAA"), "malformed");
  is(with("\"key\":\"", "\"key\":\"!"), "malformed");
  is(with("\"key\"", "\"kez\""), "malformed");
  is(with(hex(ids_[0]), std::string(64, '0')), "text_other");
  is(with("\"taken_out\":true", "\"taken_out\":false"), "malformed");
  is(with("\"taken_out\":true", "\"more\":1,\"taken_out\":true"), "malformed");
  is(found(good + "x"), "malformed");
  is(found("5\n"), "malformed");
  is(found("{}\n"), "malformed");
  is(found("{\n"), "malformed");
  is(found("{\"blob\":\"" + hex(ids_[0]) + "\"}\n"), "malformed");
}

TEST_F(ReadableTest, WhatCannotBeReadOrWrittenIsAnError) {
  add("r3", {"\"sealed under another key than it has\""});
  {
    auto keys = KeyRing::open(keys_file(folders()), Database::Mode::read_write).value();
    const KeyRing::Fresh other{"r3", {}};
    ASSERT_TRUE(keys->keep(std::span{&other, 1}));
  }
  EXPECT_EQ(publish(5).error().code, Code::kCrypto);
  full_ = true;
  EXPECT_EQ(publish().error().code, Code::kStoreFull);
  sql("DELETE FROM blobs");
  EXPECT_FALSE(publish());
  sql("UPDATE events SET body = '{}'");
  EXPECT_FALSE(publish());
}

TEST_F(ReadableTest, AnOpeningIsOfOneTextAlone) {
  const std::string text = "some text";
  const Bytes sealed = crypto::seal(key_, as_bytes(text));
  const crypto::Opening opening = crypto::opening_of(key_, sealed).value();
  EXPECT_EQ(crypto::seal_again(opening, as_bytes(text)), sealed);
  const std::string other = "some tex\n";
  EXPECT_NE(crypto::opening_of(key_, crypto::seal(key_, as_bytes(other))).value().key, opening.key);
  EXPECT_NE(crypto::seal_again(opening, as_bytes(other)), crypto::seal(key_, as_bytes(other)));
  EXPECT_EQ(crypto::opening_of(key_, ByteSpan{sealed}.first(39)).error().code, Code::kCrypto);
  EXPECT_EQ(crypto::seal_again(crypto::opening_of(key_, crypto::seal(key_, {})).value(), {}),
            crypto::seal(key_, {}));
}

}  // namespace
}  // namespace naestro::ledger
