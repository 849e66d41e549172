// JSON text: what is read can be written, read again, and has one canonical form.
#include "base/json.hpp"

#include "fuzz/fuzz.hpp"

using namespace naestro;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text(data, size);
  const auto value = json::parse(text);
  (void)json::parse(text, {.large_integers = true});
  if (!value) return 0;
  fuzz::require(json::exact(*value), "what was read is exact");
  const std::string canonical = json::canonical(*value);
  for (const std::string& form : {json::write(*value), json::pretty(*value), canonical}) {
    const auto again = json::parse(form);
    fuzz::require(again.has_value(), "what was written can be read");
    fuzz::require(json::equal(*value, *again), "and says the same");
    fuzz::require(json::canonical(*again) == canonical, "in one canonical form");
  }
  (void)json::locate(text, "/a/0/b~1c");
  return 0;
}
