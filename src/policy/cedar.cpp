#include "policy/cedar.hpp"

#include <set>

#include "policy/parser.hpp"

namespace naestro::policy {
namespace {

using Op = Expression::Op;

Expression both(Expression left, Expression right) {
  return node(Op::both, {std::move(left), std::move(right)});
}

// principal, principal == e, principal in e, principal is T, principal is T in e; of actions also
// in [e, e].
Result<Expression> scope(Parser& parser, std::string_view variable) {
  NAESTRO_TRY(parser.expect(variable));
  const Expression subject = node(Op::variable, {}, std::string{variable});
  Expression out = literal({true});
  if (parser.take("is")) {
    NAESTRO_LET(std::string type, parser.path());
    out = node(Op::is, {subject}, std::move(type));
  }
  if (parser.take("==")) {
    NAESTRO_LET(EntityUid uid, parser.entity());
    return node(Op::equal, {subject, literal({std::move(uid)})});
  }
  if (!parser.take("in")) return out;
  if (!parser.take("[")) {
    NAESTRO_LET(EntityUid uid, parser.entity());
    return both(std::move(out), node(Op::in, {subject, literal({std::move(uid)})}));
  }
  std::vector<Expression> group;
  while (!parser.take("]")) {
    NAESTRO_LET(EntityUid uid, parser.entity());
    group.push_back(literal({std::move(uid)}));
    if (!parser.is("]")) NAESTRO_TRY(parser.expect(","));
  }
  return node(Op::in, {subject, node(Op::set, std::move(group))});
}

Result<void> annotations(Parser& parser) {
  std::set<std::string> seen;
  while (parser.take("@")) {
    const json::Position at = parser.now().at;
    NAESTRO_LET(const std::string name, parser.name());
    if (!seen.insert(name).second) return faulty(at, "the annotation stands twice");
    if (!parser.take("(")) continue;
    NAESTRO_TRY(parser.text());
    NAESTRO_TRY(parser.expect(")"));
  }
  return {};
}

Result<CedarPolicy> policy(Parser& parser) {
  NAESTRO_TRY(annotations(parser));
  CedarPolicy out;
  out.permits = parser.take("permit");
  if (!out.permits) NAESTRO_TRY(parser.expect("forbid"));
  NAESTRO_TRY(parser.expect("("));
  NAESTRO_LET(Expression principal, scope(parser, "principal"));
  NAESTRO_TRY(parser.expect(","));
  NAESTRO_LET(Expression action, scope(parser, "action"));
  NAESTRO_TRY(parser.expect(","));
  NAESTRO_LET(Expression resource, scope(parser, "resource"));
  parser.take(",");
  NAESTRO_TRY(parser.expect(")"));
  out.condition = both(both(std::move(principal), std::move(action)), std::move(resource));
  while (parser.is("when") || parser.is("unless")) {
    const bool when = parser.take("when");
    if (!when) parser.take("unless");
    NAESTRO_TRY(parser.expect("{"));
    NAESTRO_LET(Expression condition, parser.expression());
    NAESTRO_TRY(parser.expect("}"));
    if (!when) condition = node(Op::negation, {std::move(condition)});
    out.condition = both(std::move(out.condition), std::move(condition));
  }
  NAESTRO_TRY(parser.expect(";"));
  return out;
}

}  // namespace

Result<std::vector<CedarPolicy>> parse_cedar(std::string_view text) {
  NAESTRO_LET(auto tokens, tokens_of(text));
  Parser parser{std::move(tokens)};
  std::vector<CedarPolicy> out;
  while (parser.now().kind != Token::Kind::end) {
    NAESTRO_LET(CedarPolicy one, policy(parser));
    one.id = "policy" + std::to_string(out.size());
    out.push_back(std::move(one));
  }
  return out;
}

CedarAnswer authorize(const std::vector<CedarPolicy>& policies, const Request& request,
                      const Entities& entities) {
  CedarAnswer out;
  std::vector<std::string> permits;
  for (const CedarPolicy& policy : policies) {
    const auto found = evaluate(policy.condition, request, entities);
    const bool* holds = found ? std::get_if<bool>(&found->of) : nullptr;
    if (holds == nullptr) {
      out.errors.push_back(policy.id);
    } else if (*holds) {
      (policy.permits ? permits : out.reasons).push_back(policy.id);
    }
  }
  out.allow = out.reasons.empty() && !permits.empty();
  if (out.reasons.empty()) out.reasons = std::move(permits);
  return out;
}

}  // namespace naestro::policy
