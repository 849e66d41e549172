#include "plan/condition.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <compare>
#include <span>

namespace naestro::plan {
namespace {

using Op = Condition::Op;

Error misfit(std::string message) {
  return {
      Code::kStepFailed, std::move(message), "mend the condition, or what it refers to", {}, {}};
}

bool word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

struct Infix {
  std::string_view text;
  Op op;
};

// The longer before those that they begin with.
constexpr Infix kComparisons[] = {{"==", Op::equal},    {"!=", Op::unequal}, {"<=", Op::at_most},
                                  {">=", Op::at_least}, {"<", Op::less},     {">", Op::greater},
                                  {"in", Op::in}};
constexpr Infix kSums[] = {{"+", Op::add}, {"-", Op::subtract}};
constexpr Infix kProducts[] = {{"*", Op::multiply}, {"/", Op::divide}, {"%", Op::remainder}};
constexpr Infix kAnd[] = {{"and", Op::both}};
constexpr Infix kOr[] = {{"or", Op::either}};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_{text} {}

  Result<Condition> whole() {
    NAESTRO_LET(Condition out, either());
    blanks();
    if (at_ < text_.size()) return wrong("nothing more");
    out.text = text_;
    return out;
  }

 private:
  using Level = Result<Condition> (Parser::*)();

  std::unexpected<Error> wrong(std::string_view expected) const {
    const bool end = at_ >= text_.size();
    return fail(Code::kUsage,
                "at character " + std::to_string(at_ + 1) + ": expected " + std::string{expected} +
                    ", found " +
                    (end ? "the end" : "'" + std::string{text_.substr(at_, 12)} + "'"));
  }

  void blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  // A word must not be the beginning of a longer one.
  bool take(std::string_view token) {
    blanks();
    if (!text_.substr(at_).starts_with(token)) return false;
    const std::size_t end = at_ + token.size();
    if (word_character(token.back()) && end < text_.size() && word_character(text_[end])) {
      return false;
    }
    at_ = end;
    return true;
  }

  const Infix* infix(std::span<const Infix> table) {
    for (const Infix& row : table) {
      if (take(row.text)) return &row;
    }
    return nullptr;
  }

  // Operands of one level, joined from the left.
  Result<Condition> chain(std::span<const Infix> table, Level below) {
    NAESTRO_LET(Condition left, (this->*below)());
    int joined = 0;
    while (const Infix* row = infix(table)) {
      if (++joined > kConditionDepthMax) return wrong("fewer operands");
      NAESTRO_LET(Condition right, (this->*below)());
      Condition both{.op = row->op};
      both.of.push_back(std::move(left));
      both.of.push_back(std::move(right));
      left = std::move(both);
    }
    return left;
  }

  Result<Condition> either() { return chain(kOr, &Parser::both); }
  Result<Condition> both() { return chain(kAnd, &Parser::negation); }

  Result<Condition> negation() {
    if (!take("not")) return comparison();
    return prefixed(Op::negation, &Parser::negation);
  }

  Result<Condition> comparison() {
    NAESTRO_LET(Condition left, sum());
    const Infix* row = infix(kComparisons);
    if (row == nullptr) return left;
    NAESTRO_LET(Condition right, sum());
    Condition out{.op = row->op};
    out.of.push_back(std::move(left));
    out.of.push_back(std::move(right));
    return out;
  }

  Result<Condition> sum() { return chain(kSums, &Parser::product); }
  Result<Condition> product() { return chain(kProducts, &Parser::unary); }

  Result<Condition> unary() {
    if (!take("-")) return atom();
    return prefixed(Op::minus, &Parser::unary);
  }

  Result<Condition> prefixed(Op op, Level level) {
    if (++depth_ > kConditionDepthMax) return wrong("less nesting");
    NAESTRO_LET(Condition inner, (this->*level)());
    --depth_;
    Condition out{.op = op};
    out.of.push_back(std::move(inner));
    return out;
  }

  Result<Condition> closed(Condition inner) {
    if (!take(")")) return wrong("')'");
    return inner;
  }

