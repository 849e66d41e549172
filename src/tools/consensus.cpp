// consensus.deal@1 and consensus.settle@1: several answers to one question, shown without their
// authors, and one that is taken of them. Nothing depends on who gave an answer or when.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/crypto.hpp"
#include "tools/calls.hpp"

namespace naestro::tools {
namespace {

// An answer, for all that agree with it.
struct Answer {
  json::Value value;
  std::int64_t proposers = 0;  // that gave it, or one that agrees; none gave a synthesis
  std::size_t group = 0;       // of those that mean the same; the index of one of them
};

struct Answers {
  std::vector<Answer> all;  // in the order of a hash of what they say
  std::int64_t asked = 0;
  std::int64_t there = 0;
  std::optional<std::size_t> merged;  // which of them is the synthesis, or agrees with it
};

// What has to be equal for two answers to agree.
std::string key_of(const json::Value& answer, const std::vector<std::string>& compare) {
  if (compare.empty()) return json::canonical(answer);
  std::string key;
  for (const std::string& pointer : compare) {
    const json::Value* part = json::at(answer, pointer);
    key += (part == nullptr ? "-" : json::canonical(*part)) + "\n";
  }
  return key;
}

Result<Answers> read(const json::Object& arguments) {
  NAESTRO_LET(const json::Array* drafts, array_argument(arguments, "drafts"));
  NAESTRO_LET(const std::vector<std::string> compare, texts_argument(arguments, "compare"));
  Answers out;
  std::vector<std::pair<const json::Value*, std::int64_t>> given;
  for (std::size_t i = 0; drafts != nullptr && i < drafts->size(); ++i) {
    ++out.asked;
    const json::Array* newest = (*drafts)[i].if_array();
    if (newest == nullptr) return fail(Code::kToolFailed, "an item of 'drafts' is no array");
    const auto* found = std::ranges::find_if_not(*newest, &json::Value::is_null);
    if (found == newest->end()) continue;
    ++out.there;
    given.emplace_back(found, 1);
  }
  const json::Value* merged = arguments.if_contains("merged");
  if (merged != nullptr && !merged->is_null()) given.emplace_back(merged, 0);
  std::ranges::sort(given, {}, [](const auto& each) {
    const std::string text = json::canonical(*each.first);
    return hex(crypto::sha256(text)) + text;
  });
  std::map<std::string, std::size_t> known;
  for (const auto& [value, proposers] : given) {
    const auto [found, fresh] = known.emplace(key_of(*value, compare), out.all.size());
    if (fresh) out.all.push_back({*value, 0, found->second});
    out.all[found->second].proposers += proposers;
    if (proposers == 0) out.merged = found->second;
  }
  return out;
}

std::string letter(std::size_t index) {
  return std::string(1, static_cast<char>('A' + index));  // braces would make two characters of it
}

std::optional<std::size_t> index_of(const Answers& answers, std::string_view name) {
  if (name.size() != 1) return std::nullopt;
  const auto index = static_cast<std::size_t>(name.front() - 'A');
  return index < answers.all.size() ? std::optional{index} : std::nullopt;
}

// How many proposers are in the group.
std::int64_t size_of(const Answers& answers, std::size_t group) {
  return std::accumulate(answers.all.begin(), answers.all.end(), std::int64_t{0},
                         [&](std::int64_t sum, const Answer& each) {
                           return sum + (each.group == group ? each.proposers : 0);
                         });
}

// Whoever is there, two or more, is in one group.
bool agreed(const Answers& answers) {
  if (answers.there < 2) return false;
  const auto first =
      std::ranges::find_if(answers.all, [](const Answer& a) { return a.proposers > 0; });
  return size_of(answers, first->group) == answers.there;
}

json::Value shown(const Answers& answers, std::size_t index) {
  return json::Object{{"name", letter(index)}, {"draft", answers.all[index].value}};
}

// Answers that mean the same, as somebody said, are one group.
void join_same(Answers& answers, const json::Value* same) {
  const json::Object* object = same == nullptr ? nullptr : same->if_object();
  const json::Array* groups = object == nullptr ? nullptr : json::array_at(*object, "groups");
  for (std::size_t g = 0; groups != nullptr && g < groups->size(); ++g) {
    const json::Array* letters = (*groups)[g].if_array();
    std::optional<std::size_t> first;
    for (std::size_t i = 0; letters != nullptr && i < letters->size(); ++i) {
      const json::Value& each = (*letters)[i];
      const auto index =
          each.is_string() ? index_of(answers, json::view(each.get_string())) : std::nullopt;
      if (!index) continue;
      if (!first) first = index;
      const std::size_t from = answers.all[*index].group;
      const std::size_t to = answers.all[*first].group;
      for (Answer& answer : answers.all) {
        if (answer.group == from) answer.group = to;
      }
    }
  }
}

// The largest group; of equally large ones that of the first answer.
std::size_t largest(const Answers& answers) {
  std::size_t best = answers.all.front().group;
  for (const Answer& each : answers.all) {
    if (size_of(answers, each.group) > size_of(answers, best)) best = each.group;
  }
  return best;
}

struct Decision {
  std::size_t answer = 0;
  std::string_view by;
  std::string reasons;
};

std::string text_of(const json::Object& object, std::string_view key) {
  return std::string{json::text_at(object, key).value_or("")};
}

std::optional<Decision> judged(const Answers& answers, const json::Value* verdict) {
  const json::Object* said = verdict == nullptr ? nullptr : verdict->if_object();
  if (said == nullptr) return std::nullopt;
  const auto index = index_of(answers, text_of(*said, "choice"));
  if (!index) return std::nullopt;
  return Decision{*index, "judge", text_of(*said, "why")};
}

// The answer that won most matches; none where two won equally many.
std::optional<Decision> won(const Answers& answers, const json::Value* pairs,
                            const json::Value* matches) {
  const json::Array* played = pairs == nullptr ? nullptr : pairs->if_array();
  const json::Array* rows = matches == nullptr ? nullptr : matches->if_array();
  if (played == nullptr || rows == nullptr) return std::nullopt;
  std::vector<std::int64_t> wins(answers.all.size());
  std::vector<std::string> why(answers.all.size());
  for (std::size_t i = 0; i < std::min(played->size(), rows->size()); ++i) {
    const json::Object* row = (*rows)[i].if_object();
    const json::Object* said = row == nullptr ? nullptr : json::object_at(*row, "value");
    const json::Object* pair = (*played)[i].if_object();
    const std::string better = said == nullptr ? "" : text_of(*said, "better");
    const json::Object* winner = pair == nullptr ? nullptr : json::object_at(*pair, better);
    const auto index =
        winner == nullptr ? std::nullopt : index_of(answers, text_of(*winner, "name"));
    if (!index) continue;  // a draw, or nothing that can be read
    ++wins[*index];
    const std::string reason = text_of(*said, "why");
    if (!reason.empty()) why[*index] += (why[*index].empty() ? "" : "; ") + reason;
  }
  const auto best = std::ranges::max_element(wins);
  if (*best == 0 || std::ranges::count(wins, *best) > 1) return std::nullopt;
  const auto index = static_cast<std::size_t>(best - wins.begin());
  return Decision{index, "tournament", why[index]};
}

// `exact`: they agree by what they say, and nobody had to say what it means.
Decision decide(const Answers& answers, bool exact, const json::Object& arguments) {
  const std::size_t most = largest(answers);
  const auto in_group = [&](std::size_t group) {
    return static_cast<std::size_t>(std::ranges::find_if(answers.all,
                                                         [&](const Answer& each) {
                                                           return each.group == group &&
                                                                  each.proposers > 0;
                                                         }) -
                                    answers.all.begin());
  };
  if (exact) return {in_group(most), "agreement", ""};
  if (auto decision = judged(answers, arguments.if_contains("verdict"))) return *decision;
  if (auto decision =
          won(answers, arguments.if_contains("pairs"), arguments.if_contains("matches"))) {
    return *decision;
  }
  // Whoever was asked to decide and said nothing that can be used does not go unsaid.
  const json::Value* verdict = arguments.if_contains("verdict");
  const bool missed = verdict != nullptr && verdict->is_object();
  const std::string note = missed ? "the judge named an answer that is not there" : "";
  if (agreed(answers)) return {in_group(most), "agreement", note};
  if (answers.merged) return {*answers.merged, "synthesis", note};
  if (answers.there == 1) return {in_group(most), "only", ""};
  const bool alone = std::ranges::none_of(answers.all, [&](const Answer& each) {
    return each.group != most && size_of(answers, each.group) == size_of(answers, most);
  });
  return {in_group(most), alone ? "majority" : "order", note};
}

// Wilson's interval of 95 % for `agree` of `drafts`.
// https://doi.org/10.1080/01621459.1927.10502953
json::Object agreement(std::int64_t agree, const Answers& answers, bool semantic) {
  constexpr double kZ = 1.959963984540054;
  const auto n = static_cast<double>(answers.there);
  const double rate = static_cast<double>(agree) / n;
  const double middle = rate + kZ * kZ / (2 * n);
  const double reach = kZ * std::sqrt(rate * (1 - rate) / n + kZ * kZ / (4 * n * n));
  const double all = 1 + kZ * kZ / n;
  const auto percent = [](double part, auto round) {
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(round(100 * part)), 0, 100);
  };
  return {{"rate_percent", percent(rate, [](double x) { return std::round(x); })},
          {"low_percent", percent((middle - reach) / all, [](double x) { return std::floor(x); })},
          {"high_percent", percent((middle + reach) / all, [](double x) { return std::ceil(x); })},
          {"agree", agree},
          {"drafts", answers.there},
          {"asked", answers.asked},
          {"method", semantic ? "semantic" : "exact"}};
}

json::Array dissent(const Answers& answers, std::size_t taken) {
  std::vector<std::size_t> others;  // one answer of each group
  for (std::size_t i = 0; i < answers.all.size(); ++i) {
    const Answer& each = answers.all[i];
    const bool known = std::ranges::any_of(
        others, [&](std::size_t other) { return answers.all[other].group == each.group; });
    if (each.proposers > 0 && each.group != answers.all[taken].group && !known) others.push_back(i);
  }
  std::ranges::sort(others, {}, [&](std::size_t other) {
    return std::pair{-size_of(answers, answers.all[other].group), other};
  });
  json::Array out;
  for (const std::size_t other : others) {
    out.push_back(json::Object{{"answer", answers.all[other].value},
                               {"drafts", size_of(answers, answers.all[other].group)}});
  }
  return out;
}

}  // namespace

