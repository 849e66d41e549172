// Any text cut into what can be quoted, searched, cut into sentences, and shown as Markdown.
#include "agents/sentences.hpp"
#include "fuzz/fuzz.hpp"
#include "tools/markdown.hpp"
#include "tools/units.hpp"

using namespace naestro;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [words, text] = fuzz::halves(fuzz::text(data, size));
  std::vector<tools::Need> needs;
  for (const auto& token : words::tokens(words)) needs.push_back({words::phrase(token.text)});
  const std::vector documents{tools::read_document("notes/x.md", text)};
  for (const auto& unit : documents[0].units) {
    fuzz::require(!unit.lines.empty(), "a unit has a line");
    (void)agents::sentences(unit.text());
  }
  for (const auto want : {tools::Want::any, tools::Want::number, tools::Want::date,
                          tools::Want::time, tools::Want::money, tools::Want::name}) {
    for (const auto& passage : tools::find_passages(documents, needs, want)) {
      fuzz::require(passage.unit < documents[0].units.size(), "a passage is of a unit");
      (void)passage.answers(want);
    }
  }
  (void)tools::document_date(documents[0]);
  const std::string line = tools::markdown::inline_text(text);
  fuzz::require(!line.contains('\n') && !line.contains('\r'), "one line");
  for (const std::string& one : tools::markdown::block_lines(text)) {
    fuzz::require(!one.contains('\n'), "lines are lines");
  }
  (void)tools::markdown::code(text);
  return 0;
}
