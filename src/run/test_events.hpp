// Holds events to schemas/events/, schemas/event.schema.json and schemas/envelope.schema.json.
// Included by tests only.
#pragma once

#include <map>
#include <set>
#include <string>

#include "ledger/store.hpp"
#include "schema/validate.hpp"
#include "testing/testing.hpp"

namespace naestro::run::testing {

class EventSchemas {
 public:
  // Kinds that no test of this room can bring about, each with its reason. Their schemas are
  // compiled, but nothing is held to them.
  static const std::map<std::string, std::string>& unmet() {
    static const std::map<std::string, std::string> kinds;
    return kinds;
  }

  EventSchemas()
      : body_{load(folder() / "event.schema.json")},
        envelope_{load(folder() / "envelope.schema.json")} {
    for (const auto& entry : std::filesystem::directory_iterator{folder() / "events"}) {
      kinds_.emplace(entry.path().stem().string(), load(entry.path()));
    }
  }

  // Every expectation that `event` breaks is a failure of the test that wrote it.
  void expect(const ledger::Event& event) {
    const auto found = kinds_.find(event.kind);
    if (found == kinds_.end()) {
      ADD_FAILURE() << "schemas/events has no " << event.kind << ".json";
      return;
    }
    met_.insert(event.kind);
    expect(found->second, event.data, event.id() + " " + event.kind);
    const auto body = json::parse(event.body());
    ASSERT_TRUE(body) << body.error().text();
    expect(body_, *body, "the body of " + event.id());
  }
  void expect(const ledger::StoredEvent& stored) {
    expect(stored.event);
    const auto envelope = json::parse(stored.envelope);
    ASSERT_TRUE(envelope) << envelope.error().text();
    expect(envelope_, *envelope, "the envelope of " + stored.event.id());
  }

  [[nodiscard]] const std::map<std::string, schema::Schema>& kinds() const { return kinds_; }
  [[nodiscard]] const std::set<std::string>& met() const { return met_; }
  static json::Value read(const std::filesystem::path& file) {
    auto value = json::parse(naestro::testing::read_file(file));
    check(value.has_value(), value ? "" : file.string() + ": " + value.error().text());
    return *std::move(value);
  }
  static std::filesystem::path folder() {
    return std::filesystem::path{NAESTRO_SOURCE_DIR} / "schemas";
  }

 private:
  static schema::Schema load(const std::filesystem::path& file) {
    auto compiled = schema::Schema::compile(read(file));
    check(compiled.has_value(), compiled ? "" : file.string() + ": " + compiled.error().text());
    return *std::move(compiled);
  }
  static void expect(const schema::Schema& schema, const json::Value& value,
                     const std::string& what) {
    const auto fits = schema::conforms(schema, value, what);
    EXPECT_TRUE(fits) << fits.error().text() << "\n" << json::write(value);
  }

  schema::Schema body_;
  schema::Schema envelope_;
  std::map<std::string, schema::Schema> kinds_;
  std::set<std::string> met_;
};

}  // namespace naestro::run::testing
