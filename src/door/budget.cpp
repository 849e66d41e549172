#include "door/budget.hpp"

#include <algorithm>
#include <utility>

namespace naestro::door {

// The first ceiling that `caps` on top of what is spent and reserved would break.
std::optional<Shortage> Budget::short_of(const Caps& caps) const {
  const auto one = [](const char* limit, std::optional<std::int64_t> ceiling, std::int64_t used,
                      std::int64_t cap) -> std::optional<Shortage> {
    if (!ceiling || used + cap <= *ceiling) return std::nullopt;
    return Shortage{limit, cap, std::max<std::int64_t>(0, *ceiling - used)};
  };
  if (auto b = one("usd", ceilings_.usd, spent_.usd + reserved_.usd, caps.usd)) return b;
  if (auto b = one("tokens", ceilings_.tokens, spent_.tokens() + reserved_.tokens, caps.tokens)) {
    return b;
  }
  if (auto b = one("tool_calls", ceilings_.tool_calls, spent_.tool_calls + reserved_.tool_calls,
                   caps.tool_calls)) {
    return b;
  }
  if (auto b = one("usd_day", day_.usd, spent_.usd + reserved_.usd, caps.usd)) return b;
  if (auto b = one("tokens_day", day_.tokens, spent_.tokens() + reserved_.tokens, caps.tokens)) {
    return b;
  }
  return one("calls_day", day_.tool_calls, spent_.tool_calls + reserved_.tool_calls,
             caps.tool_calls);
}

std::optional<Shortage> Budget::reserve(const Caps& caps) {
  if (auto shortage = short_of(caps)) return shortage;
  reserved_.usd += caps.usd;
  reserved_.tokens += caps.tokens;
  reserved_.tool_calls += caps.tool_calls;
  return std::nullopt;
}

void Budget::settle(const Caps& reserved, const Usage& used) {
  reserved_.usd -= reserved.usd;
  reserved_.tokens -= reserved.tokens;
  reserved_.tool_calls -= reserved.tool_calls;
  check(std::min({reserved_.usd, reserved_.tokens, reserved_.tool_calls}) >= 0,
        "a budget settles no more than it reserved");
  spent_ += used;
}

Usage whole(const Caps& caps) {
  return {caps.tokens, 0, caps.tool_calls, caps.model_calls, caps.usd};
}

bool within(const Usage& usage, const Caps& caps) {
  return usage.tokens() <= caps.tokens && usage.tool_calls <= caps.tool_calls &&
         usage.model_calls <= caps.model_calls && usage.usd <= caps.usd;
}

Usage& Usage::operator+=(const Usage& more) {
  tokens_in += more.tokens_in;
  tokens_out += more.tokens_out;
  tool_calls += more.tool_calls;
  model_calls += more.model_calls;
  usd += more.usd;
  return *this;
}

Usage& Usage::operator-=(const Usage& less) {
  tokens_in -= less.tokens_in;
  tokens_out -= less.tokens_out;
  tool_calls -= less.tool_calls;
  model_calls -= less.model_calls;
  usd -= less.usd;
  return *this;
}

void Budget::raise(const Ceilings& ceilings) {
  for (Ceilings* each : {&ceilings_, &own_}) {
    if (ceilings.usd) each->usd = ceilings.usd;
    if (ceilings.tokens) each->tokens = ceilings.tokens;
    if (ceilings.tool_calls) each->tool_calls = ceilings.tool_calls;
    if (ceilings.wall_s) each->wall_s = ceilings.wall_s;
  }
}

void Budget::tighten(const Ceilings& ceilings) {
  const auto smaller = [](auto& mine, const auto& other, std::int64_t spent) {
    if (other && (!mine || *other + spent < *mine)) mine = *other + spent;
  };
  smaller(ceilings_.usd, ceilings.usd, spent_.usd);
  smaller(ceilings_.tokens, ceilings.tokens, spent_.tokens());
  smaller(ceilings_.tool_calls, ceilings.tool_calls, spent_.tool_calls);
}

Ceilings Budget::loosen() {
  const auto left = [](auto& now, const auto& own, std::int64_t spent) {
    const auto tight = std::exchange(now, own);
    return tight != own ? std::optional{std::max<std::int64_t>(0, *tight - spent)} : std::nullopt;
  };
  return {.usd = left(ceilings_.usd, own_.usd, spent_.usd),
          .tokens = left(ceilings_.tokens, own_.tokens, spent_.tokens()),
          .tool_calls = left(ceilings_.tool_calls, own_.tool_calls, spent_.tool_calls)};
}

void Budget::forgive(const Usage& used) {
  const auto more = [](auto& now, const auto& own, std::int64_t amount) {
    if (now != own) now = std::min(*now + amount, own.value_or(*now + amount));
  };
  more(ceilings_.usd, own_.usd, used.usd);
  more(ceilings_.tokens, own_.tokens, used.tokens());
  more(ceilings_.tool_calls, own_.tool_calls, used.tool_calls);
}

void Budget::leave(const Ceilings& day) {
  day_ = {};
  if (day.usd) day_.usd = *day.usd + spent_.usd;
  if (day.tokens) day_.tokens = *day.tokens + spent_.tokens();
  if (day.tool_calls) day_.tool_calls = *day.tool_calls + spent_.tool_calls;
}

json::Object to_json(const Ceilings& ceilings) {
  json::Object out;
  if (ceilings.usd) out["usd_nano"] = *ceilings.usd;
  if (ceilings.tokens) out["tokens"] = *ceilings.tokens;
  if (ceilings.tool_calls) out["tool_calls"] = *ceilings.tool_calls;
  if (ceilings.wall_s) out["wall_s"] = *ceilings.wall_s;
  return out;
}

Ceilings ceilings_from_json(const json::Object& object) {
  return {json::integer_at(object, "usd_nano"), json::integer_at(object, "tokens"),
          json::integer_at(object, "tool_calls"), json::integer_at(object, "wall_s")};
}

json::Value to_json(const Usage& usage) {
  return json::Object{{"tokens_in", usage.tokens_in},
                      {"tokens_out", usage.tokens_out},
                      {"tool_calls", usage.tool_calls},
                      {"model_calls", usage.model_calls},
                      {"usd_nano", usage.usd}};
}

Usage usage_from_json(const json::Value* value) {
  const json::Object* object = value == nullptr ? nullptr : value->if_object();
  if (object == nullptr) return {};
  const auto at = [&](const char* key) { return json::integer_at(*object, key).value_or(0); };
  return {at("tokens_in"), at("tokens_out"), at("tool_calls"), at("model_calls"), at("usd_nano")};
}

}  // namespace naestro::door
