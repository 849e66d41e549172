#include "base/json.hpp"

#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <span>
#include <vector>

#include "base/escape.hpp"

namespace naestro::json {
namespace {

// Feeds Boost's value_stack and counts members, so that a dropped duplicate shows as a difference.
struct Handler {
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  using Ec = boost::json::error_code;
  using View = boost::json::string_view;

  boost::json::value_stack stack;
  Storage in;
  std::size_t members = 0;

  bool on_document_begin(Ec&) {
    stack.reset(in);
    return true;
  }
  bool on_document_end(Ec&) { return true; }
  bool on_object_begin(Ec&) { return true; }
  bool on_object_end(std::size_t n, Ec&) {
    members += n;
    stack.push_object(n);
    return true;
  }
  bool on_array_begin(Ec&) { return true; }
  bool on_array_end(std::size_t n, Ec&) {
    stack.push_array(n);
    return true;
  }
  bool on_key_part(View s, std::size_t, Ec&) {
    stack.push_chars(s);
    return true;
  }
  bool on_key(View s, std::size_t, Ec&) {
    stack.push_key(s);
    return true;
  }
  bool on_string_part(View s, std::size_t, Ec&) {
    stack.push_chars(s);
    return true;
  }
  bool on_string(View s, std::size_t, Ec&) {
    stack.push_string(s);
    return true;
  }
  bool on_number_part(View, Ec&) { return true; }
  bool on_int64(std::int64_t i, View, Ec&) {
    stack.push_int64(i);
    return true;
  }
  bool on_uint64(std::uint64_t u, View, Ec&) {
    stack.push_uint64(u);
    return true;
  }
  // Boost 1.81 rounds some doubles wrongly; from_chars does not, and the text is whole here since
  // the parser gets all of it in one call.
  bool on_double(double, View text, Ec& error) {
    double exact = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), exact);
    if (end != text.data() + text.size()) error = boost::json::error::syntax;
    // Out of range: an underflow counts as zero, an overflow is refused by count().
    if (status == std::errc::result_out_of_range)
      exact = std::strtod(std::string{text}.c_str(), nullptr);
    stack.push_double(exact);
    return !error;
  }
  bool on_bool(bool b, Ec&) {
    stack.push_bool(b);
    return true;
  }
  bool on_null(Ec&) {
    stack.push_null();
    return true;
  }
  bool on_comment_part(View, Ec&) { return true; }
  bool on_comment(View, Ec&) { return true; }
};

Position position_of(std::string_view text, std::size_t offset) {
  Position at;
  for (std::size_t i = 0; i < offset && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++at.line;
      at.column = 1;
    } else {
      ++at.column;
    }
  }
  return at;
}

std::string where(Position at) {
  return "line " + std::to_string(at.line) + ", column " + std::to_string(at.column);
}

struct Counts {
  std::size_t members = 0;
  const Value* large = nullptr;  // an integer that not every reader keeps
  const Value* infinite = nullptr;
};

// Below this a number without a fraction is written as an integer (number_text), whatever it was
// read from: 9007199254740992.0 would not be read again.
constexpr double kExponentFrom = 1e21;

void count_double(const Value& value, Counts& counts) {
  const double size = std::abs(value.get_double());
  if (!std::isfinite(size)) {
    counts.infinite = &value;
  } else if (size > static_cast<double>(kMaxInteger) && size < kExponentFrom) {
    counts.large = &value;
  }
}

void count(const Value& value, Counts& counts) {
  switch (value.kind()) {
    case kind::object:
      counts.members += value.get_object().size();
      for (const auto& member : value.get_object()) count(member.value(), counts);
      break;
    case kind::array:
      for (const auto& item : value.get_array()) count(item, counts);
      break;
    case kind::int64:
      if (value.get_int64() > kMaxInteger || value.get_int64() < -kMaxInteger) {
        counts.large = &value;
      }
      break;
    case kind::uint64:
      if (value.get_uint64() > static_cast<std::uint64_t>(kMaxInteger)) counts.large = &value;
      break;
    case kind::double_: count_double(value, counts); break;
    default: break;
  }
}

