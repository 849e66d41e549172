#include "plan/consensus_form.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "plan/second_opinion.hpp"
#include "schema/project.hpp"

namespace naestro::plan {
namespace {

constexpr std::int64_t kProposersMin = 2;
constexpr std::int64_t kProposersMax = 9;
constexpr std::int64_t kProposers = 3;
constexpr std::int64_t kRoundsMax = 5;
constexpr std::int64_t kRounds = 2;          // of a debate
constexpr std::size_t kIdMax = 46;           // a part's id is longer, and an id has at most 64
constexpr std::string_view kVersion = "@1";  // of all protocols

constexpr std::array<Protocol, 4> kProtocols = {{{"debate", true, true},
                                                 {"judge", true, false},
                                                 {"tournament", true, false},
                                                 {"vote", false, false}}};

class Form {
 public:
  Form(const json::Object& step, const std::string& pointer, Sink& sink)
      : step_{step},
        of_{*json::object_at(*json::object_at(step, "do"), "consensus")},
        fields_{of_, pointer + "/do/consensus", "consensus step", sink},
        outer_{step, pointer, "consensus step", sink},
        sink_{sink} {}

  std::optional<Consensus> parse() {
    const std::size_t errors = sink_.errors();
    outer_.only({"id", "do", "with", "out", "needs", "timeout_s", "when", "retry", "budget",
                 "on_error", "default", "role"},
                {"for_each", "repeat", "accept"});
    fields_.only({"protocol", "proposers", "rounds", "task", "model", "max_input_tokens",
                  "max_output_tokens", "seed", "judge", "critic", "synthesizer", "compare"});
    out_.id = outer_.text("id", Fields::required).value_or("");
    const bool named = is_name(out_.id);
    if (!named && json::text_at(step_, "id")) {
      sink_.error(Np::kBadName, outer_.at("id"), "the id of a step is malformed",
                  {"'" + out_.id + "'", "[a-z][a-z0-9_]{0,45}", ""});
    }
    const bool asks = outer_.object("with", Fields::required) != nullptr;
    const bool typed = outer_.object("out", Fields::required) != nullptr;
    if (!protocol() || !proposers() || !named || !asks || !typed) return std::nullopt;
    if (out_.id.size() > kIdMax) {
      sink_.error(Np::kBadName, outer_.at("id"), "the id of a consensus step is too long",
                  {"'" + out_.id + "'", "at most " + std::to_string(kIdMax) + " bytes", ""});
    }
    const json::Object* budget = outer_.object("budget", Fields::optional);
    if (budget != nullptr && budget->contains("wall_s")) {
      sink_.error(Np::kNotBuilt, outer_.at("budget") + "/wall_s",
                  "the time of a consensus is not held by itself yet",
                  {"'wall_s'", "usd, tokens, tool_calls", "use the plan's budget"});
    }
    const auto rounds = fields_.integer("rounds", Fields::optional, 1, kRoundsMax);
    if (out_.protocol->debated) out_.rounds = rounds.value_or(kRounds);
    only_where(out_.protocol->debated, "rounds");
    out_.judge = speaker("judge", out_.protocol->judged);
    out_.critic = speaker("critic", out_.protocol->debated);
    out_.synthesizer = speaker("synthesizer", out_.protocol->debated);
    for (const std::string_view key :
         {"task", "model", "max_input_tokens", "max_output_tokens", "seed"}) {
      if (const json::Value* found = of_.if_contains(key)) out_.all[key] = *found;
    }
    fields_.text("task", step_.contains("role") ? Fields::optional : Fields::required);
    for (Speaker& each : out_.proposers) {
      const json::Value* role = step_.if_contains("role");
      if (role != nullptr && !each.contains("role")) each["role"] = *role;
    }
    compare();
    speaks(fields_);
    if (sink_.errors() > errors) return std::nullopt;  // its parts would only say it again
    needs();
    return std::move(out_);
  }

 private:
  bool protocol() {
    const auto written = fields_.text("protocol", Fields::required);
    if (!written) return false;
    std::string_view name = *written;
    if (name.ends_with(kVersion)) name.remove_suffix(kVersion.size());
    const auto* found = std::ranges::find(kProtocols, name, &Protocol::name);
    if (found == kProtocols.end()) {
      sink_.error(Np::kBadValue, fields_.at("protocol"), "there is no such protocol",
                  {"'" + *written + "'", "one of " + join(consensus_protocols(), ", "),
                   did_you_mean(name, consensus_protocols())});
      return false;
    }
    out_.protocol = found;
    return true;
  }

