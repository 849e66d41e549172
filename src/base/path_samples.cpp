#include "base/path_samples.hpp"

#include <deque>
#include <map>
#include <set>

namespace naestro {
namespace {

// How far all globs are with a beginning of a path.
struct State {
  std::vector<Glob::Places> places;
  std::string text;
};

// What of the text decides what may follow: "", ".", ".." or else a segment of something.
std::string segment_of(const std::string& text) {
  const std::size_t slash = text.rfind('/');
  const std::string segment = slash == std::string::npos ? text : text.substr(slash + 1);
  return segment.size() > 2 || segment.find_first_not_of('.') != std::string::npos ? "x" : segment;
}

// All characters that some glob has literally, and one that none has.
std::vector<std::string> alphabet(std::span<const Glob> globs) {
  std::set<std::string> known = {"/"};
  for (const Glob& glob : globs) {
    for (const std::string& each : glob.characters()) known.insert(each);
  }
  std::vector<std::string> out{known.begin(), known.end()};
  for (char other = 'a';; ++other) {
    const std::string text{other};
    if (known.contains(text)) continue;
    out.push_back(text);
    return out;
  }
}

class Sampler {
 public:
  Sampler(std::span<const Glob> globs, std::size_t states_max)
      : globs_{globs}, states_max_{states_max} {}

  PathSamples sample() {
    add(".");
    for (const Glob& glob : globs_) add_folders_above(glob.text());
    State first;
    for (const Glob& glob : globs_) first.places.push_back(glob.begin());
    queue_.push_back(std::move(first));
    const auto characters = alphabet(globs_);
    while (!queue_.empty() && out_.complete) {
      const State state = std::move(queue_.front());
      queue_.pop_front();
      for (const std::string& each : characters) step(state, each);
    }
    return std::move(out_);
  }

 private:
  void step(const State& from, const std::string& character) {
    const std::string segment = segment_of(from.text);
    if (character == "/" && segment != "x") return;  // no normal path goes on so
    State next{{}, from.text + character};
    for (std::size_t i = 0; i < globs_.size(); ++i) {
      next.places.push_back(globs_[i].after(from.places[i], character));
    }
    if (!seen_.emplace(next.places, segment_of(next.text)).second) return;
    if (seen_.size() > states_max_) {
      out_.complete = false;
      return;
    }
    if (is_normal_path(next.text)) add(next.text);
    queue_.push_back(std::move(next));
  }

  // What a glob is below of is a finite number of folders.
  void add_folders_above(const std::string& pattern) {
    const std::string fixed = pattern.substr(0, pattern.find_first_of("*?"));
    for (std::size_t at = fixed.find('/'); at != std::string::npos; at = fixed.find('/', at + 1)) {
      if (is_normal_path(fixed.substr(0, at))) add(fixed.substr(0, at));
    }
  }

  void add(const std::string& path) {
    std::vector<bool> told;
    for (const Glob& glob : globs_) {
      told.push_back(glob.matches(path));
      told.push_back(glob.below(path));
    }
    if (told_.insert(std::move(told)).second) out_.paths.push_back(path);
  }

  std::span<const Glob> globs_;
  std::size_t states_max_;
  PathSamples out_;
  std::deque<State> queue_;
  std::set<std::pair<std::vector<Glob::Places>, std::string>> seen_;
  std::set<std::vector<bool>> told_;
};

}  // namespace

PathSamples sample_paths(std::span<const Glob> globs, std::size_t states_max) {
  return Sampler{globs, states_max}.sample();
}

}  // namespace naestro
