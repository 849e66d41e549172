#include "schema/project.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "schema/sample.hpp"
#include "schema/shape.hpp"

namespace naestro::schema {
namespace {

constexpr std::int64_t kStepsMax = 2'000'000;
constexpr int kLevelsMax = 64;             // that a value is completed around a part
constexpr std::size_t kIndexMax = 10'000;  // of an item that the rest of an array is made around

// The next token of a pointer that begins with '/', taken off it.
std::string next_token(std::string_view& pointer) {
  pointer.remove_prefix(1);
  const std::size_t end = std::min(pointer.find('/'), pointer.size());
  std::string out;
  for (std::size_t i = 0; i < end; ++i) {
    const bool escape = pointer[i] == '~' && i + 1 < end;
    out += !escape ? pointer[i] : pointer[++i] == '1' ? '/' : '~';
  }
  pointer.remove_prefix(end);
  return out;
}

std::optional<std::size_t> index_of(const std::string& token) {
  std::size_t out = 0;
  const char* end = token.data() + token.size();
  const auto [at, error] = std::from_chars(token.data(), end, out);
  const bool plain = error == std::errc{} && at == end && (token == "0" || token.front() != '0');
  return plain ? std::optional{out} : std::nullopt;
}

// Goes down one step at a time; what stands at the place so far is one of several sets of schemas.
class Descent {
 public:
  Descent(Program& made, const Node* root) : made_{made}, here_{{root}} {}

  // False when nothing can be there.
  bool step(const std::string& token) {
    std::vector<Conj> next;
    std::set<std::string> names;
    for (const Conj& conj : here_) {
      for (const Shape& shape : shapes_.of(conj)) {
        const auto found = below(shape, token, names);
        if (found && std::ranges::find(next, *found) == next.end()) next.push_back(*found);
      }
    }
    if (next.empty()) names_ = {names.begin(), names.end()};
    here_ = std::move(next);
    return !here_.empty();
  }

  [[nodiscard]] const std::vector<Conj>& here() const { return here_; }
  [[nodiscard]] bool may_be_absent() const { return absent_; }
  [[nodiscard]] bool spent() const { return shapes_.spent(); }
  [[nodiscard]] Names names() const { return names_; }

 private:
  // What holds for the part; nullopt when the shape has none.
  std::optional<Conj> below(const Shape& shape, const std::string& token,
                            std::set<std::string>& names) {
    std::optional<Conj> out;
    if (shape.only != nullptr) {
      out = constant(*shape.only, token, names);
    } else if (shape.type == kObject) {
      out = member(shape, token, names);
    } else if (shape.type == kArray) {
      out = item(shape, token);
    }
    absent_ = absent_ || !out;
    return out;
  }

  std::optional<Conj> constant(const json::Value& value, const std::string& token,
                               std::set<std::string>& names) {
    if (const json::Object* object = value.if_object()) {
      for (const auto& one : *object) names.insert(one.key());
    }
    const json::Value* part = json::at(value, "/" + json::pointer_token(token));
    if (part == nullptr) return std::nullopt;
    Node& node = made_.nodes.emplace_back();
    node.only = part;
    node.constant_weight = 1;
    return Conj{&node};
  }

  std::optional<Conj> member(const Shape& shape, const std::string& token,
                             std::set<std::string>& names) {
    for (const std::string& name : Shapes::names(shape)) {
      if (!shapes_.empty(shapes_.member(shape, name))) names.insert(name);
    }
    Conj out = shapes_.member(shape, token);
    if (shapes_.empty(out)) return std::nullopt;
    const Names required = Shapes::required(shape);
    absent_ = absent_ || !std::ranges::binary_search(required, token);
    return out;
  }

  std::optional<Conj> item(const Shape& shape, const std::string& token) {
    const auto index = index_of(token);
    const SizeRange in = shapes_.size(shape);
    if (!index || *index >= in.max) return std::nullopt;
    absent_ = absent_ || *index >= in.min;
    return Shapes::item(shape, *index);
  }

