#include "cli/live.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/render.hpp"

namespace naestro::cli {
namespace {

constexpr std::size_t kTailBytes = 60;
constexpr std::size_t kLinesBeside = 4;  // the budget, the sum of what is not shown, and room

struct Row {
  std::string id;
  std::string state;
  const run::StepView* seen = nullptr;
};

bool moving(const Row& row) {
  return row.state == "running" || row.state == "asking" || row.state == "ready";
}

std::vector<Row> rows_of(const run::RunView& view, const run::Machine& machine) {
  std::vector<Row> out;
  const auto& steps = machine.program().steps;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const plan::Step& step = steps[i];
    Row row{step.id, std::string{name(machine.step_state(i))}};
    const auto found = std::ranges::find_if(view.steps, [&](const run::StepView& seen) {
      return seen.id == step.id && seen.segment == view.segment;
    });
    if (found != view.steps.end()) {
      row.seen = &*found;
      row.state = found->state;
    }
    out.push_back(std::move(row));
  }
  return out;
}

// Where there is no room for all, what has ended goes first, then what waits.
std::string shortened_to(std::vector<Row>& rows, std::size_t room) {
  std::map<std::string, std::size_t> gone;
  const auto drop = [&](const auto& which) {
    for (auto row = rows.begin(); row != rows.end() && rows.size() > room;) {
      if (which(*row)) {
        ++gone[row->state];
        row = rows.erase(row);
      } else {
        ++row;
      }
    }
  };
  drop([](const Row& row) {
    return !moving(row) && row.state != "waiting" && row.state != "failed";
  });
  std::ranges::reverse(rows);
  drop([](const Row& row) { return row.state == "waiting"; });
  drop([](const Row&) { return true; });
  std::ranges::reverse(rows);
  std::string out;
  for (const auto& [state, count] : gone) {
    out += (out.empty() ? "  and " : ", ") + std::to_string(count) + " " + state;
  }
  return out.empty() ? out : out + "\n";
}

std::vector<std::string> cells(const Row& row, std::int64_t now_us,
                               const std::map<std::string, std::string>& tails) {
  if (row.seen == nullptr) return {"  " + row.id, row.state, "", "", "", ""};
  const run::StepView& seen = *row.seen;
  const std::int64_t until = seen.ended_at > 0 ? seen.ended_at : now_us;
  const std::string state = row.state + (seen.calls > 0 ? " " + std::to_string(seen.calls_ended) +
                                                              "/" + std::to_string(seen.calls)
                                                        : "");
  const auto tail = tails.find(row.id);
  const json::Object* role = seen.role.if_object();
  return {
      "  " + row.id +
          (role == nullptr ? ""
                           : " (" + std::string{json::text_at(*role, "role").value_or("")} + ")"),
      state,
      seen.started_at > 0 ? duration_text(std::max<std::int64_t>(0, until - seen.started_at)) : "",
      seen.usage.tokens() > 0 ? std::to_string(seen.usage.tokens()) + " tokens" : "",
      seen.usage.usd > 0 ? format_usd(seen.usage.usd) + " USD" : "",
      tail != tails.end() && row.state == "running" ? tail->second : seen.code};
}

// What is spent and held back, of the ceiling; where there is none, of the bound.
std::string budget_text(const run::Machine& machine, std::int64_t worked_us) {
  const door::Budget& budget = machine.budget();
  const door::Ceilings& ceilings = budget.ceilings();
  const plan::Bound& bound = machine.bound();
  std::string out;
  const auto one = [&](const std::string& what, std::int64_t used, std::int64_t of,
                       const auto& text) {
    if (of == 0) return;
    const std::int64_t left = std::max<std::int64_t>(0, of - used);
    out += (out.empty() ? "Left:  " : ", ") + text(left) + " of " + text(of) + what;
  };
  const auto plain = [](std::int64_t value) { return std::to_string(value); };
  one(" tokens", budget.spent().tokens() + budget.reserved().tokens,
      ceilings.tokens.value_or(bound.tokens), plain);
  one(" tool calls", budget.spent().tool_calls + budget.reserved().tool_calls,
      ceilings.tool_calls.value_or(bound.tool_calls), plain);
  one(" USD", budget.spent().usd + budget.reserved().usd, ceilings.usd.value_or(bound.usd),
      [](std::int64_t value) { return format_usd(value); });
  one(" s", worked_us / 1'000'000, ceilings.wall_s.value_or(bound.wall_s), plain);
  return out + "\n";
}

}  // namespace

std::string live_text(const run::RunView& view, const run::Machine& machine, std::int64_t now_us,
                      std::int64_t worked_us, const std::map<std::string, std::string>& tails,
                      Screen screen) {
  std::vector<Row> rows = rows_of(view, machine);
  const std::string rest =
      shortened_to(rows, screen.rows > kLinesBeside ? screen.rows - kLinesBeside : 1);
  std::vector<std::vector<std::string>> lines;
  for (const Row& row : rows) lines.push_back(cells(row, now_us, tails));
  std::string out;
  for (const std::string& line :
       split(table(lines) + rest + budget_text(machine, worked_us), '\n')) {
    if (!line.empty())
      out += shorten(printable(line), std::max<std::size_t>(screen.columns, 8) - 4) + "\n";
  }
  return out;
}

void Live::note(const ledger::Event& event) {
  run::note(view_, event, clock_.wall_us());
  if (event.kind == "step.done" || event.kind == "step.failed") {
    tails_.erase(std::string{json::text_at(event.data, "step").value_or("")});
  }
}

void Live::part(const std::string& step, std::string_view chunk) {
  std::string& tail = tails_[step];
  for (const char c : chunk) tail += c == '\n' ? ' ' : c;
  if (tail.size() <= kTailBytes) return;
  tail.erase(0, tail.size() - kTailBytes);
  while (!tail.empty() && (tail.front() & 0xC0) == 0x80) tail.erase(0, 1);  // a part of a character
}

void Live::erase() {
  if (drawn_ > 0) std::fprintf(out_, "\x1b[%zuA\x1b[J", drawn_);
  drawn_ = 0;
}

void Live::draw(std::int64_t worked_us) {
  erase();
  if (machine_.questions().empty()) {
    winsize size{};
    Screen screen;
    if (::ioctl(::fileno(out_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
      screen = {size.ws_col, size.ws_row};
    }
    const std::string text =
        live_text(view_, machine_, clock_.wall_us(), worked_us, tails_, screen);
    std::fputs(text.c_str(), out_);
    drawn_ = static_cast<std::size_t>(std::ranges::count(text, '\n'));
  }
  std::fflush(out_);
}

void Live::end(std::int64_t worked_us) {
  draw(worked_us);
  drawn_ = 0;
}

}  // namespace naestro::cli
