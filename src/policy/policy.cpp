#include "policy/policy.hpp"

#include <algorithm>
#include <set>

#include "base/crypto.hpp"
#include "base/json.hpp"

namespace naestro::policy {
namespace {

using contract::DeclaredEffect;
using contract::EffectKind;

constexpr std::size_t kRulesMax = 20'000;  // of a file
constexpr std::size_t kLabelsMax = 1'000;  // likewise
constexpr int kDeny = static_cast<int>(Decision::deny) * 2;

constexpr std::array<std::string_view, 4> kLayerWords = {"built-in", "organisation", "user",
                                                         "project"};
// What decides without being a rule: nobody's rule may look like it.
constexpr std::array<std::string_view, 3> kOwnIds = {"builtin.", "mode.", "door."};

std::size_t index_of(const DeclaredEffect* effect) {
  return effect == nullptr ? kNoEffect : static_cast<std::size_t>(effect->kind);
}

// Every effect that happens, at every place where it does; null where none does.
template <class Do>
void each_place(const Question& question, const Do& act) {
  bool any = false;
  for (const DeclaredEffect& effect : question.effects) {
    const std::size_t places = places_of(question, effect);
    for (std::size_t entry = 0; entry < places; ++entry) act(&effect, entry);
    any = any || places > 0;
  }
  if (!any) act(nullptr, 0);
}

Decision decision_of(int strictness) { return static_cast<Decision>(strictness / 2); }

}  // namespace

std::string_view name(Layer layer) { return kLayerWords[static_cast<std::size_t>(layer)]; }

Result<Policy> Policy::parse(std::string_view file, std::string_view text) {
  NAESTRO_LET(const json::Value form, json::parse(text));
  Policy policy;
  const auto line = [&](const std::string& pointer) { return json::locate(text, pointer).line; };
  const auto added = policy.add(Layer::builtin, std::string{file}, form, line);
  if (added) return policy;
  const PolicyFault& fault = added.error();
  return fail(Code::kPolicyInvalid,
              std::string{file} + ":" + std::to_string(fault.line) + ": " + fault.message,
              fault.remedy);
}

std::expected<void, PolicyFault> Policy::add(Layer layer, std::string file, const json::Value& form,
                                             const LineOf& line) {
  const auto bad = [&](const std::string& pointer, const std::string& what, std::string remedy) {
    return std::unexpected(PolicyFault{
        line(pointer), what, remedy.empty() ? "see docs/formats/policy.md" : std::move(remedy)});
  };
  const json::Object* object = form.if_object();
  const json::Array* rules = object == nullptr ? nullptr : json::array_at(*object, "rules");
  const json::Array* labels = object == nullptr ? nullptr : json::array_at(*object, "labels");
  const json::Value* limits = object == nullptr ? nullptr : object->if_contains("limits");
  const std::size_t members = 2U + (labels == nullptr ? 0 : 1) + (limits == nullptr ? 0 : 1);
  if (rules == nullptr || object->size() != members ||
      json::text_at(*object, "policy") != "policy/1") {
    return bad("",
               R"(a policy is {"policy": "policy/1", "rules": [...]} and perhaps "labels": [...] )"
               R"(and "limits": {...}, and nothing more)",
               {});
  }
  if (rules->size() > kRulesMax) {
    return bad("/rules", "a policy has at most " + std::to_string(kRulesMax) + " rules", {});
  }
  RuleFile out{layer, std::move(file), {}, {}, {}, form, {}};
  if (limits != nullptr) {
    auto read = parse_limits(*limits);
    if (!read) {
      return bad("/limits" + read.error().pointer, read.error().message, read.error().remedy);
    }
    out.limits = *read;
  }
  if (labels != nullptr && labels->size() > kLabelsMax) {
    return bad("/labels", "a policy has at most " + std::to_string(kLabelsMax) + " labels", {});
  }
  for (std::size_t i = 0; labels != nullptr && i < labels->size(); ++i) {
    auto label = parse_path_label((*labels)[i]);
    if (!label) {
      return bad("/labels/" + std::to_string(i) + label.error().pointer, label.error().message,
                 label.error().remedy);
    }
    out.labels.push_back(*std::move(label));
  }
  std::map<std::string, int> lines;  // of the ids so far
  for (std::size_t i = 0; i < rules->size(); ++i) {
    const std::string pointer = "/rules/" + std::to_string(i);
    auto rule = parse_rule((*rules)[i]);
    if (!rule) {
      return bad(pointer + rule.error().pointer, rule.error().message, rule.error().remedy);
    }
    rule->line = line(pointer);
    rule->place = i;
    for (Rate& rate : rule->obligations.rates) {
      rate.rule = std::string{name(layer)} + "/" + rule->id;
    }
    const bool own = rule->id == "default" || std::ranges::any_of(kOwnIds, [&](const auto& word) {
                       return rule->id.starts_with(word);
                     });
    if (own && layer != Layer::builtin) {
      return bad(pointer + "/id", "the id " + rule->id + " is one of Naestro's own",
                 "give the rule another");
    }
    const auto [known, fresh] = lines.emplace(rule->id, rule->line);
    if (!fresh) {
      return bad(pointer + "/id",
                 "two rules have the id " + rule->id + ", the first in line " +
                     std::to_string(known->second),
                 "give one of them another");
    }
    out.index.add(*rule);
    out.rules.push_back(*std::move(rule));
  }
  files_.push_back(std::move(out));
  // That of the built-in layer alone is its own text's, as it was before there were others.
  digest_ = crypto::sha256(json::canonical(files_.front().form));
  if (files_.size() == 1) return {};
  json::Array all;
  for (const RuleFile& each : files_) {
    all.push_back(json::Array{name(each.layer), each.form});
  }
  digest_ = crypto::sha256(json::canonical(all));
  return {};
}

// What a call's effects come to: at least `low`, at most `high` when all is known.
struct Policy::Bounds {
  Ruling ruling;
  Obligations obligations;  // of the rules that match
  Obligations may;          // of those that may
  int low = -1;
  int high = -1;