// Walks text that is known to be valid JSON. Calls of the three methods move `at_` forward.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_{text} {}

  std::size_t offset() const { return at_; }
  char peek() {
    space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  void skip_char() { ++at_; }

  // The raw (still escaped) text of a string, without quotes.
  std::string_view string() {
    space();
    const std::size_t begin = ++at_;
    while (text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    return text_.substr(begin, at_++ - begin);
  }

  void value() {
    const char c = peek();
    if (c == '"') {
      string();
    } else if (c == '{' || c == '[') {
      int depth = 0;
      do {
        const char d = peek();
        if (d == '"') {
          string();
          continue;
        }
        depth += d == '{' || d == '[' ? 1 : d == '}' || d == ']' ? -1 : 0;
        ++at_;
      } while (depth > 0);
    } else {
      while (at_ < text_.size() && text_.find_first_of(",]} \t\r\n", at_) != at_) ++at_;
    }
  }

 private:
  void space() {
    while (at_ < text_.size() && std::string_view{" \t\r\n"}.contains(text_[at_])) ++at_;
  }
  std::string_view text_;
  std::size_t at_ = 0;
};

std::string unescape(std::string_view raw) {
  if (!raw.contains('\\')) return std::string{raw};
  const auto value = parse("\"" + std::string{raw} + "\"");
  return value ? std::string{view(value->get_string())} : std::string{raw};
}

// The offset of the second appearance of a key in some object, for the error message.
std::size_t find_duplicate(std::string_view text) {
  struct Frame {
    bool object;
    std::vector<std::string> keys;
  };
  std::vector<Frame> frames;
  Scanner scan{text};
  bool key_next = false;
  for (char c = scan.peek(); c != '\0'; c = scan.peek()) {
    const std::size_t here = scan.offset();
    if (c == '"') {
      std::string name = unescape(scan.string());
      if (!key_next) continue;
      auto& keys = frames.back().keys;
      if (std::ranges::find(keys, name) != keys.end()) return here;
      keys.push_back(std::move(name));
      key_next = false;
      continue;
    }
    if (c == '{' || c == '[') frames.push_back({c == '{', {}});
    if (c == '}' || c == ']') frames.pop_back();
    key_next = c == '{' || (c == ',' && !frames.empty() && frames.back().object);
    scan.skip_char();
  }
  return 0;
}

std::vector<std::string> pointer_tokens(std::string_view pointer) {
  std::vector<std::string> tokens;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);  // the leading '/'
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    std::string token;
    for (std::size_t i = 0; i < end; ++i) {
      if (pointer[i] == '~' && i + 1 < end) {
        token += pointer[++i] == '1' ? '/' : '~';
      } else {
        token += pointer[i];
      }
    }
    tokens.push_back(std::move(token));
    pointer.remove_prefix(end);
  }
  return tokens;
}

void write_escaped(std::string& out, std::string_view s) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::size_t begin = 0;  // of what needs no escape
  for (std::size_t at = 0; at < s.size(); ++at) {
    const auto c = static_cast<unsigned char>(s[at]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(s, begin, at - begin);
    begin = at + 1;
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        out += "\\u00";
        out += kDigits[c >> 4];
        out += kDigits[c & 15];
    }
  }
  out.append(s, begin);
}

void write_string(std::string& out, std::string_view s) {
  out += '"';
  if (needs_escape(s)) {
    write_escaped(out, s);
  } else {
    out += s;
  }
  out += '"';
}

void write_canonical(std::string& out, const Value& value);

