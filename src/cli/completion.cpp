#include <map>

#include "cli/help.hpp"
#include "cli/session.hpp"
#include "policy/policy.hpp"

namespace naestro::cli {
namespace {

constexpr const char* kBash = R"(# naestro: completion for bash
_naestro() {
  local current="${COMP_WORDS[COMP_CWORD]}" line
  [[ $current == = ]] && current=
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files) compopt -o filenames 2>/dev/null
              mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current") ;;
      :folders) compopt -o filenames 2>/dev/null
                mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$current") ;;
      *) COMPREPLY+=("${line%%$'\t'*}") ;;
    esac
  done < <("${COMP_WORDS[0]}" complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _naestro naestro
)";

constexpr const char* kZsh = R"(#compdef naestro
# naestro: completion for zsh
_naestro() {
  local line word
  local -a found
  local -i files=0 folders=0
  while IFS= read -r line; do
    case $line in
      :files) files=1 ;;
      :folders) folders=1 ;;
      *) word=${line%%$'\t'*}
         found+=("${word//:/\\:}:${line#*$'\t'}") ;;
    esac
  done < <("${words[1]}" complete "${(@)words[2,CURRENT]}" 2>/dev/null)
  (( ${#found} )) && _describe naestro found
  (( files )) && _files
  (( folders )) && _files -/
}
if [[ $funcstack[1] == _naestro ]]; then _naestro "$@"; else compdef _naestro naestro; fi
)";

constexpr const char* kFish = R"(# naestro: completion for fish
function __naestro_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    for line in ($before[1] complete $before[2..-1] "$current" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path "$current"
            case :folders
                __fish_complete_directories "$current"
            case '*'
                echo $line
        end
    end
end
complete -c naestro -f -a '(__naestro_complete)'
)";

enum class Kind : std::uint8_t { runs, digests, tools, models, modes, shells, files, folders };

// What the value of an option or a positional is, by its name; no other value is completed.
const std::map<std::string, Kind> kKinds = {
    {"run", Kind::runs},       {"digest", Kind::digests},
    {"tool", Kind::tools},     {"--model", Kind::models},
    {"--tool", Kind::tools},   {"cases", Kind::files},
    {"--mode", Kind::modes},   {"shell", Kind::shells},
    {"plan", Kind::files},     {"old", Kind::files},
    {"new", Kind::files},      {"--plan", Kind::files},
    {"--output", Kind::files}, {"--planner", Kind::files},
    {"--key", Kind::files},    {"--model-script", Kind::files},
    {"--file", Kind::files},   {"--workspace", Kind::folders}};

struct Candidate {
  std::string word;
  std::string about = {};
};
using Candidates = std::vector<Candidate>;

std::vector<std::string> run_ids(House& house) {
  const auto session = look_session(house);  // without a store there are none
  const auto ids = session ? session->store->runs() : Result<std::vector<std::string>>{};
  return ids ? *ids : std::vector<std::string>{};
}

Candidates values(House& house, Kind kind) {
  Candidates out;
  switch (kind) {
    case Kind::runs:
      out.push_back({"last", "the newest run"});
      for (const std::string& id : run_ids(house)) out.push_back({id, "a run"});
      break;
    case Kind::digests:
      for (const std::string& digest : open_questions(house)) {
        out.push_back({digest, "an open question"});
      }
      break;
    case Kind::tools:
      for (const contract::ToolContract& tool : house.tools.all()) {
        // Versions of one name stand beside each other.
        if (!out.empty() && out.back().word == tool.name) out.pop_back();
        out.push_back({tool.name, tool.description});
      }
      break;
    case Kind::models:
      for (const contract::ModelContract& model : house.models.all()) {
        out.push_back({model.name, model.licence});
      }
      break;
    case Kind::modes: out = {{"guide"}, {"copilot"}, {"auto"}}; break;
    case Kind::shells: out = {{"bash"}, {"zsh"}, {"fish"}}; break;
    case Kind::files: out = {{":files"}}; break;
    case Kind::folders: out = {{":folders"}}; break;
  }
  return out;
}

Candidates values_of(House& house, const CLI::Option* option) {
  const std::string name = (option->get_positional() ? "" : "--") + option->get_single_name();
  const auto kind = kKinds.find(name);
  return kind == kKinds.end() ? Candidates{} : values(house, kind->second);
}

bool takes_value(const CLI::Option* option) { return option->get_items_expected_max() > 0; }

// Where the words before the last one lead.
struct Place {
  const CLI::App* command;
  const CLI::Option* open = nullptr;  // it waits for its value
  std::size_t positionals = 0;
};

Place walk(const CLI::App& app, const std::vector<std::string>& words) {
  Place place{&app};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "=" && place.open != nullptr) continue;  // bash splits there
    if (place.open != nullptr) {
      place.open = nullptr;
    } else if (word.starts_with("-")) {
      const CLI::Option* option = place.command->get_option_no_throw(word);
      if (option != nullptr && takes_value(option)) place.open = option;
    } else {
      const auto below = place.command->get_subcommands(
          [&](const CLI::App* each) { return place.positionals == 0 && each->get_name() == word; });
      if (below.empty()) {
        ++place.positionals;
      } else {
        place.command = below.front();
      }
    }
  }
  return place;
}

Candidates candidates(House& house, const Place& place, const std::string& word) {
  if (place.open != nullptr) return values_of(house, place.open);
  Candidates out;
  if (word.starts_with("-")) {
    for (const CLI::Option* option : place.command->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        out.push_back({"--" + name, option->get_description()});
      }
    }
    return out;
  }
  std::size_t index = 0;
  for (const CLI::Option* option : place.command->get_options()) {
    if (!option->get_positional() || index++ != place.positionals) continue;
    out = values_of(house, option);
  }
  if (place.positionals > 0) return out;
  for (const CLI::App* each :
       place.command->get_subcommands([](const CLI::App*) { return true; })) {
    out.push_back({each->get_name(), each->get_description()});
  }
  return out;
}

}  // namespace

int completion(House& house, const std::string& shell) {
  print(house.out, shell == "bash" ? kBash : shell == "zsh" ? kZsh : kFish);
  return 0;
}

int complete(House& house, const CLI::App& app, const std::vector<std::string>& words) {
  const Place place = walk(app, words);
  std::string last = words.empty() || words.back() == "=" ? "" : words.back();
  std::string before;  // of "--mode=gui"
  Place at = place;
  const std::size_t equals = last.find('=');
  if (place.open == nullptr && last.starts_with("--") && equals != std::string::npos) {
    at.open = place.command->get_option_no_throw(last.substr(0, equals));
    if (at.open == nullptr) return 0;
    before = last.substr(0, equals + 1);
    last = last.substr(equals + 1);
  }
  for (const Candidate& candidate : candidates(house, at, last)) {
    const bool directive = candidate.word.starts_with(":");
    if (!directive && !candidate.word.starts_with(last)) continue;
    print(house.out, (directive ? "" : before) + candidate.word +
                         (directive || candidate.about.empty() ? "" : "\t" + candidate.about) +
                         "\n");
  }
  return 0;
}

}  // namespace naestro::cli
