#include "run/draft.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <set>
#include <type_traits>
#include <utility>

#include "base/escape.hpp"

namespace naestro::run {
namespace {

// Text that grows at its end, on the stack as long as it is short: most data is.
class Text {
 public:
  void operator+=(char c) {
    if (left_ == 0) grow(1);
    *end_++ = c;
    --left_;
  }
  void operator+=(std::string_view text) {
    if (left_ < text.size()) grow(text.size());
    std::memcpy(end_, text.data(), text.size());
    end_ += text.size();
    left_ -= text.size();
  }
  // A member's key and what stands around it.
  void key(std::string_view key, bool another) {
    if (left_ < key.size() + 4) grow(key.size() + 4);
    char* to = end_;
    if (another) *to++ = ',';
    *to++ = '"';
    std::memcpy(to, key.data(), key.size());
    to += key.size();
    *to++ = '"';
    *to++ = ':';
    left_ -= static_cast<std::size_t>(to - end_);
    end_ = to;
  }
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }
  [[nodiscard]] std::string_view view() const { return {begin_, size()}; }

 private:
  void grow(std::size_t more) {
    std::string larger(2 * (size() + more), '\0');
    std::memcpy(larger.data(), begin_, size());
    end_ = larger.data() + size();
    many_ = std::move(larger);
    begin_ = many_.data();
    left_ = many_.size() - size();
  }
  std::array<char, 2048> few_;
  std::string many_;
  char* begin_ = few_.data();
  char* end_ = few_.data();
  std::size_t left_ = few_.size();
};

constexpr std::size_t kFieldsMax = 16;  // of one object

class DraftWriter {
 public:
  explicit DraftWriter(Draft& draft) : draft_{draft} {}
  [[nodiscard]] std::string_view text() const { return out_.view(); }

  // Plain keys stand in canonical order where their bytes do.
  void operator()(Fields fields) {
    check(fields.size() <= kFieldsMax, "an object of an event has few members");
    std::array<const Field*, kFieldsMax> order;
    std::size_t size = 0;
    for (const Field& field : fields) {
      if (std::holds_alternative<Absent>(field.value)) continue;
      std::size_t at = size++;
      for (; at > 0 && field.key < order[at - 1]->key; --at) order[at] = order[at - 1];
      order[at] = &field;
    }
    out_ += '{';
    for (std::size_t at = 0; at < size; ++at) {
      out_.key(order[at]->key, at > 0);
      std::visit([this](const auto& value) { one(value); }, order[at]->value);
    }
    out_ += '}';
  }
  void operator()(std::string_view text) {
    if (json::needs_escape(text)) return whole(text);
    out_ += '"';
    out_ += text;
    out_ += '"';
  }
  void operator()(std::int64_t number) {
    check(number <= json::kMaxInteger && number >= -json::kMaxInteger, "integer within 2^53-1");
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out_ += std::string_view{digits.data(), end};
  }
  void operator()(bool yes) { out_ += yes ? std::string_view{"true"} : "false"; }
  void operator()(Secret secret) {
    out_ += R"({"blob":")";
    draft_.holes.push_back({out_.size(), secret});
    static constexpr std::string_view kRoom =
        "0000000000000000000000000000000000000000000000000000000000000000";
    static_assert(kRoom.size() == 2 * sizeof(Digest));
    out_ += kRoom;
    out_ += R"("})";
  }
  void operator()(const Digest* digest) {
    out_ += '"';
    out_ += hex(*digest);
    out_ += '"';
  }
  void operator()(const json::Value* value) { whole(*value); }
  void operator()(const json::Object* object) { whole(*object); }
  void operator()(const json::Array* array) {
    list(*array, [this](const json::Value& item) { whole(item); });
  }
  void operator()(const std::vector<std::int64_t>* path) { list(*path, *this); }
  void operator()(const std::vector<std::string>* words) { list(*words, *this); }
  void operator()(std::span<const Fields> objects) { list(objects, *this); }
  void operator()(const contract::Labels* labels) {
    std::vector<const contract::Labels::value_type*> order;
    order.reserve(labels->size());
    for (const auto& each : *labels) order.push_back(&each);
    std::ranges::sort(order, [](const auto* a, const auto* b) {
      return json::canonical_before(a->first, b->first);
    });
    char mark = '{';
    for (const auto* each : order) {
      const contract::Label& label = each->second;
      out_ += std::exchange(mark, ',');
      (*this)(std::string_view{each->first});
      out_ += R"(:{"instruction_bearing":)";
      (*this)(label.instruction_bearing);
      out_ += R"(,"integrity":)";
      list(label.integrity, *this);
      out_ += R"(,"readers":)";
      list(label.readers, *this);
      out_ += '}';
    }
    out_ += labels->empty() ? std::string_view{"{}"} : "}";
  }

 private:
  void one(const auto& value) {
    if constexpr (!std::is_same_v<decltype(value), const Absent&>) (*this)(value);
  }
  void whole(const auto& value) {
    std::string text;
    json::append_canonical(text, value);
    out_ += text;
  }
  void list(const auto& items, auto&& each) {
    char mark = '[';
    for (const auto& item : items) {
      out_ += std::exchange(mark, ',');
      each(item);
    }
    out_ += items.empty() ? std::string_view{"[]"} : "]";
  }

  Draft& draft_;
  Text out_;
};

}  // namespace

std::string canonical(const json::Object& object) {
  std::string out;
  json::append_canonical(out, object);
  return out;
}

void write(Draft& draft, Fields fields) {
  DraftWriter writer{draft};
  writer(fields);
  draft.data = writer.text();
}

Field unless_empty(std::string_view key, std::string_view text) {
  if (text.empty()) return {key, Absent{}};
  return {key, text};
}

Field unless_empty(std::string_view key, const std::vector<std::int64_t>& path) {
  if (path.empty()) return {key, Absent{}};
  return {key, &path};
}

std::array<Field, 5> fields_of(const door::Usage& usage) {
  return {{{"model_calls", usage.model_calls},
           {"tokens_in", usage.tokens_in},
           {"tokens_out", usage.tokens_out},
           {"tool_calls", usage.tool_calls},
           {"usd_nano", usage.usd}}};
}

}  // namespace naestro::run
