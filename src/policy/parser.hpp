// Reads policy expressions out of tokens; shared by what holds them (cedar.cpp).
#pragma once

#include "policy/expression.hpp"
#include "policy/lexer.hpp"

namespace naestro::policy {

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_{std::move(tokens)} {}

  Result<Expression> expression();
  Result<EntityUid> entity();
  // "A::B"
  Result<std::string> path();

  [[nodiscard]] const Token& now() const { return tokens_[at_]; }
  [[nodiscard]] const Token& next() const;
  [[nodiscard]] bool is(std::string_view spelling) const;
  // Goes on behind the sign or name, if it stands here.
  bool take(std::string_view spelling);
  Result<void> expect(std::string_view spelling);
  Result<std::string> name();
  Result<std::string> text();

 private:
  Result<Expression> either();
  Result<Expression> both();
  Result<Expression> relation();
  Result<Expression> has(Expression of);
  Result<Expression> type_test(Expression of);
  Result<Expression> sum();
  Result<Expression> product();
  Result<Expression> unary();
  Result<Expression> number(bool negative);
  Result<Expression> member();
  Result<Expression> primary();
  Result<Expression> named();
  Result<Expression> record();
  Result<Expression> call(bool method, std::vector<Expression> operands, std::string_view name,
                          json::Position at);
  Result<std::vector<Expression>> list(std::string_view closing);

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

// A node over its operands.
Expression node(Expression::Op op, std::vector<Expression> of, std::string name = {});
Expression literal(Value value);

// The whole of `text` as one expression. kUsage says line and column.
Result<Expression> parse_expression(std::string_view text);

}  // namespace naestro::policy
