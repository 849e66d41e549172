#include "agents/draft.hpp"

#include <algorithm>

#include "agents/asides.hpp"
#include "agents/money_flow.hpp"
#include "agents/other_texts.hpp"
#include "agents/reading.hpp"
#include "agents/share_reading.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

constexpr std::size_t kTriedMax = 12;

struct Tried {
  std::string reading;  // "a question to finance/invoices.csv"
  Reading result;
};

json::Array explanation_json(const Reading& reading) {
  json::Array out;
  for (const Explained& one : reading.explanation) {
    out.push_back(json::Object{{"word", shorten(one.word, 200)}, {"by", shorten(one.by, 300)}});
  }
  return out;
}

json::Array tried_json(std::vector<const Tried*> tried) {
  // The nearest misses first.
  std::ranges::sort(tried, [](const Tried* a, const Tried* b) {
    const auto rank = [](const Tried* one) {
      return std::tuple{one->result.score < 0, one->result.unexplained.size(), -one->result.score,
                        std::string_view{one->reading}};
    };
    return rank(a) < rank(b);
  });
  json::Array out;
  for (const Tried* one : tried) {
    if (out.size() == kTriedMax) break;
    std::string why = one->result.why_not;
    if (!one->result.unexplained.empty()) why += ": " + join(one->result.unexplained, ", ");
    out.push_back(json::Object{{"skill", one->reading}, {"why_not", shorten(why, 400)}});
  }
  return out;
}

json::Value refused(const std::string& reason, const std::vector<Tried>& tried,
                    const Reading* nearest_miss) {
  std::vector<const Tried*> all;
  for (const Tried& one : tried) all.push_back(&one);
  json::Array words;
  if (nearest_miss != nullptr) {
    for (const std::string& word : nearest_miss->unexplained)
      words.emplace_back(shorten(word, 200));
  }
  return json::Object{
      {"status", "refused"},
      {"skill", ""},
      {"plan", json::Object{}},
      {"explanation", nearest_miss != nullptr ? explanation_json(*nearest_miss) : json::Array{}},
      {"unexplained", std::move(words)},
      {"reason", shorten(reason, 1000)},
      {"tried", tried_json(std::move(all))}};
}

Result<json::Value> planned(const Reading& reading, const std::vector<Tried>& tried,
                            const SkillBook& skills, std::string_view goal) {
  const Skill* skill = skills.for_intent(reading.intent);
  if (skill == nullptr) {
    return refused("no skill answers questions of the kind '" + reading.intent + "'", tried,
                   &reading);
  }
  auto plan = fill(*skill, reading.parameters, goal);
  if (!plan) {
    return refused("the skill " + skill->name + " does not fit: " + plan.error().message, tried,
                   &reading);
  }
  std::vector<const Tried*> others;
  for (const Tried& one : tried) {
    if (one.result.intent.empty()) others.push_back(&one);
  }
  return json::Value(json::Object{{"status", "planned"},
                                  {"skill", skill->name},
                                  {"plan", std::move(*plan)},
                                  {"explanation", explanation_json(reading)},
                                  {"unexplained", json::Array{}},
                                  {"reason", skill->description},
                                  {"tried", tried_json(std::move(others))}});
}

// Of the readings to tables the best, if none is as good.
const Tried* best_table(const std::vector<Tried>& tried, bool& tied) {
  const Tried* best = nullptr;
  tied = false;
  for (const Tried& one : tried) {
    if (one.result.intent.empty()) continue;
    if (best == nullptr || one.result.score > best->result.score) {
      best = &one;
      tied = false;
    } else if (one.result.score == best->result.score) {
      tied = true;
    }
  }
  // Where the table that fits best has no answer, one that fits less has none either.
  for (const Tried& one : tried) {
    if (best != nullptr && one.result.turned_down && one.result.score >= best->result.score) {
      return nullptr;
    }
  }
  return best;
}

// A bare extreme or sum over a whole table, while a passage holds all words of the goal, the
// "minimum" among them: then the passage is meant.
bool said_in_texts(const Goal& goal, const World& world, const Reading& table,
                   const std::vector<Tried>& texts) {
  if (table.parameters.contains("where") || table.parameters.contains("group") ||
      table.intent == "list_rows" || table.intent == "duplicates") {
    return false;
  }
  const bool find =
      std::ranges::any_of(texts, [](const Tried& one) { return one.result.intent == "find"; });
  return find && std::ranges::any_of(world.passages, [&](const WorldPassage& passage) {
           return !passage.title && goal.words.size() > 2 &&
                  std::ranges::all_of(goal.words, [&](const GoalWord& word) {
                    return passage.here.contains(word.key) || word.key == "what";
                  });
         });
}

