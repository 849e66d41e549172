#include "run/facts.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace naestro::run {

bool is_fact(std::string_view kind) {
  constexpr std::array<std::string_view, 15> kinds = {
      "run.steered",     "run.created",     "run.paused",       "run.resumed",   "run.killed",
      "consent.given",   "consent.refused", "effect.done",      "effect.failed", "effect.lost",
      "effect.prepared", "timer.fired",     "deadline.reached", "rate.counted",  "effect.withheld"};
  return std::ranges::find(kinds, kind) != kinds.end();
}

bool Fact::has(std::string_view member) const {
  return data.contains(member) ||
         std::ranges::find(hidden, member, &Hidden::member) != hidden.end();
}

std::optional<std::vector<std::int64_t>> path_from(const json::Object& data) {
  std::vector<std::int64_t> path;
  const json::Array* given = json::array_at(data, "path");
  if (given == nullptr) return path;
  for (const json::Value& index : *given) {
    if (!index.is_int64()) return std::nullopt;
    path.push_back(index.get_int64());
  }
  return path;
}

Result<std::string> opened(const json::Object& data, std::string_view member,
                           const OpenBlob& open) {
  const json::Value* ref = data.if_contains(member);
  if (ref == nullptr) {
    return fail(Code::kStoreCorrupt, "an event lacks '" + std::string{member} + "'");
  }
  NAESTRO_LET(const Digest id, ledger::blob_id(*ref));
  return open(id);
}

namespace {

Fact of_effect(std::string_view kind, const door::Intent& intent) {
  Fact fact;
  fact.kind = kind;
  fact.effect = Fact::OfEffect{
      .step = intent.effect().step, .path = intent.effect().path, .key = intent.key()};
  return fact;
}

std::optional<Fact::OfEffect> effect_from(const json::Object& data) {
  const auto key = digest_from_hex(json::text_at(data, "key").value_or(""));
  auto path = path_from(data);
  if (!key || !path) return std::nullopt;
  const json::Value* labels = data.if_contains("labels");
  return Fact::OfEffect{
      .step = std::string{json::text_at(data, "step").value_or("")},
      .path = *std::move(path),
      .key = *key,
      .usage = door::usage_from_json(data.if_contains("usage")),
      .labels = contract::labels_from_json(labels == nullptr ? json::Value{} : *labels),
      .code = std::string{json::text_at(data, "code").value_or("")}};
}

}  // namespace

Fact effect_lost(const door::Intent& intent, const Error& why) {
  Fact fact = of_effect("effect.lost", intent);
  fact.effect->code = info(why.code).name;
  fact.plain = json::Value(why.text());
  fact.hidden.push_back({"message", why.text()});
  return fact;
}

Fact effect_withheld(const door::Intent& intent) { return of_effect("effect.withheld", intent); }

Fact effect_prepared(const door::Intent& intent, const json::Value& former) {
  Fact fact = of_effect("effect.prepared", intent);
  fact.plain = former;
  fact.hidden.push_back({"former", json::canonical(former)});
  return fact;
}

Fact timer_fired(std::string_view step, const std::vector<std::int64_t>& path) {
  Fact fact;
  fact.kind = "timer.fired";
  fact.data = {{"step", step}};
  if (!path.empty()) fact.data["path"] = json::Array(path.begin(), path.end());
  return fact;
}

Fact effect_outcome(const door::Intent& intent, contract::Labels labels,
                    const door::Outcome& outcome) {
  Fact fact = of_effect(outcome.result ? "effect.done" : "effect.failed", intent);
  fact.latency_us = outcome.latency_us;
  fact.effect->usage = outcome.usage;
  fact.effect->usage_known = outcome.usage_known;
  fact.effect->secret = outcome.secret;
  fact.effect->lease = outcome.lease;
  if (outcome.result) {
    fact.plain = *outcome.result;
    fact.effect->labels = std::move(labels);
    fact.hidden.push_back({"result", json::canonical(*outcome.result)});
  } else {
    const Error& error = outcome.result.error();
    fact.plain = json::Value(error.text());
    fact.effect->code = info(error.code).name;
    fact.hidden.push_back({"message", error.text()});
  }
  return fact;
}

Fact consent_answer(const Digest& digest, const Answer& answer) {
  Fact fact;
  fact.kind = answer.yes ? "consent.given" : "consent.refused";
  fact.data = {{"digest", hex(digest)}, {"via", answer.via}, {"scope", answer.scope}};
  fact.hidden.push_back({"who", answer.who});
  if (answer.yes && !answer.reason.empty()) fact.hidden.push_back({"reason", answer.reason});
  if (answer.yes && !answer.grants.empty()) add_grants(fact, answer.grants);
  if (answer.yes && answer.result) {
    fact.plain = *answer.result;
    fact.data["as"] = "done";
    fact.hidden.push_back({"result", json::canonical(*answer.result)});
  }
  return fact;
}

Fact paused(std::string_view reason, std::string_view what) {
  Fact fact;
  fact.kind = "run.paused";
  fact.data = {{"reason", reason}};
  if (!what.empty()) fact.data["what"] = what;
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

void add_rules(Fact& resumed, const json::Array& rules) {
  resumed.plain = json::Value(rules);
  resumed.hidden.push_back({"policy", json::canonical(resumed.plain)});
}

void add_grants(Fact& resumed, std::span<const policy::Grant> grants) {
  resumed.grants = json::Value(policy::to_json(grants));
  resumed.hidden.push_back({"grants", json::canonical(resumed.grants)});
}

Fact killed(std::string_view via, std::string_view who) {
  Fact fact;
  fact.kind = "run.killed";
  fact.data = {{"via", via}};
  fact.hidden.push_back({"who", std::string{who}});
  return fact;
}

Steering steering_from(const json::Object& payload, std::string via) {
  const auto text = [&](std::string_view key) {
    return std::string{json::text_at(payload, key).value_or("")};
  };
  return {text("goal"), text("plan"), text("next"), std::move(via), text("who")};
}

Fact steered(const Steering& steering) {
  Fact fact;
  fact.kind = "run.steered";
  fact.data = {{"next", steering.next}, {"via", steering.via}};
  fact.plain = json::Object{{"goal", steering.goal}, {"plan", steering.plan}};
  fact.hidden.push_back({"goal", steering.goal});
  fact.hidden.push_back({"plan", steering.plan});
  fact.hidden.push_back({"who", steering.who});
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
  if (event.kind.starts_with("effect.")) fact.effect = effect_from(event.data);
  if (const json::Value* grants = event.data.if_contains("grants")) {
    NAESTRO_LET(const Digest id, ledger::blob_id(*grants));
    NAESTRO_LET(const std::string text, open(id));
    NAESTRO_LET(fact.grants, json::parse(text));
  }
  if (event.kind == "run.steered") {
    NAESTRO_LET(const std::string goal, opened(event.data, "goal", open));
    NAESTRO_LET(const std::string plan, opened(event.data, "plan", open));
    fact.plain = json::Object{{"goal", goal}, {"plan", plan}};
    return fact;
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
