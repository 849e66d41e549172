#include <algorithm>

#include "plan/passes.hpp"

namespace naestro::plan {
namespace {

bool lower_letter(char c) { return c >= 'a' && c <= 'z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return lower_letter(c) || (c >= 'A' && c <= 'Z') || c == '_'; }

constexpr std::string_view kForm = "${inputs.NAME} or ${steps.ID.out.member[0]}";

// Takes the longest prefix whose characters `accept` takes.
template <class Accept>
std::string_view take(std::string_view& rest, Accept accept) {
  const auto end = std::ranges::find_if_not(rest, accept);
  const auto length = static_cast<std::size_t>(end - rest.begin());
  const std::string_view taken = rest.substr(0, length);
  rest.remove_prefix(length);
  return taken;
}

std::string_view take_name(std::string_view& rest) {
  return take(rest, [](char c) { return lower_letter(c) || digit(c) || c == '_'; });
}

bool take_word(std::string_view& rest, std::string_view word) {
  if (!rest.starts_with(word)) return false;
  rest.remove_prefix(word.size());
  return true;
}

// path := ("." member | "[" index "]")*; member := [A-Za-z_][A-Za-z0-9_-]*; index without leading
// zeros, at most nine digits.
std::optional<std::string> parse_path(std::string_view rest) {
  std::string pointer;
  while (!rest.empty()) {
    if (take_word(rest, ".")) {
      const std::string_view member =
          take(rest, [](char c) { return letter(c) || digit(c) || c == '-'; });
      if (member.empty() || !letter(member.front())) return std::nullopt;
      pointer += "/" + std::string{member};
    } else if (take_word(rest, "[")) {
      const std::string_view index = take(rest, digit);
      const bool plain = !index.empty() && index.size() <= 9 && (index == "0" || index[0] != '0');
      if (!plain || !take_word(rest, "]")) return std::nullopt;
      pointer += "/" + std::string{index};
    } else {
      return std::nullopt;
    }
  }
  return pointer;
}

// The words behind which nothing but a path may follow.
constexpr std::pair<std::string_view, Reference::From> kLocal[] = {{"item", Reference::From::item},
                                                                   {"prev", Reference::From::prev}};

// Whether a token of a pointer can only be an index: a member begins with a letter.
bool is_index(std::string_view token) { return token.find_first_of("0123456789") == 0; }

class Parser {
 public:
  Parser(std::string pointer, Sink& sink, bool as_text)
      : pointer_{std::move(pointer)}, sink_{sink}, as_text_{as_text} {}

  Expression parse(const json::Value& value) {
    if (const auto* string = value.if_string()) return parse_text(json::view(*string));
    if (const json::Array* array = value.if_array()) return parse_items(*array);
    if (const json::Object* object = value.if_object()) return parse_members(*object);
    return {value};
  }

  std::vector<ReferenceUse> uses;

 private:
  Expression below(const std::string& token, const json::Value& value) {
    const std::size_t length = pointer_.size();
    pointer_ += "/" + token;
    Expression out = parse(value);
    pointer_.resize(length);
    return out;
  }

  Expression parse_items(const json::Array& array) {
    Expression::Items items;
    items.reserve(array.size());
    for (std::size_t i = 0; i < array.size(); ++i) {
      items.push_back(below(std::to_string(i), array[i]));
    }
    const auto is_literal = [](const Expression& e) { return e.node.index() == 0; };
    if (!std::ranges::all_of(items, is_literal)) return {std::move(items)};
    json::Array literal;
    literal.reserve(items.size());
    for (Expression& item : items) literal.push_back(std::move(std::get<json::Value>(item.node)));
    return {json::Value(std::move(literal))};
  }

  // Members are kept in the canonical order of their keys: how the plan orders them must not
  // matter.
  Expression parse_members(const json::Object& object) {
    Expression::Members members;
    members.reserve(object.size());
    for (const auto& member : object) {
      const std::string key = member.key();
      const std::string token = json::pointer_token(key);
      if (key.contains("${")) {
        sink_.error(Np::kReferenceInKey, pointer_ + "/" + token, "a key holds a reference",
                    {"'" + key + "'", "a fixed key", ""});
      }
      members.emplace_back(key, below(token, member.value()));
    }
    std::ranges::sort(members, json::canonical_before, &Expression::Member::key);
    const auto is_literal = [](const auto& m) { return m.value.node.index() == 0; };
    if (!std::ranges::all_of(members, is_literal)) return {std::move(members)};
    json::Object literal;
    literal.reserve(members.size());
    for (auto& [key, item] : members) {
      literal.emplace(key, std::move(std::get<json::Value>(item.node)));
    }
    return {json::Value(std::move(literal))};
  }

  Expression parse_text(std::string_view rest) {
    Template out;
    std::string literal;
    const auto flush = [&] {
      if (!literal.empty()) out.parts.emplace_back(std::move(literal));
      literal.clear();
    };
    while (!rest.empty()) {
      const std::size_t next = std::min(rest.find('$'), rest.size());
      literal += rest.substr(0, next);
      rest.remove_prefix(next);
      if (take_word(rest, "$${")) {
        literal += "${";
      } else if (take_word(rest, "${")) {
        const std::size_t end = rest.find('}');
        const std::string_view body = rest.substr(0, end);
        auto reference = end == std::string_view::npos ? std::nullopt : parse_reference(body);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (!reference) {
          sink_.error(Np::kBadReference, pointer_, "a reference is malformed",
                      {"'${" + std::string{body} + (end == std::string_view::npos ? "'" : "}'"),
                       std::string{kForm}, "$${ writes a literal ${"});
          continue;
        }
        uses.push_back({*reference, pointer_});
        flush();
        out.parts.emplace_back(std::move(*reference));
      } else if (!rest.empty()) {
        literal += rest.front();
        rest.remove_prefix(1);
      }
    }
    flush();
    if (out.parts.empty()) return {json::Value("")};
    if (out.parts.size() > 1) return {std::move(out)};
    if (const auto* text = std::get_if<std::string>(out.parts.data())) return {json::Value(*text)};
    if (as_text_) return {std::move(out)};
    return {std::get<Reference>(std::move(out.parts.front()))};
  }

  std::string pointer_;
  Sink& sink_;
  bool as_text_;
};

void collect(const Expression& expression, std::vector<Reference>& out) {
  if (const auto* reference = std::get_if<Reference>(&expression.node)) {
    out.push_back(*reference);
  } else if (const auto* text = std::get_if<Template>(&expression.node)) {
    for (const auto& part : text->parts) {
      if (const auto* inner = std::get_if<Reference>(&part)) out.push_back(*inner);
    }
  } else if (const auto* members = std::get_if<Expression::Members>(&expression.node)) {
    for (const auto& [key, value] : *members) collect(value, out);
  } else if (const auto* items = std::get_if<Expression::Items>(&expression.node)) {
    for (const Expression& item : *items) collect(item, out);
  }
}

std::string whole_words(const Reference& reference) {
  switch (reference.from) {
    case Reference::From::input: return "the input '" + reference.name + "'";
    case Reference::From::step: return "the output of step '" + reference.name + "'";
    case Reference::From::item: return "the item of for_each";
    case Reference::From::call: return "the model's call";
    default: return "the round before";
  }
}

}  // namespace

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && lower_letter(text.front()) &&
         std::ranges::all_of(text, [](char c) { return lower_letter(c) || digit(c) || c == '_'; });
}

std::optional<Reference> parse_reference(std::string_view body) {
  Reference reference{Reference::From::input, {}, {}};
  const auto* local = std::ranges::find_if(kLocal, [&](const auto& row) {
    return body.substr(0, body.find_first_of(".[")) == row.first;
  });
  if (local != std::end(kLocal)) {
    reference.from = local->second;
    body.remove_prefix(local->first.size());
  } else {
    if (take_word(body, "steps.")) {
      reference.from = Reference::From::step;
    } else if (!take_word(body, "inputs.")) {
      return std::nullopt;
    }
    reference.name = take_name(body);
    if (!is_name(reference.name)) return std::nullopt;
    if (reference.from == Reference::From::step && !take_word(body, ".out")) {
      // One of the steps that a consensus stands for.
      if (!take_word(body, ".")) return std::nullopt;
      const std::string_view part = take_name(body);
      if (!is_name(part) || !take_word(body, ".out")) return std::nullopt;
      reference.name += "." + std::string{part};
    }
  }
  auto path = parse_path(body);
  if (!path) return std::nullopt;
  reference.pointer = std::move(*path);
  return reference;
}

Argument parse_argument(const json::Value& value, const std::string& pointer, Sink& sink,
                        bool as_text) {
  Parser parser{pointer, sink, as_text};
  Argument out;
  out.expression = parser.parse(value);
  out.uses = std::move(parser.uses);
  return out;
}

bool of_call(const Expression& expression) {
  const auto* reference = std::get_if<Reference>(&expression.node);
  return reference != nullptr && reference->from == Reference::From::call;
}

bool Expression::literal() const { return references().empty(); }

std::vector<Reference> Expression::references() const {
  std::vector<Reference> out;
  collect(*this, out);
  return out;
}

Result<const json::Value*> value_at(const Reference& reference, const Lookup& lookup) {
  const json::Value* root = lookup(reference.from, reference.name);
  const json::Value* found = root == nullptr ? nullptr : json::at(*root, reference.pointer);
  if (found != nullptr) return found;
  return fail(
      Code::kStepFailed,
      whole_words(reference) +
          (root == nullptr ? " has no value" : " has nothing at '" + reference.pointer + "'"));
}

Result<json::Value> evaluate(const Expression& expression, const Lookup& lookup) {
  if (const auto* literal = std::get_if<json::Value>(&expression.node)) return *literal;
  if (const auto* reference = std::get_if<Reference>(&expression.node)) {
    NAESTRO_LET(const json::Value* found, value_at(*reference, lookup));
    return *found;
  }
  if (const auto* text = std::get_if<Template>(&expression.node)) {
    std::string out;
    for (const auto& part : text->parts) {
      if (const auto* literal = std::get_if<std::string>(&part)) {
        out += *literal;
        continue;
      }
      NAESTRO_LET(const json::Value* found, value_at(std::get<Reference>(part), lookup));
      // Canonical, so that equal values give equal prompts.
      out += found->is_string() ? std::string{json::view(found->get_string())}
                                : json::canonical(*found);
    }
    return json::Value(out);
  }
  if (const auto* members = std::get_if<Expression::Members>(&expression.node)) {
    json::Object out;
    for (const auto& [key, member] : *members) {
      NAESTRO_LET(json::Value value, evaluate(member, lookup));
      out[key] = std::move(value);
    }
    return out;
  }
  json::Array out;
  for (const Expression& item : std::get<Expression::Items>(expression.node)) {
    NAESTRO_LET(json::Value value, evaluate(item, lookup));
    out.push_back(std::move(value));
  }
  return out;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "${") out += '$';
    out += text[i];
  }
  return out;
}

std::string written(const Reference& reference) {
  std::string out = "${";
  switch (reference.from) {
    case Reference::From::input: out += "inputs." + reference.name; break;
    case Reference::From::step: out += "steps." + reference.name + ".out"; break;
    case Reference::From::item: out += "item"; break;
    case Reference::From::call: out += "call"; break;
    default: out += "prev"; break;
  }
  std::string_view rest = reference.pointer;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view token = rest.substr(0, rest.find('/'));
    out += is_index(token) ? "[" + std::string{token} + "]" : "." + std::string{token};
    rest.remove_prefix(token.size());
  }
  return out + "}";
}

}  // namespace naestro::plan
