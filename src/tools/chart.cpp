#include "tools/chart.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace naestro::tools {
namespace {

// Lengths are in tenths of a pixel, and positions are never negative.
constexpr int kWidth = 8000;
constexpr int kHeight = 4500;
constexpr int kMargin = 160;
constexpr int kLine = 160;             // height of a line of text
constexpr int kTickMark = 60;          // between the axis and its texts
constexpr std::size_t kLabelMax = 24;  // characters of a label
constexpr std::size_t kTipMax = 60;    // characters of a label where the pointer shows it
constexpr std::size_t kTitleMax = 72;
constexpr std::size_t kValuesShown = 20;  // bars that have their value written over them
constexpr std::size_t kDotsShown = 60;    // points of a line that have a dot
// Colours that differ for the colour-blind, too (Okabe and Ito 2008).
constexpr std::array<std::string_view, 6> kColours = {"#0072b2", "#e69f00", "#009e73",
                                                      "#cc79a7", "#56b4e9", "#d55e00"};

std::string px(int tenths) {
  std::string out = std::to_string(tenths / 10);
  if (tenths % 10 != 0) out += "." + std::to_string(tenths % 10);
  return out;
}

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

// One line that any reader of XML takes: no control characters, none of the two that XML has not.
std::string plain_line(std::string_view text) {
  std::string out = printable(text);
  for (char& c : out) c = c == '\n' || c == '\t' ? ' ' : c;
  for (const char* none : {"\xef\xbf\xbe", "\xef\xbf\xbf"}) {
    for (std::size_t at = out.find(none); at != std::string::npos; at = out.find(none, at)) {
      out.replace(at, 3, "\xef\xbf\xbd");
    }
  }
  return out;
}

// At most so many characters, the last one "…" where something was cut.
std::string cut(std::string_view text, std::size_t characters) {
  std::string line = plain_line(text);
  std::size_t count = 0;
  std::size_t last = 0;  // where the last character that fits begins
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (!begins_character(line[i])) continue;
    if (++count == characters) last = i;
    if (count > characters) return line.substr(0, last) + "\xe2\x80\xa6";
  }
  return line;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

// About as wide as a sans-serif font of 12 pixels sets it; wide scripts begin at U+1100.
int width_of(std::string_view text) {
  int width = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (begins_character(c)) width += byte >= 0xe2 ? 120 : 68;
  }
  return width;
}

class Drawing {
 public:
  explicit Drawing(const Chart& chart) : chart_{chart} {
    for (const std::string& label : chart.labels) labels_.push_back(cut(label, kLabelMax));
    find_scale();
    lay_out();
  }

  std::string text() {
    out_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + px(kWidth) + "\" height=\"" +
           px(kHeight) + "\" viewBox=\"0 0 " + px(kWidth) + " " + px(kHeight) +
           "\" role=\"img\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n";
    out_ += "<title>" + escaped(cut(chart_.title, 4 * kTitleMax)) + "</title>\n";
    out_ += "<rect width=\"" + px(kWidth) + "\" height=\"" + px(kHeight) + "\" fill=\"#fff\"/>\n";
    put(kMargin, kMargin + 200, cut(chart_.title, kTitleMax), " font-size=\"18\"");
    if (!chart_.note.empty()) {
      put(kMargin, kMargin + 400, cut(chart_.note, 2 * kTitleMax), " fill=\"#555\"");
    }
    legend();
    if (values_ == 0) {
      put(kWidth / 2, kHeight / 2, "No values", " text-anchor=\"middle\"");
    } else {
      axes();
      for (std::size_t i = 0; i < chart_.series.size(); ++i) {
        chart_.kind == Chart::Kind::bar ? bars(i) : line(i);
      }
    }
    return out_ + "</svg>\n";
  }

 private:
  void find_scale() {
    std::optional<ChartNumber> least;
    std::optional<ChartNumber> most;
    for (const ChartSeries& series : chart_.series) {
      for (const auto& value : series.values) {
        if (!value) continue;
        ++values_;
        least = std::min(least.value_or(*value), *value);
        most = std::max(most.value_or(*value), *value);
      }
    }
    scale_ = chart_scale(least.value_or(0), most.value_or(0), chart_.kind == Chart::Kind::bar);
  }

