#include "plan/consensus.hpp"

#include <algorithm>

#include "base/embedded.hpp"
#include "plan/consensus_form.hpp"
#include "plan/consensus_schemas.hpp"

namespace naestro::plan {

// protocols/consensus.json
std::span<const EmbeddedFile> embedded_protocols();

namespace {

const json::Object& protocol_words() {
  static const json::Value kWords = json::parse(embedded_protocols().front().text).value();
  return kWords.get_object();
}

std::string words(std::string_view key) {
  return std::string{*json::text_at(protocol_words(), key)};
}

std::string value_of(const std::string& id, std::string_view member = "") {
  return "${steps." + id + ".out" + std::string{member} + "}";
}

class Expansion {
 public:
  Expansion(const json::Object& step, Consensus form)
      : step_{step},
        form_{std::move(form)},
        shown_max_{static_cast<std::int64_t>(form_.proposers.size()) +
                   (form_.protocol->debated ? 1 : 0)},
        compared_{form_.compare ? *form_.compare : compared_parts(step.at("out"))},
        shows_{form_.protocol->judged || compared_.empty()} {}

  std::vector<ConsensusPart> run() && {
    draft_round(1);
    for (std::int64_t round = 2; round <= form_.rounds; ++round) debate_round(round);
    if (form_.protocol->debated) synthesize();
    // Free text is compared by what somebody says that it means.
    if (compared_.empty()) {
      speaker("same", {}, "same", same_schema(shown_max_));
      said_["same"] = value_of(part("same"));
    }
    if (form_.protocol->name == "tournament") {
      matches();
    } else if (form_.protocol->judged) {
      speaker("judge", form_.judge, "judge", judge_schema(shown_max_));
      said_["verdict"] = value_of(part("judge"));
    }
    settle();
    return std::move(parts_);
  }

 private:
  [[nodiscard]] std::string part(std::string_view name) const {
    return form_.id + "." + std::string{name};
  }

  // The members that all parts have.
  [[nodiscard]] json::Object begin(const std::string& id, const std::string& condition) const {
    json::Object out{{"id", id}};
    const json::Value* own = step_.if_contains("when");
    if (own != nullptr && form_.when) {
      out["when"] = "(" + *form_.when + ")" + (condition.empty() ? "" : " and " + condition);
    } else if (own != nullptr) {
      out["when"] = *own;  // malformed: where it is read that is reported, as it is written
    } else if (!condition.empty()) {
      out["when"] = condition;
    }
    if (!form_.needs.empty()) out["needs"] = form_.needs;
    return out;
  }

  // A model's call; where it fails, the others go on. `answers`: how many it reads besides the
  // question.
  json::Object& speak(const std::string& id, const Speaker& who, std::int64_t seed,
                      std::int64_t answers, json::Value with, json::Value out,
                      const std::string& condition) {
    json::Object model = form_.all;
    for (const auto& member : who) {
      if (member.key() != "view" && member.key() != "role") model[member.key()] = member.value();
    }
    const json::Value* role = who.if_contains("role");
    if (role == nullptr && !model.contains("task")) model["task"] = "judge";
    if (!who.contains("seed")) {
      const std::int64_t first = json::integer_at(form_.all, "seed").value_or(0);
      model["seed"] = first > json::kMaxInteger - seed ? seed : first + seed;
    }
    json::Object step = begin(id, condition);
    step["do"] = json::Object{{"model", std::move(model)}};
    step["with"] = std::move(with);
    step["out"] = std::move(out);
    step["on_error"] = "continue";
    if (role != nullptr) step["role"] = *role;
    for (const std::string_view key : {"timeout_s", "retry"}) {
      if (const json::Value* own = step_.if_contains(key)) step[key] = *own;
    }
    ConsensusPart& part = parts_.emplace_back(std::move(step));
    if (!who.contains("max_input_tokens")) part.answers = answers;
    return part.step;
  }

