// The live picture of a run at a terminal: its steps with state, time, tokens and money, and what
// the budget has left. Without a terminal a run is a plain log (event_text).
#pragma once

#include <cstdio>
#include <map>
#include <string>

#include "base/clock.hpp"
#include "run/machine.hpp"
#include "run/view.hpp"

namespace naestro::cli {

struct Screen {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

// At most screen.rows - 2 lines of at most screen.columns - 1 bytes. `now_us`: wall time;
// `worked_us`: what the ceiling wall_s counts; `tails`: by step, the end of what a model is saying.
std::string live_text(const run::RunView& view, const run::Machine& machine, std::int64_t now_us,
                      std::int64_t worked_us, const std::map<std::string, std::string>& tails,
                      Screen screen);

// Draws over what it drew before. All of it on the loop's thread.
class Live {
 public:
  // `out` is a terminal that can be drawn over.
  Live(std::FILE* out, Clock& clock, const run::Machine& machine)
      : out_{out}, clock_{clock}, machine_{machine} {}

  void note(const ledger::Event& event);
  void part(const std::string& step, std::string_view chunk);
  // Nothing is drawn while a question is open: the card and the prompt have the terminal.
  void draw(std::int64_t worked_us);
  // Leaves the last picture standing.
  void end(std::int64_t worked_us);

 private:
  void erase();

  std::FILE* out_;
  Clock& clock_;
  const run::Machine& machine_;
  run::RunView view_;
  std::map<std::string, std::string> tails_;
  std::size_t drawn_ = 0;  // lines
};

}  // namespace naestro::cli
