#include <algorithm>

#include "policy/expression.hpp"
#include "policy/functions.hpp"

namespace naestro::policy {
namespace {

using Op = Expression::Op;

class Evaluator {
 public:
  Evaluator(const Request& request, const Entities& entities)
      : request_{request}, entities_{entities} {}

  Result<Value> value(const Expression& expression) {
    const auto& of = expression.of;
    switch (expression.op) {
      case Op::literal: return expression.literal;
      case Op::variable: return variable(expression.name);
      case Op::condition: {
        NAESTRO_LET(const bool holds, truth(of[0], "if"));
        return value(of[holds ? 1 : 2]);
      }
      case Op::both:
      case Op::either: {
        const bool decides = expression.op == Op::either;
        const std::string_view word = decides ? "||" : "&&";
        NAESTRO_LET(const bool left, truth(of[0], word));
        if (left == decides) return Value{left};
        NAESTRO_LET(const bool right, truth(of[1], word));
        return Value{right};
      }
      case Op::negation: {
        NAESTRO_LET(const bool holds, truth(of[0], "!"));
        return Value{!holds};
      }
      case Op::set: {
        NAESTRO_LET(auto elements, values(of));
        return Value{make_set(std::move(elements))};
      }
      case Op::record: {
        NAESTRO_LET(auto elements, values(of));
        std::vector<Member> members;
        for (std::size_t i = 0; i < elements.size(); ++i) {
          members.emplace_back(expression.names[i], std::move(elements[i]));
        }
        return Value{make_record(std::move(members))};
      }
      default: {
        NAESTRO_LET(const auto operands, values(of));
        return apply(expression, operands);
      }
    }
  }

 private:
  Result<std::vector<Value>> values(const std::vector<Expression>& expressions) {
    std::vector<Value> out;
    for (const Expression& each : expressions) {
      NAESTRO_LET(Value one, value(each));
      out.push_back(std::move(one));
    }
    return out;
  }

  Result<bool> truth(const Expression& expression, std::string_view who) {
    NAESTRO_LET(const Value found, value(expression));
    const bool* out = std::get_if<bool>(&found.of);
    if (out == nullptr) return wrong_type(who, "a bool", found);
    return *out;
  }

  Value variable(std::string_view name) const {
    if (name == "principal") return {request_.principal};
    if (name == "action") return {request_.action};
    return name == "resource" ? Value{request_.resource} : Value{request_.context};
  }

  // What needs all its operands.
  Result<Value> apply(const Expression& expression, const std::vector<Value>& of) {
    switch (expression.op) {
      case Op::equal: return Value{of[0] == of[1]};
      case Op::less:
      case Op::at_most: return order(expression.op, of[0], of[1]);
      case Op::in: return is_in(of[0], of[1]);
      case Op::is: {
        const EntityUid* uid = std::get_if<EntityUid>(&of[0].of);
        if (uid == nullptr) return wrong_type("is", "an entity", of[0]);
        return Value{uid->type == expression.name};
      }
      case Op::has: {
        NAESTRO_LET(const Value* found, attribute(of[0], expression.name, "has"));
        return Value{found != nullptr};
      }
      case Op::attribute: {
        NAESTRO_LET(const Value* found, attribute(of[0], expression.name, "an attribute"));
        if (found != nullptr) return *found;
        return fail(Code::kStepFailed, "there is no attribute '" + expression.name + "'");
      }
      case Op::like: {
        const std::string* text = std::get_if<std::string>(&of[0].of);
        if (text == nullptr) return wrong_type("like", "a string", of[0]);
        return Value{matches(*text, expression.pattern)};
      }
      case Op::call: return call(functions()[expression.function], of);
      default: return arithmetic(expression.op, of);
    }
  }

  Result<Value> call(const Function& function, const std::vector<Value>& of) const {
    if (function.operands == of.size()) return function.apply(of, entities_);
    return fail(Code::kStepFailed, "'" + std::string{function.name} + "' takes " +
                                       std::to_string(function.operands) + " operands, not " +
                                       std::to_string(of.size()));
  }

  // Numbers, points in time and durations are ordered, each among its own.
  static Result<Value> order(Op op, const Value& a, const Value& b) {
    const bool ordered = std::holds_alternative<std::int64_t>(a.of) ||
                         std::holds_alternative<Datetime>(a.of) ||
                         std::holds_alternative<Duration>(a.of);
    if (!ordered) return wrong_type("a comparison", "numbers or times", a);
    if (a.of.index() != b.of.index()) return wrong_type("a comparison", type_name(a), b);
    return Value{op == Op::less ? a < b : a <= b};
  }

  static Result<Value> arithmetic(Op op, const std::vector<Value>& of) {
    std::int64_t numbers[2] = {};
    for (std::size_t i = 0; i < of.size(); ++i) {
      const auto* number = std::get_if<std::int64_t>(&of[i].of);
      if (number == nullptr) return wrong_type("arithmetic", "a long", of[i]);
      numbers[i] = *number;
    }
    std::int64_t out = 0;
    const bool over = op == Op::add        ? __builtin_add_overflow(numbers[0], numbers[1], &out)
                      : op == Op::subtract ? __builtin_sub_overflow(numbers[0], numbers[1], &out)
                      : op == Op::multiply ? __builtin_mul_overflow(numbers[0], numbers[1], &out)
                                           : __builtin_sub_overflow(0, numbers[0], &out);
    if (over) return overflow("arithmetic");
    return Value{out};
  }

  Result<Value> is_in(const Value& inner, const Value& outer) const {
    const EntityUid* uid = std::get_if<EntityUid>(&inner.of);
    if (uid == nullptr) return wrong_type("in", "an entity", inner);
    if (const EntityUid* one = std::get_if<EntityUid>(&outer.of)) {
      return Value{entities_.is_in(*uid, *one)};
    }
    const Set* set = std::get_if<Set>(&outer.of);
    if (set == nullptr) return wrong_type("in", "an entity or a set of them", outer);
    bool found = false;
    for (const Value& each : set->elements) {
      const EntityUid* one = std::get_if<EntityUid>(&each.of);
      if (one == nullptr) return wrong_type("in", "a set of entities", each);
      found = found || entities_.is_in(*uid, *one);
    }
    return Value{found};
  }

  // Null where there is none: also of an entity that nobody knows.
  Result<const Value*> attribute(const Value& of, std::string_view name,
                                 std::string_view who) const {
    if (const Record* record = std::get_if<Record>(&of.of)) return record->find(name);
    const EntityUid* uid = std::get_if<EntityUid>(&of.of);
    if (uid == nullptr) return wrong_type(who, "a record or an entity", of);
    const Entity* entity = entities_.find(*uid);
    return entity == nullptr ? nullptr : entity->attributes.find(name);
  }

  const Request& request_;
  const Entities& entities_;
};

}  // namespace

Result<Value> evaluate(const Expression& expression, const Request& request,
                       const Entities& entities) {
  return Evaluator{request, entities}.value(expression);
}

// What stands first must begin the text, what stands last must end it, the others follow each other
// somewhere between: the earliest place of each is as good as any.
bool matches(std::string_view text, const std::vector<std::string>& pattern) {
  const std::string& first = pattern.front();
  if (pattern.size() == 1) return text == first;
  if (!text.starts_with(first)) return false;
  text.remove_prefix(first.size());
  for (std::size_t i = 1; i + 1 < pattern.size(); ++i) {
    const std::size_t at = text.find(pattern[i]);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + pattern[i].size());
  }
  return text.ends_with(pattern.back());
}

}  // namespace naestro::policy