  // The person's messages, with more behind the last one.
  [[nodiscard]] json::Value asked(const std::string& more) const {
    json::Value with = step_.at("with");
    json::Value* messages = with.get_object().if_contains("messages");
    json::Array* list = messages == nullptr ? nullptr : messages->if_array();
    json::Object* last = list == nullptr || list->empty() ? nullptr : list->back().if_object();
    const auto content = last == nullptr ? std::nullopt : json::text_at(*last, "content");
    if (content && !more.empty()) (*last)["content"] = std::string{*content} + "\n\n" + more;
    return with;
  }

  [[nodiscard]] std::string question() const {
    std::string out = words("question");
    const json::Array* messages = json::array_at(step_.at("with").get_object(), "messages");
    for (std::size_t i = 0; messages != nullptr && i < messages->size(); ++i) {
      const json::Object* each = (*messages)[i].if_object();
      if (each != nullptr) out += "\n" + std::string{json::text_at(*each, "content").value_or("")};
    }
    return out;
  }

  [[nodiscard]] std::string answers() const {
    return words("answers") + "\n" + value_of(deal_, ".shown");
  }
  // While there are answers that differ.
  [[nodiscard]] std::string open() const { return value_of(deal_, ".differ"); }

  static json::Value talk(const std::string& system, const std::string& user) {
    return json::Object{
        {"messages", json::Array{json::Object{{"role", "system"}, {"content", system}},
                                 json::Object{{"role", "user"}, {"content", user}}}}};
  }

  // One that is shown all answers.
  void speaker(std::string_view name, const Speaker& who, std::string_view prompt,
               json::Value out) {
    speak(part(name), who, 0, shown_max_, talk(words(prompt), question() + "\n\n" + answers()),
          std::move(out), open());
  }

  [[nodiscard]] std::string view_of(std::size_t proposer) const {
    if (const auto own = json::text_at(form_.proposers[proposer], "view")) {
      return std::string{*own};
    }
    return std::string{json::view(protocol_words().at("views").at(proposer).get_string())};
  }

  void draft_round(std::int64_t round, const std::string& more = "") {
    const std::string behind = round > 1 ? "_round_" + std::to_string(round) : "";
    const std::string condition = round > 1 ? open() : "";
    drafts_.resize(form_.proposers.size());
    for (std::size_t i = 0; i < form_.proposers.size(); ++i) {
      const std::string view = view_of(i);
      const std::string id = part("draft_" + std::to_string(i + 1) + behind);
      speak(id, form_.proposers[i], static_cast<std::int64_t>(i), round > 1 ? shown_max_ : 0,
            asked(view + (view.empty() || more.empty() ? "" : "\n\n") + more), step_.at("out"),
            condition);
      drafts_[i].insert(drafts_[i].begin(), json::Value(value_of(id)));
    }
    if (shows_) deal("deal" + behind);
  }

  void debate_round(std::int64_t round) {
    const std::string critic = "critic_round_" + std::to_string(round);
    speaker(critic, form_.critic, "critic", critic_schema(shown_max_));
    draft_round(round, words("revise") + "\n\n" + answers() + "\n\n" + words("critiques") + "\n" +
                           value_of(part(critic), ".critiques"));
  }

  void synthesize() {
    speaker("synthesis", form_.synthesizer, "synthesizer", step_.at("out"));
    said_["merged"] = value_of(part("synthesis"));
    deal("deal_merged");
  }

  // Every two answers, each in both orders. As JSON: a text could end itself and go on as the
  // other.
  void matches() {
    const auto proposers = static_cast<std::int64_t>(form_.proposers.size());
    json::Object& step =
        speak(part("matches"), form_.judge, 0, 2,
              talk(words("pair"),
                   question() + "\n\nfirst:\n${item.first}\n\nsecond:\n" + "${item.second}"),
              pair_schema(), open());
    step["for_each"] = json::Object{{"in", value_of(deal_, ".pairs")},
                                    {"max", proposers * (proposers - 1)},
                                    {"on_error", "collect"}};
    said_["pairs"] = value_of(deal_, ".pairs");
    said_["matches"] = value_of(part("matches"));
  }

