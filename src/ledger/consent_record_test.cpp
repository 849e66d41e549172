// What the record of each kind of consent says.
#include "ledger/consent_record.hpp"

#include <gtest/gtest.h>

#include "ledger/receipts.hpp"

namespace naestro::ledger {
namespace {

const json::Object kSealed{{"blob", "b1"}};
constexpr std::int64_t kTime = 1'700'000'000'000'042;

ConsentEvent event(const std::string& kind, json::Object data, const std::string& stream = "r1",
                   std::int64_t seq = 3) {
  return {{stream, seq, kind, std::move(data)}, kTime};
}
ConsentEvent asked(json::Object more = {}) {
  json::Object data{{"digest", "d"}, {"scope", "plan"}, {"question", kSealed}};
  for (const auto& member : more) data[member.key()] = member.value();
  return event("consent.asked", std::move(data));
}
ConsentEvent given(const std::string& scope, json::Object more = {}) {
  json::Object data{
      {"digest", "d"}, {"via", "terminal"}, {"who", {{"blob", "b2"}}}, {"scope", scope}};
  for (const auto& member : more) data[member.key()] = member.value();
  return event("consent.given", std::move(data), "r1", 4);
}
std::string at(const json::Object& record, const std::string& pointer) {
  const json::Value value = record;
  const json::Value* found = json::at(value, pointer);
  return found == nullptr ? "" : json::write(*found);
}

TEST(ConsentRecord, SaysWhoWhatWhenHowLongAndHowToTakeItBack) {
  const json::Object record = consent_record("00aa", {asked(), given("once")});
  EXPECT_EQ(json::canonical(record),
            R"({"@type":"dpv:ConsentRecord","dct:conformsTo":"https://w3id.org/dpv/schema/)"
            R"(dpv-27560#record","dct:created":"2023-11-14T22:13:20.000042Z","dct:identifier":)"
            R"("naestro/store/00aa/r1/3","dpv:hasConsentControl":{"@type":"dpv:WithdrawConsent",)"
            R"("dpv:isExercisedAt":"naestro kill r1"},"dpv:hasConsentStatus":[{"@type":)"
            R"("dpv:ConsentRequested","dpv:hasIndicationMethod":"consent.asked",)"
            R"("dpv:isIndicatedAtTime":"2023-11-14T22:13:20.000042Z"},{"@type":"dpv:ConsentGiven",)"
            R"("dpv:hasIndicationMethod":"terminal","dpv:isIndicatedAtTime":)"
            R"("2023-11-14T22:13:20.000042Z"}],"dpv:hasDataController":"naestro/store/00aa",)"
            R"("dpv:hasDataSubject":{"blob":"b2"},"dpv:hasDuration":{"@type":)"
            R"("dpv:FixedOccurrencesDuration","rdf:value":"1"},"dpv:hasLegalBasis":"dpv:Consent",)"
            R"("dpv:hasNotice":{"@type":"dpv:ConsentNotice","dct:identifier":{"blob":"b1"}},)"
            R"("dpv:hasProcess":{"@type":"dpv:Process","dct:identifier":"d","dct:isPartOf":"r1",)"
            R"("dpv:hasPersonalData":{"blob":"b1"},"dpv:hasPurpose":{"blob":"b1"},)"
            R"("dpv:hasRecipient":{"blob":"b1"}}})");
}

TEST(ConsentRecord, AQuestionOfAStepNamesIt) {
  const json::Object record = consent_record("s", {asked({{"step", "write"}})});
  EXPECT_EQ(at(record, "/dpv:hasProcess/dct:isPartOf"), R"("r1/write")");
  EXPECT_EQ(at(record, "/dpv:hasDuration"), "");
  EXPECT_EQ(at(record, "/dpv:hasConsentControl"), "");
  EXPECT_EQ(at(record, "/dpv:hasDataSubject"), "");
}

TEST(ConsentRecord, AYesLastsAsLongAsItSays) {
  const auto lasts = [](const std::string& scope, json::Object more) {
    return consent_record("s", {asked(), given(scope, std::move(more))});
  };
  const json::Object run = lasts("run", {{"grants", {{"blob", "b3"}}}});
  EXPECT_EQ(at(run, "/dpv:hasDuration/rdf:value"), R"("run.done")");
  EXPECT_EQ(at(run, "/dpv:hasDuration/dct:valid/blob"), R"("b3")");
  EXPECT_EQ(at(run, "/dpv:hasConsentControl/dpv:isExercisedAt"), R"("naestro kill r1")");
  const json::Object always = lasts("always", {{"reason", {{"blob", "b4"}}}});
  EXPECT_EQ(at(always, "/dpv:hasDuration/rdf:value"), R"("grant.revoked")");
  EXPECT_EQ(at(always, "/dpv:hasDuration/dct:valid"), "");
  EXPECT_EQ(at(always, "/dpv:hasConsentControl/dpv:isExercisedAt"), R"("naestro grants")");
  EXPECT_EQ(at(always, "/dpv:hasJustification/blob"), R"("b4")");
}

TEST(ConsentRecord, ALastingYesAndItsEnd) {
  const ConsentEvent gift = event(
      "grant.given", {{"id", "g1"}, {"run", "r1"}, {"grant", kSealed}, {"who", kSealed}}, "sys");
  json::Object record = consent_record("s", {gift});
  EXPECT_EQ(at(record, "/dpv:hasConsentControl/dpv:isExercisedAt"),
            R"("naestro grants revoke g1")");
  EXPECT_EQ(at(record, "/dpv:hasDuration/dct:valid/blob"), R"("b1")");
  EXPECT_EQ(at(record, "/dpv:hasProcess/dct:identifier"), R"("g1")");
  EXPECT_EQ(at(record, "/dpv:hasPurpose"), "");
  EXPECT_EQ(at(record, "/dpv:hasNotice/dct:identifier/blob"), R"("b1")");
  record = consent_record(
      "s", {gift, event("grant.revoked", {{"id", "g1"}, {"who", kSealed}}, "sys", 9)});
  EXPECT_EQ(at(record, "/dpv:hasConsentStatus/1/@type"), R"("dpv:ConsentWithdrawn")");
  EXPECT_EQ(at(record, "/dpv:hasConsentControl"), "");
  record = consent_record("s", {asked(), event("consent.discharged",
                                               {{"step", "w"}, {"digest", "d"}, {"grant", "g1"}})});
  EXPECT_EQ(at(record, "/dpv:hasConsentControl/dpv:isExercisedAt"),
            R"("naestro grants revoke g1")");
  EXPECT_EQ(at(record, "/dpv:hasDuration/rdf:value"), R"("grant.revoked")");
  EXPECT_EQ(at(record, "/dpv:hasProcess/dct:isPartOf"), R"("r1/w")");
}

// An answer whose question is in no receipt says only what it knows.
TEST(ConsentRecord, AnAnswerAlone) {
  const json::Object record = consent_record("s", {event("grant.revoked", {{"id", "g1"}}, "sys")});
  EXPECT_EQ(at(record, "/dpv:hasNotice"), "");
  EXPECT_EQ(at(record, "/dpv:hasProcess/dpv:hasPurpose"), "");
  EXPECT_EQ(at(record, "/dpv:hasConsentStatus/0/dpv:hasIndicationMethod"), R"("grant.revoked")");
}

TEST(ConsentEvent, NeedsATime) {
  const Event any{"r1", 0, "consent.asked", {}};
  EXPECT_EQ(consent_event(any, R"({"wall_at":5})").value().wall_at, 5);
  EXPECT_FALSE(consent_event(any, ""));
  for (const char* envelope : {"5", "{}", R"({"wall_at":-1})", R"({"wall_at":"5"})"}) {
    EXPECT_EQ(consent_event(any, envelope).error().code, Code::kUsage) << envelope;
  }
}

}  // namespace
}  // namespace naestro::ledger