  // What of an answer has to be equal; none: the whole of it, by what it means.
  void compare() {
    const json::Array* written = fields_.array("compare", Fields::optional);
    if (written == nullptr) return;
    const auto out = schema::Schema::compile(step_.at("out"));
    for (std::size_t i = 0; i < written->size(); ++i) {
      const json::Value& each = (*written)[i];
      const std::string pointer{each.is_string() ? json::view(each.get_string()) : "no text"};
      if (pointer.empty() ||
          (pointer.starts_with('/') && (!out || schema::project(*out, pointer).schema))) {
        continue;
      }
      sink_.error(Np::kBadValue, fields_.at("compare") + "/" + std::to_string(i),
                  "what is compared is a part of the answer",
                  {json::write(each), "a JSON pointer into 'out', such as \"/total\"", ""});
    }
    out_.compare = *written;
  }

  void only_where(bool there, std::string_view member) {
    if (there || !of_.contains(member)) return;
    sink_.error(Np::kUnknownMember, fields_.at(member),
                "the protocol " + std::string{out_.protocol->name} + " has no '" +
                    std::string{member} + "'",
                {"'" + std::string{member} + "'", "none", "remove it"});
  }

  // What a model step has of its own, found faulty where it stands.
  static void speaks(Fields& of) {
    of.text("model", Fields::optional);
    of.text("role", Fields::optional);
    of.integer("seed", Fields::optional, 0, json::kMaxInteger);
    of.integer("max_input_tokens", Fields::optional, 1, kTokensMax);
    of.integer("max_output_tokens", Fields::optional, 1, kTokensMax);
  }

  Speaker speaker(std::string_view who, bool there) {
    only_where(there, who);
    const json::Object* found = fields_.object(who, Fields::optional);
    if (found == nullptr) return {};
    Fields own{*found, fields_.at(who), std::string{who}, sink_};
    own.only({"model", "role", "seed", "max_input_tokens", "max_output_tokens"});
    speaks(own);
    return *found;
  }

  bool proposers() {
    const json::Value* written = of_.if_contains("proposers");
    if (written == nullptr || !written->is_array()) {
      const auto number =
          fields_.integer("proposers", Fields::optional, kProposersMin, kProposersMax);
      out_.proposers.resize(static_cast<std::size_t>(number.value_or(kProposers)));
      return true;
    }
    const json::Array& list = written->get_array();
    const auto found = static_cast<std::int64_t>(list.size());
    if (found < kProposersMin || found > kProposersMax) {
      sink_.error(Np::kBadValue, fields_.at("proposers"), "a consensus is of several proposers",
                  {std::to_string(found),
                   std::to_string(kProposersMin) + " to " + std::to_string(kProposersMax), ""});
      return false;
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string here = fields_.at("proposers") + "/" + std::to_string(i);
      const json::Object* each = list[i].if_object();
      if (each == nullptr) {
        sink_.error(Np::kWrongType, here, "a proposer is an object",
                    {std::string{json::type_name(list[i])}, "an object", ""});
        return false;
      }
      Fields own{*each, here, "proposer", sink_};
      own.only({"model", "role", "seed", "max_input_tokens", "max_output_tokens", "view"});
      own.text("view", Fields::optional);
      speaks(own);
      out_.proposers.push_back(*each);
    }
    return true;
  }

  void needs() {
    // Those that are written keep their places, and what is malformed among them is reported later.
    if (const json::Array* written = outer_.array("needs", Fields::optional)) out_.needs = *written;
    Sink again;  // what is malformed is reported where the proposers' steps are read
    std::vector<Reference> named;
    for (const ReferenceUse& use : parse_argument(step_.at("with"), "", again).uses) {
      named.push_back(use.reference);
    }
    if (const auto when = json::text_at(step_, "when")) {
      if (const auto parsed = parse_condition(*when)) {
        out_.when = *when;
        std::ranges::copy(references(*parsed), std::back_inserter(named));
      }
    }
    for (const Reference& reference : named) {
      const json::Value id(reference.name);
      const bool known = std::ranges::find(out_.needs, id) != out_.needs.end();
      if (reference.from == Reference::From::step && !known) out_.needs.push_back(id);
    }
  }

  const json::Object& step_;
  const json::Object& of_;
  Fields fields_;
  Fields outer_;
  Sink& sink_;
  Consensus out_;
};

}  // namespace

std::vector<std::string> consensus_protocols() {
  std::vector<std::string> out;
  for (const Protocol& each : kProtocols) out.emplace_back(each.name);
  return out;
}

std::optional<Consensus> parse_consensus(const json::Object& step, const std::string& pointer,
                                         Sink& sink) {
  return Form{step, pointer, sink}.parse();
}

}  // namespace naestro::plan
