// The beginning of a model's file, cut anywhere.
#include "models/gguf.hpp"

#include "fuzz/fuzz.hpp"

using namespace naestro;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text(data, size);
  const auto head = models::read_gguf_head(bytes);
  if (head) {
    fuzz::require(models::is_gguf(bytes), "a head begins as one");
    fuzz::require(head->context_tokens >= 0, "tokens are counted");
    fuzz::require(head->licence.size() <= size, "a licence stands in the file");
  }
  return 0;
}