Result<json::Value> consensus_deal(const json::Object& arguments, const Context& /*context*/) {
  NAESTRO_LET(const Answers answers, read(arguments));
  json::Array all;
  json::Array pairs;  // a draft stands in many
  const json::Value* paired = arguments.if_contains("paired");
  const bool wanted = paired != nullptr && *paired == json::Value(true);
  for (std::size_t i = 0; i < answers.all.size(); ++i) {
    all.push_back(shown(answers, i));
    for (std::size_t k = 0; wanted && k < answers.all.size(); ++k) {
      if (k == i) continue;
      pairs.push_back(json::Object{{"first", shown(answers, i)}, {"second", shown(answers, k)}});
    }
  }
  return json::Value(json::Object{{"there", answers.there},
                                  {"agreed", agreed(answers)},
                                  {"differ", !agreed(answers) && answers.all.size() > 1},
                                  {"shown", std::move(all)},
                                  {"pairs", std::move(pairs)}});
}

Result<json::Value> consensus_settle(const json::Object& arguments, const Context& /*context*/) {
  NAESTRO_LET(Answers answers, read(arguments));
  if (answers.there == 0) {
    return fail(Code::kToolFailed,
                "none of the " + std::to_string(answers.asked) + " proposers gave an answer",
                "see why each failed, or give the step a default");
  }
  const bool exact = agreed(answers);
  const json::Value* same = arguments.if_contains("same");
  join_same(answers, same);
  const Decision decision = decide(answers, exact, arguments);
  const bool semantic = same != nullptr && !same->is_null();
  return json::Value(
      json::Object{{"answer", answers.all[decision.answer].value},
                   {"protocol", text_of(arguments, "protocol")},
                   {"by", decision.by},
                   {"agreement", agreement(size_of(answers, largest(answers)), answers, semantic)},
                   {"dissent", dissent(answers, decision.answer)},
                   {"reasons", decision.reasons}});
}

}  // namespace naestro::tools
