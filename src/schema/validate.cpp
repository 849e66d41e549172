#include "schema/validate.hpp"

#include <algorithm>
#include <utility>

#include "schema/distinct.hpp"
#include "schema/node.hpp"
#include "schema/number.hpp"

namespace naestro::schema {
namespace {

constexpr std::int64_t kStepsMax = 10'000'000;
constexpr int kDepthMax = 512;            // schemas on the way to one value
constexpr std::size_t kShownBytes = 200;  // of a constant in a message

std::string shown(const json::Value& value) {
  std::string text = json::write(value);
  if (text.size() <= kShownBytes) return text;
  std::size_t end = kShownBytes;
  while ((static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

// Items or members of one value that some schema evaluated, by position.
using Marks = std::vector<bool>;

void mark(Marks& marks, std::size_t index) {
  if (!marks.empty()) marks[index] = true;
}
void mark_all(Marks& marks) { marks.assign(marks.size(), true); }
void merge(Marks& into, const Marks& from) {
  for (std::size_t i = 0; i < from.size(); ++i) into[i] = into[i] || from[i];
}

// Walks a value and its schema together; both pointers grow and shrink with the walk.
class Walk {
 public:
  Walk(const Program& program, std::size_t max)
      : resources_{&program.resources},
        marks_{program.marks},
        max_{std::max<std::size_t>(max, 1)} {}
  // Of nodes that need no resources.
  explicit Walk(std::int64_t steps) : steps_{steps} {}

  std::vector<Violation> run(const Node& root, const json::Value& value) {
    Marks marks = fresh(value);
    visit(root, value, marks);
    if (aborted_ != nullptr) {
      if (out_.size() == max_) out_.pop_back();
      out_.push_back({"", "", aborted_});
    }
    return std::move(out_);
  }

  bool fits(const Node& root, const json::Value& value, std::int64_t& steps) {
    const bool fit = fits(root, value);
    steps = aborted_ == nullptr ? steps_ : -1;
    return fit;
  }

 private:
  [[nodiscard]] bool stopped() const {
    return aborted_ != nullptr || (quiet_ ? failures_ > 0 : out_.size() >= max_);
  }

  bool spend(std::int64_t steps) {
    steps_ -= steps;
    if (steps_ < 0) abort("the check takes more than 10000000 steps");
    return aborted_ == nullptr;
  }
  void abort(const char* why) { aborted_ = why; }

  void add(std::string_view keyword, std::string message) {
    if (aborted_ != nullptr) return;
    ++failures_;
    if (quiet_ || out_.size() >= max_) return;
    out_.push_back({instance_, schema_ + std::string{keyword}, std::move(message)});
  }

  [[nodiscard]] Marks fresh(const json::Value& value) const {
    if (!marks_) return {};
    if (const json::Array* array = value.if_array()) return Marks(array->size());
    if (const json::Object* object = value.if_object()) return Marks(object->size());
    return {};
  }

  // Whether the value fits; says nothing of why not.
  bool fits(const Node& node, const json::Value& value, Marks& marks) {
    const bool quiet = std::exchange(quiet_, true);
    const std::size_t failures = std::exchange(failures_, 0);
    visit(node, value, marks);
    const bool fit = failures_ == 0 && aborted_ == nullptr;
    quiet_ = quiet;
    failures_ = failures;
    return fit;
  }
  bool fits(const Node& node, const json::Value& value) {
    Marks marks = fresh(value);
    return fits(node, value, marks);
  }

  void visit(const Node& node, const json::Value& value, Marks& marks) {
    if (stopped() || !spend(1) || node.kind == Node::Kind::all) return;
    if (node.kind == Node::Kind::none) return add("", "nothing is allowed here");
    if (depth_ >= kDepthMax) return abort("the check goes deeper than 512 schemas");
    ++depth_;
    const bool enters = scope_.empty() || scope_.back() != node.resource;
    if (enters) scope_.push_back(node.resource);
    keywords(node, value, marks);
    if (enters) scope_.pop_back();
    --depth_;
  }

  void keywords(const Node& node, const json::Value& value, Marks& marks) {
    const std::size_t failures = failures_;
    Marks own(marks.size());
    constants(node, value);
    if (value.is_number()) numbers(node, value);
    if (const auto* text = value.if_string()) string(node, json::view(*text));
    const json::Array* array = value.if_array();
    const json::Object* object = value.if_object();
    if (array != nullptr) elements(node, *array, own);
    if (object != nullptr) members(node, *object, own);
    in_place(node, value, own);
    if (array != nullptr && node.unevaluated_items != nullptr) {
      for (std::size_t i = 0; i < array->size() && !stopped(); ++i) {
        if (!own[i]) item(i, "/unevaluatedItems", *node.unevaluated_items, (*array)[i]);
      }
      mark_all(own);
    }
    if (object != nullptr && node.unevaluated_properties != nullptr) {
      std::size_t i = 0;
      for (const auto& one : *object) {
        if (!own[i++]) member(one, "/unevaluatedProperties", *node.unevaluated_properties);
      }
      mark_all(own);
    }
    if (failures == failures_) merge(marks, own);
  }

  void constants(const Node& node, const json::Value& value) {
    if (node.types != 0 && !has_type(value, node.types)) {
      add("/type",
          "expected " + type_phrase(node.types) + ", found " + std::string{json::type_name(value)});
    }
    if (node.constant_weight != 0 && !spend(node.constant_weight)) return;
    if (node.choices != nullptr && std::ranges::none_of(*node.choices, [&](const auto& choice) {
          return json::equal(choice, value);
        })) {
      add("/enum", "expected one of " + shown(*node.choices));
    }
    if (node.only != nullptr && !json::equal(*node.only, value)) {
      add("/const", "expected " + shown(*node.only));
    }
  }

  void numbers(const Node& node, const json::Value& number) {
    const auto text = [](const json::Value& limit) {
      return limit.is_double() ? json::number_text(limit.get_double()) : json::write(limit);
    };
    if (node.minimum != nullptr && compare(number, *node.minimum) < 0)
      add("/minimum", "expected at least " + text(*node.minimum));
    if (node.maximum != nullptr && compare(number, *node.maximum) > 0)
      add("/maximum", "expected at most " + text(*node.maximum));
    if (node.above != nullptr && compare(number, *node.above) <= 0)
      add("/exclusiveMinimum", "expected more than " + text(*node.above));
    if (node.below != nullptr && compare(number, *node.below) >= 0)
      add("/exclusiveMaximum", "expected less than " + text(*node.below));
    if (node.multiple_of != nullptr && !is_multiple(number, *node.multiple_of))
      add("/multipleOf", "expected a multiple of " + text(*node.multiple_of));
  }

  void size(SizeRange range, std::size_t found, std::string_view suffix, std::string_view unit) {
    const auto say = [&](std::string_view side, std::string_view words, std::size_t limit) {
      add("/" + std::string{side} + std::string{suffix},
          "expected " + std::string{words} + " " + std::to_string(limit) + " " + std::string{unit} +
              ", found " + std::to_string(found));
    };
    if (found < range.min) say("min", "at least", range.min);
    if (found > range.max) say("max", "at most", range.max);
  }

  bool matches(const Pattern& pattern, std::string_view text) {
    const Pattern::Match match = pattern.match(text, steps_);
    if (match == Pattern::Match::limit) abort("a pattern takes too many steps on a text");
    return match == Pattern::Match::yes;
  }

  void string(const Node& node, std::string_view text) {
    if (!spend(static_cast<std::int64_t>(text.size() / 64))) return;
    size(node.length, code_points(text), "Length", "characters");
    if (node.pattern && !matches(*node.pattern, text))
      add("/pattern", "expected a text that matches " + node.pattern->text());
  }

  void elements(const Node& node, const json::Array& array, Marks& own) {
    size(node.elements, array.size(), "Items", "items");
    if (node.unique) {
      if (const auto same = equal_items(array, steps_)) {
        add("/uniqueItems", "the items " + std::to_string(same->first) + " and " +
                                std::to_string(same->second) + " are equal");
      }
      if (!spend(0)) return;
    }
    const std::size_t front = std::min(node.prefix.size(), array.size());
    for (std::size_t i = 0; i < front && !stopped(); ++i) {
      item(i, "/prefixItems/" + std::to_string(i), *node.prefix[i], array[i]);
      mark(own, i);
    }
    if (node.items != nullptr) {
      for (std::size_t i = front; i < array.size() && !stopped(); ++i) {
        item(i, "/items", *node.items, array[i]);
      }
      mark_all(own);
    }
    if (node.contains != nullptr) contains(node, array, own);
  }

  void contains(const Node& node, const json::Array& array, Marks& own) {
    std::size_t found = 0;
    for (std::size_t i = 0; i < array.size() && aborted_ == nullptr; ++i) {
      if (!fits(*node.contains, array[i])) continue;
      ++found;
      mark(own, i);
    }
    if (found < node.matches.min) {
      add(node.matches.min == 1 ? "/contains" : "/minContains",
          "expected at least " + std::to_string(node.matches.min) +
              " items that fit 'contains', found " + std::to_string(found));
    }
    if (found > node.matches.max) {
      add("/maxContains", "expected at most " + std::to_string(node.matches.max) +
                              " items that fit 'contains', found " + std::to_string(found));
    }
  }

  void members(const Node& node, const json::Object& object, Marks& own) {
    size(node.members, object.size(), "Properties", "members");
    need("/required", node.required, object, "");
    for (const auto& [name, names] : node.dependent_required) {
      if (object.contains(name)) {
        need("/dependentRequired/" + json::pointer_token(name), names, object,
             ", which '" + name + "' needs");
      }
    }
    std::size_t i = 0;
    for (const auto& one : object) {
      if (stopped() || !spend(1)) return;
      if (property(node, one)) mark(own, i);
      ++i;
    }
  }

  void need(const std::string& keyword, const Names& names, const json::Object& object,
            const std::string& why) {
    if (!spend(static_cast<std::int64_t>(names.size()))) return;
    for (const std::string& name : names) {
      if (!object.contains(name)) add(keyword, "the member '" + name + "'" + why + " is missing");
    }
  }

  // Whether some keyword evaluated the member.
  bool property(const Node& node, const boost::json::key_value_pair& one) {
    const std::string_view name{one.key().data(), one.key().size()};
    if (node.property_names != nullptr) member_name(name, *node.property_names);
    bool known = false;
    const auto named = node.properties.find(name);
    if (named != node.properties.end()) {
      known = true;
      member(one, "/properties/" + json::pointer_token(name), *named->second);
    }
    for (const PatternNode& row : node.pattern_properties) {
      if (!matches(row.pattern, name)) continue;
      known = true;
      member(one, "/patternProperties/" + json::pointer_token(row.pattern.text()), *row.node);
    }
    if (known || node.additional == nullptr) return known;
    member(one, "/additionalProperties", *node.additional);
    return true;
  }

  void member_name(std::string_view name, const Node& node) {
    if (fits(node, json::Value(name))) return;
    add("/propertyNames", "the name '" + std::string{name} + "' is not allowed here");
  }

  // A member that nothing but `false` is for has a message of its own.
  void member(const boost::json::key_value_pair& one, const std::string& keyword,
              const Node& node) {
    const std::string_view name{one.key().data(), one.key().size()};
    const std::string token = "/" + json::pointer_token(name);
    if (node.kind != Node::Kind::none) return below(token, keyword, node, one.value());
    const std::size_t size = instance_.size();
    instance_ += token;
    add(keyword, "the member '" + std::string{name} + "' is not known here");
    instance_.resize(size);
  }

  void item(std::size_t index, const std::string& keyword, const Node& node,
            const json::Value& value) {
    below("/" + std::to_string(index), keyword, node, value);
  }

  void below(const std::string& token, const std::string& keyword, const Node& node,
             const json::Value& value) {
    Marks marks = fresh(value);
    const std::size_t size = instance_.size();
    instance_ += token;
    aside(keyword, node, value, marks);
    instance_.resize(size);
  }

  // Another schema for the same value.
  void aside(const std::string& keyword, const Node& node, const json::Value& value, Marks& marks) {
    const std::size_t size = schema_.size();
    schema_ += keyword;
    visit(node, value, marks);
    schema_.resize(size);
  }

  void in_place(const Node& node, const json::Value& value, Marks& own) {
    if (stopped()) return;
    if (node.ref != nullptr) aside("/$ref", *node.ref, value, own);
    if (node.dynamic_ref != nullptr) aside("/$dynamicRef", dynamic_target(node), value, own);
    for (std::size_t i = 0; i < node.all_of.size(); ++i) {
      aside("/allOf/" + std::to_string(i), *node.all_of[i], value, own);
    }
    if (!node.any_of.empty()) any_of(node, value, own);
    if (!node.one_of.empty()) one_of(node, value, own);
    if (node.negated != nullptr && fits(*node.negated, value)) {
      add("/not", "the value fits what 'not' forbids");
    }
    if (node.condition != nullptr) condition(node, value, own);
    const json::Object* object = value.if_object();
    if (object == nullptr) return;
    for (const auto& [name, dependent] : node.dependent_schemas) {
      if (!object->contains(name)) continue;
      aside("/dependentSchemas/" + json::pointer_token(name), *dependent, value, own);
    }
  }

  // The outermost resource on the way here that has the anchor.
  [[nodiscard]] const Node& dynamic_target(const Node& node) const {
    if (!node.dynamic_anchor.empty()) {
      for (const std::size_t resource : scope_) {
        const NodeMap& anchors = (*resources_)[resource].dynamic_anchors;
        const auto found = anchors.find(node.dynamic_anchor);
        if (found != anchors.end()) return *found->second;
      }
    }
    return *node.dynamic_ref;
  }

  void condition(const Node& node, const json::Value& value, Marks& own) {
    Marks marks(own.size());
    const bool holds = fits(*node.condition, value, marks);
    if (holds) merge(own, marks);
    const Node* next = holds ? node.consequence : node.alternative;
    if (next != nullptr && aborted_ == nullptr) {
      aside(holds ? "/then" : "/else", *next, value, own);
    }
  }

  // Indexes of the branches that fit; their marks go to `own`.
  std::vector<std::size_t> fitting(const std::vector<const Node*>& branches,
                                   const json::Value& value, Marks& own, std::size_t enough) {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < branches.size() && out.size() < enough; ++i) {
      Marks marks(own.size());
      if (!fits(*branches[i], value, marks)) continue;
      out.push_back(i);
      merge(own, marks);
    }
    return out;
  }

  void any_of(const Node& node, const json::Value& value, Marks& own) {
    // Every branch that fits marks; without marks the first is enough.
    const std::size_t enough = own.empty() ? 1 : node.any_of.size();
    if (!fitting(node.any_of, value, own, enough).empty()) return;
    add("/anyOf", none_fits(node.any_of, value));
  }

  void one_of(const Node& node, const json::Value& value, Marks& own) {
    const auto found = fitting(node.one_of, value, own, 2);
    if (found.empty()) return add("/oneOf", none_fits(node.one_of, value));
    if (found.size() == 1) return;
    add("/oneOf", "expected exactly one form to fit, but the forms " +
                      std::to_string(found[0] + 1) + " and " + std::to_string(found[1] + 1) +
                      " both do");
  }

  // Says which branch comes nearest: the one that fails deepest in the value, then at fewest
  // places.
  std::string none_fits(const std::vector<const Node*>& branches, const json::Value& value) {
    if (quiet_) return {};
    constexpr std::size_t kCounted = 4;
    std::vector<Violation> nearest;
    std::size_t number = 0;
    const auto depth = [](const Violation& one) { return std::ranges::count(one.instance, '/'); };
    for (std::size_t i = 0; i < branches.size() && aborted_ == nullptr; ++i) {
      std::vector<Violation> kept = std::exchange(out_, {});
      const std::size_t max = std::exchange(max_, kCounted);
      Marks marks = fresh(value);
      visit(*branches[i], value, marks);
      std::vector<Violation> found = std::exchange(out_, std::move(kept));
      max_ = max;
      if (found.empty()) continue;
      const bool nearer = nearest.empty() || depth(found[0]) > depth(nearest[0]) ||
                          (depth(found[0]) == depth(nearest[0]) && found.size() < nearest.size());
      if (nearer) number = i + 1;
      if (nearer) nearest = std::move(found);
    }
    std::string text = "none of the " + std::to_string(branches.size()) + " forms fits the value";
    if (nearest.empty()) return text;
    const std::string at = nearest[0].instance.substr(instance_.size());
    text += "; nearest is form " + std::to_string(number) + ": ";
    if (!at.empty()) text += "'" + at + "': ";
    return text + nearest[0].message;
  }

  const std::deque<Resource>* resources_ = nullptr;
  bool marks_ = true;
  std::size_t max_ = 1;
  std::vector<Violation> out_;
  std::size_t failures_ = 0;
  bool quiet_ = false;
  const char* aborted_ = nullptr;
  std::int64_t steps_ = kStepsMax;
  int depth_ = 0;
  std::vector<std::size_t> scope_;
  std::string instance_;
  std::string schema_;
};

}  // namespace

std::vector<Violation> Schema::validate(const json::Value& value, std::size_t max) const {
  return Walk{*program_, max}.run(*program_->root, value);
}

bool admits(const Node& node, const json::Value& value, std::int64_t& steps) {
  return Walk{steps}.fits(node, value, steps);
}

Result<void> conforms(const Schema& schema, const json::Value& value, std::string_view what) {
  constexpr std::size_t kShown = 3;
  const std::vector<Violation> found = schema.validate(value, kShown + 1);
  if (found.empty()) return {};
  std::string message{what};
  for (std::size_t i = 0; i < found.size() && i < kShown; ++i) {
    message += i == 0 ? ": " : "; ";
    message += found[i].instance.empty() ? "the value" : "'" + found[i].instance + "'";
    message += ": " + found[i].message;
  }
  if (found.size() > kShown) message += "; and more";
  return fail(Code::kSchemaMismatch, std::move(message));
}

}  // namespace naestro::schema
