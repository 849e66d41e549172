// files.edit@1: replaces parts of a text file, each named by its exact text.
#include <algorithm>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "tools/calls.hpp"
#include "tools/text_file.hpp"

namespace naestro::tools {
namespace {

constexpr std::size_t kEditsMax = 100;
constexpr std::size_t kLinesNamedMax = 10;

struct Edit {
  std::string_view former;  // both live in the arguments
  std::string_view latter;
  std::size_t at = 0;  // where `former` stands in the file
};

Result<std::vector<Edit>> edits_of(const json::Object& arguments) {
  NAESTRO_LET(const json::Array* array, array_argument(arguments, "edits"));
  std::vector<Edit> edits;
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const json::Object* item = (*array)[i].if_object();
    if (item == nullptr) return fail(Code::kToolFailed, "an item of 'edits' is not an object");
    NAESTRO_LET(const std::string_view former, text_argument(*item, "old"));
    NAESTRO_LET(const std::string_view latter, text_argument(*item, "new"));
    if (former.empty()) {
      return fail(Code::kToolFailed, "edit " + std::to_string(i + 1) + " has an empty 'old'",
                  "name the text that is replaced; files.write makes new files");
    }
    edits.push_back({former, latter});
  }
  if (edits.empty() || edits.size() > kEditsMax) {
    return fail(Code::kToolFailed, std::to_string(edits.size()) + " edits",
                "give 1 to " + std::to_string(kEditsMax));
  }
  return edits;
}

// Every place where `part` begins in `text`, also overlapping ones, in time of the sum of their
// lengths whatever they are (Knuth, Morris, Pratt 1977).
std::vector<std::size_t> places_of(std::string_view part, std::string_view text) {
  std::vector<std::size_t> border(part.size() + 1);  // of each beginning of `part`
  for (std::size_t i = 1, k = 0; i < part.size(); ++i) {
    while (k > 0 && part[i] != part[k]) k = border[k];
    k += part[i] == part[k] ? 1 : 0;
    border[i + 1] = k;
  }
  std::vector<std::size_t> places;
  for (std::size_t i = 0, k = 0; i < text.size(); ++i) {
    while (k > 0 && (k == part.size() || text[i] != part[k])) k = border[k];
    k += text[i] == part[k] ? 1 : 0;
    if (k == part.size()) places.push_back(i + 1 - k);
  }
  return places;
}

std::string line_at(std::string_view text, std::size_t at) {
  return std::to_string(1 + std::ranges::count(text.substr(0, at), '\n'));
}

std::unexpected<Error> not_once(const std::string& what, const std::string& path,
                                std::string_view text, const Edit& edit,
                                const std::vector<std::size_t>& places) {
  if (places.empty()) {
    const bool line_ends = text.contains("\r\n") && edit.former.contains('\n');
    return fail(Code::kToolFailed, what + "its 'old' does not stand in '" + path + "'",
                line_ends ? "the file's lines end in CR LF; write \\r\\n in 'old'"
                          : "copy it from the file as it is, blanks and line ends, too");
  }
  std::vector<std::string> lines;
  for (const std::size_t place : places) {
    if (lines.size() == kLinesNamedMax) break;
    lines.push_back(line_at(text, place));
  }
  if (lines.size() < places.size()) lines.emplace_back("...");
  return fail(Code::kToolFailed,
              what + "its 'old' stands " + std::to_string(places.size()) + " times in '" + path +
                  "', in lines " + join(lines, ", "),
              "take in text around it until it stands there once");
}

// All edits are about the text as it was, so their order does not matter.
Result<std::string> edited(const std::string& path, std::string_view text, std::vector<Edit> edits,
                           const std::stop_token& stop) {
  for (std::size_t i = 0; i < edits.size(); ++i) {
    NAESTRO_TRY(go_on(stop));
    const auto places = places_of(edits[i].former, text);
    if (places.size() != 1) {
      return not_once("edit " + std::to_string(i + 1) + ": ", path, text, edits[i], places);
    }
    edits[i].at = places[0];
  }
  std::ranges::sort(edits, {}, &Edit::at);
  std::string out;
  std::size_t from = 0;
  for (const Edit& edit : edits) {
    if (edit.at < from) {
      return fail(Code::kToolFailed,
                  "two edits of '" + path + "' overlap in line " + line_at(text, edit.at),
                  "make one edit of them");
    }
    out += text.substr(from, edit.at - from);
    out += edit.latter;
    from = edit.at + edit.former.size();
  }
  out += text.substr(from);
  return out;
}

}  // namespace

Result<json::Value> files_edit(const json::Object& arguments, const Context& context) {
  NAESTRO_LET(const std::string path, written_path(arguments));
  NAESTRO_LET(std::vector<Edit> edits, edits_of(arguments));
  NAESTRO_LET(const std::string_view expected, text_argument(arguments, "sha256", ""));
  NAESTRO_TRY(read_text(path, kWrittenBytesMax, context));
  NAESTRO_LET(const std::string now, context.workspace.read_exact(path, kWrittenBytesMax));
  NAESTRO_LET(const auto former, former_content(path, context));
  if (!former) return fail(Code::kNotFound, "'" + path + "' was not there when the call began");
  // What was read of it is not what is there; and whether an edit fits would say what the value is.
  if (context.workspace.cleaned(*former)) {
    return fail(Code::kToolFailed, "'" + path + "' holds the value of a secret, and is not edited",
                "take the value out of it, or edit it by hand");
  }
  const std::string hash = hex(crypto::sha256(*former));
  if (!expected.empty() && hash != expected) {
    return fail(Code::kToolFailed,
                "'" + path + "' is not the file that was meant: its SHA-256 is " + hash,
                "read it again");
  }
  NAESTRO_LET(const std::string content, edited(path, *former, std::move(edits), context.stop));
  // What is there already is the work of an attempt whose end was not seen.
  if (now != *former && now != content) {
    return fail(Code::kToolFailed, "'" + path + "' changed while it was to be edited",
                "run it again; what is there now is kept");
  }
  return write_text(path, former, content, context);
}

}  // namespace naestro::tools