void write_canonical(std::string& out, const Object& object) {
  using Member = const boost::json::key_value_pair*;
  constexpr std::size_t kFew = 16;
  std::array<Member, kFew> few;
  std::vector<Member> many(object.size() > kFew ? object.size() : 0);
  const std::span<Member> members{many.empty() ? few.data() : many.data(), object.size()};
  std::ranges::transform(object, members.begin(), [](const auto& member) { return &member; });
  std::ranges::sort(members,
                    [](Member a, Member b) { return canonical_before(a->key(), b->key()); });
  char before = '{';
  for (const Member member : members) {
    out += before;
    before = ',';
    write_string(out, member->key());
    out += ':';
    write_canonical(out, member->value());
  }
  out += members.empty() ? "{}" : "}";
}

void write_canonical(std::string& out, const Value& value) {
  switch (value.kind()) {
    case kind::null: out += "null"; break;
    case kind::bool_: out += value.get_bool() ? "true" : "false"; break;
    case kind::int64:
      check(value.get_int64() <= kMaxInteger && value.get_int64() >= -kMaxInteger,
            "canonical integer within 2^53-1");
      out += std::to_string(value.get_int64());
      break;
    case kind::uint64:
      check(value.get_uint64() <= static_cast<std::uint64_t>(kMaxInteger),
            "canonical integer within 2^53-1");
      out += std::to_string(value.get_uint64());
      break;
    case kind::double_: out += number_text(value.get_double()); break;
    case kind::string: write_string(out, view(value.get_string())); break;
    case kind::array: {
      out += '[';
      bool first = true;
      for (const auto& item : value.get_array()) {
        if (!first) out += ',';
        first = false;
        write_canonical(out, item);
      }
      out += ']';
      break;
    }
    case kind::object: write_canonical(out, value.get_object()); break;
  }
}

void write_pretty(std::string& out, const Value& value, int depth) {
  const std::string inner(static_cast<std::size_t>(depth + 1) * 2, ' ');
  const std::string outer(static_cast<std::size_t>(depth) * 2, ' ');
  const auto items = [&](const auto& container, char open, char close, auto&& one) {
    if (container.empty()) {
      out += open;
      out += close;
      return;
    }
    out += open;
    bool first = true;
    for (const auto& item : container) {
      out += first ? "\n" : ",\n";
      first = false;
      out += inner;
      one(item);
    }
    out += "\n" + outer + close;
  };
  if (const Object* object = value.if_object()) {
    items(*object, '{', '}', [&](const auto& member) {
      write_string(out, member.key());
      out += ": ";
      write_pretty(out, member.value(), depth + 1);
    });
  } else if (const Array* array = value.if_array()) {
    items(*array, '[', ']', [&](const auto& item) { write_pretty(out, item, depth + 1); });
  } else {
    out += write(value);
  }
}

}  // namespace

Storage arena() { return boost::json::make_shared_resource<boost::json::monotonic_resource>(); }

Result<Value> parse(std::string_view text, Limits limits, const Storage& in) {
  if (text.size() > limits.bytes_max) {
    return fail(Code::kTooLarge, "JSON text of " + std::to_string(text.size()) + " bytes",
                "at most " + std::to_string(limits.bytes_max) + " bytes are read here");
  }
  boost::json::parse_options options;
  options.max_depth = limits.depth_max;
  boost::json::basic_parser<Handler> parser{options};
  parser.handler().in = in;
  boost::json::error_code error;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (!error && used < text.size()) error = boost::json::error::extra_data;
  if (error) {
    Code code = Code::kInvalidJson;
    if (error == boost::json::error::too_deep) code = Code::kTooDeep;
    if (error == boost::json::error::illegal_leading_surrogate ||
        error == boost::json::error::illegal_trailing_surrogate) {
      code = Code::kInvalidUtf8;
    }
    return fail(code, std::string{info(code).title} + " at " + where(position_of(text, used)) +
                          " (" + error.message() + ")");
  }
  Value value = parser.handler().stack.release();
  Counts counts;
  count(value, counts);
  if (counts.members != parser.handler().members) {
    return fail(
        Code::kDuplicateKey,
        "a key stands twice in one object at " + where(position_of(text, find_duplicate(text))),
        "keep one of the two");
  }
  const Value* bad =
      counts.infinite == nullptr && !limits.large_integers ? counts.large : counts.infinite;
  if (bad != nullptr) {
    return fail(Code::kNumberRange, "the number " + write(*bad) + " cannot be kept exactly",
                "integers must lie within 2^53-1; write larger ones as strings");
  }
  return value;
}