  void lay_out() {
    int widest_tick = 0;
    for (ChartNumber at = scale_.low; at <= scale_.high; at += scale_.step) {
      widest_tick = std::max(widest_tick, width_of(chart_number_text(at)));
    }
    left_ = kMargin + widest_tick + kTickMark + (chart_.unit.empty() ? 0 : kLine + 40);
    right_ = kWidth - kMargin;
    top_ = kMargin + 400 + (chart_.note.empty() ? 0 : 200) + kLine * legend_lines() + 100;
    int widest_label = 0;
    for (const std::string& label : labels_) {
      widest_label = std::max(widest_label, width_of(label));
    }
    const int slot = (right_ - left_) / count();
    slanted_ = widest_label + 80 > slot;
    const int across = widest_label * 71 / 100;  // of a text that is turned by 45 degrees
    if (slanted_) left_ = std::max(left_, across - slot / 2 + kMargin);
    bottom_ = kHeight - kMargin - kTickMark - (slanted_ ? across + kLine / 2 : kLine);
    const int room = (right_ - left_) / 200;  // texts that are turned
    every_ = slanted_ ? (count() + room - 1) / room : 1;
  }

  [[nodiscard]] int count() const { return std::max(1, static_cast<int>(labels_.size())); }
  // Where the slot of a label begins.
  [[nodiscard]] int slot_at(std::size_t i) const {
    return left_ + static_cast<int>(i) * (right_ - left_) / count();
  }
  [[nodiscard]] int middle_at(std::size_t i) const { return (slot_at(i) + slot_at(i + 1)) / 2; }
  [[nodiscard]] int height_at(ChartNumber value) const {
    const ChartNumber range = scale_.high - scale_.low;
    return bottom_ -
           static_cast<int>(((value - scale_.low) * (bottom_ - top_) + range / 2) / range);
  }

  void put(int x, int y, std::string_view text, std::string_view attributes = {}) {
    out_ += "<text x=\"" + px(x) + "\" y=\"" + px(y) + "\"" + std::string{attributes} + ">" +
            escaped(text) + "</text>\n";
  }
  void stroke(int x1, int y1, int x2, int y2, std::string_view colour) {
    out_ += "<path d=\"M" + px(x1) + " " + px(y1) + "L" + px(x2) + " " + px(y2) + "\" stroke=\"" +
            std::string{colour} + "\"/>\n";
  }
  [[nodiscard]] static std::string_view colour(std::size_t series) {
    return kColours[series % kColours.size()];
  }
  // What the pointer shows over a bar or a dot.
  [[nodiscard]] std::string tip(const ChartSeries& series, std::size_t i) const {
    const std::string name = chart_.series.size() > 1 ? cut(series.name, kLabelMax) + ", " : "";
    return "<title>" +
           escaped(name + cut(chart_.labels[i], kTipMax) + ": " + cut(series.texts[i], kTipMax)) +
           "</title>";
  }

  // Calls `place` with each series' number, line and left end in the legend; returns the lines.
  template <class Place>
  int walk_legend(const Place& place) const {
    if (chart_.series.size() < 2) return 0;
    int line = 0;
    int x = kMargin;
    for (std::size_t i = 0; i < chart_.series.size(); ++i) {
      const int width = 360 + width_of(cut(chart_.series[i].name, kLabelMax));
      if (x + width > kWidth - kMargin) {
        ++line;
        x = kMargin;
      }
      place(i, line, x);
      x += width;
    }
    return line + 1;
  }
  [[nodiscard]] int legend_lines() const {
    return walk_legend([](std::size_t, int, int) {});
  }
  void legend() {
    const int first = top_ - 100 - kLine * legend_lines();
    walk_legend([&](std::size_t i, int line, int x) {
      const int y = first + kLine * line;
      out_ += "<rect x=\"" + px(x) + "\" y=\"" + px(y) + "\" width=\"10\" height=\"10\" fill=\"" +
              std::string{colour(i)} + "\"/>\n";
      put(x + 150, y + 100, cut(chart_.series[i].name, kLabelMax));
    });
  }

