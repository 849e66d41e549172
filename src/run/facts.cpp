#include "run/facts.hpp"

#include <algorithm>
#include <array>

namespace naestro::run {

bool is_fact(std::string_view kind) {
  constexpr std::array<std::string_view, 13> kinds = {
      "run.created",     "run.paused",       "run.resumed",   "run.killed",  "consent.given",
      "consent.refused", "effect.done",      "effect.failed", "effect.lost", "effect.prepared",
      "timer.fired",     "deadline.reached", "rate.counted"};
  return std::ranges::find(kinds, kind) != kinds.end();
}

json::Value Sealer::put(std::string_view text, std::vector<Bytes>& blobs) const {
  Bytes sealed = crypto::seal(key_, mac_, as_bytes(text));
  const Digest id = crypto::sha256(sealed);
  blobs.push_back(std::move(sealed));
  return ledger::blob_ref(id);
}

Result<std::string> Sealer::open(ByteSpan sealed) const {
  NAESTRO_LET(const Bytes plain, crypto::open(key_, sealed));
  return std::string{as_text(plain)};
}

json::Object effect_place(const door::Intent& intent) {
  json::Object out{{"step", intent.effect().step}, {"key", hex(intent.key())}};
  const auto& path = intent.effect().path;
  if (!path.empty()) out["path"] = json::Array(path.begin(), path.end());
  return out;
}

Fact effect_lost(const door::Intent& intent, const Error& why, const Sealer& sealer) {
  Fact fact;
  fact.kind = "effect.lost";
  fact.plain = json::Value(why.text());
  fact.data = effect_place(intent);
  fact.data["code"] = info(why.code).name;
  fact.data["message"] = sealer.put(why.text(), fact.blobs);
  return fact;
}

Fact effect_prepared(const door::Intent& intent, const json::Value& former, const Sealer& sealer) {
  Fact fact;
  fact.kind = "effect.prepared";
  fact.plain = former;
  fact.data = effect_place(intent);
  fact.data["former"] = sealer.put(former, fact.blobs);
  return fact;
}

Fact timer_fired(std::string_view step, const std::vector<std::int64_t>& path) {
  Fact fact;
  fact.kind = "timer.fired";
  fact.data = {{"step", step}};
  if (!path.empty()) fact.data["path"] = json::Array(path.begin(), path.end());
  return fact;
}

Fact effect_outcome(const door::Intent& intent, const contract::Labels& labels,
                    const door::Outcome& outcome, const Sealer& sealer) {
  Fact fact;
  fact.latency_us = outcome.latency_us;
  fact.data = effect_place(intent);
  fact.data["usage"] = door::to_json(outcome.usage);
  fact.data["usage_known"] = outcome.usage_known;
  if (outcome.result) {
    fact.kind = "effect.done";
    fact.plain = *outcome.result;
    fact.data["result"] = sealer.put(*outcome.result, fact.blobs);
    fact.data["labels"] = contract::to_json(labels);
  } else {
    const Error& error = outcome.result.error();
    fact.kind = "effect.failed";
    fact.plain = json::Value(error.text());
    fact.data["code"] = info(error.code).name;
    fact.data["message"] = sealer.put(error.text(), fact.blobs);
  }
  return fact;
}

Fact consent_answer(const Digest& digest, const Answer& answer, const Sealer& sealer) {
  Fact fact;
  fact.kind = answer.yes ? "consent.given" : "consent.refused";
  fact.data = {{"digest", hex(digest)},
               {"via", answer.via},
               {"who", sealer.put(std::string_view{answer.who}, fact.blobs)},
               {"scope", answer.scope}};
  if (answer.yes && !answer.reason.empty()) {
    fact.data["reason"] = sealer.put(std::string_view{answer.reason}, fact.blobs);
  }
  if (answer.yes && !answer.grants.empty()) add_grants(fact, answer.grants, sealer);
  if (answer.yes && answer.result) {
    fact.plain = *answer.result;
    fact.data["as"] = "done";
    fact.data["result"] = sealer.put(*answer.result, fact.blobs);
  }
  return fact;
}

Fact paused(std::string_view reason) {
  Fact fact;
  fact.kind = "run.paused";
  fact.data = {{"reason", reason}};
  return fact;
}

Fact resumed(const door::Ceilings& raised) {
  Fact fact;
  fact.kind = "run.resumed";
  fact.data = {{"raised", door::to_json(raised)}};
  return fact;
}

void add_day(Fact& resumed, const door::Ceilings& left) {
  resumed.data["day"] = door::to_json(left);
}

void add_rules(Fact& resumed, const json::Array& rules, const Sealer& sealer) {
  resumed.plain = json::Value(rules);
  resumed.data["policy"] = sealer.put(resumed.plain, resumed.blobs);
}

void add_grants(Fact& resumed, std::span<const policy::Grant> grants, const Sealer& sealer) {
  resumed.grants = json::Value(policy::to_json(grants));
  resumed.data["grants"] = sealer.put(resumed.grants, resumed.blobs);
}

Fact killed(std::string_view via, std::string_view who, const Sealer& sealer) {
  Fact fact;
  fact.kind = "run.killed";
  fact.data = {{"via", via}};
  fact.data["who"] = sealer.put(who, fact.blobs);
  return fact;
}

Fact deadline_reached(std::int64_t worked_us) {
  Fact fact;
  fact.kind = "deadline.reached";
  fact.data = {{"worked_s", worked_us / 1'000'000}};
  return fact;
}

Fact rate_counted(const Count& count, const std::optional<RateWait>& wait) {
  Fact fact;
  fact.kind = "rate.counted";
  fact.data = {{"step", count.step}, {"free", !wait}};
  if (!count.path.empty()) fact.data["path"] = json::Array(count.path.begin(), count.path.end());
  if (wait) {
    fact.data["rule"] = wait->rule;
    fact.data["wait_s"] = wait->wait_s;
  }
  return fact;
}

Result<Fact> fact_from(const ledger::Event& event, const OpenBlob& open) {
  Fact fact;
  fact.kind = event.kind;
  fact.data = event.data;
  if (const json::Value* grants = event.data.if_contains("grants")) {
    NAESTRO_LET(const Digest id, ledger::blob_id(*grants));
    NAESTRO_LET(const std::string text, open(id));
    NAESTRO_LET(fact.grants, json::parse(text));
  }
  const bool former = event.kind == "effect.prepared";
  const bool rules = event.kind == "run.resumed" && event.data.contains("policy");
  const bool value = former || rules || event.kind == "effect.done" || event.data.contains("as");
  if (!value && event.kind != "effect.failed" && event.kind != "effect.lost") return fact;
  const json::Value* ref = event.data.if_contains(former  ? "former"
                                                  : rules ? "policy"
                                                  : value ? "result"
                                                          : "message");
  if (ref == nullptr) return fail(Code::kStoreCorrupt, event.id() + " names no blob");
  NAESTRO_LET(const Digest id, ledger::blob_id(*ref));
  NAESTRO_LET(const std::string text, open(id));
  if (value) {
    NAESTRO_LET(fact.plain, json::parse(text));
  } else {
    fact.plain = json::Value(text);
  }
  return fact;
}

}  // namespace naestro::run
