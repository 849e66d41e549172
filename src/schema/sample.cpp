#include "schema/sample.hpp"

#include <algorithm>
#include <cmath>

namespace naestro::schema {
namespace {

constexpr int kDepthMax = 12;             // of values in values
constexpr std::size_t kCountMax = 2'000;  // items or members
constexpr std::size_t kTextMax = 20'000;

json::Value number_value(double number) {
  const bool whole =
      std::trunc(number) == number && std::abs(number) <= static_cast<double>(json::kMaxInteger);
  if (whole) return static_cast<std::int64_t>(number);
  return number;
}

void push(std::vector<json::Value>& out, json::Value value) {
  const bool known =
      std::ranges::any_of(out, [&](const json::Value& other) { return json::equal(other, value); });
  if (!known) out.push_back(std::move(value));
}

// Sizes worth a try: the edges of what may be and what must not be.
std::vector<std::size_t> counts(SizeRange in, const SizeRange* against,
                                std::size_t most = kCountMax) {
  std::vector<std::size_t> out{in.min, in.min + 1};
  if (in.max != SizeRange::kNoMax) out.push_back(in.max);
  if (against != nullptr) {
    if (against->max != SizeRange::kNoMax) out.push_back(against->max + 1);
    if (against->min > 0) out.push_back(against->min - 1);
  }
  std::erase_if(out, [&](std::size_t n) { return n < in.min || n > in.max || n > most; });
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

void around(std::vector<double>& out, const json::Value* at) {
  const auto number = at == nullptr ? std::nullopt : json::number(*at);
  if (!number) return;
  for (const double step : {0.0, 1.0, -1.0, 0.5, -0.5}) out.push_back(*number + step);
}

}  // namespace

std::vector<json::Value> Sampler::fitting(const Conj& conj, std::size_t max) {
  std::vector<json::Value> out;
  if (depth_ >= kDepthMax) return out;
  ++depth_;
  for (const Shape& shape : shapes_.of(conj)) {
    for (json::Value& value : some(shape, nullptr)) {
      if (out.size() < max && shapes_.admits_all(conj, value)) push(out, std::move(value));
    }
    if (out.size() >= max) break;
  }
  --depth_;
  return out;
}

std::optional<json::Value> Sampler::first(const Conj& conj) {
  auto found = fitting(conj, 1);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<json::Value> Sampler::some(const Shape& shape, const Node* against) {
  if (!shapes_.spend(8)) return {};
  if (shape.only != nullptr) return {*shape.only};
  switch (shape.type) {
    case kString: return texts(shape, against);
    case kArray: return arrays(shape, against);
    case kObject: return objects(shape, against);
    default: return numbers(shape, against);
  }
}

std::vector<json::Value> Sampler::numbers(const Shape& shape, const Node* against) {
  std::vector<double> tries{0};
  const NumberRange in = Shapes::range(shape);
  if (in.lower) around(tries, &in.lower->at);
  if (in.upper) around(tries, &in.upper->at);
  Conj nodes = shape.nodes;
  if (against != nullptr) nodes.push_back(against);
  for (const Node* node : nodes) {
    for (const json::Value* at : {node->minimum, node->maximum, node->above, node->below}) {
      around(tries, at);
    }
    around(tries, node->multiple_of);
  }
  for (const double more : {1.0, -1.0, 0.5, 1e6, -1e6}) tries.push_back(more);
  // Multiples next to each try.
  for (const Node* node : shape.nodes) {
    const auto unit =
        node->multiple_of == nullptr ? std::nullopt : json::number(*node->multiple_of);
    if (!unit) continue;
    std::vector<double> multiples{0};
    for (const double number : tries) {
      for (const int more : {0, 1, 2})
        multiples.push_back((std::ceil(number / *unit) + more) * *unit);
    }
    tries.insert(tries.end(), multiples.begin(), multiples.end());
  }
  std::vector<json::Value> out;
  for (const double number : tries) {
    if (std::isfinite(number)) push(out, number_value(number));
  }
  return out;
}

std::vector<json::Value> Sampler::texts(const Shape& shape, const Node* against) {
  std::vector<json::Value> out;
  const SizeRange in = shapes_.size(shape);
  const auto lengths = counts(in, against == nullptr ? nullptr : &against->length, kTextMax);
  for (const Node* node : shape.nodes) {
    if (!node->pattern) continue;
    for (const std::string& text : sample_texts(node->pattern->text())) {
      push(out, json::Value(text));
      // Where the pattern leaves the end open.
      for (const std::size_t count : lengths) {
        if (count > text.size())
          push(out, json::Value(text + std::string(count - text.size(), 'a')));
      }
    }
  }
  for (const std::size_t count : lengths) {
    for (const char c : {'a', '0'}) push(out, json::Value(std::string(count, c)));
    // A text that is in no list of choices.
    if (count >= 4) push(out, json::Value("~q!_" + std::string(count - 4, 'x')));
  }
  for (const char* text : {"A b", "-", "\u00e9", "zz.9_Z", "~q!_"}) push(out, json::Value(text));
  return out;
}

std::optional<json::Array> Sampler::array_of(const Shape& shape, std::size_t count) {
  json::Array out;
  const std::size_t prefix = Shapes::prefix_size(shape);
  const bool unique =
      std::ranges::any_of(shape.nodes, [](const Node* node) { return node->unique; });
  if (!shapes_.spend(static_cast<std::int64_t>(count))) return std::nullopt;
  std::vector<json::Value> rest;
  for (std::size_t i = 0; i < count; ++i) {
    if (i <= prefix) rest = fitting(Shapes::item(shape, i), unique ? 64 : 1);
    if (rest.empty()) return std::nullopt;
    const auto fresh = std::ranges::find_if(rest, [&](const json::Value& value) {
      return !unique || std::ranges::none_of(
                            out, [&](const json::Value& old) { return json::equal(old, value); });
    });
    if (fresh == rest.end()) return std::nullopt;
    out.push_back(*fresh);
  }
  return out;
}

std::vector<json::Value> Sampler::arrays(const Shape& shape, const Node* against) {
  std::vector<json::Value> out;
  const SizeRange in = shapes_.size(shape);
  std::vector<std::size_t> tries = counts(in, against == nullptr ? nullptr : &against->elements);
  if (against != nullptr && against->contains != nullptr) {
    std::ranges::copy(counts(in, &against->matches), std::back_inserter(tries));
  }
  for (const std::size_t count : tries) {
    if (auto array = array_of(shape, count)) push(out, std::move(*array));
  }
  if (against == nullptr || !against->unique) return out;
  if (auto array = array_of(shape, std::max<std::size_t>(in.min, 1))) {
    array->push_back(array->front());
    push(out, std::move(*array));
  }
  return out;
}

std::optional<json::Value> Sampler::array_with(const Shape& shape, std::size_t index,
                                               const json::Value& item) {
  auto array = array_of(shape, std::max(shapes_.size(shape).min, index + 1));
  if (!array) return std::nullopt;
  (*array)[index] = item;
  return std::move(*array);
}

json::Value Sampler::object_with(const Shape& shape, const std::string& name,
                                 const json::Value& member) {
  json::Object out = required_members(shape);
  out[name] = member;
  add_dependents(shape, name, out);
  fill_up(shape, out, shapes_.size(shape).min);
  return out;
}

Names Sampler::other_names(const Shape& shape, const Pattern* pattern) {
  Names out = pattern == nullptr ? Names{"zq", "a", "B 1"} : sample_texts(pattern->text());
  const Names known = Shapes::names(shape);
  std::erase_if(out,
                [&](const std::string& name) { return std::ranges::binary_search(known, name); });
  return out;
}

json::Object Sampler::required_members(const Shape& shape) {
  json::Object out;
  for (const std::string& name : Shapes::required(shape)) {
    if (auto value = first(shapes_.member(shape, name))) out[name] = std::move(*value);
  }
  return out;
}

// Adds members that must stand beside `name`.
void Sampler::add_dependents(const Shape& shape, const std::string& name, json::Object& object) {
  for (const Node* node : shape.nodes) {
    const auto names = node->dependent_required.find(name);
    if (names == node->dependent_required.end()) continue;
    for (const std::string& needed : names->second) {
      if (object.contains(needed)) continue;
      if (auto value = first(shapes_.member(shape, needed))) object[needed] = std::move(*value);
    }
  }
}

// Adds members until there are `count`: those that the schema names, then others.
void Sampler::fill_up(const Shape& shape, json::Object& object, std::size_t count) {
  for (const std::string& name : Shapes::names(shape)) {
    if (object.size() >= count) return;
    if (object.contains(name)) continue;
    if (auto value = first(shapes_.member(shape, name))) object[name] = std::move(*value);
  }
  for (std::size_t i = 0; object.size() < count && shapes_.spend(); ++i) {
    const std::string name = "zq" + std::to_string(i);
    auto value = first(shapes_.member(shape, name));
    if (!value) return;
    object[name] = std::move(*value);
  }
}

std::vector<json::Value> Sampler::objects(const Shape& shape, const Node* against) {
  std::vector<json::Value> out;
  const json::Object base = required_members(shape);
  push(out, base);
  const SizeRange in = shapes_.size(shape);
  for (const std::size_t count : counts(in, against == nullptr ? nullptr : &against->members)) {
    json::Object object = base;
    fill_up(shape, object, count);
    push(out, std::move(object));
  }
  Names names = Shapes::names(shape);
  for (const char* other : {"zq", "a", "B 1"}) names.emplace_back(other);
  for (const Node* node : shape.nodes) {
    for (const PatternNode& row : node->pattern_properties) {
      for (std::string& text : sample_texts(row.pattern.text())) names.push_back(std::move(text));
    }
  }
  if (against != nullptr) {
    for (const auto& [name, below] : against->properties) names.push_back(name);
  }
  // Each name alone with what must be there; without a consumer one value of each is enough.
  for (const std::string& name : names) {
    for (json::Value& value : fitting(shapes_.member(shape, name), against == nullptr ? 1 : 3)) {
      json::Object object = base;
      object[name] = std::move(value);
      add_dependents(shape, name, object);
      push(out, std::move(object));
    }
  }
  return out;
}

}  // namespace naestro::schema