  void axes() {
    for (ChartNumber at = scale_.low; at <= scale_.high; at += scale_.step) {
      const int y = height_at(at);
      stroke(left_, y, right_, y, at == 0 ? "#444" : "#ddd");
      put(left_ - kTickMark, y + 40, chart_number_text(at), " text-anchor=\"end\"");
    }
    if (!chart_.unit.empty()) {
      const int y = (top_ + bottom_) / 2;
      const int x = kMargin + 100;
      put(x, y, cut(chart_.unit, kLabelMax),
          " text-anchor=\"middle\" transform=\"rotate(-90 " + px(x) + " " + px(y) + ")\"");
    }
    for (std::size_t i = 0; i < labels_.size(); i += static_cast<std::size_t>(every_)) {
      const int x = middle_at(i);
      const int y = bottom_ + kTickMark + 100;
      const std::string turned =
          " text-anchor=\"end\" transform=\"rotate(-45 " + px(x) + " " + px(y) + ")\"";
      put(x, y, labels_[i], slanted_ ? turned : " text-anchor=\"middle\"");
    }
  }

  void bars(std::size_t number) {
    const ChartSeries& series = chart_.series[number];
    const int slot = (right_ - left_) / count();
    const int width = std::max(4, slot * 8 / 10 / static_cast<int>(chart_.series.size()));
    const int zero = height_at(0);
    const bool values_shown = chart_.series.size() == 1 && values_ <= kValuesShown;
    out_ += "<g fill=\"" + std::string{colour(number)} + "\">\n";
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      if (!series.values[i]) continue;
      const int x = slot_at(i) + slot / 10 + width * static_cast<int>(number);
      const int y = height_at(*series.values[i]);
      out_ += "<rect x=\"" + px(x) + "\" y=\"" + px(std::min(y, zero)) + "\" width=\"" + px(width) +
              "\" height=\"" + px(std::abs(y - zero)) + "\">" + tip(series, i) + "</rect>\n";
    }
    out_ += "</g>\n";
    for (std::size_t i = 0; i < labels_.size() && values_shown; ++i) {
      if (!series.values[i] || width_of(series.texts[i]) > slot) continue;
      const int y = height_at(*series.values[i]);
      put(middle_at(i), *series.values[i] < 0 ? y + 140 : y - 40, plain_line(series.texts[i]),
          " text-anchor=\"middle\"");
    }
  }

  void line(std::size_t number) {
    const ChartSeries& series = chart_.series[number];
    std::string path;
    std::string dots;
    bool joined = false;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      const auto& value = series.values[i];
      if (value) {
        const std::string x = px(middle_at(i));
        const std::string y = px(height_at(*value));
        const bool alone = !joined && (i + 1 == labels_.size() || !series.values[i + 1]);
        path += (joined ? "L" : "M") + x + " " + y;
        if (alone || labels_.size() <= kDotsShown) {
          dots +=
              "<circle cx=\"" + x + "\" cy=\"" + y + "\" r=\"3\">" + tip(series, i) + "</circle>\n";
        }
      }
      joined = value.has_value();
    }
    out_ += "<path d=\"" + path + "\" fill=\"none\" stroke=\"" + std::string{colour(number)} +
            "\" stroke-width=\"2\" stroke-linejoin=\"round\"/>\n";
    out_ += "<g fill=\"" + std::string{colour(number)} + "\">\n" + dots + "</g>\n";
  }

  const Chart& chart_;
  std::vector<std::string> labels_;  // as they are shown
  ChartScale scale_;
  std::size_t values_ = 0;
  int left_ = 0;
  int right_ = 0;
  int top_ = 0;
  int bottom_ = 0;
  bool slanted_ = false;
  int every_ = 1;  // how many labels there are for one that is shown
  std::string out_;
};

}  // namespace

std::string chart_svg_text(const Chart& chart) { return Drawing{chart}.text(); }

}  // namespace naestro::tools