bool exact(const Value& value) {
  Counts counts;
  count(value, counts);
  return counts.large == nullptr && counts.infinite == nullptr;
}

std::string write(const Value& value) { return boost::json::serialize(value); }

std::string pretty(const Value& value) {
  std::string out;
  write_pretty(out, value, 0);
  out += '\n';
  return out;
}

std::string canonical(const Value& value) {
  std::string out;
  write_canonical(out, value);
  return out;
}

// RFC 8785 sorts by UTF-16 code units. UTF-8 byte order is code point order; the two differ only
// between U+E000..U+FFFF and the supplementary planes, whose surrogates sort lower.
bool canonical_before(std::string_view a, std::string_view b) {
  const auto rank = [](unsigned char c) {  // of the first byte in which the strings differ
    if (c >= 0xf0) return 0xedf;           // surrogates lie below U+E000 (lead byte 0xee)
    return c << 4;
  };
  const auto [x, y] = std::ranges::mismatch(a, b);
  if (x == a.end() || y == b.end()) return x == a.end() && y != b.end();
  const auto cx = static_cast<unsigned char>(*x);
  const auto cy = static_cast<unsigned char>(*y);
  const int rx = rank(cx);
  const int ry = rank(cy);
  return rx != ry ? rx < ry : cx < cy;
}

void append_canonical(std::string& out, const Value& value) { write_canonical(out, value); }
void append_canonical(std::string& out, const Object& object) { write_canonical(out, object); }
void append_canonical(std::string& out, std::string_view text) { write_string(out, text); }

std::size_t offset_of(std::string_view text, std::string_view pointer) {
  Scanner scan{text};
  scan.peek();
  std::size_t found = scan.offset();
  for (const std::string& token : pointer_tokens(pointer)) {
    const char open = scan.peek();
    if (open != '{' && open != '[') break;
    scan.skip_char();
    bool hit = false;
    for (std::size_t i = 0; scan.peek() != '}' && scan.peek() != ']'; ++i) {
      bool match = open == '[' && std::to_string(i) == token;
      if (open == '{') {
        match = unescape(scan.string()) == token;
        scan.peek();
        scan.skip_char();  // ':'
        scan.peek();
      }
      if (match) {
        hit = true;
        break;
      }
      scan.value();
      if (scan.peek() == ',') scan.skip_char();
    }
    if (!hit) break;
    found = scan.offset();
  }
  return found;
}

Position locate(std::string_view text, std::string_view pointer) {
  return position_of(text, offset_of(text, pointer));
}

const Value* at(const Value& root, std::string_view pointer) {
  const Value* here = &root;
  for (const std::string& token : pointer_tokens(pointer)) {
    if (const Object* object = here->if_object()) {
      here = object->if_contains(token);
    } else if (const Array* array = here->if_array()) {
      std::size_t index = 0;
      const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
      const bool plain = error == std::errc{} && end == token.data() + token.size() &&
                         (token == "0" || token.front() != '0');
      here = plain ? array->if_contains(index) : nullptr;
    } else {
      here = nullptr;
    }
    if (here == nullptr) return nullptr;
  }
  return here;
}