  Program& made_;
  Shapes shapes_{kStepsMax};
  std::vector<Conj> here_;
  Names names_;
  bool absent_ = false;
};

const Node* union_of(const std::vector<Conj>& conjs, Program& made) {
  if (conjs.size() == 1 && conjs[0].size() == 1) return conjs[0][0];
  Node& out = made.nodes.emplace_back();
  for (const Conj& conj : conjs) {
    Node& one = made.nodes.emplace_back();
    if (conj.empty()) one.kind = Node::Kind::all;
    one.all_of = conj;
    out.any_of.push_back(&one);
  }
  return &out;
}

// Makes the values around a part, from the inside out.
class Completion {
 public:
  explicit Completion(const json::Value& part) : part_{part} {}

  // A value that all of `conj` admit, with the part at the pointer.
  std::optional<json::Value> around(const Conj& conj, std::string_view pointer, int level = 0) {
    if (pointer.empty()) return fitting(conj, part_);
    if (level >= kLevelsMax) return std::nullopt;
    std::string_view rest = pointer;
    const std::string token = next_token(rest);
    for (const Shape& shape : shapes_.of(conj)) {
      auto value = shape.only != nullptr ? constant(*shape.only, pointer)
                                         : holding(shape, token, rest, level);
      if (value) value = fitting(conj, *std::move(value));
      if (value) return value;
    }
    return std::nullopt;
  }

 private:
  std::optional<json::Value> fitting(const Conj& conj, json::Value value) {
    if (!shapes_.admits_all(conj, value)) return std::nullopt;
    return value;
  }

  [[nodiscard]] std::optional<json::Value> constant(const json::Value& value,
                                                    std::string_view pointer) const {
    const json::Value* there = json::at(value, pointer);
    if (there == nullptr || !json::equal(*there, part_)) return std::nullopt;
    return value;
  }

  std::optional<json::Value> holding(const Shape& shape, const std::string& token,
                                     std::string_view rest, int level) {
    if (shape.type == kObject) {
      const auto inner = around(shapes_.member(shape, token), rest, level + 1);
      if (!inner) return std::nullopt;
      return sampler_.object_with(shape, token, *inner);
    }
    const auto index = shape.type == kArray ? index_of(token) : std::nullopt;
    if (!index || *index >= kIndexMax) return std::nullopt;
    const auto inner = around(Shapes::item(shape, *index), rest, level + 1);
    if (!inner) return std::nullopt;
    return sampler_.array_with(shape, *index, *inner);
  }

  const json::Value& part_;
  Shapes shapes_{kStepsMax};
  Sampler sampler_{shapes_};
};

}  // namespace

std::optional<json::Value> completed(const Schema& schema, std::string_view pointer,
                                     const json::Value& part) {
  if (schema.program().dynamic || (!pointer.empty() && pointer.front() != '/')) return std::nullopt;
  return Completion{part}.around({schema.program().root}, pointer);
}

Projection project(const Schema& schema, std::string_view pointer) {
  auto made = std::make_shared<Program>();
  made->bases.push_back(schema.shared_program());
  made->resources = schema.program().resources;
  made->marks = schema.program().marks;
  made->dynamic = schema.program().dynamic;
  if (!pointer.empty() && pointer.front() != '/') return {};
  const auto anything = [&] {
    made->nodes.emplace_back().kind = Node::Kind::all;
    made->root = &made->nodes.back();
    return Projection{Schema{made}, true, {}};
  };
  if (made->dynamic && !pointer.empty()) return anything();
  Descent descent{*made, schema.program().root};
  while (!pointer.empty()) {
    const bool there = descent.step(next_token(pointer));
    if (descent.spent()) return anything();
    if (!there) return {std::nullopt, true, descent.names()};
  }
  made->root = union_of(descent.here(), *made);
  return {Schema{std::move(made)}, descent.may_be_absent(), {}};
}

}  // namespace naestro::schema
