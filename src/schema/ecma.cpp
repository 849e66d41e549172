#include "schema/ecma.hpp"

#include <charconv>
#include <optional>

namespace naestro::schema {
namespace {

struct Category {
  std::string_view name;
  std::string_view abbreviation;
};
constexpr Category kCategories[] = {
    {"Cased_Letter", "L&"},
    {"Close_Punctuation", "Pe"},
    {"Connector_Punctuation", "Pc"},
    {"Control", "Cc"},
    {"Currency_Symbol", "Sc"},
    {"Dash_Punctuation", "Pd"},
    {"Decimal_Number", "Nd"},
    {"Enclosing_Mark", "Me"},
    {"Final_Punctuation", "Pf"},
    {"Format", "Cf"},
    {"Initial_Punctuation", "Pi"},
    {"LC", "L&"},
    {"Letter", "L"},
    {"Letter_Number", "Nl"},
    {"Line_Separator", "Zl"},
    {"Lowercase_Letter", "Ll"},
    {"Mark", "M"},
    {"Math_Symbol", "Sm"},
    {"Modifier_Letter", "Lm"},
    {"Modifier_Symbol", "Sk"},
    {"Nonspacing_Mark", "Mn"},
    {"Number", "N"},
    {"Open_Punctuation", "Ps"},
    {"Other", "C"},
    {"Other_Letter", "Lo"},
    {"Other_Number", "No"},
    {"Other_Punctuation", "Po"},
    {"Other_Symbol", "So"},
    {"Paragraph_Separator", "Zp"},
    {"Private_Use", "Co"},
    {"Punctuation", "P"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Spacing_Mark", "Mc"},
    {"Surrogate", "Cs"},
    {"Symbol", "S"},
    {"Titlecase_Letter", "Lt"},
    {"Unassigned", "Cn"},
    {"Uppercase_Letter", "Lu"},
    {"digit", "Nd"},
    {"punct", "P"},
};

// White space and line ends of ECMA-262, and all other code points; to stand inside of [...].
constexpr std::string_view kSpace =
    R"(\x{9}-\x{d} \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f})"
    R"(\x{205f}\x{3000}\x{feff})";
constexpr std::string_view kNoSpace =
    R"(\x{0}-\x{8}\x{e}-\x{1f}!-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027})"
    R"(\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff})";

class Translator {
 public:
  explicit Translator(std::string_view text) : text_{text} {}

  Result<std::string> run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool after_quantifier = std::exchange(quantified_, false);
      if (c == '\\') {
        NAESTRO_TRY(escape());
      } else if (in_class_) {
        class_char(c);
      } else if (c == '(') {
        NAESTRO_TRY(group());
      } else {
        NAESTRO_TRY(plain(c, after_quantifier));
      }
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::unexpected<Error> refuse(std::string_view what) const {
    return fail(Code::kSchemaInvalid, "'" + std::string{what} + "' is not of ECMA-262");
  }

  void take(std::size_t count) {
    out_ += text_.substr(at_, count);
    at_ += count;
  }

  // In a class PCRE2 would read [: and [. and [= as POSIX classes.
  void class_char(char c) {
    if (c == '[') out_ += '\\';
    if (c == ']') in_class_ = false;
    take(1);
  }

  Result<void> plain(char c, bool after_quantifier) {
    if (c == '+' && after_quantifier) return refuse("a possessive quantifier");
    quantified_ = !after_quantifier && (c == '*' || c == '+' || c == '?' || c == '}');
    in_class_ = c == '[';
    take(1);
    if (in_class_ && at_ < text_.size() && text_[at_] == '^') take(1);
    return {};
  }

  Result<void> group() {
    const std::string_view rest = text_.substr(at_ + 1);
    if (rest.starts_with('*')) return refuse("(*");
    if (rest.starts_with('?')) {
      bool known = false;
      for (const std::string_view open : {"?:", "?=", "?!", "?<"}) {
        known = known || rest.starts_with(open);
      }
      if (!known) return refuse(text_.substr(at_, 3));
      take(rest.starts_with("?<") ? 3 : 2);
    }
    take(1);
    return {};
  }

  Result<void> escape() {
    if (at_ + 1 == text_.size()) return refuse("\\");
    const char c = text_[at_ + 1];
    switch (c) {
      case 'u':
      case 'x': return code_point(c);
      case 'p':
      case 'P': return property(c);
      case 's':
      case 'S': return space(c == 's');
      case 'v':
        out_ += "\\x{b}";
        at_ += 2;
        return {};
      case 'c':
      case 'k': take(2); return {};
      default: break;
    }
    constexpr std::string_view kKnown = "dDwWbBfnrt0123456789^$\\.*+?()[]{}|/-";
    if (!kKnown.contains(c)) return refuse(text_.substr(at_, 2));
    take(2);
    return {};
  }

  Result<void> space(bool positive) {
    if (in_class_)
      out_ += positive ? kSpace : kNoSpace;
    else
      out_ += (positive ? "[" : "[^") + std::string{kSpace} + "]";
    at_ += 2;
    return {};
  }

  // The number of `digits` hexadecimal digits at `at`.
  [[nodiscard]] std::optional<unsigned> hex(std::size_t at, std::size_t digits) const {
    unsigned number = 0;
    const std::string_view text = text_.substr(std::min(at, text_.size()), digits);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    return whole && text.size() == digits ? std::optional{number} : std::nullopt;
  }

  Result<void> code_point(char kind) {
    const std::size_t begin = at_ + 2;
    if (kind == 'u' && begin < text_.size() && text_[begin] == '{') {
      const std::size_t end = text_.find('}', begin);
      if (end == std::string_view::npos) return refuse("\\u{");
      out_ += "\\x" + std::string{text_.substr(begin, end + 1 - begin)};
      at_ = end + 1;
      return {};
    }
    const std::size_t digits = kind == 'u' ? 4 : 2;
    auto number = hex(begin, digits);
    if (!number) return refuse(text_.substr(at_, 2 + digits));
    at_ = begin + digits;
    // Two surrogates are one code point.
    const bool high = *number >= 0xd800 && *number < 0xdc00 && text_.substr(at_).starts_with("\\u");
    if (const auto low = high ? hex(at_ + 2, 4) : std::nullopt; low && (*low & 0xfc00) == 0xdc00) {
      number = 0x10000 + ((*number - 0xd800) << 10) + (*low - 0xdc00);
      at_ += 6;
    }
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (unsigned rest = *number; rest != 0 || text.empty(); rest >>= 4) {
      text.insert(text.begin(), kDigits[rest & 15]);
    }
    out_ += "\\x{" + text + "}";
    return {};
  }

  // \p{Letter}, \p{General_Category=Letter}, \p{Script=Greek}, \p{Alphabetic}.
  Result<void> property(char kind) {
    const std::size_t end = text_.find('}', at_);
    if (text_.substr(at_ + 2, 1) != "{" || end == std::string_view::npos) {
      return refuse(text_.substr(at_, 3));
    }
    std::string_view name = text_.substr(at_ + 3, end - at_ - 3);
    for (const std::string_view prefix :
         {"General_Category=", "gc=", "Script=", "sc=", "Script_Extensions=", "scx="}) {
      if (!name.starts_with(prefix)) continue;
      name.remove_prefix(prefix.size());
      break;
    }
    for (const Category& row : kCategories) {
      if (row.name == name) name = row.abbreviation;
    }
    out_ += std::string{"\\"} + kind + "{" + std::string{name} + "}";
    at_ = end + 1;
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
  bool in_class_ = false;
  bool quantified_ = false;  // a quantifier stands right before
};

}  // namespace

Result<std::string> ecma_to_pcre(std::string_view ecma) { return Translator{ecma}.run(); }

}  // namespace naestro::schema
