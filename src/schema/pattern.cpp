#include "schema/pattern.hpp"

#include "schema/ecma.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace naestro::schema {
namespace {

constexpr std::size_t kPatternBytesMax = 4096;
constexpr std::uint32_t kHeapKibMax = 20'000;

// A callout stands before every item of a pattern, so that work is counted exactly and stops at a
// count of ours, the same on every machine.
constexpr std::uint32_t kOptions = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS |
                                   PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C |
                                   PCRE2_AUTO_CALLOUT;

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using CompileContext = std::unique_ptr<pcre2_compile_context, Deleter<pcre2_compile_context_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, Deleter<pcre2_match_context_free>>;
using MatchData = std::unique_ptr<pcre2_match_data, Deleter<pcre2_match_data_free>>;

int count_step(pcre2_callout_block*, void* steps) {
  return --*static_cast<std::int64_t*>(steps) < 0 ? PCRE2_ERROR_CALLOUT : 0;
}

}  // namespace

struct Pattern::Compiled {
  std::unique_ptr<pcre2_code, Deleter<pcre2_code_free>> code;
};

Result<Pattern> Pattern::compile(std::string_view ecma) {
  const std::string quoted = "the pattern '" + std::string{ecma.substr(0, 80)} + "': ";
  if (ecma.size() > kPatternBytesMax) {
    return fail(Code::kSchemaInvalid,
                quoted + "it is longer than " + std::to_string(kPatternBytesMax) + " bytes");
  }
  auto translated = ecma_to_pcre(ecma);
  if (!translated) return fail(Code::kSchemaInvalid, quoted + translated.error().message);
  const CompileContext context{pcre2_compile_context_create(nullptr)};
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_ANYCRLF);
  int error = 0;
  std::size_t offset = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated->data()),
                                   translated->size(), kOptions, &error, &offset, context.get());
  if (code == nullptr) {
    PCRE2_UCHAR text[256] = {};
    pcre2_get_error_message(error, text, sizeof text);
    return fail(Code::kSchemaInvalid, quoted + reinterpret_cast<const char*>(text));
  }
  return Pattern{std::string{ecma}, std::make_shared<const Pattern::Compiled>(
                                        decltype(Pattern::Compiled::code){code})};
}

Pattern::Match Pattern::match(std::string_view text, std::int64_t& steps) const {
  steps -= 1 + static_cast<std::int64_t>(text.size() / 16);
  const MatchContext context{pcre2_match_context_create(nullptr)};
  pcre2_set_callout(context.get(), count_step, &steps);
  pcre2_set_heap_limit(context.get(), kHeapKibMax);
  const MatchData data{pcre2_match_data_create(1, nullptr)};
  const int found = pcre2_match(code_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()),
                                text.size(), 0, 0, data.get(), context.get());
  if (found == PCRE2_ERROR_NOMATCH) return Match::no;
  return found >= 0 ? Match::yes : Match::limit;
}

}  // namespace naestro::schema
