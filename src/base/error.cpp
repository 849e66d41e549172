#include "base/error.hpp"

#include <cstdio>
#include <cstdlib>

namespace naestro {

const std::vector<CodeInfo>& all_codes() {
  static const std::vector<CodeInfo> rows = {
#define X(name, code, exit, http, retry, title) \
  {Code::name, code, exit, http, RetryClass::retry, title},
#include "base/errors.def"
#undef X
  };
  return rows;
}

const CodeInfo& info(Code code) { return all_codes()[static_cast<std::size_t>(code)]; }

std::optional<Code> code_named(std::string_view name) {
  for (const CodeInfo& row : all_codes()) {
    if (row.name == name) return row.code;
  }
  return std::nullopt;
}

std::string Error::text() const {
  const CodeInfo& row = info(code);
  std::string out{row.name};
  out += ' ';
  out += message.empty() ? std::string{row.title} : message;
  for (const auto& [key, value] : context) out += " [" + key + "=" + value + "]";
  if (cause) out += " <- " + cause->text();
  if (!remedy.empty()) out += "; " + remedy;
  return out;
}

std::unexpected<Error> fail(Code code, std::string message, std::string remedy) {
  return std::unexpected(Error{code, std::move(message), std::move(remedy), {}, nullptr});
}

std::unexpected<Error> fail(Code code, std::string message, Error cause) {
  return std::unexpected(
      Error{code, std::move(message), {}, {}, std::make_shared<const Error>(std::move(cause))});
}

void check(bool ok, std::string_view what) {
  if (ok) return;
  std::fprintf(stderr, "naestro: internal check failed: %.*s\n", static_cast<int>(what.size()),
               what.data());
  std::abort();
}

}  // namespace naestro
