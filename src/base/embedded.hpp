// A text file that the build put into the binary.
#pragma once

#include <span>
#include <string_view>

namespace naestro {

struct EmbeddedFile {
  std::string_view name;  // without folders
  std::string_view text;
};

}  // namespace naestro