// "How much is a subscription?" asks for the price of one, not for what all of them come to.
bool asks_of_one(const Goal& goal) {
  const auto low = [&](std::size_t i) {
    return i < goal.tokens.size() ? ascii_lower(goal.tokens[i].text) : std::string{};
  };
  for (std::size_t i = 0; i + 3 < goal.tokens.size(); ++i) {
    const std::string verb = low(i + 2);
    const std::string article = low(i + 3);
    if (low(i) == "how" && low(i + 1) == "much" &&
        (verb == "is" || verb == "does" || verb == "was" || verb == "did") &&
        (article == "a" || article == "an" || article == "one")) {
      return true;
    }
  }
  return false;
}

// What such a reading would answer is not what is asked: a date for "who", all for one.
std::string_view unfit(const Goal& goal, const World& world, const Reading& reading) {
  const bool sums = reading.intent == "sum" || reading.intent == "sum_where";
  if (sums && asks_of_one(goal)) return "a sum of all is not the price of one";
  // People are not told apart by what another table says of things that they are about.
  const bool people = std::ranges::any_of(reading.explanation, [](const Explained& one) {
    return words::stem(one.word) == "person" && one.by.starts_with("the rows of ");
  });
  const json::Array* where = json::array_at(reading.parameters, "where");
  if (people && where != nullptr && std::ranges::all_of(*where, [](const json::Value& one) {
        return one.is_object() &&
               json::text_at(one.get_object(), "column").value_or("").contains('.');
      })) {
    return "rows of another table pick no people";
  }
  const bool who = std::ranges::any_of(
      reading.explanation, [](const Explained& one) { return one.by == "asks for: who"; });
  if (who && reading.intent == "lookup") {
    const WorldTable* table = world.table(json::text_at(reading.parameters, "file").value_or(""));
    for (const Explained& one : reading.explanation) {
      if (table == nullptr || !one.by.starts_with("the column ")) continue;
      for (const WorldColumn& column : table->columns) {
        if (one.by == "the column " + column.name &&
            (column.type == ColumnType::date || column.numeric())) {
          return "the column says no name";
        }
      }
    }
  }
  return {};
}

// What we have of a thing may say what each piece cost; where a list of expenses is kept, what was
// spent stands there.
void prefer_spending(const Goal& goal, const World& world, const Lexicon& lexicon,
                     std::vector<Tried>& tried) {
  if (!asks_what_was_spent(goal)) return;
  const std::set<std::string> kinds = lexicon.kinds_of(words::stem("spending-list"));
  std::string list;
  std::vector<bool> spends;
  for (const WorldTable& one : world.tables) {
    const Table table = Table::from(one, world, lexicon);
    spends.push_back(std::ranges::any_of(
        table.nouns, [&](const std::string& noun) { return kinds.contains(noun); }));
    if (spends.back() && list.empty()) list = one.file;
  }
  for (std::size_t i = 0; i < tried.size() && !list.empty(); ++i) {
    // "In fuel", of a log of fuel: the goal speaks of its rows.
    const bool named = std::ranges::any_of(tried[i].result.explanation, [](const Explained& one) {
      return one.by.starts_with("the rows of ");
    });
    if (spends[i] || named || tried[i].result.intent.empty()) continue;
    tried[i].result.intent.clear();
    tried[i].result.turned_down = true;
    tried[i].result.why_not = "what was spent stands in " + list;
  }
}

// The first files that are named as texts, and could not be read as such.
std::string unread(const World& world) {
  constexpr std::size_t kNamedMax = 5;
  std::vector<std::string> files;
  for (const WorldFile& file : world.files) {
    const std::string low = ascii_lower(file.file);
    const bool text = low.ends_with(".csv") || low.ends_with(".tsv") || low.ends_with(".md") ||
                      low.ends_with(".txt");
    if (text && file.kind == "other" && files.size() < kNamedMax) files.push_back(file.file);
  }
  return join(files, ", ");
}

// One goal read in every way: the reading that answers it, or the nearest miss and why none does.
struct Read {
  Reading reading;
  std::vector<Tried> tried;
  std::string refusal;
};