  // What obliges narrows, whatever the rule says else: a rule that cannot tell obliges, too.
  void oblige(const Rule& rule, Match match) {
    if (match == Match::yes || match == Match::failed) obligations.join(rule.obligations);
    if (match == Match::open) may.join(rule.obligations);
  }
};

void Policy::judge_effect(const Question& question, const DeclaredEffect* effect, std::size_t entry,
                          Bounds& bounds) const {
  const std::size_t kind = index_of(effect);
  const RuleFile* file = nullptr;
  const Rule* known = nullptr;
  std::string failure;
  const RuleFile* mildest_file = nullptr;
  const Rule* mildest = nullptr;  // of those that may match
  int high = -1;
  Place place{question, effect, entry};
  for (const RuleFile& each : files_) {
    each.index.candidates(question.target, kind, place, [&](std::uint32_t at) {
      const Rule& rule = each.rules[at];
      const bool decides =
          known == nullptr || rule.strictness() > known->strictness() ||
          (file == &each && rule.strictness() == known->strictness() && rule.place < known->place);
      if (!decides && !rule.obliges()) return;
      Matched matched = rule.matches(question, effect, place);
      if (rule.obliges()) bounds.oblige(rule, matched.match);
      if (!decides) return;
      if (rule.applies(matched.match)) {
        file = &each;
        known = &rule;
        failure = std::move(matched.failure);
      } else if (matched.match == Match::open) {
        high = std::max(high, rule.strictness());
        if (mildest == nullptr || rule.strictness() < mildest->strictness()) {
          mildest_file = &each;
          mildest = &rule;
        }
      }
    });
  }
  Ruling ruling;
  ruling.kind = kind;
  int low = 0;
  if (known != nullptr) {
    low = known->strictness();
  } else if (effect != nullptr && mildest != nullptr) {
    low = mildest->strictness();
    file = mildest_file;
    known = mildest;
    high = kDeny;  // where none of them matches
  } else if (effect != nullptr) {
    low = kDeny;
  }
  ruling.why = known != nullptr    ? Ruling::Why::rule
               : effect != nullptr ? Ruling::Why::nothing_matches
                                   : Ruling::Why::no_effect;
  const bool suggests = question.mode == Mode::guide && effect != nullptr &&
                        effect->kind != EffectKind::read && effect->kind != EffectKind::model_local;
  if (suggests) {
    low = kDeny;
    ruling.why = Ruling::Why::mode;
  }
  bounds.high = std::max({bounds.high, high, low});
  if (low <= bounds.low) return;
  bounds.low = low;
  ruling.decision = decision_of(low);
  ruling.locked = ruling.decision == Decision::ask && low % 2 == 1;
  ruling.rule = known;
  ruling.file = ruling.why == Ruling::Why::rule ? &file->file : &files_.front().file;
  ruling.failure = std::move(failure);
  bounds.ruling = std::move(ruling);
}

Ruling Policy::judge(const Question& question) const {
  Bounds bounds;
  each_place(question, [&](const DeclaredEffect* effect, std::size_t entry) {
    judge_effect(question, effect, entry, bounds);
  });
  bounds.ruling.open = bounds.high > bounds.low;
  if (bounds.low == kDeny) return std::move(bounds.ruling);
  if (!bounds.may.none() && !bounds.obligations.covers(bounds.may)) bounds.ruling.open = true;
  bounds.ruling.obligations = std::move(bounds.obligations);
  return std::move(bounds.ruling);
}

Verdict Policy::worded(Ruling ruling) const {
  Verdict out{ruling.decision,
              {},
              *ruling.file,
              0,
              {},
              ruling.locked,
              ruling.open,
              std::move(ruling.obligations)};
  switch (ruling.why) {
    case Ruling::Why::rule:
      out.rule = ruling.rule->id;
      out.line = ruling.rule->line;
      out.reason = ruling.rule->reason;
      if (!ruling.failure.empty()) {
        out.reason = "it cannot be told whether this rule matches, so it applies (" +
                     ruling.failure + "): " + out.reason;
      }
      break;
    case Ruling::Why::nothing_matches:
      out.rule = "default";
      out.reason = "no rule matches " + std::string{kind_word(ruling.kind)};
      break;
    case Ruling::Why::mode:
      out.rule = "mode.guide";
      out.reason = "mode guide only reads and suggests";
      break;
    default:  // no_effect
      out.rule = "door.no_effect";
      out.file.clear();
      out.reason = "it touches nothing";
      break;
  }
  return out;
}

std::pair<Verdict, EffectKind> Policy::decide(const Question& question) const {
  Ruling ruling = judge(question);
  // A call without an effect has none to name; what it may do is no more than reading.
  const EffectKind kind =
      ruling.kind == kNoEffect ? EffectKind::read : static_cast<EffectKind>(ruling.kind);
  return {worded(std::move(ruling)), kind};
}

DayLimits Policy::limits() const {
  DayLimits out;
  for (const RuleFile& file : files_) out.join(file.limits);
  return out;
}

Reached Policy::reached(const Question& question) const {
  Reached out;
  for (const RuleFile& file : files_) reach(file.labels, question, out);
  return out;
}

std::vector<Policy::Finding> Policy::findings(const Question& question) const {
  std::vector<Finding> out;
  each_place(question, [&](const DeclaredEffect* effect, std::size_t entry) {
    const std::size_t kind = index_of(effect);
    Place place{question, effect, entry};
    for (const RuleFile& file : files_) {
      std::set<std::uint32_t> places;
      file.index.candidates(question.target, kind, place,
                            [&](std::uint32_t at) { places.insert(at); });
      for (const std::uint32_t at : places) {
        const Rule& rule = file.rules[at];
        Matched matched = rule.matches(question, effect, place);
        const bool known = std::ranges::any_of(out, [&](const Finding& finding) {
          return entry > 0 && finding.rule == &rule && finding.kind == kind &&
                 finding.matched.match == matched.match;
        });
        if (known || matched.match == Match::no) continue;
        out.push_back({&file, &rule, kind, std::move(matched)});
      }
    }
  });
  return out;
}

}  // namespace naestro::policy
