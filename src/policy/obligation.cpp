#include "policy/obligation.hpp"

#include <algorithm>

#include "base/money.hpp"

namespace naestro::policy {
namespace {

// So that what a tool says of what it did fits.
constexpr std::int64_t kMaxBytesMin = 1'000;

constexpr std::array<std::string_view, 2> kRateWords = {"calls", "per"};
constexpr std::array<std::string_view, 3> kLimitWords = {"usd_day", "tokens_day", "calls_day"};

Read<Rate> parse_rate(const json::Value& form) {
  const auto bad = [] {
    return fault("/obligations/rate_limit", "'rate_limit' is calls and per, and nothing more",
                 "as in {calls: 10, per: 1m}; per is seconds, minutes, hours or days: 30s, 1m, 8h, "
                 "1d");
  };
  const json::Object* object = form.if_object();
  if (object == nullptr || object->size() != kRateWords.size()) return bad();
  const json::Value* calls = object->if_contains("calls");
  const auto number = calls == nullptr ? std::nullopt : whole_number(*calls, 1);
  const auto per = seconds_of(json::text_at(*object, "per").value_or(""));
  if (!number || !per) return bad();
  return Rate{"", *number, *per};
}

// A list of kinds of docs/formats/privacy.md.
Read<privacy::Kinds> parse_kinds(const json::Value& form) {
  std::string known;
  for (const privacy::Kind kind : privacy::all_kinds()) {
    known += (known.empty() ? "" : ", ") + std::string{privacy::name_of(kind)};
  }
  const auto bad = [&] {
    return fault("/obligations/redact", "'redact' is no list of what identifies persons",
                 "such as [email, iban]; there are " + known);
  };
  const json::Array* names = form.if_array();
  if (names == nullptr || names->empty()) return bad();
  privacy::Kinds out;
  for (const json::Value& name : *names) {
    const auto kind =
        name.is_string() ? privacy::kind_named(json::view(name.get_string())) : std::nullopt;
    if (!kind) return bad();
    out.insert(*kind);
  }
  return out;
}

void smaller(std::optional<std::int64_t>& mine, const std::optional<std::int64_t>& other) {
  if (other) mine = std::min(mine.value_or(*other), *other);
}

}  // namespace

void Obligations::join(const Obligations& more) {
  smaller(max_bytes, more.max_bytes);
  require_reason = require_reason || more.require_reason;
  redact.insert(more.redact.begin(), more.redact.end());
  for (const Rate& rate : more.rates) {
    const auto at = std::ranges::lower_bound(rates, rate);
    if (at == rates.end() || *at != rate) rates.insert(at, rate);
  }
}

bool Obligations::covers(const Obligations& other) const {
  Obligations both = *this;
  both.join(other);
  return both == *this;
}

Read<Obligations> parse_obligations(const json::Value& form) {
  const json::Object* object = form.if_object();
  if (object == nullptr || object->empty()) {
    return fault("/obligations", "'obligations' is no map with something in it",
                 "such as {max_bytes: 4096}; leave it out where there is none");
  }
  NAESTRO_TRY(only(*object, "an obligation", "/obligations", kObligationWords));
  Obligations out;
  if (const json::Value* bytes = object->if_contains("max_bytes")) {
    out.max_bytes = whole_number(*bytes, kMaxBytesMin);
    if (!out.max_bytes) {
      return fault("/obligations/max_bytes",
                   "'max_bytes' is no whole number from " + std::to_string(kMaxBytesMin) + " on",
                   "such as 20000");
    }
  }
  if (const json::Value* reason = object->if_contains("require_reason")) {
    if (!reason->is_bool() || !reason->get_bool()) {
      return fault("/obligations/require_reason", "'require_reason' is true or is not there");
    }
    out.require_reason = true;
  }
  if (const json::Value* kinds = object->if_contains("redact")) {
    NAESTRO_LET(out.redact, parse_kinds(*kinds));
  }
  if (const json::Value* rate = object->if_contains("rate_limit")) {
    NAESTRO_LET(Rate limit, parse_rate(*rate));
    out.rates.push_back(std::move(limit));
  }
  return out;
}

json::Object to_json(const Obligations& obligations) {
  json::Object out;
  if (obligations.max_bytes) out["max_bytes"] = *obligations.max_bytes;
  if (!obligations.rates.empty()) {
    json::Array rates;
    for (const Rate& rate : obligations.rates) {
      rates.push_back(
          json::Object{{"rule", rate.rule}, {"calls", rate.calls}, {"per_s", rate.per_s}});
    }
    out["rate_limits"] = std::move(rates);
  }
  if (!obligations.redact.empty()) {
    json::Array kinds;
    for (const privacy::Kind kind : obligations.redact) kinds.emplace_back(privacy::name_of(kind));
    out["redact"] = std::move(kinds);
  }
  if (obligations.require_reason) out["require_reason"] = true;
  return out;
}

std::string text_of(const Obligations& obligations) {
  std::string out;
  const auto add = [&](const std::string& what) { out += (out.empty() ? "" : ", ") + what; };
  if (obligations.max_bytes) add("at most " + std::to_string(*obligations.max_bytes) + " bytes");
  if (!obligations.redact.empty()) {
    std::string kinds;
    for (const privacy::Kind kind : obligations.redact) {
      kinds += (kinds.empty() ? "" : "/") + std::string{privacy::name_of(kind)};
    }
    add("without " + kinds);
  }
  if (obligations.require_reason) add("a yes says why");
  for (const Rate& rate : obligations.rates) {
    add("at most " + std::to_string(rate.calls) + (rate.calls == 1 ? " call" : " calls") + " in " +
        std::to_string(rate.per_s) + " s (" + rate.rule + ")");
  }
  return out;
}

void DayLimits::join(const DayLimits& more) {
  smaller(usd, more.usd);
  smaller(tokens, more.tokens);
  smaller(calls, more.calls);
}

std::string text_of(const DayLimits& limits) {
  if (limits.none()) return "no limits of a day";
  std::string out;
  const auto add = [&](const std::string& what) { out += (out.empty() ? "" : ", ") + what; };
  if (limits.usd) add(format_usd(*limits.usd) + " USD");
  if (limits.tokens) add(std::to_string(*limits.tokens) + " tokens");
  if (limits.calls) add(std::to_string(*limits.calls) + (*limits.calls == 1 ? " call" : " calls"));
  return out + " a day";
}

Read<DayLimits> parse_limits(const json::Value& form) {
  const json::Object* object = form.if_object();
  if (object == nullptr || object->empty()) {
    return fault("", "'limits' is no map with something in it",
                 "such as {calls_day: 500}; leave it out where there is none");
  }
  NAESTRO_TRY(only(*object, "limits", "", kLimitWords));
  DayLimits out;
  if (object->contains("usd_day")) {
    const auto usd = parse_usd(json::text_at(*object, "usd_day").value_or(""));
    if (!usd) return fault("/usd_day", "'usd_day' is no amount of dollars", "such as 5.00");
    out.usd = *usd;
  }
  const auto number = [&](std::string_view word, std::optional<std::int64_t>& into) -> Read<void> {
    const json::Value* value = object->if_contains(word);
    if (value == nullptr) return {};
    into = whole_number(*value, 0);
    if (into) return {};
    return fault("/" + std::string{word}, "'" + std::string{word} + "' is no whole number",
                 "such as 500");
  };
  NAESTRO_TRY(number("tokens_day", out.tokens));
  NAESTRO_TRY(number("calls_day", out.calls));
  return out;
}

}  // namespace naestro::policy