  // What the two tools are shown.
  [[nodiscard]] json::Object drafts() const {
    json::Array all;
    for (const json::Array& each : drafts_) all.emplace_back(each);
    json::Object out = said_;
    out["drafts"] = std::move(all);
    out["compare"] = compared_;
    return out;
  }

  void tool(json::Object step, std::string_view name, json::Object with,
            std::optional<json::Value> narrowed) {
    step["do"] = json::Object{{"tool", name}};
    step["with"] = std::move(with);
    parts_.emplace_back(std::move(step), std::move(narrowed));
  }

  void deal(std::string_view name) {
    deal_ = part(name);
    json::Object with = drafts();
    if (form_.protocol->name == "tournament") with["paired"] = true;
    json::Object step = begin(deal_, "");
    step["on_error"] = "continue";  // without it nobody else is asked
    tool(std::move(step), "consensus.deal@1", std::move(with), std::nullopt);
  }

  void settle() {
    json::Object with = drafts();
    with["protocol"] = form_.protocol->name;
    json::Object step = begin(form_.id, "");
    for (const std::string_view key : {"on_error", "default", "budget"}) {
      if (const json::Value* own = step_.if_contains(key)) step[key] = *own;
    }
    tool(std::move(step), "consensus.settle@1", std::move(with),
         consensus_schema(step_.at("out"), shown_max_));
  }

  const json::Object& step_;
  Consensus form_;
  std::int64_t shown_max_;
  json::Array compared_;             // parts of an answer
  bool shows_;                       // somebody is shown the answers
  std::vector<json::Array> drafts_;  // of each proposer, the newest first
  json::Object said_;                // what the tools are shown besides, from then on
  std::string deal_;                 // the newest
  std::vector<ConsensusPart> parts_;
};

// What a part was given of the question is reported where the question has it, and once.
void keep_places(DraftStep& part, const DraftStep& first, std::size_t needs_written) {
  const auto place = [&](const auto& is_it) -> const std::string* {
    for (const auto* uses : {&first.with.uses, &first.control_uses}) {
      const auto found = std::ranges::find_if(*uses, is_it, &ReferenceUse::reference);
      if (found != uses->end()) return &found->pointer;
    }
    return nullptr;
  };
  for (ReferenceUse& use : part.with.uses) {
    const auto* asked = place([&](const Reference& other) { return other == use.reference; });
    if (asked != nullptr) use.pointer = *asked;
  }
  for (std::size_t i = needs_written; i < part.needs.size(); ++i) {
    const auto* named = place([&](const Reference& other) {
      return other.from == Reference::From::step && other.name == part.needs[i].first;
    });
    if (named != nullptr) part.needs[i].second = *named;
  }
}

}  // namespace

bool is_consensus(const json::Value& step) {
  const json::Object* object = step.if_object();
  const json::Object* kinds = object == nullptr ? nullptr : json::object_at(*object, "do");
  return kinds != nullptr && kinds->size() == 1 && json::object_at(*kinds, "consensus") != nullptr;
}

std::vector<ConsensusPart> expand_consensus(const json::Object& step, const std::string& pointer,
                                            Sink& sink) {
  auto form = parse_consensus(step, pointer, sink);
  if (!form) return {};
  return Expansion{step, *std::move(form)}.run();
}

void add_consensus(const json::Object& step, std::size_t at, Draft& draft, Sink& sink) {
  const std::string pointer = draft.steps[at].pointer;
  const std::string id{json::text_at(step, "id").value_or("")};
  draft.steps[at].id = id;  // so that references to it are not reported too
  std::vector<ConsensusPart> parts = expand_consensus(step, pointer, sink);
  const std::size_t first = draft.steps.size();
  const json::Array* needs = json::array_at(step, "needs");
  const std::size_t written = needs == nullptr ? 0 : needs->size();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    DraftStep& part = last ? draft.steps[at] : draft.steps.emplace_back();
    part.pointer = pointer;
    part.group = id;
    part.narrowed = std::move(parts[i].narrowed);
    parse_step(parts[i].step, part, sink);
    if (part.model) part.model->answers = parts[i].answers;
    keep_places(part, draft.steps[first], written);
  }
}

}  // namespace naestro::plan
