// files.write@1: one text file, as a whole.
#include "tools/calls.hpp"
#include "tools/text_file.hpp"

namespace naestro::tools {

Result<json::Value> files_write(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string path, written_path(arguments));
  NAESTRO_LET(const std::string_view content, text_argument(arguments, "content"));
  NAESTRO_LET(const auto former, former_content(path, context));
  return write_text(path, former, content, context);
}

}  // namespace naestro::tools
