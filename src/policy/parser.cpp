#include "policy/parser.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.hpp"
#include "policy/functions.hpp"

namespace naestro::policy {
namespace {

using Op = Expression::Op;
using Kind = Token::Kind;

constexpr std::size_t kSignsMax = 4;  // in front of one operand: !!!!a

std::string shown(const Token& token) {
  if (token.kind == Kind::end) return "the end";
  return "'" + shorten(printable(token.spelling), 40) + "'";
}

}  // namespace

Expression node(Op op, std::vector<Expression> of, std::string name) {
  Expression out;
  out.op = op;
  out.of = std::move(of);
  out.name = std::move(name);
  return out;
}

Expression literal(Value value) {
  Expression out;
  out.literal = std::move(value);
  return out;
}

const Token& Parser::next() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }

bool Parser::is(std::string_view spelling) const {
  return now().kind != Kind::text && now().spelling == spelling;
}

bool Parser::take(std::string_view spelling) {
  if (!is(spelling)) return false;
  ++at_;
  return true;
}

Result<void> Parser::expect(std::string_view spelling) {
  if (take(spelling)) return {};
  return faulty(now().at, "expected '" + std::string{spelling} + "', found " + shown(now()));
}

Result<std::string> Parser::name() {
  if (now().kind != Kind::name) return faulty(now().at, "expected a name, found " + shown(now()));
  return std::string{tokens_[at_++].spelling};
}

Result<std::string> Parser::text() {
  if (now().kind != Kind::text) return faulty(now().at, "expected a text, found " + shown(now()));
  return unescaped(tokens_[at_++]);
}

Result<std::string> Parser::path() {
  NAESTRO_LET(std::string out, name());
  while (is("::") && next().kind == Kind::name) {
    ++at_;
    out += "::" + std::string{tokens_[at_++].spelling};
  }
  return out;
}

Result<EntityUid> Parser::entity() {
  NAESTRO_LET(std::string type, path());
  NAESTRO_TRY(expect("::"));
  NAESTRO_LET(std::string id, text());
  return EntityUid{std::move(type), std::move(id)};
}

Result<Expression> Parser::expression() {
  if (++depth_ > kExpressionDepthMax) {
    return faulty(now().at, "deeper than " + std::to_string(kExpressionDepthMax) + " levels");
  }
  Result<Expression> out = [&]() -> Result<Expression> {
    if (!take("if")) return either();
    NAESTRO_LET(Expression condition, expression());
    NAESTRO_TRY(expect("then"));
    NAESTRO_LET(Expression yes, expression());
    NAESTRO_TRY(expect("else"));
    NAESTRO_LET(Expression no, expression());
    return node(Op::condition, {std::move(condition), std::move(yes), std::move(no)});
  }();
  --depth_;
  return out;
}

Result<Expression> Parser::either() {
  NAESTRO_LET(Expression out, both());
  while (take("||")) {
    NAESTRO_LET(Expression right, both());
    out = node(Op::either, {std::move(out), std::move(right)});
  }
  return out;
}

Result<Expression> Parser::both() {
  NAESTRO_LET(Expression out, relation());
  while (take("&&")) {
    NAESTRO_LET(Expression right, relation());
    out = node(Op::both, {std::move(out), std::move(right)});
  }
  return out;
}

Result<Expression> Parser::relation() {
  NAESTRO_LET(Expression left, sum());
  if (take("has")) return has(std::move(left));
  if (take("is")) return type_test(std::move(left));
  if (take("like")) {
    if (now().kind != Kind::text) {
      return faulty(now().at, "expected a pattern, found " + shown(now()));
    }
    Expression out = node(Op::like, {std::move(left)});
    NAESTRO_LET(out.pattern, pattern_of(tokens_[at_++]));
    return out;
  }
  struct Sign {
    std::string_view spelling;
    Op op;
    bool negated;
  };
  // a > b is not (a <= b), as Cedar has it.
  constexpr Sign kSigns[] = {{"==", Op::equal, false}, {"!=", Op::equal, true},
                             {"<", Op::less, false},   {"<=", Op::at_most, false},
                             {">", Op::at_most, true}, {">=", Op::less, true},
                             {"in", Op::in, false}};
  for (const Sign& sign : kSigns) {
    if (!take(sign.spelling)) continue;
    NAESTRO_LET(Expression right, sum());
    Expression out = node(sign.op, {std::move(left), std::move(right)});
    return sign.negated ? node(Op::negation, {std::move(out)}) : out;
  }
  return left;
}

// `a has b.c` asks for b, then of a.b for c.
Result<Expression> Parser::has(Expression of) {
  if (now().kind == Kind::text) {
    NAESTRO_LET(std::string attribute, text());
    return node(Op::has, {std::move(of)}, std::move(attribute));
  }
  NAESTRO_LET(std::string attribute, name());
  Expression out = node(Op::has, {of}, attribute);
  while (take(".")) {
    of = node(Op::attribute, {std::move(of)}, std::move(attribute));
    NAESTRO_LET(attribute, name());
    out = node(Op::both, {std::move(out), node(Op::has, {of}, attribute)});
  }
  return out;
}

Result<Expression> Parser::type_test(Expression of) {
  NAESTRO_LET(std::string type, path());
  Expression out = node(Op::is, {of}, std::move(type));
  if (!take("in")) return out;
  NAESTRO_LET(Expression group, sum());
  return node(Op::both, {std::move(out), node(Op::in, {std::move(of), std::move(group)})});
}

Result<Expression> Parser::sum() {
  NAESTRO_LET(Expression out, product());
  while (is("+") || is("-")) {
    const Op op = take("+") ? Op::add : Op::subtract;
    if (op == Op::subtract) ++at_;
    NAESTRO_LET(Expression right, product());
    out = node(op, {std::move(out), std::move(right)});
  }
  return out;
}