std::string pointer_token(std::string_view token) {
  std::string out;
  for (const char c : token) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

std::optional<std::string_view> text_at(const Object& object, std::string_view key) {
  const Value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return view(value->get_string());
}

std::optional<std::int64_t> integer_at(const Object& object, std::string_view key) {
  const Value* value = object.if_contains(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_int64()) return value->get_int64();
  if (value->is_uint64() && value->get_uint64() <= static_cast<std::uint64_t>(kMaxInteger)) {
    return static_cast<std::int64_t>(value->get_uint64());
  }
  if (value->is_double() && std::trunc(value->get_double()) == value->get_double() &&
      std::abs(value->get_double()) <= static_cast<double>(kMaxInteger)) {
    return static_cast<std::int64_t>(value->get_double());
  }
  return std::nullopt;
}

std::optional<bool> bool_at(const Object& object, std::string_view key) {
  const Value* value = object.if_contains(key);
  if (value == nullptr || !value->is_bool()) return std::nullopt;
  return value->get_bool();
}

const Object* object_at(const Object& object, std::string_view key) {
  const Value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

const Array* array_at(const Object& object, std::string_view key) {
  const Value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_array();
}

std::optional<double> number(const Value& value) {
  switch (value.kind()) {
    case kind::int64: return static_cast<double>(value.get_int64());
    case kind::uint64: return static_cast<double>(value.get_uint64());
    case kind::double_: return value.get_double();
    default: return std::nullopt;
  }
}

std::string number_text(double value) {
  check(std::isfinite(value), "JSON numbers are finite");
  if (value == 0) return "0";  // also -0
  // Shortest digits that read back the same, laid out as ECMAScript's Number::toString does.
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                                          std::abs(value), std::chars_format::scientific);
  check(error == std::errc{}, "to_chars");
  const std::string_view text{buffer.data(), static_cast<std::size_t>(end - buffer.data())};
  const std::size_t e = text.find('e');
  std::string digits{text.substr(0, 1)};
  if (e > 2) digits += text.substr(2, e - 2);
  int exponent = 0;
  std::string_view power = text.substr(e + 1);
  if (power.front() == '+') power.remove_prefix(1);
  std::from_chars(power.data(), power.data() + power.size(), exponent);
  const int point = exponent + 1;  // the decimal point stands behind this many digits
  const int count = static_cast<int>(digits.size());
  std::string out = value < 0 ? "-" : "";
  if (count <= point && point <= 21) {
    out += digits + std::string(static_cast<std::size_t>(point - count), '0');
  } else if (0 < point && point <= 21) {
    out += digits.substr(0, static_cast<std::size_t>(point)) + "." +
           digits.substr(static_cast<std::size_t>(point));
  } else if (-6 < point && point <= 0) {
    out += "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  } else {
    out += digits.substr(0, 1);
    if (count > 1) out += "." + digits.substr(1);
    out += exponent < 0 ? "e-" : "e+";
    out += std::to_string(std::abs(exponent));
  }
  return out;
}

bool equal(const Value& a, const Value& b) {
  if (const Object* x = a.if_object()) {
    const Object* y = b.if_object();
    return y != nullptr && x->size() == y->size() && std::ranges::all_of(*x, [&](const auto& m) {
             const Value* other = y->if_contains(m.key());
             return other != nullptr && equal(m.value(), *other);
           });
  }
  if (const Array* x = a.if_array()) {
    const Array* y = b.if_array();
    return y != nullptr && x->size() == y->size() &&
           std::equal(x->begin(), x->end(), y->begin(), equal);
  }
  if (a.is_number() && b.is_number()) {
    if (a.is_int64() && b.is_int64()) return a.get_int64() == b.get_int64();
    return number(a) == number(b);
  }
  return a == b;
}

std::string_view type_name(const Value& value) {
  switch (value.kind()) {
    case kind::null: return "null";
    case kind::bool_: return "a boolean";
    case kind::int64:
    case kind::uint64: return "an integer";
    case kind::double_: return "a number";
    case kind::string: return "a string";
    case kind::array: return "an array";
    case kind::object: return "an object";
  }
  return "nothing";
}

}  // namespace naestro::json