  Result<Condition> atom() {
    blanks();
    if (take("${")) return reference();
    if (take("(")) {
      if (++depth_ > kConditionDepthMax) return wrong("less nesting");
      NAESTRO_LET(Condition inner, either());
      --depth_;
      return closed(std::move(inner));
    }
    if (take("length")) {
      if (!take("(")) return wrong("'(' behind length");
      NAESTRO_LET(Condition inner, prefixed(Op::length, &Parser::either));
      return closed(std::move(inner));
    }
    if (take("[")) return list();
    if (take("true")) return literal(true);
    if (take("false")) return literal(false);
    if (take("null")) return literal(nullptr);
    const char next = at_ < text_.size() ? text_[at_] : '\0';
    if (next == '\'' || next == '"') return string(next);
    if (next >= '0' && next <= '9') return number();
    return wrong(
        "a value: ${...}, a number, 'text', true, false, null, length(...), [...] or (...)");
  }

  static Condition literal(json::Value value) {
    Condition out;
    out.literal = std::move(value);
    return out;
  }

  Result<Condition> reference() {
    const std::size_t end = text_.find('}', at_);
    const std::string_view body =
        end == std::string_view::npos ? std::string_view{} : text_.substr(at_, end - at_);
    auto reference = parse_reference(body);
    if (!reference) return wrong("a reference such as ${steps.ID.out.member}");
    at_ = end + 1;
    Condition out{.op = Op::reference};
    out.reference = *std::move(reference);
    return out;
  }

  Result<Condition> list() {
    Condition out{.op = Op::list};
    if (take("]")) return out;
    if (++depth_ > kConditionDepthMax) return wrong("less nesting");
    do {
      NAESTRO_LET(Condition element, either());
      out.of.push_back(std::move(element));
    } while (take(","));
    --depth_;
    if (!take("]")) return wrong("',' or ']'");
    return out;
  }

  // Up to the same quote; there are no escapes: who needs one kind of quote writes the other.
  Result<Condition> string(char quote) {
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return wrong("text that ends with the same quote");
    const std::string_view inner = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return literal(json::Value(inner));
  }

  Result<Condition> number() {
    const std::size_t end = std::min(text_.find_first_not_of("0123456789.eE", at_), text_.size());
    auto value = json::parse(text_.substr(at_, end - at_));
    if (!value) return wrong("a number");
    at_ = end;
    return literal(*std::move(value));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

// Characters of UTF-8 text.
std::int64_t characters(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; });
}

bool whole(const json::Value& value) { return value.is_int64() || value.is_uint64(); }

class Evaluation {
 public:
  explicit Evaluation(const Lookup& lookup) : lookup_{lookup} {}

  Result<bool> truth(const Condition& condition) {
    NAESTRO_LET(const json::Value value, this->value(condition));
    if (const bool* is = value.if_bool()) return *is;
    return std::unexpected(
        misfit("a condition is true or false, found " + std::string{json::type_name(value)}));
  }

 private:
  Result<json::Value> value(const Condition& condition) {
    switch (condition.op) {
      case Op::literal: return condition.literal;
      case Op::reference: {
        NAESTRO_LET(const json::Value* found, value_at(condition.reference, lookup_));
        return *found;
      }
      case Op::list: {
        json::Array out;
        for (const Condition& element : condition.of) {
          NAESTRO_LET(json::Value one, value(element));
          out.push_back(std::move(one));
        }
        return out;
      }
      case Op::negation: {
        NAESTRO_LET(const bool inner, truth(condition.of[0]));
        return !inner;
      }
      case Op::both:
      case Op::either: {
        NAESTRO_LET(const bool left, truth(condition.of[0]));
        if (left == (condition.op == Op::either)) return left;
        NAESTRO_LET(const bool right, truth(condition.of[1]));
        return right;
      }
      case Op::length: {
        NAESTRO_LET(const json::Value inner, value(condition.of[0]));
        return length(inner);
      }
      case Op::minus: {
        NAESTRO_LET(const json::Value inner, value(condition.of[0]));
        return calculate(Op::subtract, 0, inner);
      }
      default: {
        NAESTRO_LET(const json::Value left, value(condition.of[0]));
        NAESTRO_LET(const json::Value right, value(condition.of[1]));
        return joined(condition.op, left, right);
      }
    }
  }