Result<Expression> Parser::product() {
  NAESTRO_LET(Expression out, unary());
  while (take("*")) {
    NAESTRO_LET(Expression right, unary());
    out = node(Op::multiply, {std::move(out), std::move(right)});
  }
  return out;
}

Result<Expression> Parser::unary() {
  const bool negates = is("!");
  std::size_t signs = 0;
  while (take(negates ? "!" : "-")) ++signs;
  if (signs > kSignsMax) return faulty(now().at, "more than four signs in front of one operand");
  // The sign belongs to a number that stands alone: the least one has no positive counterpart. Of
  // `-1.toTime()` it belongs to the call.
  const bool of_number = !negates && signs > 0 && now().kind == Kind::number &&
                         next().spelling != "." && next().spelling != "[";
  if (of_number) --signs;
  NAESTRO_LET(Expression out, of_number ? number(true) : member());
  for (; signs > 0; --signs) out = node(negates ? Op::negation : Op::minus, {std::move(out)});
  return out;
}

Result<Expression> Parser::number(bool negative) {
  const Token& token = tokens_[at_++];
  const std::string digits = (negative ? "-" : "") + std::string{token.spelling};
  std::int64_t out = 0;
  const auto [_, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (error != std::errc{}) return faulty(token.at, "the number leaves 64 bits");
  return literal({out});
}

Result<Expression> Parser::member() {
  NAESTRO_LET(Expression out, primary());
  for (;;) {
    const json::Position at = now().at;
    if (take("[")) {
      NAESTRO_LET(std::string attribute, text());
      NAESTRO_TRY(expect("]"));
      out = node(Op::attribute, {std::move(out)}, std::move(attribute));
    } else if (take(".")) {
      NAESTRO_LET(std::string word, name());
      if (!take("(")) {
        out = node(Op::attribute, {std::move(out)}, std::move(word));
        continue;
      }
      NAESTRO_LET(auto operands, list(")"));
      operands.insert(operands.begin(), std::move(out));
      NAESTRO_LET(out, call(true, std::move(operands), word, at));
    } else {
      return out;
    }
  }
}

Result<std::vector<Expression>> Parser::list(std::string_view closing) {
  std::vector<Expression> out;
  while (!take(closing)) {
    NAESTRO_LET(Expression one, expression());
    out.push_back(std::move(one));
    if (!is(closing)) NAESTRO_TRY(expect(","));
  }
  return out;
}

Result<Expression> Parser::call(bool method, std::vector<Expression> operands,
                                std::string_view name, json::Position at) {
  const auto known = functions();
  const auto found = std::ranges::find_if(known, [&](const Function& function) {
    return function.method == method && function.name == name;
  });
  if (found == known.end()) {
    return faulty(at, "there is no " + std::string{method ? "method" : "function"} + " '" +
                          shorten(name, 40) + "'");
  }
  if (!found->extension && operands.size() != found->operands) {
    return faulty(at, "'" + std::string{name} + "' takes another number of operands");
  }
  Expression out = node(Op::call, std::move(operands));
  out.function = static_cast<std::size_t>(found - known.begin());
  return out;
}

Result<Expression> Parser::primary() {
  if (now().kind == Kind::number) return number(false);
  if (now().kind == Kind::name) return named();
  if (now().kind == Kind::text) {
    NAESTRO_LET(std::string read, text());
    return literal({std::move(read)});
  }
  if (take("(")) {
    NAESTRO_LET(Expression out, expression());
    NAESTRO_TRY(expect(")"));
    return out;
  }
  if (take("[")) {
    NAESTRO_LET(auto elements, list("]"));
    return node(Op::set, std::move(elements));
  }
  if (take("{")) return record();
  return faulty(now().at, "expected a value, found " + shown(now()));
}

// true, a variable, an entity, a function.
Result<Expression> Parser::named() {
  const Token& token = now();
  if (next().spelling != "::" && next().spelling != "(") {
    for (const std::string_view word : {"principal", "action", "resource", "context"}) {
      if (take(word)) return node(Op::variable, {}, std::string{word});
    }
    if (take("true")) return literal({true});
    if (take("false")) return literal({false});
    return faulty(token.at, "expected a value, found " + shown(token));
  }
  std::string word = *path();  // it begins with a name
  if (take("(")) {
    NAESTRO_LET(auto operands, list(")"));
    return call(false, std::move(operands), word, token.at);
  }
  NAESTRO_TRY(expect("::"));
  NAESTRO_LET(std::string id, text());
  return literal({EntityUid{std::move(word), std::move(id)}});
}

Result<Expression> Parser::record() {
  Expression out = node(Op::record, {});
  while (!take("}")) {
    const json::Position at = now().at;
    NAESTRO_LET(std::string key, now().kind == Kind::text ? text() : name());
    NAESTRO_TRY(expect(":"));
    NAESTRO_LET(Expression value, expression());
    if (std::ranges::find(out.names, key) != out.names.end()) {
      return faulty(at, "'" + shorten(printable(key), 40) + "' stands twice in one record");
    }
    out.names.push_back(std::move(key));
    out.of.push_back(std::move(value));
    if (!is("}")) NAESTRO_TRY(expect(","));
  }
  return out;
}

Result<Expression> parse_expression(std::string_view text) {
  NAESTRO_LET(auto tokens, tokens_of(text));
  Parser parser{std::move(tokens)};
  NAESTRO_LET(Expression out, parser.expression());
  if (parser.now().kind != Kind::end) {
    return faulty(parser.now().at, "expected the end, found " + shown(parser.now()));
  }
  return out;
}

}  // namespace naestro::policy