Read read_all(const Goal& goal, const World& world, const Lexicon& lexicon) {
  if (auto share = share_reading(goal, world, lexicon); share) return {std::move(*share), {}, {}};
  std::vector<Tried> tried;
  for (const WorldTable& shape : world.tables) {
    const std::string name = shape.file + (shape.line == 0 ? "" : ":" + std::to_string(shape.line));
    const Table table = Table::from(shape, world, lexicon);
    Reading reading = read_table(goal, table, lexicon);
    std::string other = reading.intent.empty() ? "" : names_other_text(goal, table, world);
    if (!other.empty()) {
      reading = Reading{};
      reading.why_not = std::move(other);
    }
    tried.push_back({"rows of " + name, std::move(reading)});
  }
  for (Tried& one : tried) {
    if (const std::string_view why = unfit(goal, world, one.result); !why.empty()) {
      one.result = Reading{};
      one.result.why_not = why;
    }
  }
  prefer_spending(goal, world, lexicon, tried);
  bool tied = false;
  const Tried* table = best_table(tried, tied);
  std::vector<Tried> texts;
  for (Reading& reading : read_texts(goal, world, lexicon)) {
    const std::string name = reading.intent.empty() ? "texts" : reading.intent;
    texts.push_back({name, std::move(reading)});
  }
  std::vector<Tried> all = tried;
  all.insert(all.end(), texts.begin(), texts.end());
  // Two texts that all the words name are meant, whatever tables hold the same words.
  for (const Tried& one : texts) {
    if (one.result.intent == "versions") return {one.result, std::move(all), {}};
  }
  if (table != nullptr && tied) {
    std::vector<std::string> names;
    for (const Tried& one : tried) {
      if (!one.result.intent.empty() && one.result.score == table->result.score) {
        names.push_back(one.reading);
      }
    }
    return {
        {}, std::move(all), "the goal fits more than one table equally well: " + join(names, "; ")};
  }
  if (table != nullptr && !said_in_texts(goal, world, table->result, texts)) {
    return {table->result, std::move(all), {}};
  }
  // Who asks for rows by their name is not answered by lines that happen to hold the words; one
  // sentence that says it all is no accident.
  // Nor does a table count that has no ground for several of the words.
  const bool about_rows = std::ranges::any_of(tried, [](const Tried& one) {
    return one.result.turned_down || (one.result.about_rows && one.result.unexplained.size() < 2);
  });
  for (const Tried& one : texts) {
    const bool rows = one.result.intent == "find" || one.result.intent == "section";
    if (about_rows && rows && one.result.score == 0) continue;
    if (!one.result.intent.empty()) return {one.result, all, {}};
  }
  // The miss that left the fewest words unexplained says most.
  const Reading* nearest_miss = nullptr;
  for (const Tried& one : all) {
    if (one.result.unexplained.empty()) continue;
    if (nearest_miss == nullptr ||
        one.result.unexplained.size() < nearest_miss->unexplained.size()) {
      nearest_miss = &one.result;
    }
  }
  std::string reason = "no skill explains every word of the goal from this folder";
  for (const Tried& one : all) {
    if (one.result.turned_down) reason = one.reading + ": " + one.result.why_not;
  }
  if (nearest_miss != nullptr) {
    reason += "; without ground: " + join(nearest_miss->unexplained, ", ");
  }
  if (const std::string files = unread(world); !files.empty()) {
    reason += "; not read, since no UTF-8 text or too large: " + files;
  }
  Read out{{}, {}, std::move(reason)};
  if (nearest_miss != nullptr) out.reading = *nearest_miss;
  out.tried = std::move(all);
  return out;
}

// The goal without what it says beside its question; as `whole` when that may not be passed over.
Result<Read> read_rest(const Goal& goal, const World& world, const Lexicon& lexicon, Read whole) {
  const std::vector<Aside> asides = asides_of(goal);
  if (asides.empty()) return whole;
  NAESTRO_LET(const Goal rest, set_aside(goal, asides, lexicon));
  if (rest.words.empty()) return whole;
  Read read = read_all(rest, world, lexicon);
  if (!read.refusal.empty()) return whole;
  if (const std::string why = still_counts(goal, asides, world, read.reading, lexicon);
      !why.empty()) {
    whole.refusal += "; beside the question: " + why;
    return whole;
  }
  for (const Aside& one : asides) {
    read.reading.explanation.push_back(
        {std::string{trimmed(goal.text.substr(one.begin, one.end - one.begin))},
         "beside the question"});
  }
  return read;
}

}  // namespace

Result<json::Value> draft(const json::Object& arguments, const SkillBook& skills,
                          const Lexicon& lexicon) {
  const auto text = json::text_at(arguments, "goal");
  const json::Object* survey = json::object_at(arguments, "survey");
  if (!text || survey == nullptr) {
    return fail(Code::kToolFailed, "'goal' is no string, or 'survey' no object");
  }
  NAESTRO_LET(const Goal goal, read_goal(*text, lexicon));
  const World world = World::read(*survey);
  if (goal.words.empty()) return refused("the goal holds no word to go by", {}, nullptr);
  Read read = read_all(goal, world, lexicon);
  if (!read.refusal.empty()) {
    NAESTRO_LET(read, read_rest(goal, world, lexicon, std::move(read)));
  }
  if (read.refusal.empty()) return planned(read.reading, read.tried, skills, *text);
  return refused(read.refusal, read.tried,
                 read.reading.unexplained.empty() ? nullptr : &read.reading);
}

}  // namespace naestro::agents
