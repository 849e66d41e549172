// The Berkeley Function Calling Leaderboard's cases against turns/calls.hpp: every way to call
// that is accepted passes, and calls with a fault do not. Whether a value is the right one is
// compared here, with what is accepted; all else (functions, arguments, types) is the product's to
// say.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "proof/archive.hpp"
#include "proof/proofs.hpp"
#include "proof/replay.hpp"
#include "turns/calls.hpp"

namespace naestro::proof {
namespace {

struct Call {
  std::string name;
  json::Object arguments;
};

struct Case {
  std::string id;
  std::string category;
  turns::Functions functions;
  std::vector<std::string> names;
  json::Object parameters;  // by the name of the function
  std::vector<json::Object> accepted;
};

// Case, blanks and separators make no difference between two answers.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : ascii_lower(text)) {
    if (std::string_view{" ,./-_*^"}.find(c) == std::string_view::npos) out += c == '\'' ? '"' : c;
  }
  return out;
}

bool may_be_left_out(const json::Array& accepted) {
  return std::ranges::find(accepted, json::Value("")) != accepted.end();
}

bool accepts(const json::Array& accepted, const json::Value& value);

bool same(const json::Value& accepted, const json::Value& value) {
  if (accepted.is_string() && value.is_string()) {
    return plain(json::view(accepted.get_string())) == plain(json::view(value.get_string()));
  }
  if (accepted.is_array() && value.is_array()) {
    return std::ranges::equal(accepted.get_array(), value.get_array(), same);
  }
  const json::Object* members = accepted.if_object();
  const json::Object* found = value.if_object();
  if (members == nullptr || found == nullptr) return json::equal(accepted, value);
  for (const auto& [name, each] : *found) {
    if (!members->contains(name)) return false;
  }
  return std::ranges::all_of(*members, [&](const auto& member) {
    const json::Array* of = member.value().if_array();
    if (of == nullptr)
      return found->contains(member.key()) && same(member.value(), found->at(member.key()));
    if (!found->contains(member.key())) return may_be_left_out(*of);
    return accepts(*of, found->at(member.key()));
  });
}

bool accepts(const json::Array& accepted, const json::Value& value) {
  return std::ranges::any_of(accepted, [&](const json::Value& each) { return same(each, value); });
}

// Whether the call is the one that `expected` describes: {function: {argument: [accepted...]}}.
bool is(const Call& call, const json::Object& expected) {
  if (!expected.contains(call.name)) return false;
  return same(expected.at(call.name), call.arguments);
}

// Whether every expected call is made by a call of its own, in any order.
bool all_made(const std::vector<Call>& calls, const std::vector<json::Object>& expected) {
  if (calls.size() != expected.size()) return false;
  std::vector<std::size_t> taken(calls.size(), expected.size());  // which call, by expected
  const auto place = [&](const auto& self, std::size_t call, std::vector<bool>& tried) -> bool {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (tried[i] || !is(calls[call], expected[i])) continue;
      tried[i] = true;
      if (taken[i] == expected.size() || self(self, taken[i], tried)) {
        taken[i] = call;
        return true;
      }
    }
    return false;
  };
  for (std::size_t call = 0; call < calls.size(); ++call) {
    std::vector<bool> tried(expected.size(), false);
    if (!place(place, call, tried)) return false;
  }
  return true;
}

struct Verdict {
  bool passes;
  bool known_before;  // refused by the functions alone, before a value is compared
};

Verdict judge(const Case& of, const std::vector<Call>& calls) {
  for (const Call& call : calls) {
    if (!of.functions.check(call.name, call.arguments)) return {false, true};
  }
  return {all_made(calls, of.accepted), false};
}

// A value as a model writes it: of an object, the first accepted of each member.
json::Value written(const json::Value& accepted) {
  if (const json::Array* list = accepted.if_array()) {
    json::Array out;
    for (const json::Value& each : *list) out.push_back(written(each));
    return out;
  }
  const json::Object* object = accepted.if_object();
  if (object == nullptr) return accepted;
  json::Object out;
  for (const auto& [name, each] : *object) {
    const json::Array* of = each.if_array();
    if (of == nullptr) {
      out[name] = written(each);
    } else if (!may_be_left_out(*of) && !of->empty()) {
      out[name] = written(of->front());
    }
  }
  return out;
}

