// Any text as the contract of a tool or a model, alone and in a catalog.
#include <array>

#include "contract/model.hpp"
#include "contract/tool.hpp"
#include "fuzz/fuzz.hpp"

using namespace naestro;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text(data, size);
  const std::array<EmbeddedFile, 1> files{{{"x.json", text}}};
  if (const auto tool = contract::parse_tool("x.json", text)) {
    fuzz::require(!tool->name.empty() && tool->version >= 1, "a tool has a name and a version");
  }
  (void)contract::parse_model("x.json", text);
  (void)contract::ToolCatalog::from(files);
  (void)contract::ModelCatalog::from(files);
  return 0;
}
