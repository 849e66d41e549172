#include "ledger/consent_record.hpp"

#include <array>
#include <ctime>
#include <string>

namespace naestro::ledger {
namespace {

struct Kind {
  std::string_view kind;
  std::string_view state;
  std::string_view about;
  bool opens;
  std::string_view status;  // of DPV
  bool yes;
};
constexpr std::array<Kind, 6> kKinds = {{
    {"consent.asked", "open", "digest", true, "dpv:ConsentRequested", false},
    {"consent.given", "yes", "digest", false, "dpv:ConsentGiven", true},
    {"consent.refused", "no", "digest", false, "dpv:ConsentRefused", false},
    {"consent.discharged", "granted", "digest", false, "dpv:ConsentGiven", true},
    {"grant.given", "given", "id", true, "dpv:ConsentGiven", true},
    {"grant.revoked", "revoked", "id", false, "dpv:ConsentWithdrawn", false},
}};
constexpr Kind kNone{};
constexpr std::string_view kProfile = "https://w3id.org/dpv/schema/dpv-27560#record";

const Kind& kind_of(std::string_view kind) {
  for (const Kind& one : kKinds) {
    if (one.kind == kind) return one;
  }
  return kNone;
}

// ISO 8601, in UTC, to the microsecond.
std::string time_of(std::int64_t wall_at) {
  constexpr std::int64_t kSecond = 1'000'000;
  const std::time_t seconds = wall_at / kSecond;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  const std::string micros = std::to_string(wall_at % kSecond);
  return std::string{text.data()} + "." + std::string(6 - micros.size(), '0') + micros + "Z";
}

// Of all events of a consent, the last one's where two have it.
const json::Value* said(const std::vector<ConsentEvent>& events, std::string_view member) {
  for (auto one = events.rbegin(); one != events.rend(); ++one) {
    if (const json::Value* value = one->event.data.if_contains(member)) return value;
  }
  return nullptr;
}

json::Value sealed(const std::vector<ConsentEvent>& events, std::string_view member) {
  const json::Value* value = said(events, member);
  return value != nullptr && value->is_object() ? *value : json::Value{};
}

std::string text(const std::vector<ConsentEvent>& events, std::string_view member) {
  const json::Value* value = said(events, member);
  return value != nullptr && value->is_string() ? std::string{json::view(value->get_string())} : "";
}

void put(json::Object& out, std::string_view name, json::Value value) {
  if (!value.is_null()) out[name] = std::move(value);
}

// How long a yes lasts. When a lasting one ends by itself stands in what it seals.
json::Value duration(const std::vector<ConsentEvent>& events) {
  const std::string scope =
      events.back().event.kind == "consent.given" ? text(events, "scope") : "always";
  if (scope == "once") {
    return json::Object{{"@type", "dpv:FixedOccurrencesDuration"}, {"rdf:value", "1"}};
  }
  json::Object out{{"@type", "dpv:UntilEventDuration"},
                   {"rdf:value", scope == "run" ? "run.done" : "grant.revoked"}};
  json::Value ends = sealed(events, "grants");
  if (ends.is_null()) ends = sealed(events, "grant");
  put(out, "dct:valid", std::move(ends));
  return out;
}

// The command that takes a yes back.
std::string withdrawal(const Event& last) {
  if (last.kind == "grant.given") {
    return "naestro grants revoke " + std::string{json::text_at(last.data, "id").value_or("")};
  }
  if (last.kind == "consent.discharged") {
    return "naestro grants revoke " + std::string{json::text_at(last.data, "grant").value_or("")};
  }
  return json::text_at(last.data, "scope") == "always" ? "naestro grants"
                                                       : "naestro kill " + last.stream;
}

// The run, or the step of it, that asks.
std::string place(const std::vector<ConsentEvent>& events) {
  const std::string step = text(events, "step");
  return events.front().event.stream + (step.empty() ? "" : "/" + step);
}

}  // namespace

bool is_consent(std::string_view kind) { return !kind_of(kind).kind.empty(); }
std::string_view state_of(std::string_view kind) { return kind_of(kind).state; }
std::string_view about_of(std::string_view kind) { return kind_of(kind).about; }
bool opens(std::string_view kind) { return kind_of(kind).opens; }

json::Object consent_context() {
  return {{"dct", "http://purl.org/dc/terms/"},
          {"dpv", "https://w3id.org/dpv#"},
          {"rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"},
          {"blob", "https://naestro.example/schemas/receipts/2#blob"},
          {"consents", "dpv:hasRecordOfActivity"},
          {"record", "@nest"}};
}

json::Object consent_record(std::string_view store, const std::vector<ConsentEvent>& events) {
  const Event& first = events.front().event;
  const Event& last = events.back().event;
  const std::string controller = "naestro/store/" + std::string{store};
  // What was asked stands whole in the question, or in the grant.
  json::Value asked = sealed(events, "question");
  if (asked.is_null()) asked = sealed(events, "grant");
  json::Array statuses;
  for (const auto& [event, wall_at] : events) {
    statuses.push_back(json::Object{
        {"@type", kind_of(event.kind).status},
        {"dpv:isIndicatedAtTime", time_of(wall_at)},
        {"dpv:hasIndicationMethod", json::text_at(event.data, "via").value_or(event.kind)}});
  }
  json::Object process{{"@type", "dpv:Process"},
                       {"dct:identifier", text(events, about_of(last.kind))},
                       {"dct:isPartOf", place(events)}};
  for (const std::string_view name :
       {"dpv:hasPurpose", "dpv:hasPersonalData", "dpv:hasRecipient"}) {
    put(process, name, asked);
  }
  json::Object out{{"@type", "dpv:ConsentRecord"},
                   {"dct:conformsTo", kProfile},
                   {"dct:identifier", controller + "/" + first.id()},
                   {"dct:created", time_of(events.front().wall_at)},
                   {"dpv:hasDataController", controller},
                   {"dpv:hasLegalBasis", "dpv:Consent"}};
  put(out, "dpv:hasDataSubject", sealed(events, "who"));
  put(out, "dpv:hasJustification", sealed(events, "reason"));
  out["dpv:hasProcess"] = std::move(process);
  if (!asked.is_null()) {
    out["dpv:hasNotice"] = json::Object{{"@type", "dpv:ConsentNotice"}, {"dct:identifier", asked}};
  }
  out["dpv:hasConsentStatus"] = std::move(statuses);
  if (kind_of(last.kind).yes) {
    out["dpv:hasDuration"] = duration(events);
    out["dpv:hasConsentControl"] =
        json::Object{{"@type", "dpv:WithdrawConsent"}, {"dpv:isExercisedAt", withdrawal(last)}};
  }
  return out;
}

}  // namespace naestro::ledger