// Every way to write one argument: each accepted value, and nullopt where it may be left out.
std::vector<std::optional<json::Value>> ways(const json::Array& accepted) {
  std::vector<std::optional<json::Value>> out;
  for (const json::Value& each : accepted) {
    if (each == "") {
      out.emplace_back();
    } else {
      out.emplace_back(written(each));
    }
  }
  return out;
}

Call first_way(const json::Object& expected) {
  const auto& [name, arguments] = *expected.begin();
  Call call{name, {}};
  for (const auto& [argument, accepted] : arguments.get_object()) {
    const auto all = ways(accepted.get_array());
    if (!all.empty() && all.front()) call.arguments[argument] = *all.front();
  }
  return call;
}

std::vector<Call> first_ways(const Case& of) {
  std::vector<Call> out;
  for (const json::Object& expected : of.accepted) out.push_back(first_way(expected));
  return out;
}

// One argument written in each accepted way, the others in their first.
bool all_ways_pass(const Case& of) {
  const std::vector<Call> calls = first_ways(of);
  if (!judge(of, calls).passes) return false;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    for (const auto& [argument, accepted] : of.accepted[i].begin()->value().get_object()) {
      for (const auto& way : ways(accepted.get_array())) {
        std::vector<Call> other = calls;
        if (way) {
          other[i].arguments[argument] = *way;
        } else {
          other[i].arguments.erase(argument);
        }
        if (!judge(of, other).passes) return false;
      }
    }
  }
  return true;
}

// A value of another type.
json::Value mistyped(const json::Value& value) {
  if (value.is_string()) return json::Array{value};
  if (value.is_bool()) return value.get_bool() ? "True" : "False";
  if (json::number(value)) return json::Value(json::number_text(*json::number(value)));
  return json::Value(json::write(value));
}

// A value of the same type that is none of the accepted.
json::Value unaccepted(const json::Array& accepted, const json::Value& value) {
  if (value.is_bool()) return !value.get_bool();
  if (value.is_string()) return json::Value(std::string{json::view(value.get_string())} + " or so");
  if (value.is_int64()) {
    std::int64_t other = value.get_int64() + 1;
    while (accepts(accepted, other)) ++other;
    return other;
  }
  if (const auto number = json::number(value)) {
    double other = *number + 0.5;
    while (accepts(accepted, other)) other += 0.5;
    return other;
  }
  if (const json::Array* list = value.if_array(); list != nullptr && !list->empty()) {
    json::Array other = *list;
    other.back() = unaccepted({}, other.back());
    return other;
  }
  if (const json::Object* object = value.if_object(); object != nullptr && !object->empty()) {
    json::Object other = *object;
    other.begin()->value() = unaccepted({}, object->begin()->value());
    return other;
  }
  return json::Value{};
}

struct Tally {
  std::int64_t total = 0;
  std::int64_t refused = 0;
  std::int64_t known_before = 0;
};

class Report {
 public:
  void run(const Case& of) {
    ++cases_[of.category].total;
    if (all_ways_pass(of)) {
      ++cases_[of.category].refused;
    } else {
      disagree_.emplace_back(of.id);
    }
    const std::vector<Call> calls = first_ways(of);
    for (std::size_t i = 0; i < calls.size(); ++i) mutate(of, calls, i);
  }

  [[nodiscard]] json::Value form() const {
    Tally all;
    Tally mutated;
    json::Object by_category;
    json::Object by_fault;
    for (const auto& [name, tally] : cases_) {
      all.total += tally.total;
      all.refused += tally.refused;
      by_category[name] = json::Object{{"total", tally.total}, {"agree", tally.refused}};
    }
    for (const auto& [name, tally] : faults_) {
      mutated.total += tally.total;
      mutated.refused += tally.refused;
      by_fault[name] = json::Object{
          {"total", tally.total}, {"refused", tally.refused}, {"by_signature", tally.known_before}};
    }
    return json::Object{{"set", "bfcl"},
                        {"total", all.total},
                        {"agree", all.refused},
                        {"blocked", mutated.refused},
                        {"blocked_share", share(mutated.refused, mutated.total)},
                        {"benign_total", all.total},
                        {"benign_denied", all.total - all.refused},
                        {"detail", json::Object{{"mutated", mutated.total},
                                                {"by_category", std::move(by_category)},
                                                {"by_fault", std::move(by_fault)},
                                                {"disagree", disagree_},
                                                {"passed", passed_}}}};
  }

