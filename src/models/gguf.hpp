// What the head of a GGUF file says of its model. Only the head is read; the weights are not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace naestro::models {

struct GgufHead {
  std::int64_t context_tokens = 0;  // the model was trained for; 0: not said
  std::string licence;              // "": not said
  bool chat_template = false;
};

bool is_gguf(std::string_view begin);  // by its first four bytes
// `bytes`: the file's beginning, as much as is at hand. Reads as far as they go; nullopt where they
// are no GGUF head of version 2 or 3.
std::optional<GgufHead> read_gguf_head(std::string_view bytes);

}  // namespace naestro::models