  static Result<json::Value> length(const json::Value& value) {
    if (const auto* text = value.if_string()) return characters(json::view(*text));
    if (const auto* array = value.if_array()) return static_cast<std::int64_t>(array->size());
    if (const auto* object = value.if_object()) return static_cast<std::int64_t>(object->size());
    return std::unexpected(misfit("length() takes a string, an array or an object, found " +
                                  std::string{json::type_name(value)}));
  }

  static Result<json::Value> joined(Op op, const json::Value& left, const json::Value& right) {
    switch (op) {
      case Op::equal: return json::equal(left, right);
      case Op::unequal: return !json::equal(left, right);
      case Op::in: return contains(left, right);
      case Op::less:
      case Op::at_most:
      case Op::greater:
      case Op::at_least: return ordered(op, left, right);
      default: return calculate(op, left, right);
    }
  }

  static Result<json::Value> ordered(Op op, const json::Value& left, const json::Value& right) {
    const bool texts = left.is_string() && right.is_string();
    const auto a = json::number(left);
    const auto b = json::number(right);
    if (!texts && !(a && b)) {
      return std::unexpected(misfit("numbers or strings are put in order, found " +
                                    std::string{json::type_name(left)} + " and " +
                                    std::string{json::type_name(right)}));
    }
    const std::weak_ordering order =
        texts ? json::view(left.get_string()) <=> json::view(right.get_string())
              : std::weak_order(*a, *b);
    switch (op) {
      case Op::less: return order < 0;
      case Op::at_most: return order <= 0;
      case Op::greater: return order > 0;
      default: return order >= 0;
    }
  }

  static Result<json::Value> contains(const json::Value& part, const json::Value& all) {
    if (const auto* array = all.if_array()) {
      return std::ranges::any_of(*array, [&](const auto& one) { return json::equal(one, part); });
    }
    const auto* text = part.if_string();
    if (const auto* object = all.if_object(); object != nullptr && text != nullptr) {
      return object->contains(*text);
    }
    if (const auto* longer = all.if_string(); longer != nullptr && text != nullptr) {
      return json::view(*longer).contains(json::view(*text));
    }
    return std::unexpected(misfit("`in` takes an array, or a string in a string or object, found " +
                                  std::string{json::type_name(part)} + " in " +
                                  std::string{json::type_name(all)}));
  }

  static Result<json::Value> calculate(Op op, const json::Value& left, const json::Value& right) {
    const auto a = json::number(left);
    const auto b = json::number(right);
    if (!a || !b) {
      return std::unexpected(misfit("arithmetic takes numbers, found " +
                                    std::string{json::type_name(left)} + " and " +
                                    std::string{json::type_name(right)}));
    }
    const bool divides = op == Op::divide || op == Op::remainder;
    if (divides && *b == 0) return std::unexpected(misfit("a division by zero"));
    double out = 0;
    switch (op) {
      case Op::add: out = *a + *b; break;
      case Op::subtract: out = *a - *b; break;
      case Op::multiply: out = *a * *b; break;
      case Op::divide: out = *a / *b; break;
      default: out = std::fmod(*a, *b); break;
    }
    const bool exact = std::abs(out) <= static_cast<double>(json::kMaxInteger);
    if (whole(left) && whole(right) && std::trunc(out) == out && exact) {
      return static_cast<std::int64_t>(out);
    }
    if (!std::isfinite(out) || (whole(left) && whole(right) && !exact)) {
      return std::unexpected(misfit("a number leaves the range of exact numbers"));
    }
    return out;
  }

  const Lookup& lookup_;
};

void collect(const Condition& condition, std::vector<Reference>& out) {
  if (condition.op == Op::reference) out.push_back(condition.reference);
  for (const Condition& inner : condition.of) collect(inner, out);
}

}  // namespace

Result<Condition> parse_condition(std::string_view text) {
  if (text.size() > kConditionBytesMax) {
    return fail(Code::kUsage, "a condition has at most " + std::to_string(kConditionBytesMax) +
                                  " bytes, found " + std::to_string(text.size()));
  }
  return Parser{text}.whole();
}

std::vector<Reference> references(const Condition& condition) {
  std::vector<Reference> out;
  collect(condition, out);
  return out;
}

Result<bool> holds(const Condition& condition, const Lookup& lookup) {
  auto answer = Evaluation{lookup}.truth(condition);
  if (!answer) answer.error().message = "'" + condition.text + "': " + answer.error().message;
  return answer;
}

}  // namespace naestro::plan