 private:
  void fault(const Case& of, std::string_view kind, const std::vector<Call>& calls) {
    Tally& tally = faults_[std::string{kind}];
    const Verdict verdict = judge(of, calls);
    ++tally.total;
    tally.refused += verdict.passes ? 0 : 1;
    tally.known_before += verdict.known_before ? 1 : 0;
    if (verdict.passes) passed_.emplace_back(of.id + ": " + std::string{kind});
  }

  void mutate(const Case& of, const std::vector<Call>& calls, std::size_t i) {
    const json::Object& expected = of.accepted[i].begin()->value().get_object();
    for (const auto& [name, accepted] : expected) {
      const json::Value* value = calls[i].arguments.if_contains(name);
      if (value == nullptr) continue;
      std::vector<Call> other = calls;
      if (!may_be_left_out(accepted.get_array())) {
        other[i].arguments.erase(name);
        fault(of, "argument dropped", other);
      }
      other[i].arguments[name] = mistyped(*value);
      fault(of, "mistyped", other);
      other[i].arguments[name] = unaccepted(accepted.get_array(), *value);
      fault(of, "unaccepted value", other);
    }
    std::vector<Call> other = calls;
    other[i].arguments["no_such_argument"] = 1;
    fault(of, "unknown argument", other);
    other[i] = {calls[i].name + "_all", calls[i].arguments};
    fault(of, "unknown function", other);
    for (const std::string& name : of.names) {
      if (name == calls[i].name) continue;
      other[i].name = name;
      fault(of, "wrong function", other);
    }
    other = calls;
    other.erase(other.begin() + static_cast<std::ptrdiff_t>(i));
    fault(of, "call left out", other);
    other = calls;
    other.push_back(calls[i]);
    fault(of, "call made twice", other);
  }

  std::map<std::string, Tally> cases_;
  std::map<std::string, Tally> faults_;
  json::Array disagree_;
  json::Array passed_;
};

Result<Case> read_case(const std::string& category, std::string_view line) {
  NAESTRO_LET(const json::Value value, json::parse(line, {.large_integers = true}));
  const json::Object* object = value.if_object();
  const json::Array* functions = object == nullptr ? nullptr : json::array_at(*object, "function");
  const json::Array* truth = object == nullptr ? nullptr : json::array_at(*object, "ground_truth");
  if (functions == nullptr || truth == nullptr) {
    return fail(Code::kInvalidJson, category + " has a line without 'function' or 'ground_truth'");
  }
  Case out;
  out.id = std::string{json::text_at(*object, "id").value_or("")};
  out.category = category;
  for (const json::Value& each : *functions) {
    const json::Object& function = each.as_object();
    const std::string name{json::text_at(function, "name").value_or("")};
    NAESTRO_TRY(out.functions.add(name, function.at("parameters")));
    out.names.push_back(name);
  }
  for (const json::Value& each : *truth) out.accepted.push_back(each.as_object());
  return out;
}

}  // namespace

Result<json::Value> bfcl(const Folders& folders) {
  NAESTRO_LET(const auto files, files_of(folders.first));
  Report report;
  bool any = false;
  for (const auto& [name, text] : files) {
    if (!name.ends_with(".jsonl")) continue;
    for (const std::string& line : split(text, '\n')) {
      if (trimmed(line).empty()) continue;
      auto read = read_case(std::filesystem::path{name}.stem().string(), line);
      if (!read) return fail(read.error().code, name + ": " + read.error().text());
      report.run(*read);
      any = true;
    }
  }
  if (!any) {
    return fail(Code::kNotFound, folders.first.string() + " holds no cases (*.jsonl, *.jsonl.gz)");
  }
  return report.form();
}

}  // namespace naestro::proof
